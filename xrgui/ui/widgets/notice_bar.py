"""One line over the pages: what concerns the whole program, and what one can do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import Frame, button, paragraph, row
from xrgui.ui.widgets.state_icon import StateIcon


class _Notice(NamedTuple):
    state: str
    text: str
    action: str
    run: Callable[[], None] | None
    refusal: str
    refuse: Callable[[], None] | None


class NoticeBar(Frame):
    def __init__(self) -> None:
        self._icon = StateIcon(16)
        self._text = paragraph()
        self._button = button("")
        self._refusal = button("")
        self._close = button("", kind="bare", icon="close", tip=tr("Hide"))
        layout = row(self._icon, self._text, self._button, self._refusal, self._close, gap=10)
        layout.setStretch(1, 1)
        super().__init__("bar", layout)
        layout.setContentsMargins(16, 7, 10, 7)
        self._button.clicked.connect(self._run)
        self._refusal.clicked.connect(self._refuse)
        self._close.clicked.connect(self._dismiss)
        self._notices: dict[str, _Notice] = {}
        self.hide()

    @property
    def key(self) -> str:
        """Of the notice that is shown, the newest; empty for none."""
        return next(reversed(self._notices), "")

    def say(
        self,
        key: str,
        state: str,
        text: str,
        action: str = "",
        run: Callable[[], None] | None = None,
        refusal: str = "",
        refuse: Callable[[], None] | None = None,
    ) -> None:
        """Show *text* until it is hidden; *key* names it for `clear`, and replaces an older one.

        *action* and *refusal* label buttons; the second hides it too, and then calls *refuse*.
        """
        self._notices.pop(key, None)
        self._notices[key] = _Notice(state, text, action, run, refusal, refuse)
        self._show()

    def clear(self, key: str) -> None:
        if self._notices.pop(key, None) is not None:
            self._show()

    def clear_all(self) -> None:
        self._notices.clear()
        self._show()

    def _show(self) -> None:
        self.setVisible(bool(self._notices))
        if not self._notices:
            return
        notice = self._notices[self.key]
        self._icon.show_state(notice.state, notice.text)
        self._text.setText(notice.text)
        self._button.setText(notice.action)
        self._button.setAccessibleName(notice.action)
        self._button.setVisible(bool(notice.action))
        self._refusal.setText(notice.refusal)
        self._refusal.setAccessibleName(notice.refusal)
        self._refusal.setVisible(bool(notice.refusal))

    def _dismiss(self) -> None:
        self.clear(self.key)

    def _run(self) -> None:
        run = self._notices[self.key].run if self._notices else None
        if run is not None:
            run()

    def _refuse(self) -> None:
        refuse = self._notices[self.key].refuse if self._notices else None
        self._dismiss()
        if refuse is not None:
            refuse()
