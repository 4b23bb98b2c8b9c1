"""One line over the pages: what concerns the whole program, and what one can do about it."""

from __future__ import annotations

from collections.abc import Callable

from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import Frame, button, paragraph, row
from xrgui.ui.widgets.state_icon import StateIcon


class NoticeBar(Frame):
    def __init__(self) -> None:
        self._icon = StateIcon(16)
        self._text = paragraph()
        self._button = button("")
        self._close = button("", kind="bare", icon="close", tip=tr("Hide"))
        self._action: Callable[[], None] | None = None
        layout = row(self._icon, self._text, self._button, self._close, gap=10)
        layout.setStretch(1, 1)
        super().__init__("bar", layout)
        layout.setContentsMargins(16, 7, 10, 7)
        self._button.clicked.connect(self._run)
        self._close.clicked.connect(self.hide)
        self.key = ""
        self.hide()

    def say(self, key: str, state: str, text: str, action: str = "", run: Callable[[], None] | None = None) -> None:
        """Show *text* until it is hidden; *key* names it for `clear`."""
        self.key = key
        self._icon.show_state(state, text)
        self._text.setText(text)
        self._action = run
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self.show()

    def clear(self, key: str) -> None:
        if self.key == key:
            self.hide()

    def _run(self) -> None:
        if self._action is not None:
            self._action()
