"""A short message over the page, with one way back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from xrgui.ui.widgets.basic import Frame, button, label, row

SECONDS = 8


class Toast(Frame):
    """Stands at the bottom of *parent* for some seconds; stays while the pointer is over it."""

    def __init__(self, parent: QWidget) -> None:
        self._text = label()
        self._button = button("")
        self._action: Callable[[], None] | None = None
        layout = row(self._text, self._button, gap=12)
        super().__init__("toast", layout, 4)
        layout.setContentsMargins(16, 5, 8, 5)
        self.setParent(parent)
        self._over = parent
        self._button.clicked.connect(self._run)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._time_out)
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str, action: str = "", run: Callable[[], None] | None = None) -> None:
        self._text.setText(text)
        self.setAccessibleName(text)
        self._action = run
        self._button.setText(action)
        self._button.setAccessibleName(action)
        self._button.setVisible(bool(action))
        self._place()
        self.show()
        self.raise_()
        self._timer.start(SECONDS * 1000)

    def _run(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()

    def _time_out(self) -> None:
        if self.underMouse():
            self._timer.start(1000)
        else:
            self.hide()

    def _place(self) -> None:
        self.adjustSize()
        parent = self._over
        self.move((parent.width() - self.width()) // 2, parent.height() - self.height() - 16)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False
