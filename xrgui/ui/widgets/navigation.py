"""The pages on the left; where there is little room, as icons alone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout

from xrgui.ui import icons, theme
from xrgui.ui.widgets.basic import Frame, tab_to_checked

WIDE = 180
NARROW = 56
BESIDE = 86
"""Pixels of an entry for its icon, its count and its margins."""


class _Entry(QAbstractButton):
    def __init__(self, text: str, icon: str) -> None:
        super().__init__()
        self._icon = icon
        self.count = ""
        self.narrow = False
        self._ring = False
        self.setText(text)
        self.setCheckable(True)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return QSize((NARROW if self.narrow else WIDE) - 17, 34)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            self.setToolTip(f"{self.text()} {self.count}".strip() if self.narrow else "")
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ring = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._ring = False
        super().focusOutEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        chosen = self.isChecked()
        place = (self.width() - 16) / 2 if self.narrow else 11
        role = "accent" if chosen else "text"
        box = QRectF(place, (self.height() - 16) / 2, 16, 16)
        icons.paint(painter, box, self._icon, theme.color(role).name())
        if not self.narrow:
            self._paint_text(painter, role, chosen)

    def _paint_ground(self, painter: QPainter) -> None:
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(theme.color("accent") if self._ring else Qt.PenStyle.NoPen)
        if self.isChecked():
            painter.setBrush(theme.color("selection"))
        elif self.underMouse():
            painter.setBrush(theme.color("line"))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 7, 7)

    def _paint_text(self, painter: QPainter, role: str, chosen: bool) -> None:
        count_font = theme.font(11, tabular=True, bold=chosen)
        taken = QFontMetrics(count_font).horizontalAdvance(self.count) if self.count else 0
        painter.setFont(theme.font(bold=chosen))
        painter.setPen(theme.color(role))
        room = QRect(37, 0, self.width() - 37 - taken - 18, self.height())
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.setFont(count_font)
        painter.setPen(theme.color("muted"))
        right = self.rect().adjusted(0, 0, -10, 0)
        painter.drawText(right, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self.count)


class Navigation(Frame):
    """A column of entries; Up and Down walk through them. The last stands at the bottom."""

    chosen = Signal(str)

    def __init__(self, name: str, entries: list[tuple[str, str, str]]) -> None:
        """*entries* are (key, text, icon)."""
        layout = QVBoxLayout()
        super().__init__("side", layout, 8)
        layout.setSpacing(2)
        layout.setContentsMargins(8, 10, 8, 10)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._entries: dict[str, _Entry] = {}
        for key, text, icon in entries:
            if key == entries[-1][0]:
                layout.addStretch(1)
            entry = _Entry(text, icon)
            entry.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(entry)
            self._entries[key] = entry
            layout.addWidget(entry)
        tab_to_checked(self._group)
        self.set_narrow(False)

    def choose(self, key: str) -> None:
        self._entries[key].setChecked(True)

    def set_count(self, key: str, count: str) -> None:
        entry = self._entries[key]
        if entry.count != count:
            entry.count = count
            entry.setAccessibleDescription(count)
            entry.update()

    def _widest(self) -> int:
        measure = QFontMetrics(theme.font(bold=True)).horizontalAdvance
        return max(measure(entry.text()) for entry in self._entries.values())

    def set_narrow(self, narrow: bool) -> None:
        self.setFixedWidth(NARROW if narrow else max(WIDE, self._widest() + BESIDE))
        for entry in self._entries.values():
            entry.narrow = narrow
            entry.updateGeometry()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        entries = list(self._entries.values())
        focused = next((n for n, entry in enumerate(entries) if entry.hasFocus()), None)
        if step is None or focused is None:
            super().keyPressEvent(event)
            return
        target = entries[(focused + step) % len(entries)]
        target.setFocus(Qt.FocusReason.TabFocusReason)
        target.click()
