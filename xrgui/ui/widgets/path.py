"""The picture of the product: server, this computer, service, and how each leg between them fares."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from xrgui.ui import theme
from xrgui.ui.widgets.basic import elide


@dataclass(frozen=True)
class Node:
    key: str
    """Told by `clicked`."""
    title: str
    text: str
    tone: str = "muted"


@dataclass(frozen=True)
class Leg:
    text: str = ""
    """The round trip, or nothing."""
    state: str = "idle"
    """idle, waiting, up or broken."""


BOX = 54
BETWEEN = 10
PAD = 8
LEG = 40
"""The least length of a leg in pixels."""
_ROLES = {"idle": "line", "waiting": "waiting", "up": "up", "broken": "error"}


class PathWidget(QWidget):
    """Boxes and legs. Tab, Left and Right choose a box, Enter opens it, and so does a click."""

    clicked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._near: tuple[Node, ...] = ()
        self._legs: tuple[Leg, ...] = ()
        self._services: tuple[tuple[Leg, Node], ...] = ()
        self._focus = 0
        self._hover = -1
        self._short = False
        self._title_size = theme.SIZE
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_path(self, first: Node, leg: Leg, here: Node, services: tuple[tuple[Leg, Node], ...]) -> None:
        """*services* stand below one another at the far end."""
        state = ((first, here), (leg,), services)
        if state == (self._near, self._legs, self._services):
            return
        self._near, self._legs, self._services = state
        self._focus = min(self._focus, len(self._nodes()) - 1)
        self.setAccessibleName(self._summary())
        self.updateGeometry()
        self.update()

    def _nodes(self) -> tuple[Node, ...]:
        return (*self._near, *(node for _, node in self._services))

    def _summary(self) -> str:
        legs = (*self._legs, Leg(), *(leg for leg, _ in self._services))
        return "; ".join(
            ", ".join(part for part in (node.title, node.text, leg.text) if part)
            for node, leg in zip(self._nodes(), legs, strict=False)
        )

    def sizeHint(self) -> QSize:
        rows = max(1, len(self._services))
        return QSize(420, rows * self._high() + (rows - 1) * BETWEEN + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.sizeHint().height())

    # Geometry

    def _boxes(self) -> list[QRectF]:
        """A rectangle for each node: first, here, services. As wide as their words, if there is room."""
        if not self._near:
            return []
        columns = ((self._near[0],), (self._near[1],), tuple(node for _, node in self._services))
        legs = (self._legs, tuple(leg for leg, _ in self._services))
        room = self.width() - 2 - sum(self._leg_length(group) for group in legs)
        for self._short, self._title_size in ((False, theme.SIZE), (True, theme.SIZE), (True, theme.SMALL)):
            wanted = [max(map(self._wanted, nodes), default=0) for nodes in columns]
            if sum(wanted) <= room:
                break
        widths = _share(wanted, room)
        gaps = sum(width > 0 for width in wanted) - 1
        leg = (self.width() - 1 - sum(widths)) / max(1, gaps)
        rows, high = max(1, len(self._services)), self._high()
        top = 0.5 + (rows - 1) * (high + BETWEEN) / 2
        boxes = [
            QRectF(0.5, top, widths[0], high - 1),
            QRectF(0.5 + widths[0] + leg, top, widths[1], high - 1),
        ]
        right = self.width() - 0.5 - widths[2]
        step = high + BETWEEN
        boxes += [QRectF(right, 0.5 + n * step, widths[2], high - 1) for n in range(len(self._services))]
        return boxes

    def _high(self) -> int:
        """A box's height; it grows with the system's font."""
        return BOX + 2 * max(0, QFontMetrics(theme.font()).height() - 17)

    def _leg_length(self, legs: tuple[Leg, ...]) -> float:
        measure = QFontMetricsF(theme.font(theme.SMALL, tabular=True)).horizontalAdvance
        return max((max(LEG, measure(leg.text) + 5) for leg in legs), default=0)

    def _wanted(self, node: Node) -> float:
        """Where there is little room, titles are smaller and texts say only what comes last in them."""
        title = QFontMetricsF(theme.font(self._title_size, bold=True)).horizontalAdvance(node.title)
        text = QFontMetricsF(theme.font(theme.SMALL, tabular=True)).horizontalAdvance(self._text_of(node))
        return max(title, text, 64) + 2 * PAD + 2

    def _text_of(self, node: Node) -> str:
        return re.split(", |，", node.text)[-1] if self._short else node.text

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        boxes = self._boxes()
        if not boxes:
            return
        self._paint_leg(painter, boxes[0], boxes[1], self._legs[0])
        for (leg, _), box in zip(self._services, boxes[2:], strict=True):
            self._paint_leg(painter, boxes[1], box, leg)
        for place, (node, box) in enumerate(zip(self._nodes(), boxes, strict=True)):
            self._paint_node(painter, node, box, place)

    def _paint_node(self, painter: QPainter, node: Node, box: QRectF, place: int) -> None:
        focused = self.hasFocus() and place == self._focus
        painter.setPen(QPen(theme.color("accent" if focused else "line"), 1))
        painter.setBrush(theme.color("hover" if place == self._hover else "window"))
        painter.drawRoundedRect(box, 8, 8)
        inner = box.adjusted(PAD, 9, -PAD, -9)
        painter.setFont(theme.font(self._title_size, bold=True))
        painter.setPen(theme.color("text"))
        title = elide(painter.fontMetrics(), node.title, int(inner.width()) + 1)
        painter.drawText(inner, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, title)
        painter.setFont(theme.font(theme.SMALL, tabular=True))
        painter.setPen(theme.color(node.tone))
        room = int(inner.width()) + 1
        text = painter.fontMetrics().elidedText(self._text_of(node), Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, text)

    def _paint_leg(self, painter: QPainter, start: QRectF, end: QRectF, leg: Leg) -> None:
        a = QPointF(start.right(), start.center().y())
        b = QPointF(end.left(), end.center().y())
        pen = QPen(theme.color(_ROLES[leg.state]), 2)
        if leg.state in ("broken", "waiting"):
            pen.setDashPattern([3, 2.2])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(_curve(a, b))
        if leg.text:
            painter.setFont(theme.font(theme.SMALL, tabular=True))
            painter.setPen(theme.color("muted"))
            width = b.x() - a.x()
            above = QRectF(b.x() - width, b.y() - 20, width, 16)
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, leg.text)

    # Hands

    def _at(self, point: QPointF) -> int:
        return next((n for n, box in enumerate(self._boxes()) if box.contains(point)), -1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self._at(event.position())
        if place != self._hover:
            self._hover = place
            self.setCursor(Qt.CursorShape.PointingHandCursor if place >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self._at(event.position())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._focus = place
            self.clicked.emit(self._nodes()[place].key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        nodes = self._nodes()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and nodes:
            self.clicked.emit(nodes[self._focus].key)
        elif (by := step.get(Qt.Key(event.key()))) and nodes:
            self._focus = (self._focus + by) % len(nodes)
            self.update()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._at(QPointF(event.pos()))
            if place >= 0:
                node = self._nodes()[place]
                QToolTip.showText(event.globalPos(), f"{node.title}\n{node.text}", self)
            return True
        return super().event(event)


def _share(wanted: list[float], room: float) -> list[float]:
    """Widths that fit into *room*: the widest give way first."""
    widths = list(wanted)
    while sum(widths) > room > 0:
        top = max(widths)
        second = max((width for width in widths if width < top), default=0.0)
        widest = [n for n, width in enumerate(widths) if width == top]
        cut = min(top - second, (sum(widths) - room) / len(widest))
        for n in widest:
            widths[n] -= cut
        if cut <= 0.01:
            break
    return widths


def _curve(a: QPointF, b: QPointF) -> QPainterPath:
    path = QPainterPath(a)
    middle = (a.x() + b.x()) / 2
    if abs(a.y() - b.y()) < 1:
        path.lineTo(b)
    else:
        path.cubicTo(QPointF(middle, a.y()), QPointF(middle, b.y()), b)
    return path
