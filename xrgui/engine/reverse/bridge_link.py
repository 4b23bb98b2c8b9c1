"""One main connection of a bridge."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Literal

from xrgui.engine.errors import RefusedError
from xrgui.engine.mux.connection import Opened
from xrgui.engine.mux.packets import PacketStream
from xrgui.engine.mux.substream import SubStream
from xrgui.engine.mux.worker import MuxWorker
from xrgui.engine.reverse import control
from xrgui.engine.session import Cancellable, Session

if TYPE_CHECKING:
    from xrgui.engine.reverse.bridge import Bridge

log = logging.getLogger(__name__)

DRAIN_AHEAD = 192
"""Sub-connections on a link after which its successor is opened: stock portals drain a link after 256, and their
visitors would wait until the next one stands."""
STEADY = 2.0
"""Seconds after which a link was a success. The end of a younger one counts as a dial that has failed, or a portal that
takes links and drops them would be dialled without a pause."""
ANSWER_TIMEOUT = 10.0
"""Seconds that a portal has for its first frame."""
IDLE_LOOK = 1.0
"""Seconds between two looks whether a link that is not needed still carries somebody."""


class BridgeLink:
    """One main connection of a bridge."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.worker = bridge.new_worker(self)
        self.pending: Cancellable | None = None
        self.up = False
        """The portal has spoken; until then it may still refuse us."""
        self.since = 0.0
        self.draining = False
        self.dismissed = False
        self.wasted = False
        """It was told to drain as soon as it stood."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def worn(self) -> bool:
        """Draining, silent, or near the count at which a stock portal drains it."""
        near = self.worker.peer is None and self.worker.opened >= DRAIN_AHEAD
        return self.draining or near or self.worker.health.silent

    @property
    def steady(self) -> bool:
        """It was worth its dial."""
        stood = self.worker.loop.time() - self.since
        return self.up and not self.wasted and (stood >= STEADY or self.worker.opened >= DRAIN_AHEAD)

    @property
    def standing(self) -> Literal["connecting", "unapproved", "up"]:
        """What the portal says of it; one that asks for no key has no need to say more than HELLO."""
        worker = self.worker
        if worker.approved or worker.peer is None or not worker.peer.asks:
            return "up"
        return "connecting" if worker.approved is None else "unapproved"

    @property
    def takes_ours(self) -> bool:
        """We may open sub-connections over it."""
        worker = self.worker
        if self.standing != "up":
            return False
        return worker.equal and not worker.going_away and not self.draining and not worker.health.silent

    def cancel(self) -> None:
        if self.pending is not None:
            self.pending.cancel()
        self._stop_timer()
        self.worker.abort(ConnectionResetError("the bridge was stopped"))

    def made(self, worker: MuxWorker) -> None:
        self.pending = None
        self._timer = worker.loop.call_later(ANSWER_TIMEOUT, self._no_answer)

    def _no_answer(self) -> None:
        self.worker.abort(ConnectionResetError("the server took the connection but does not answer as a portal"))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def lost(self, worker: MuxWorker, exc: Exception | None) -> None:
        self._stop_timer()
        self.bridge.went_down(self, exc)

    def accept(self, stream: SubStream | PacketStream, opened: Opened) -> None:
        bridge = self.bridge
        if not self.up:
            self.up = True
            self.since = self.worker.loop.time()
            self._stop_timer()
            self.worker.ping()
            bridge.came_up(self)
        if isinstance(stream, PacketStream) and opened.target.port == 0 and opened.target.host in control.DOMAINS:
            stream.set_protocol(Heartbeats(self))
            self.worker.permanent = 1
            return
        if bridge.gone:
            stream.fail(RefusedError("the bridge was stopped"))
        elif isinstance(stream, PacketStream):
            stream.set_protocol(bridge.acceptor.relay_packets(self._session(opened), stream))
        else:
            bridge.acceptor.relay(self._session(opened), stream)
        if self.worker.opened == DRAIN_AHEAD:
            bridge.worn_out(self)

    def _session(self, opened: Opened) -> Session:
        both = opened.source is not None and opened.local is not None
        session = Session(
            self.bridge.tag,
            "vless-reverse" if self.bridge.reverse else "bridge",
            opened.target,
            source=opened.source if both else None,
            local=opened.local if both else None,
            user=self.bridge.user,
        )
        session.link = self.worker.number
        return session

    def dismiss(self) -> None:
        """There are enough without it: its portal sends nobody new here, and it ends once nobody is on it."""
        self.draining = self.dismissed = True
        self.worker.go_away()
        self._timer = self.worker.loop.call_later(IDLE_LOOK, self._leave)

    def _leave(self) -> None:
        if len(self.worker.streams) > self.worker.permanent:
            self._timer = self.worker.loop.call_later(IDLE_LOOK, self._leave)
        else:
            self.worker.abort(ConnectionAbortedError("there are enough links without it"), final=False)

    def drain(self) -> None:
        """The portal opens no more sub-connections here."""
        self.wasted = not self.steady
        self.draining = True
        self.bridge.worn_out(self)


class Heartbeats(asyncio.DatagramProtocol):
    """The bridge's end of the control session."""

    def __init__(self, link: BridgeLink) -> None:
        self.link = link

    def datagram_received(self, data: bytes, addr: Any) -> None:
        try:
            state = control.decode(data)
        except ValueError as error:
            log.warning("bridge %s: %s", self.link.bridge.tag, error)
            return
        if state == control.DRAIN and not self.link.draining:
            self.link.drain()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.link.worker.closed:
            self.link.drain()
