"""The field above a list by which one narrows it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit

from xrgui.ui import theme
from xrgui.ui.language import tr

BESIDE = 28
"""Pixels of frame and padding."""


class FilterEdit(QLineEdit):
    """Says what it looks for where there is room, else “Filter” alone. Esc empties it."""

    def __init__(self, hint: str, name: str) -> None:
        super().__init__()
        self._hint = hint
        self.setAccessibleName(name)
        self.setToolTip(hint)
        self.setPlaceholderText(hint)
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(theme.scaled(88))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        fits = self.fontMetrics().horizontalAdvance(self._hint) <= self.width() - BESIDE
        self.setPlaceholderText(self._hint if fits else tr("Filter"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)
