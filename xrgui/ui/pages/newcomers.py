"""Computers that ask to be let in by the public server, and the person's answer."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from xrgui.profiles.compile import BRIDGE_TAG
from xrgui.ui import theme, units, words
from xrgui.ui.language import sentences, tr
from xrgui.ui.tunnel import Newcomer, Tunnel
from xrgui.ui.widgets.basic import Card, Elided, button, clear_layout, column, label, paragraph, row, set_tone

ROWS = 6
"""Shown at once; the others take their turn."""


class Newcomers(Card):
    answered = Signal(str, object)
    """approve or ignore, and the `Newcomer`."""

    def __init__(self) -> None:
        self._title = label(bold=True)
        self._text = paragraph(
            tr(
                "Compare the key with the one that its owner sees there: in its own window, or by “xrgui key”. "
                "Whoever only knows a stolen id shows another one."
            ),
            tone="muted",
        )
        self._rows = column(gap=10)
        self._shown: tuple[Newcomer, ...] = ()
        super().__init__(column(self._title, self._text, self._rows, gap=8))
        set_tone(self, "waiting")
        set_tone(self._title, "waiting")

    def show_tunnel(self, tunnel: Tunnel) -> None:
        self.setVisible(bool(tunnel.newcomers))
        if tunnel.newcomers == self._shown:
            return
        self._shown = tunnel.newcomers
        self._title.setText(words.asking(tunnel))
        self._text.setVisible(any(newcomer.key for newcomer in tunnel.newcomers))
        clear_layout(self._rows)
        for newcomer in tunnel.newcomers[:ROWS]:
            self._rows.addWidget(self._row(newcomer))

    def _row(self, newcomer: Newcomer) -> QWidget:
        part = QWidget()
        if newcomer.key:
            shown = Elided(newcomer.fingerprint, fixed=True)
            approve = self._button(tr("Approve"), "approve", newcomer, "primary")
        else:
            shown = Elided(tr("xrgui without a key") if newcomer.xrgui else tr("Xray or v2ray"))
            approve = self._button(tr("Let it in"), "approve", newcomer)
        about = paragraph(self._about(newcomer), tone="muted", size=theme.SMALL)
        line = row(column(shown, about, gap=2), approve, self._button(tr("Ignore"), "ignore", newcomer))
        line.setStretch(0, 1)
        part.setLayout(line)
        return part

    def _button(self, text: str, what: str, newcomer: Newcomer, kind: str = "") -> QWidget:
        part = button(text, kind=kind, name=f"{text}: {newcomer.fingerprint or newcomer.address}")
        part.clicked.connect(lambda: self.answered.emit(what, newcomer))
        return part

    def _about(self, newcomer: Newcomer) -> str:
        text = tr(
            "as {computer}, from {address}, since {time}",
            computer=newcomer.portal.removeprefix(f"{BRIDGE_TAG} "),
            address=newcomer.address,
            time=units.time_of_day(newcomer.since),
        )
        if newcomer.key:
            return text
        return sentences(text, self._without_key(newcomer))

    def _without_key(self, newcomer: Newcomer) -> str:
        if newcomer.xrgui:
            return tr(
                "“xrgui key” on that computer makes one; then start its tunnel anew. If you let it in as it is, its id "
                "alone is enough from now on."
            )
        return tr(
            "It cannot prove who it is. If you let it in, its id alone is enough from now on: whoever has its link can "
            "come in its place."
        )
