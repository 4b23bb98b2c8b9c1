"""Inbound ``tunnel`` (dokodemo-door): every visitor goes to one target."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import struct
import sys
from collections import OrderedDict
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Protocol, cast

from xrgui.address import Destination, Network, format_endpoint, from_socket, parse_endpoint
from xrgui.config import model
from xrgui.engine import transport
from xrgui.engine.interfaces import Acceptor
from xrgui.engine.limits import Doorway, RareLog
from xrgui.engine.session import Session

_rare = RareLog(logging.getLogger(__name__))

PROTOCOL = "tunnel"
MAX_FLOWS = 4096
IDLE_SECONDS = 60.0
"""UDP visitors per port, and how long one may be silent in both directions."""


class Door(Protocol):
    @property
    def name(self) -> str: ...
    def close(self) -> None: ...


class TunnelInbound:
    def __init__(self, config: model.Inbound, acceptor: Acceptor) -> None:
        self.tag = config.tag
        self.settings = cast(model.TunnelInbound, config.settings)
        self.acceptor = acceptor
        self._config = config
        self.doorway = Doorway()
        self._doors: list[Door] = []

    @property
    def listening(self) -> str:
        return ", ".join(dict.fromkeys(door.name for door in self._doors))

    async def start(self) -> None:
        try:
            for first, last in self._config.ports or ((0, 0),):
                for port in range(first, last + 1):
                    await self._open(port)
        except OSError:
            await self.close()
            raise

    async def _open(self, port: int) -> None:
        listen = self._config.listen
        if Network.TCP in self.settings.networks:
            visitors = _Visitors(self)
            listener = await transport.listen(
                self._config.stream, listen, port, lambda: visitors, self.doorway
            )
            port = visitors.port = listener.port
            self._doors.append(listener)
        if Network.UDP in self.settings.networks and not listen.startswith(("/", "@")):
            for sock in _bind(listen, port):
                self._doors.append(await _PacketDoor(self, sock).open())

    async def close(self) -> None:
        for door in self._doors:
            door.close()
        self._doors.clear()
        for guest in self.doorway:
            guest.drop()

    def target(self, network: Network, port: int, local: Destination | None) -> Destination:
        """Where a visitor of *port* goes: without an address to loopback of the same family, without
        a port to the same one (Xray proxy/dokodemo)."""
        settings = self.settings
        mapped_host, mapped_port = parse_endpoint(settings.port_map.get(str(port), ""))
        host = mapped_host or settings.address
        if not host:
            host = "::1" if local is not None and ":" in local.host else "127.0.0.1"
        return Destination(network, host, mapped_port or settings.port or port)


class _Visitors(asyncio.Protocol):
    """Takes every TCP visitor of one port. It keeps nothing of any one of them: the relay's
    protocol takes its place at once."""

    def __init__(self, inbound: TunnelInbound) -> None:
        self.port = 0
        self._inbound = inbound
        self._targets: dict[bool, Destination] = {}

    def connection_made(self, visitor: asyncio.BaseTransport) -> None:
        inbound = self._inbound
        local = from_socket(visitor.get_extra_info("sockname"), Network.TCP)
        target = self._redirected(visitor, local) if inbound.settings.follow_redirect else self._target(local)
        if target is None:
            text = "inbound %s: closed a visitor whom no firewall rule redirected here"
            _rare.warning(asyncio.get_running_loop().time(), text, inbound.tag)
            visitor.close()
            return
        source = from_socket(visitor.get_extra_info("peername"), Network.TCP)
        session = Session(inbound.tag, PROTOCOL, target, source=source, local=local)
        session.http = inbound.settings.http
        inbound.acceptor.relay(session, cast(asyncio.Transport, visitor))

    def _redirected(self, visitor: asyncio.BaseTransport, local: Destination | None) -> Destination | None:
        found = original_destination(visitor.get_extra_info("socket"), local)
        return self._target(local) if found is None and self._inbound.settings.address else found

    def _target(self, local: Destination | None) -> Destination:
        six = local is not None and ":" in local.host
        found = self._targets.get(six)
        if found is None:
            found = self._targets[six] = self._inbound.target(Network.TCP, self.port, local)
        return found


def original_destination(sock: Any, local: Destination | None) -> Destination | None:
    """Where a connection went before the firewall redirected it here (Linux, iptables REDIRECT);
    None where it did not."""
    if sys.platform != "linux" or local is None:
        return None
    level, size = (socket.IPPROTO_IPV6, 28) if ":" in local.host else (socket.IPPROTO_IP, 16)
    try:
        address = sock.getsockopt(level, _SO_ORIGINAL_DST, size)
    except OSError:
        return None
    (port,) = struct.unpack_from("!H", address, 2)
    host = IPv4Address(address[4:8]) if size == 16 else IPv6Address(address[8:24])
    found = Destination(Network.TCP, str(host), port)
    return found if found != local else None


_SO_ORIGINAL_DST = 80


# Packets


_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


def _bind(listen: str, port: int) -> list[socket.socket]:
    """Bound UDP sockets, one for each family where *listen* is empty. Raises OSError."""
    socks: list[socket.socket] = []
    for host in (listen,) if listen else ("0.0.0.0", "::"):
        try:
            socks.append(_bind_one(host, port))
        except OSError as error:
            if host == "::" and socks and error.errno in _NO_SUCH_FAMILY:
                break
            for sock in socks:
                sock.close()
            why = "is taken by another program" if error.errno == errno.EADDRINUSE else error.strerror
            raise OSError(error.errno, f"cannot listen on udp {format_endpoint(host, port)}: {why}") from None
        port = socks[-1].getsockname()[1]
    return socks


def _bind_one(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setblocking(False)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


class _PacketDoor(asyncio.DatagramProtocol):
    """One UDP port: a flow for each visitor address, the one silent for longest in front."""

    def __init__(self, inbound: TunnelInbound, sock: socket.socket) -> None:
        self._inbound = inbound
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._local = cast(Destination, from_socket(sock.getsockname(), Network.UDP))
        self._target = inbound.target(Network.UDP, self._local.port, self._local)
        self._flows: OrderedDict[Any, _Flow] = OrderedDict()
        self._sweeper: asyncio.TimerHandle | None = None
        self.transport: asyncio.DatagramTransport
        self.name = self._local.endpoint

    async def open(self) -> _PacketDoor:
        await self._loop.create_datagram_endpoint(lambda: self, sock=self._sock)
        return self

    def connection_made(self, sock: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, sock)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        flow = self._flows.get(addr) or self._welcome(addr)
        if flow is not None:
            self.touch(flow)
            flow.protocol.datagram_received(data, None)  # type: ignore[arg-type]

    def touch(self, flow: _Flow) -> None:
        flow.last = self._loop.time()
        self._flows.move_to_end(flow.visitor)

    def forget(self, flow: _Flow) -> None:
        self._flows.pop(flow.visitor, None)

    def _welcome(self, addr: Any) -> _Flow | None:
        inbound = self._inbound
        if len(self._flows) >= MAX_FLOWS:
            next(iter(self._flows.values())).close()
        flow = _Flow(self, addr)
        source = from_socket(addr, Network.UDP)
        session = Session(inbound.tag, PROTOCOL, self._target, source=source, local=self._local)
        self._flows[addr] = flow
        flow.protocol = inbound.acceptor.relay_packets(session, flow)
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(IDLE_SECONDS / 4, self._sweep)
        return None if flow.is_closing() else flow

    def _sweep(self) -> None:
        self._sweeper = None
        deadline = self._loop.time() - IDLE_SECONDS
        for flow in list(self._flows.values()):
            if flow.last > deadline:
                break
            flow.close()
        if self._flows:
            self._sweeper = self._loop.call_later(IDLE_SECONDS / 4, self._sweep)

    def close(self) -> None:
        """Stop listening; the flows end, for their replies have no way back any more."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for flow in list(self._flows.values()):
            flow.close()
        self.transport.close()


class _Flow(asyncio.DatagramTransport):
    """The packets of one visitor."""

    __slots__ = ("_door", "_open", "last", "protocol", "visitor")

    def __init__(self, door: _PacketDoor, visitor: Any) -> None:
        super().__init__()
        self._door = door
        self._open = True
        self.visitor = visitor
        self.last = 0.0
        self.protocol: asyncio.DatagramProtocol

    def sendto(self, data: Any, addr: Any = None) -> None:
        if self._open and not self._door.transport.is_closing():
            self._door.touch(self)
            self._door.transport.sendto(data, self.visitor)

    def is_closing(self) -> bool:
        return not self._open

    def close(self) -> None:
        if self._open:
            self._open = False
            self._door.forget(self)
            asyncio.get_running_loop().call_soon(self._lost)

    def _lost(self) -> None:
        self.protocol.connection_lost(None)

    def abort(self) -> None:
        self.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default
