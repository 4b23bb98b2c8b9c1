"""What deserves a word while nobody looks: down for a while, up again, service lost. All of it is listed."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from xrgui.bridge_key import short
from xrgui.ui import words
from xrgui.ui.language import tr
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.settings import Settings
from xrgui.ui.tunnel import Newcomer, Phase, Trouble

DELAY = 10.0
"""Seconds that a tunnel has to come back before anybody is told."""
KEPT = 200


@dataclass(frozen=True)
class Notification:
    at: float
    tunnel: str
    title: str
    text: str
    state: str
    """The phase whose shape stands beside it."""


class Notifications(QObject):
    """Listens to the tunnels' phases; `told` asks for a pop-up."""

    told = Signal(object)

    def __init__(self, tunnels: TunnelsModel, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tunnels = tunnels
        self.settings = settings
        self.list: deque[Notification] = deque(maxlen=KEPT)
        self._waits: dict[str, QTimer] = {}
        """One for each tunnel that ever went down; it runs while that may pass."""
        self._told_down: dict[str, bool] = {}
        """Whether the server was there, and the tunnel had only to be let in."""
        self._told_newcomers: set[tuple[str, str]] = set()
        tunnels.phase_changed.connect(self._phase_changed)
        tunnels.newcomer.connect(self._newcomer)

    def _phase_changed(self, tunnel_id: str, before: str, now: str) -> None:
        if now == Phase.UP:
            self._came_up(tunnel_id)
        elif now == Phase.STOPPED:
            self._forget(tunnel_id)
        elif before == Phase.UP or (now == Phase.TROUBLE and tunnel_id not in self._told_down):
            self._went_down(tunnel_id)

    def _went_down(self, tunnel_id: str) -> None:
        if tunnel_id not in self._waits:
            self._waits[tunnel_id] = timer = QTimer(self, singleShot=True, interval=int(DELAY * 1000))
            timer.timeout.connect(lambda: self._still_down(tunnel_id))
        if tunnel_id not in self._told_down and not self._waits[tunnel_id].isActive():
            self._waits[tunnel_id].start()

    def _still_down(self, tunnel_id: str) -> None:
        tunnel = self._tunnels.get(tunnel_id)
        if tunnel is None or tunnel.phase in (Phase.UP, Phase.STOPPED):
            return
        if tunnel.trouble is Trouble.SERVICE:
            wanted, text = self.settings.notify_service, words.advice(tunnel).title
        else:
            wanted, text = self.settings.notify_down, words.phase(tunnel)
        waits = tunnel.trouble is Trouble.UNAPPROVED
        title = tr("{name} waits to be let in", name=tunnel.name) if waits else tr("{name} is down", name=tunnel.name)
        self._told_down[tunnel_id] = waits
        self._tell(Notification(time.time(), tunnel_id, title, text, Phase.TROUBLE), wanted)

    def _came_up(self, tunnel_id: str) -> None:
        self._cancel(tunnel_id)
        if tunnel_id in self._told_down:
            waited, name = self._told_down.pop(tunnel_id), self._tunnels.name(tunnel_id)
            title = tr("{name} was let in", name=name) if waited else tr("{name} is up again", name=name)
            self._tell(Notification(time.time(), tunnel_id, title, "", Phase.UP), self.settings.notify_up)

    def _newcomer(self, tunnel_id: str, newcomer: Newcomer) -> None:
        """Once for each computer: its links may come and go."""
        if (tunnel_id, newcomer.who) in self._told_newcomers:
            return
        self._told_newcomers.add((tunnel_id, newcomer.who))
        title = tr("{name}: a computer asks to be let in", name=self._tunnels.name(tunnel_id))
        text = tr("Key {key}, from {address}", key=short(newcomer.fingerprint), address=newcomer.address)
        if not newcomer.key:
            text = tr("Without a key, from {address}", address=newcomer.address)
        self._tell(Notification(time.time(), tunnel_id, title, text, Phase.TROUBLE), self.settings.notify_newcomer)

    def _forget(self, tunnel_id: str) -> None:
        self._cancel(tunnel_id)
        self._told_down.pop(tunnel_id, None)

    def _cancel(self, tunnel_id: str) -> None:
        if tunnel_id in self._waits:
            self._waits[tunnel_id].stop()

    def _tell(self, notification: Notification, wanted: bool) -> None:
        self.list.append(notification)
        if wanted:
            self.told.emit(notification)
