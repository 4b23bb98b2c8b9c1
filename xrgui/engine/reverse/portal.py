"""The public end of a reverse tunnel: an outbound whose connections are sub-connections of the bridges' links."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from xrgui.address import Destination, Network
from xrgui.engine.errors import RefusedError, RemoteProtocolError
from xrgui.engine.mux import extension
from xrgui.engine.mux.resumption import Resumption
from xrgui.engine.mux.substream import PacketStream
from xrgui.engine.mux.worker import V2RAY_PACKET, XRAY_PACKET, MuxWorker
from xrgui.engine.reverse import control
from xrgui.engine.session import Cancellable, Session

log = logging.getLogger(__name__)

HEARTBEAT = 10.0
"""Seconds between control messages; newer bridges leave after 60 without one."""
PATIENCE = 5.0
"""Seconds that a visitor waits for a bridge that is on its way back."""
WAITING_ROOM = 1000
LATE = 1 << 20
"""Added to the load of a link that had better get no new visitors."""


class Portal:
    """Reached as an outbound by visitors, as a `LinkTaker` by the inbound that a bridge dials.

    *domain* is the tunnel domain of the classic dialect; empty for VLESS reverse, where New carries the visitor's
    addresses. *public* gives the visitors' ports, for the bridge to know.
    """

    def __init__(
        self,
        tag: str,
        domain: str = "",
        *,
        hello: Callable[[], extension.Hello | None] = lambda: None,
        buffer_limit: Callable[[], int],
    ) -> None:
        self.tag = tag
        self.domain = domain
        self.links: list[Link] = []
        self.refused = 0
        self.since = asyncio.get_running_loop().time()
        """Loop time since when it has links, or has none."""
        self._hello = hello
        self._buffer_limit = buffer_limit
        self.resumption = Resumption()
        self._waiting: deque[Waiting] = deque()
        self._closed = False

    # As an outbound

    def takes(self, session: Session) -> bool:
        """Whether *session* is a bridge's link rather than a visitor (classic dialect)."""
        return bool(self.domain) and session.destination.host == self.domain

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        link = self.pick()
        if link is None:
            return self._wait(session, protocol)
        try:
            self._open(link, session, protocol)
        except RemoteProtocolError as error:
            protocol.connection_lost(error)
        return None

    def pick(self) -> Link | None:
        """The link that carries the fewest sub-connections; one that waits or whose echo is late only if all are."""
        best: Link | None = None
        load = 0
        for link in self.links:
            worker = link.worker
            if worker.going_away:
                continue
            amount = len(worker.streams) + (LATE if worker.brake.on or (worker.echoes and worker.health.late) else 0)
            if best is None or amount < load:
                best, load = link, amount
        return best

    def _open(self, link: Link, session: Session, protocol: asyncio.BaseProtocol) -> None:
        session.link = link.worker.number
        link.worker.open(session.destination, protocol, source=session.source, local=session.local)

    def _wait(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        if self._closed or len(self._waiting) >= WAITING_ROOM:
            self._refuse(protocol)
            return None
        waiting = Waiting(self, session, protocol)
        waiting.timer = asyncio.get_running_loop().call_later(PATIENCE, waiting.give_up)
        self._waiting.append(waiting)
        return waiting

    def _refuse(self, protocol: asyncio.BaseProtocol) -> None:
        self.refused += 1
        error = RefusedError(f"no bridge is connected to the portal {self.tag!r}")
        protocol.connection_lost(error)

    def _admit(self) -> None:
        """A bridge came: those who waited for one go on."""
        while self._waiting:
            link = self.pick()
            if link is None:
                return
            waiting = self._waiting.popleft()
            waiting.stop_timer()
            try:
                self._open(link, waiting.session, waiting.protocol)
            except RemoteProtocolError as error:
                waiting.protocol.connection_lost(error)

    # As the taker of links

    def attach(self, session: Session, transport: asyncio.Transport, initial: bytes) -> None:
        link = Link(self, session)
        transport.set_protocol(link.worker)
        link.worker.connection_made(transport)
        transport.resume_reading()
        if initial:
            link.worker.data_received(initial)

    def new_worker(self, link: Link) -> MuxWorker:
        worker = MuxWorker(
            client=True,
            reverse=not self.domain,
            made=link.made,
            lost=link.lost,
            hello=self._hello(),
            packet_limit=V2RAY_PACKET if self.domain else XRAY_PACKET,
            buffer_limit=self._buffer_limit(),
        )
        worker.resumption = self.resumption
        worker.heard_hello = self._greeted
        return worker

    def _greeted(self, worker: MuxWorker) -> None:
        self.resumption.met(worker, [link.worker for link in self.links])
        self.resumption.reopen(worker)

    def joined(self, link: Link) -> None:
        if not self.links:
            self.since = link.worker.loop.time()
        self.links.append(link)
        where = link.session.source
        log.info("portal %s: a bridge joined from %s", self.tag, where.endpoint if where else "?")
        self._admit()

    def left(self, link: Link, exc: Exception | None) -> None:
        if link in self.links:
            self.links.remove(link)
            if not self.links:
                self.since = link.worker.loop.time()
            log.info("portal %s: a bridge left%s", self.tag, f" ({exc})" if exc else "")
        for other in self.links:
            self.resumption.reopen(other.worker)

    def drop_links(self, inbound_tag: str) -> None:
        """End the links that came in there."""
        for link in [link for link in self.links if link.session.inbound_tag == inbound_tag]:
            link.worker.abort(ConnectionResetError("the inbound of this link was stopped"))

    async def close(self) -> None:
        self._closed = True
        while self._waiting:
            waiting = self._waiting.popleft()
            waiting.stop_timer()
            self._refuse(waiting.protocol)
        for link in list(self.links):
            link.worker.abort(ConnectionResetError("the portal was stopped"))
        self.resumption.close()


@dataclass(slots=True, eq=False)
class Waiting:
    """A visitor who came while no bridge was there."""

    portal: Portal
    session: Session
    protocol: asyncio.BaseProtocol
    timer: asyncio.TimerHandle | None = None

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def cancel(self) -> None:
        self.stop_timer()
        if self in self.portal._waiting:
            self.portal._waiting.remove(self)

    def give_up(self) -> None:
        self.cancel()
        self.portal._refuse(self.protocol)


class Link(asyncio.DatagramProtocol):
    """One bridge's main connection at the portal, and the protocol of its control session."""

    def __init__(self, portal: Portal, session: Session) -> None:
        self.portal = portal
        self.session = session
        self.worker = portal.new_worker(self)
        self._domains = [control.VLESS_DOMAIN] if not portal.domain else list(control.DOMAINS)
        self._control: PacketStream | None = None
        self._timer: asyncio.TimerHandle | None = None

    def made(self, worker: MuxWorker) -> None:
        self._open_control()
        if worker.hello is not None:
            worker.put_control(worker.hello.encode())
        worker.ping()
        self.portal.joined(self)

    def _open_control(self) -> None:
        target = Destination(Network.UDP, self._domains.pop(0), 0)
        stream = self.worker.open(target, self)
        assert isinstance(stream, PacketStream)
        self._control = stream
        self.worker.permanent = 1
        self._beat()

    def _beat(self) -> None:
        if self._control is None or self.worker.closed:
            return
        random = os.urandom(1 + os.urandom(1)[0] % 64)
        self._control.sendto(control.encode(control.ACTIVE, random))
        self._timer = self.worker.loop.call_later(HEARTBEAT, self._beat)

    def connection_lost(self, exc: Exception | None) -> None:
        """The bridge ended the control session: it may know it by another of the names."""
        self._stop_beat()
        if not self.worker.closed and self._domains and self.worker.peer is None:
            self._open_control()

    def _stop_beat(self) -> None:
        self._control = None
        self.worker.permanent = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def lost(self, worker: MuxWorker, exc: Exception | None) -> None:
        self._stop_beat()
        self.portal.left(self, exc)
