"""Outbound ``socks``: through a SOCKS 5 proxy, packets by UDP ASSOCIATE."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from xrgui.address import Destination, Network, parse_ip
from xrgui.config import model
from xrgui.engine.client_stream import Dialer
from xrgui.engine.errors import DialError, EngineError, RemoteProtocolError
from xrgui.engine.proxy_client import ProxyClient, shake_hands
from xrgui.engine.session import Cancellable, Session
from xrgui.engine.tasks import spawn
from xrgui.engine.wire.socks import Bound, ClientHandshake, Command, decode_packet, encode_packet

log = logging.getLogger(__name__)

_ANYWHERE = Destination(Network.UDP, "0.0.0.0", 0)
"""What a client says whose own UDP address is not known yet (RFC 1928, 7)."""


class SocksOutbound:
    def __init__(self, config: model.Outbound, dialer: Dialer) -> None:
        self.tag = config.tag
        self._settings = cast(model.SocksOutbound, config.settings)
        self._server = Destination(Network.TCP, self._settings.address, self._settings.port)
        self._dialer = dialer

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        target = session.destination
        if target.network is Network.TCP:
            work = self._connect(target, cast(asyncio.Protocol, protocol))
        else:
            work = self._associate(target, cast(asyncio.DatagramProtocol, protocol))
        return spawn(work, "socks outbound")

    async def close(self) -> None:
        """Nothing to free: connections belong to their sessions."""

    async def _shake_hands(self, codec: ClientHandshake) -> ProxyClient:
        return await shake_hands(self._dialer, self._server, codec)

    def _codec(self, command: Command, target: Destination) -> ClientHandshake:
        account = self._settings.account or model.Account(user="", password="")
        return ClientHandshake(command, target, account.user, account.password)

    async def _connect(self, target: Destination, upper: asyncio.Protocol) -> None:
        try:
            client = await self._shake_hands(self._codec(Command.CONNECT, target))
        except EngineError as error:
            upper.connection_lost(error)
            return
        client.hand_over(upper)

    async def _associate(self, target: Destination, upper: asyncio.DatagramProtocol) -> None:
        try:
            codec = self._codec(Command.UDP, _ANYWHERE)
            client = await self._shake_hands(codec)
        except EngineError as error:
            upper.connection_lost(error)
            return
        packets = Association(target, upper)
        client.hand_over(_Control(packets))
        relay = self._relay(cast(Bound, codec.result), client.transport)
        try:
            loop = asyncio.get_running_loop()
            await loop.create_datagram_endpoint(lambda: packets, remote_addr=relay)
        except OSError as error:
            client.abort()
            upper.connection_lost(DialError(self._server, error))
        except asyncio.CancelledError:
            client.abort()
            raise

    def _relay(self, bound: Bound, control: asyncio.Transport) -> tuple[str, int]:
        """Where packets go: what the server said or, where that is no address, the server itself."""
        address = parse_ip(bound.host)
        if address is None or not address.is_unspecified:
            return bound
        peer = control.get_extra_info("peername")
        return (peer[0] if isinstance(peer, tuple) else self._server.host), bound.port


class Association(asyncio.DatagramProtocol, asyncio.DatagramTransport):
    """Packets to and from the relay of a SOCKS server, for the session to *target*."""

    def __init__(self, target: Destination, upper: asyncio.DatagramProtocol) -> None:
        self.control: asyncio.Transport | None = None
        self._target = target
        self._upper = upper
        self._lower: asyncio.DatagramTransport | None = None
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._lower = cast(asyncio.DatagramTransport, transport)
        self._upper.connection_made(self)
        if self._ended:
            self._lower.close()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        try:
            host, port, payload = decode_packet(data)
        except RemoteProtocolError as error:
            log.debug("dropped what the SOCKS server sent: %s", error)
            return
        source = Destination(Network.UDP, host, port)
        known = source if source != self._target else None
        self._upper.datagram_received(payload, known)  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        self.close()
        self._upper.connection_lost(exc)

    def sendto(self, data: Any, addr: Any = None) -> None:
        target = cast(Destination, addr or self._target)
        if self._lower is not None and not self._ended:
            try:
                packet = encode_packet(target.host, target.port, bytes(data))
            except EngineError as error:
                log.debug("dropped: %s", error)
                return
            self._lower.sendto(packet)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._upper = cast(asyncio.DatagramProtocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._upper

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._lower.get_extra_info(name, default) if self._lower is not None else default

    def is_closing(self) -> bool:
        return self._ended

    def close(self) -> None:
        if self._ended:
            return
        self._ended = True
        if self._lower is not None:
            self._lower.close()
        if self.control is not None and not self.control.is_closing():
            self.control.close()

    def abort(self) -> None:
        self.close()


class _Control(asyncio.Protocol):
    """The TCP connection that an association lives as long as."""

    def __init__(self, association: Association) -> None:
        self._association = association

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._association.control = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._association.close()
