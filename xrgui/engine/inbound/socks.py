"""Inbound ``socks``: SOCKS 4, 4a and 5 with UDP, and HTTP proxy requests on the same port."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from functools import partial
from typing import Any, cast

from xrgui.address import Destination, Network, from_socket
from xrgui.config import model
from xrgui.engine.errors import DialError, LocalProtocolError, RefusedError, RemoteProtocolError, describe
from xrgui.engine.handshake import Handshake, HandshakeInbound
from xrgui.engine.interfaces import Acceptor
from xrgui.engine.session import Session
from xrgui.engine.tasks import spawn
from xrgui.engine.wire import socks
from xrgui.engine.wire.socks import Command, Reply, Request

log = logging.getLogger(__name__)


class SocksInbound(HandshakeInbound):
    """*http* takes over the visitors who speak HTTP; None: there is no HTTP here."""

    protocol = "socks"

    def __init__(
        self,
        config: model.Inbound,
        acceptor: Acceptor,
        policy: model.Policy,
        http: HandshakeInbound | None = None,
    ) -> None:
        super().__init__(config, policy)
        self.settings = cast(model.SocksInbound, config.settings)
        self.timeout = policy.level(self.settings.level).handshake
        self.accounts = {account.user: account.password for account in self.settings.accounts}
        self.acceptor = acceptor
        self.http = http
        if http is not None:
            http.doorway = self.doorway

    def new_handshake(self) -> Handshake:
        return SocksHandshake(self)

    async def close(self) -> None:
        await super().close()
        if self.http is not None:
            await self.http.close()


class SocksHandshake(Handshake):
    def __init__(self, inbound: SocksInbound) -> None:
        super().__init__(inbound)
        self._socks = inbound
        self._server = socks.ServerHandshake(inbound.accounts, inbound.settings.udp)
        self._begun = False

    def advance(self) -> None:
        if not self._begun and self._socks.http is not None and self.head[0] not in (4, 5):
            self._hand_to_http(self._socks.http.new_handshake())
            return
        self._begun = True
        data, self.head = self.head, b""
        try:
            self._server.receive_data(data)
        finally:
            if answer := self._server.data_to_send():
                self.transport.write(answer)
        request = self._server.result
        if request is None:
            return
        if request.command is Command.UDP:
            self._associate(request)
        else:
            self._connect(request)

    def _hand_to_http(self, http: Handshake) -> None:
        self.release()
        self.transport.set_protocol(http)
        http.connection_made(self.transport)
        http.data_received(self.head)

    def _connect(self, request: Request) -> None:
        self.release()
        transport = self.transport

        def failed(error: BaseException | None) -> None:
            if not transport.is_closing():
                transport.write(request.reply(_reply(error)))

        self._socks.acceptor.relay(
            self.session(Destination(Network.TCP, request.host, request.port), request.user),
            transport,
            self._server.rest,
            opened=partial(transport.write, request.reply(Reply.SUCCESS)),
            failed=failed,
        )

    def _associate(self, request: Request) -> None:
        """Open a UDP port for this client alone, at the address that it came to."""
        client, local = self.source, from_socket(self.transport.get_extra_info("sockname"), Network.UDP)
        self.release()
        if client is None or local is None:
            self.transport.write(request.reply(Reply.FAILURE))
            raise RemoteProtocolError("packets need a client with an IP address")
        association = Association(self._socks, self.transport, client.host, request)
        spawn(association.open(local.host), "socks udp")


class Association(asyncio.DatagramProtocol, asyncio.DatagramTransport):
    """The packets of one client, of whatever destination: one session, routed by the first packet as
    in Xray. It ends with the TCP connection that asked for it, and that one with it."""

    def __init__(self, inbound: SocksInbound, control: asyncio.Transport, host: str, request: Request) -> None:
        self._inbound = inbound
        self._control = control
        self._request = request
        self._host = host
        self._client: Any = None
        """The client's UDP address, known from its first packet."""
        self._target: Destination | None = None
        self._flow: asyncio.DatagramProtocol | None = None
        self._lower: asyncio.DatagramTransport | None = None
        self._ended = False
        control.set_protocol(_Control(self))

    async def open(self, host: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        except OSError as error:
            log.warning("inbound %s: no UDP port for a client: %s", self._inbound.tag, describe(error))
            if not self._control.is_closing():
                self._control.write(self._request.reply(Reply.FAILURE))
            self.close()

    # The client's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._lower = cast(asyncio.DatagramTransport, transport)
        if self._ended:
            self._lower.close()
            return
        host, port = self._lower.get_extra_info("sockname")[:2]
        host = self._inbound.settings.ip or host
        self._control.write(self._request.reply(Reply.SUCCESS, host, port))

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._client != addr and not self._admit(addr):
            return
        try:
            host, port, payload = socks.decode_packet(data)
        except RemoteProtocolError as error:
            log.debug("inbound %s: dropped: %s", self._inbound.tag, error)
            return
        destination = Destination(Network.UDP, host, port)
        if self._flow is None:
            self._begin(destination)
        if self._flow is not None and not self._ended:
            known = destination if destination != self._target else None
            self._flow.datagram_received(payload, known)  # type: ignore[arg-type]

    def _admit(self, addr: Any) -> bool:
        """Whether *addr* is the client: the host that asked, by the first port it sends from."""
        source = cast(Destination, from_socket(addr, Network.UDP))
        if self._client is not None or source.host != self._host:
            return False
        self._client = addr
        return True

    def _begin(self, target: Destination) -> None:
        inbound = self._inbound
        self._target = target
        lower = cast(asyncio.DatagramTransport, self._lower)
        session = Session(
            inbound.tag,
            inbound.protocol,
            target,
            source=from_socket(self._client, Network.UDP),
            local=from_socket(lower.get_extra_info("sockname"), Network.UDP),
            user=self._request.user,
        )
        self._flow = inbound.acceptor.relay_packets(session, self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.close()
        if self._flow is not None:
            self._flow.connection_lost(exc)

    # asyncio.DatagramTransport, for the relay

    def sendto(self, data: Any, addr: Any = None) -> None:
        source = cast(Destination, addr or self._target)
        if self._lower is None or self._ended:
            return
        try:
            packet = socks.encode_packet(source.host, source.port, bytes(data))
        except LocalProtocolError as error:
            log.debug("inbound %s: dropped: %s", self._inbound.tag, error)
            return
        self._lower.sendto(packet, self._client)

    def is_closing(self) -> bool:
        return self._ended

    def close(self) -> None:
        if self._ended:
            return
        self._ended = True
        if self._lower is not None:
            self._lower.close()
        if not self._control.is_closing():
            self._control.close()

    def abort(self) -> None:
        self.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._control.get_extra_info(name, default)


class _Control(asyncio.Protocol):
    """The TCP connection of an association: it says no more, but its end means something."""

    def __init__(self, association: Association) -> None:
        self._association = association

    def connection_lost(self, exc: Exception | None) -> None:
        self._association.close()


def _reply(error: BaseException | None) -> Reply:
    """The answer that tells most of why the target could not be reached."""
    cause = error.cause if isinstance(error, DialError) else error
    if isinstance(cause, RefusedError):
        return Reply.NOT_ALLOWED
    if isinstance(cause, ConnectionRefusedError):
        return Reply.REFUSED
    if isinstance(cause, TimeoutError | socket.gaierror):
        return Reply.HOST_UNREACHABLE
    number = cause.errno if isinstance(cause, OSError) else None
    return _REPLIES.get(number or 0, Reply.FAILURE)


_REPLIES = {
    errno.EHOSTUNREACH: Reply.HOST_UNREACHABLE,
    errno.ENETUNREACH: Reply.NETWORK_UNREACHABLE,
}
