"""A state's shape in its colour."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QVariantAnimation
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from xrgui.ui import icons

FADE = 150
"""Milliseconds."""


def calm() -> bool:
    """The system asks for less motion. Qt knows since 6.12."""
    hints = QGuiApplication.styleHints()
    asked = getattr(getattr(hints, "accessibility", lambda: None)(), "motionPreference", None)
    return asked is not None and "Reduced" in str(asked())


class StateIcon(QWidget):
    """Its name says the state in words; a change fades, unless the system asks for less motion."""

    def __init__(self, size: int = 16) -> None:
        super().__init__()
        self.setFixedSize(size, size)
        self._before = self._state = "stopped"
        self._fade = QVariantAnimation(self)
        self._fade.setStartValue(0.0)
        self._fade.setEndValue(1.0)
        self._fade.setDuration(FADE)
        self._fade.valueChanged.connect(self._step)

    def _step(self) -> None:
        self.update()

    def show_state(self, state: str, words: str, *, fade: bool = True) -> None:
        self.setAccessibleName(words)
        self.setToolTip(words)
        if state == self._state:
            return
        self._before, self._state = self._state, state
        self._fade.stop()
        if fade and self.isVisible() and not calm():
            self._fade.start()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect())
        fading = self._fade.state() == QVariantAnimation.State.Running
        shown = float(self._fade.currentValue()) if fading else 1.0
        if shown < 1:
            painter.setOpacity(1 - shown)
            icons.paint_state(painter, box, self._before)
        painter.setOpacity(shown)
        icons.paint_state(painter, box, self._state)
