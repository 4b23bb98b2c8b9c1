"""The list of tunnels: state, name, rate, address, service; one line each where there is little room."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from xrgui.ui import icons, theme, units, words
from xrgui.ui.language import tr
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.tunnel import Phase, Tunnel
from xrgui.ui.widgets.basic import elide, hairline

FULL, SHORT = 79, 38
LEFT = 42
RIGHT = 12


def second_line(tunnel: Tunnel) -> str:
    return tunnel.public[0] if tunnel.public else tunnel.server


def third_line(tunnel: Tunnel) -> str:
    if tunnel.newcomers:
        return words.asking(tunnel)
    if tunnel.phase is not Phase.UP:
        return words.phase(tunnel)
    labels = [service.label for service in tunnel.services]
    if len(labels) > 1:
        return tr("{first} and {n} more|{first} and {n} more", len(labels) - 1, first=labels[0])
    return labels[0] if labels else words.phase(tunnel)


class TunnelDelegate(QStyledItemDelegate):
    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self.short = False

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        grown = max(0, QFontMetrics(theme.font()).height() - 17)
        return QSize(120, SHORT + grown if self.short else FULL + 3 * grown)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tunnel: Tunnel = index.data(TunnelsModel.TUNNEL)
        painter.save()
        box = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.fillRect(box, theme.color("selection" if selected else "hover" if hovered else "panel"))
        if selected and option.state & QStyle.StateFlag.State_HasFocus:
            painter.fillRect(QRect(box.left(), box.top(), 3, box.height() - 1), theme.color("accent"))
        hairline(painter, box.left(), box.bottom() + 0.5, box.right() + 1)
        self._paint_lines(painter, box, tunnel)
        painter.restore()

    def _paint_lines(self, painter: QPainter, box: QRect, tunnel: Tunnel) -> None:
        height = QFontMetrics(theme.font()).height()
        top = box.top() + (box.height() - 1 - height) // 2 if self.short else box.top() + 11
        mark = QRectF(box.left() + 12.5, top + (height - 14) / 2, 14, 14)
        icons.paint_state(painter, mark, tunnel.phase.value)
        rate = units.rate(tunnel.down_rate) if tunnel.phase is Phase.UP and tunnel.down_rate >= 1 else ""
        asked = self.short and bool(tunnel.newcomers)
        if asked:
            rate = f"+{len(tunnel.newcomers)}"
        small = theme.font(theme.SMALL, tabular=True)
        taken = QFontMetrics(small).horizontalAdvance(rate) + 8 if rate else 0
        painter.setFont(small)
        painter.setPen(theme.color("waiting" if asked else "muted"))
        line = QRect(box.left() + LEFT, top, box.width() - LEFT - RIGHT, height)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, rate)
        painter.setFont(theme.font(bold=True))
        painter.setPen(theme.color("text"))
        name = elide(painter.fontMetrics(), tunnel.name, line.width() - taken)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        if self.short:
            return
        painter.setFont(small)
        trouble = tunnel.phase is Phase.TROUBLE
        for text, role in (
            (second_line(tunnel), "muted"),
            (third_line(tunnel), "waiting" if tunnel.newcomers else "error" if trouble else "muted"),
        ):
            line.translate(0, height + 3)
            painter.setPen(theme.color(role))
            shown = elide(painter.fontMetrics(), text, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


class TunnelList(QListView):
    """Enter edits, Space toggles, Alt+Up and Alt+Down move; rows can be dragged."""

    edit_asked = Signal()
    toggle_asked = Signal()
    shift_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._delegate = TunnelDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(tr("Tunnels"))
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def set_short(self, short: bool) -> None:
        if self._delegate.short != short:
            self._delegate.short = short
            self.scheduleDelayedItemsLayout()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, alt = event.key(), event.modifiers() == Qt.KeyboardModifier.AltModifier
        if alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.shift_asked.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_asked.emit()
        elif key == Qt.Key.Key_Space:
            self.toggle_asked.emit()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.indexAt(event.position().toPoint()).isValid():
            self.edit_asked.emit()
