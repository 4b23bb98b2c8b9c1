"""The public end of a reverse tunnel: an outbound whose connections are sub-connections of the bridges' links."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable
from time import time

import msgspec

from xrgui.address import Destination, Network
from xrgui.bridge_key import fingerprint
from xrgui.engine.errors import AuthenticationError, RefusedError, RemoteProtocolError
from xrgui.engine.interfaces import Acceptor
from xrgui.engine.limits import RareLog, address_of
from xrgui.engine.mux import extension
from xrgui.engine.mux.connection import Opened
from xrgui.engine.mux.packets import PacketStream
from xrgui.engine.mux.resumption import Resumption
from xrgui.engine.mux.substream import SubStream
from xrgui.engine.mux.worker import V2RAY_PACKET, XRAY_PACKET, MuxWorker
from xrgui.engine.reverse import control
from xrgui.engine.reverse.admission import Admission, proven_key
from xrgui.engine.reverse.waiting import WaitingRoom
from xrgui.engine.session import Cancellable, Session

log = logging.getLogger(__name__)

HEARTBEAT = 10.0
"""Seconds between control messages; newer bridges leave after 60 without one."""
MOST_PENDING = 32
"""Links whose bridge has yet to be approved; the oldest of the address that has most of them makes room."""
PLAIN_AFTER = 3.0
"""Seconds after which a link without HELLO is taken for that of a stock bridge."""
MOST_LINKS = 256
"""Links from one address: a bridge has a handful."""
LATE = 1 << 20
"""Added to the load of a link that had better get no new visitors."""
NOT_APPROVED = "the portal's owner has not approved this bridge's key yet"


class Portal:
    """Reached as an outbound by visitors, as a `LinkTaker` by the inbound that a bridge dials.

    *domain* is the tunnel domain of the classic dialect; empty for VLESS reverse, where New carries the visitor's
    addresses. *hello* makes the introduction of each link.
    """

    def __init__(
        self,
        tag: str,
        domain: str = "",
        *,
        hello: Callable[[], extension.Hello | None] = lambda: None,
        buffer_limit: Callable[[], int],
        acceptor: Acceptor | None = None,
        keys: Iterable[bytes] | None = None,
    ) -> None:
        """*acceptor* routes what bridges open; without it they may open nothing. *keys*: see `Admission`."""
        self.tag = tag
        self.domain = domain
        self.admission = Admission(keys)
        self.links: list[Link] = []
        self.pending: list[Link] = []
        """Those whose bridge has not proved a key that is listed: they carry nobody."""
        self.forged = 0
        """Links that ended since their bridge's signature was wrong."""
        self.acceptor = acceptor
        self.refused = 0
        self.since = asyncio.get_running_loop().time()
        """Loop time since when it has links, or has none."""
        self._hello = hello
        self._rare = RareLog(log)
        self._buffer_limit = buffer_limit
        self.resumption = Resumption()
        self._room = WaitingRoom(self._open, self._refuse)

    # As an outbound

    def takes(self, session: Session) -> bool:
        """Whether *session* is a bridge's link rather than a visitor (classic dialect)."""
        return bool(self.domain) and session.destination.host == self.domain

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        return None if self._open(session, protocol) else self._room.enter(session, protocol)

    def pick(self) -> Link | None:
        """The link that carries the fewest sub-connections; one that is worn only if all are, one that is silent, or
        has yet to say what it speaks, never: who waits may go on over its successor, or over itself once it answers."""
        best: Link | None = None
        load = 0
        for link in self.links:
            worker = link.worker
            if worker.going_away or (worker.echoes and worker.health.silent) or not link.met:
                continue
            amount = len(worker.streams) + (LATE if link.worn else 0)
            if best is None or amount < load:
                best, load = link, amount
        return best

    def _open(self, session: Session, protocol: asyncio.BaseProtocol) -> bool:
        """Open *session* over a link; False if none can take it now."""
        link = self.pick()
        if link is None:
            return False
        session.link = link.worker.number
        try:
            link.worker.open(session.destination, protocol, source=session.source, local=session.local)
        except RemoteProtocolError as error:
            protocol.connection_lost(error)
        return True

    def _refuse(self, protocol: asyncio.BaseProtocol) -> None:
        self.refused += 1
        if self.links:
            error = RefusedError(f"the bridge of the portal {self.tag!r} does not answer")
        else:
            error = RefusedError(f"no bridge is connected to the portal {self.tag!r}")
        protocol.connection_lost(error)

    # As the taker of links

    def attach(self, session: Session, transport: asyncio.Transport, initial: bytes) -> None:
        link = Link(self, session)
        if sum(other.host == link.host for other in (*self.links, *self.pending)) >= MOST_LINKS:
            self._warn("portal %s: refused a link: %s has %d already", link.host or "?", MOST_LINKS)
            transport.abort()
            return
        transport.set_protocol(link.worker)
        link.worker.connection_made(transport)
        transport.resume_reading()
        if initial:
            link.worker.data_received(initial)

    def new_worker(self, link: Link) -> MuxWorker:
        hello = self._hello()
        if hello is not None and self.admission.required:
            hello = msgspec.structs.replace(hello, asks=True)
        worker = MuxWorker(
            client=True,
            reverse=not self.domain,
            made=link.made,
            lost=link.lost,
            accept=link.accept if self.acceptor is not None else None,
            hello=hello,
            packet_limit=V2RAY_PACKET if self.domain else XRAY_PACKET,
            buffer_limit=self._buffer_limit(),
        )
        worker.heard_hello = link.greeted
        worker.answered = self._room.admit
        return worker

    def arrived(self, link: Link) -> None:
        """*link* stands. Where keys are asked for it waits for its bridge's HELLO, or for its owner's word."""
        if self.admission.admits(b""):
            self._join(link)
            return
        self.pending.append(link)
        if len(self.pending) > MOST_PENDING:
            crowds = Counter(other.host for other in self.pending)
            oldest = max(self.pending, key=lambda other: crowds[other.host])
            oldest.worker.abort(AuthenticationError("too many bridges wait for approval"))

    def greeted(self, link: Link) -> None:
        """The bridge of *link* has said HELLO."""
        worker = link.worker
        admitted = link not in self.pending or self._let_in(link)
        if worker.hello is not None and worker.hello.asks:
            worker.put_control(extension.Approval(admitted).encode())
        if not admitted:
            return
        self.resumption.succeeds(worker, [other.worker for other in self.links])
        self.resumption.reopen(worker)
        self._room.admit()

    def _let_in(self, link: Link) -> bool:
        """Join *link* if its bridge may; refuse it where the bridge claims a key that it does not own."""
        try:
            key = link.proven_key()
        except AuthenticationError as error:
            self.forged += 1
            self._warn("portal %s: refused a link from %s: %s", link.address, error)
            link.worker.abort(error)
            return False
        if not self.admission.admits(key):
            name = f"the key {fingerprint(key)}, which is not approved" if key else "no key"
            self._warn("portal %s: a bridge from %s has %s: it carries nobody", link.address, name)
            return False
        self.pending.remove(link)
        self._join(link)
        return True

    def _warn(self, text: str, *args: object) -> None:
        self._rare.warning(asyncio.get_running_loop().time(), text, self.tag, *args)

    def approve(self, key: bytes) -> None:
        """Let bridges with this public key join from now on, those that wait among them; empty: see `Admission`."""
        self.admission.approve(key)
        self._judge_again()

    def require(self, keys: Iterable[bytes] | None) -> None:
        """Ask for one of other *keys* from now on; links of other bridges end."""
        if self.admission.require(keys):
            self._judge_again()

    def _judge_again(self) -> None:
        for link in list(self.pending):
            if link.worker.peer is not None:
                self.greeted(link)
            elif self.admission.admits(b""):
                self._let_in(link)
        for link in list(self.links):
            if not self.admission.admits(b"") and not self._proves(link):
                link.worker.abort(AuthenticationError("the bridge's key is not approved"))

    def _proves(self, link: Link) -> bool:
        try:
            return self.admission.admits(link.proven_key())
        except AuthenticationError:
            return False

    def _join(self, link: Link) -> None:
        link.worker.resumption = self.resumption
        if not self.links:
            self.since = link.worker.loop.time()
        self.links.append(link)
        log.info("portal %s: a bridge joined from %s", self.tag, link.address)
        self._room.admit()

    def left(self, link: Link, exc: Exception | None) -> None:
        if link in self.pending:
            self.pending.remove(link)
        if link in self.links:
            self.links.remove(link)
            if not self.links:
                self.since = link.worker.loop.time()
            log.info("portal %s: a bridge left%s", self.tag, f" ({exc})" if exc else "")
        for other in self.links:
            self.resumption.reopen(other.worker)

    def drain(self, inbound_tag: str = "") -> list[Link]:
        """The links, of this inbound alone if it is given, will be closed: bridges open others, and what runs may
        finish here."""
        links = [link for link in (*self.links, *self.pending) if inbound_tag in ("", link.session.inbound_tag)]
        for link in links:
            link.drain()
        return links

    async def close(self) -> None:
        self._room.close()
        for link in [*self.links, *self.pending]:
            link.worker.shut(ConnectionResetError("the portal was stopped"))
        self.resumption.close()


class Link(asyncio.DatagramProtocol):
    """One bridge's main connection at the portal, and the protocol of its control session."""

    def __init__(self, portal: Portal, session: Session) -> None:
        self.portal = portal
        self.session = session
        self.worker = portal.new_worker(self)
        self.since = time()
        self._key: bytes | None = None
        self._domains = [control.VLESS_DOMAIN] if not portal.domain else list(control.DOMAINS)
        self._control: PacketStream | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._state = control.ACTIVE

    def made(self, worker: MuxWorker) -> None:
        self._open_control()
        if worker.hello is not None:
            worker.put_control(worker.hello.encode())
        worker.ping()
        self.portal.arrived(self)

    @property
    def worn(self) -> bool:
        """It drains, waits for a slow visitor, or its echo is late."""
        worker = self.worker
        late = bool(worker.echoes) and worker.health.late
        return worker.brake.on or late or self._state == control.DRAIN

    @property
    def introduced(self) -> bool:
        """It is known what its bridge is, and which key it has if any."""
        return self.worker.peer is not None or time() - self.since >= PLAIN_AFTER

    @property
    def met(self) -> bool:
        """Its bridge has had a round trip to introduce itself: what is opened before would lack credits, and end with
        the link."""
        worker = self.worker
        return worker.peer is not None or worker.hello is None or worker.rtt is not None or self.introduced

    @property
    def busy(self) -> bool:
        """Somebody is on it."""
        return not self.worker.closed and len(self.worker.streams) > self.worker.permanent

    def leave(self) -> None:
        """Its inbound has gone; who is still on it goes on over another link, if the bridge has one."""
        self.worker.abort(ConnectionResetError("the inbound of this link was stopped"), final=False)

    @property
    def host(self) -> str:
        """Whom its bridge counts as, however many links it has."""
        return address_of(self.session.source.host) if self.session.source else ""

    @property
    def address(self) -> str:
        """The bridge's, for people."""
        return self.session.source.endpoint if self.session.source else "?"

    def greeted(self, worker: MuxWorker) -> None:
        self.portal.greeted(self)

    def proven_key(self) -> bytes:
        """The public key that the bridge has proved to own; empty for none. Raises AuthenticationError."""
        own, peer = self.worker.hello, self.worker.peer
        if self._key is None and own is not None and peer is not None:
            self._key = proven_key(own, peer)
        return self._key or b""

    def accept(self, stream: SubStream | PacketStream, opened: Opened) -> None:
        """The bridge opens a sub-connection: what a rule for the portal's tag allows may be reached from there."""
        portal = self.portal
        if portal.acceptor is None or self not in portal.links:
            stream.fail(RefusedError(NOT_APPROVED))
            return
        source, user = self.session.source, self.session.user
        session = Session(portal.tag, "portal", opened.target, source=source, user=user)
        session.link = self.worker.number
        if isinstance(stream, PacketStream):
            stream.set_protocol(portal.acceptor.relay_packets(session, stream))
        else:
            portal.acceptor.relay(session, stream)

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
        self._control.sendto(control.encode(self._state, random))
        self._timer = self.worker.loop.call_later(HEARTBEAT, self._beat)

    def drain(self) -> None:
        self._state = control.DRAIN
        if self._timer is not None:
            self._timer.cancel()
        self._beat()
        self.worker.go_away()

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
