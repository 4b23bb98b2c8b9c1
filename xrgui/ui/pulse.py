"""Whether an engine still answers. One that hangs keeps its line open, and nothing else would tell."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from xrgui import rpc
from xrgui.ui.engine_client import EngineClient
from xrgui.ui.tasks import spawn

QUIET = 5
"""Batches that may stay out until the engine is asked."""
UNANSWERED = 3
"""More of them until it is taken for hung."""


class Pulse(QObject):
    """Counts its own beats, not seconds: while the computer sleeps, or this window hangs, there are none."""

    changed = Signal()

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.answers = True
        self._client = client
        self._silent = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._beat)
        for sign in (client.connected, client.totals, client.status, client.sessions, client.log):
            sign.connect(self._heard)

    def start(self) -> None:
        """Something is expected from now on."""
        self._heard()
        self._timer.start(self._interval)

    @property
    def _interval(self) -> int:
        return int(self._client.interval * 1000)

    def stop(self) -> None:
        self._timer.stop()
        self._heard()

    def _heard(self, *_: object) -> None:
        self._silent = 0
        self._set(True)

    def _beat(self) -> None:
        self._timer.setInterval(self._interval)
        self._silent += 1
        if self._silent == QUIET:
            spawn(self._ask(), "ask whether the engine answers")
        elif self._silent == QUIET + UNANSWERED:
            self._set(False)

    async def _ask(self) -> None:
        try:
            await self._client.call(rpc.GetStatus())
        except rpc.RpcError:
            return
        self._heard()

    def _set(self, answers: bool) -> None:
        if answers != self.answers:
            self.answers = answers
            self.changed.emit()
