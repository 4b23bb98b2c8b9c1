"""Routes sessions to outbounds and keeps the table of those that are alive."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from time import time

from xrgui.address import Network
from xrgui.config import model
from xrgui.engine.error_page import Doorman, HttpVisitorLeg
from xrgui.engine.errors import EngineError, OverLimitError, RefusedError
from xrgui.engine.interfaces import Outbound
from xrgui.engine.limits import Crowd, RareLog
from xrgui.engine.mux.connection import Opened
from xrgui.engine.mux.packets import PacketStream
from xrgui.engine.mux.sending import UNLIMITED
from xrgui.engine.mux.substream import SubStream
from xrgui.engine.mux.worker import BUFFER_LIMIT, MuxWorker
from xrgui.engine.relay import PacketVisitorLeg, VisitorLeg, reset
from xrgui.engine.reverse.portal import Portal
from xrgui.engine.roaming import RoamingFlows
from xrgui.engine.router import NEEDS_RESOLUTION, Route, Router
from xrgui.engine.session import Cancellable, Session
from xrgui.engine.sniff import Sniffed, Sniffer
from xrgui.engine.tasks import spawn
from xrgui.logs import ACCESS

log = logging.getLogger(__name__)
access = logging.getLogger(ACCESS)

KEEP_CLOSED = 1000
"""Sessions that are remembered after their end, for the window's table."""
SWEEP = 5.0
STREAM_IDLE, PACKET_IDLE = 3600.0, 300.0
"""Seconds without a byte after which a session is ended where the policy does not say: five minutes, as the
stock engines have it for both, would cut every quiet SSH session."""


class Dispatcher:
    """Implements `interfaces.Acceptor` and `relay.Registry`.

    `outbounds` is filled and changed by the engine; the first entry takes what no rule names.
    """

    def __init__(self, router: Router) -> None:
        self.router = router
        self.outbounds: dict[str, Outbound] = {}
        self.default: Outbound | None = None
        self.sniffing: Mapping[str, model.Sniffing] = {}
        self.tunnel_domains: frozenset[str] = frozenset()
        """Of this configuration's classic portals: a session for one is a bridge's link."""
        self.policy = model.Policy()
        self.crowd = Crowd()
        self.sessions: dict[int, Session] = {}
        self.closed: deque[Session] = deque(maxlen=KEEP_CLOSED)
        self.opened = 0
        self.refused = 0
        self.over_limit = 0
        """Those of the refused for whom a limit left no room."""
        self.up = 0
        """Payload bytes of ended sessions; those of live ones are in them."""
        self.down = 0
        self._loop = asyncio.get_running_loop()
        self._mux_workers: set[MuxWorker] = set()
        self._roaming = RoamingFlows()
        self._rare = RareLog(log)
        self._doorman = Doorman()
        self._marks: dict[int, tuple[int, float]] = {}
        self._sweeper = self._loop.call_later(SWEEP, self._sweep)

    # interfaces.Acceptor

    def relay(
        self,
        session: Session,
        transport: asyncio.Transport,
        initial: bytes = b"",
        *,
        opened: Callable[[], None] | None = None,
        failed: Callable[[BaseException | None], None] | None = None,
    ) -> None:
        sniffing = self.sniffing.get(session.inbound_tag)
        if sniffing is None or not sniffing.enabled:
            self._relay(session, transport, initial, opened, failed)
            return
        if opened is not None:
            # The visitor speaks only once it was told that it may; then it is too late for `failed`.
            opened()
            failed = None

        def done(found: Sniffed | None, data: bytes) -> None:
            self._sniffed(session, sniffing, found, transport, data, failed)

        sniffer = Sniffer(done, initial)
        transport.set_protocol(sniffer)
        sniffer.connection_made(transport)
        transport.resume_reading()

    def relay_packets(
        self, session: Session, transport: asyncio.DatagramTransport
    ) -> asyncio.DatagramProtocol:
        leg = PacketVisitorLeg(session, self, transport)
        if why := self.crowd.refusal(session):
            self._count_refusal(session, why)
            leg.transport = session.abort = None
            transport.close()
            return leg
        self.session_opened(session)
        leg.pending = self.connect(session, leg.target)
        return leg

    def serve_mux(self, session: Session, transport: asyncio.Transport, initial: bytes = b"") -> None:
        if why := self.crowd.refusal(session):
            self._turn_away(session, transport, initial, why, None)
            return

        def lost(worker: MuxWorker, _: Exception | None) -> None:
            self._mux_workers.discard(worker)
            self.crowd.leave(session)

        worker = MuxWorker(
            client=False,
            accept=lambda stream, opened: self._carried(session, worker.number, stream, opened),
            lost=lost,
            buffer_limit=self.buffer_limit(),
        )
        self._mux_workers.add(worker)
        self.crowd.enter(session)
        transport.set_protocol(worker)
        worker.connection_made(transport)
        transport.resume_reading()
        if initial:
            worker.data_received(initial)

    def _carried(self, outer: Session, link: int, stream: SubStream | PacketStream, opened: Opened) -> None:
        """Relay what a client opens on the main connection of *outer*."""
        session = Session(
            outer.inbound_tag,
            outer.inbound_protocol,
            opened.target,
            source=outer.source,
            local=outer.local,
            user=outer.user,
        )
        session.link = link
        if isinstance(stream, PacketStream) and opened.global_id:
            owner = session.inbound_tag, session.user, opened.global_id
            self._roaming.accept(owner, stream, lambda flow: self.relay_packets(session, flow))
        elif isinstance(stream, PacketStream):
            stream.set_protocol(self.relay_packets(session, stream))
        else:
            self.relay(session, stream)

    # relay.Registry

    def session_opened(self, session: Session) -> None:
        session.started = self._loop.time()
        session.started_at = time()
        self.opened += 1
        self.crowd.enter(session)
        self.sessions[session.id] = session

    def session_closed(self, session: Session) -> None:
        if self.sessions.pop(session.id, None) is None:
            return
        self.crowd.leave(session)
        self._marks.pop(session.id, None)
        self.up += session.up
        self.down += session.down
        session.ended_at = time()
        self.closed.append(session)
        if session.error and log.isEnabledFor(logging.INFO):
            log.info("%d ended: %s", session.id, session.error)

    # Routing

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        """Route *session* and open its outbound for *protocol*, with the semantics of `Outbound.connect`."""
        route = self.router.pick(session)
        if route is NEEDS_RESOLUTION:
            return spawn(self._connect_later(session, protocol), f"route {session.id}")
        return self._connect(session, route, protocol)

    async def _connect_later(self, session: Session, protocol: asyncio.BaseProtocol) -> None:
        route = await self.router.route(session)
        pending = self._connect(session, route, protocol)
        if isinstance(pending, asyncio.Future):
            await pending

    def _connect(
        self, session: Session, route: Route | None, protocol: asyncio.BaseProtocol
    ) -> Cancellable | None:
        try:
            outbound = self._outbound(session, route)
        except EngineError as error:
            self.refused += 1
            protocol.connection_lost(error)
            return None
        return outbound.connect(session, protocol)

    def _outbound(self, session: Session, route: Route | None) -> Outbound:
        """The outbound for *session*, noted in it and in the log. Raises RefusedError."""
        if route is None:
            if session.inbound_protocol == "portal":
                raise RefusedError(f"no rule with inboundTag {session.inbound_tag!r} allows {session.target}")
            outbound = self.default
            rule = "default"
        else:
            session.rule = rule = route.rule
            outbound = self.outbounds.get(route.outbound_tag)
        if outbound is None:
            wanted = f"the outbound {route.outbound_tag!r}" if route else "an outbound"
            log.warning("%d dropped: rule %s wants %s, which is not there", session.id, rule, wanted)
            raise RefusedError(f"rule {rule} wants {wanted}, which is not there")
        session.outbound_tag = outbound.tag
        if access.isEnabledFor(logging.INFO):
            visitor = session.source.endpoint if session.source else "?"
            access.info(
                "%d %s [%s] -> %s, rule %s -> [%s]",
                session.id,
                visitor,
                session.inbound_tag,
                session.target,
                rule,
                outbound.tag,
            )
        return outbound

    def _relay(
        self,
        session: Session,
        transport: asyncio.Transport,
        initial: bytes,
        opened: Callable[[], None] | None,
        failed: Callable[[BaseException | None], None] | None,
    ) -> None:
        if self._hand_over(session, transport, initial):
            return
        if why := self.crowd.refusal(session):
            self._turn_away(session, transport, initial, why, failed)
            return
        leg = (HttpVisitorLeg if session.http else VisitorLeg)(session, self, opened, failed)
        leg.transport = transport
        transport.set_protocol(leg)
        self.session_opened(session)
        if initial:
            leg.data_received(initial)
        leg.pending = self.connect(session, leg.target)
        if leg.backlog is not None:
            if leg.transport is not None:
                transport.pause_reading()
        elif leg.transport is not None and not leg.target.write_paused:
            transport.resume_reading()

    def _turn_away(
        self,
        session: Session,
        transport: asyncio.Transport,
        initial: bytes,
        why: str,
        failed: Callable[[BaseException | None], None] | None,
    ) -> None:
        self._count_refusal(session, why)
        error = OverLimitError(why)
        if failed is not None:
            failed(error)
            transport.close()
        elif not transport.is_closing() and not (session.http and self._doorman.turn_away(transport, initial)):
            reset(transport, error)

    def _count_refusal(self, session: Session, why: str) -> None:
        self.refused += 1
        self.over_limit += 1
        self._rare.warning(self._loop.time(), "inbound %s: refused a visitor: %s", session.inbound_tag, why)

    def _hand_over(self, session: Session, transport: asyncio.Transport, initial: bytes) -> bool:
        """Give a classic bridge's link to its portal. A tunnel domain is a name that nobody else asks for, so
        other sessions pay one look-up."""
        if session.destination.host not in self.tunnel_domains:
            return False
        route = self.router.pick(session)
        outbound = self.outbounds.get(route.outbound_tag) if isinstance(route, Route) else self.default
        if not isinstance(outbound, Portal) or not outbound.takes(session):
            return False
        session.outbound_tag = outbound.tag
        outbound.attach(session, transport, initial)
        return True

    def _sniffed(
        self,
        session: Session,
        sniffing: model.Sniffing,
        found: Sniffed | None,
        transport: asyncio.Transport,
        data: bytes,
        failed: Callable[[BaseException | None], None] | None,
    ) -> None:
        if found is not None:
            session.sniffed_protocol = found.protocol
            session.attrs = dict(found.attrs)
            kind = "http" if found.protocol.startswith("http") else found.protocol
            wanted = kind in sniffing.dest_override and found.host not in sniffing.domains_excluded
            if found.host and wanted:
                session.sniffed_host = found.host
                if not sniffing.route_only:
                    session.destination = session.destination._replace(host=found.host)
        self._relay(session, transport, data, None, failed)

    # Upkeep

    def buffer_limit(self) -> int:
        """Bytes that a sub-connection of a peer without credits may hold (policy `bufferSize`)."""
        size = self.policy.level(0).buffer_size
        if size is None:
            return BUFFER_LIMIT
        return size if size >= 0 else UNLIMITED

    def close_session(self, session_id: int, reason: str) -> bool:
        session = self.sessions.get(session_id)
        if session is None or session.abort is None:
            return False
        session.abort(reason)
        return True

    def end_sessions(self, reason: str, matches: Callable[[Session], bool]) -> None:
        for session in [s for s in self.sessions.values() if matches(s)]:
            if session.abort is not None:
                session.abort(reason)

    def _sweep(self) -> None:
        """End what was idle for too long. Bytes are compared every few seconds, so they cost nothing as they pass."""
        self._sweeper = self._loop.call_later(SWEEP, self._sweep)
        now = self._loop.time()
        asked = self.policy.levels.get(0)
        for session in list(self.sessions.values()):
            idle = STREAM_IDLE if session.destination.network is Network.TCP else PACKET_IDLE
            limit = asked.conn_idle if asked is not None else idle
            total = session.up + session.down
            mark = self._marks.get(session.id)
            if mark is None or mark[0] != total:
                self._marks[session.id] = (total, now)
            elif now - mark[1] > limit and session.abort is not None:
                session.abort(f"idle for {limit:.0f} s")

    def close(self) -> None:
        self._sweeper.cancel()
        self._roaming.close()
        self.end_sessions("the engine was stopped", lambda _: True)
        for worker in list(self._mux_workers):
            worker.abort(ConnectionResetError("the engine was stopped"))

