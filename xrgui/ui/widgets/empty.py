"""What an empty page says: what will be here, and the first step."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from xrgui.ui.widgets.basic import button, column, paragraph, row

MARGIN = 32


class Empty(QWidget):
    asked = Signal()
    """The step's button was pressed."""

    def __init__(self, text: str = "", step: str = "") -> None:
        super().__init__()
        self._text = paragraph(tone="muted")
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.step = button("")
        self.step.clicked.connect(self.asked)
        layout = column(None, self._text, row(None, self.step, None), None, None, gap=12)
        layout.setContentsMargins(MARGIN, 24, MARGIN, 24)
        self.setLayout(layout)
        self.say(text, step)

    def say(self, text: str, step: str = "") -> None:
        self._text.setText(text)
        self.step.setText(step)
        self.step.setAccessibleName(step)
        self.step.setVisible(bool(step))
