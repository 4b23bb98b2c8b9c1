"""A UDP socket of its own for one flow: full cone, with names looked up as packets name them."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec

from xrgui.address import Destination, Network, from_socket, parse_ip
from xrgui.config.model import SockOpt
from xrgui.engine.errors import EngineError, RefusedError
from xrgui.engine.tasks import spawn
from xrgui.engine.transport.sockets import set_early_options

log = logging.getLogger(__name__)

Place = tuple[str, int]
"""A socket address."""
Found = tuple[tuple[str, ...], int]
"""Addresses, at least one, and a port."""

MAX_KNOWN = 4096
"""Destinations that one flow remembers."""
MAX_LOOKUPS = 64
"""Destinations that one flow looks up at a time."""
MAX_WAITING = 16
"""Packets that wait for the look-up of one destination."""


class PacketSocket(asyncio.DatagramProtocol, asyncio.DatagramTransport):
    """Sends and receives for the session to *target*; *upper* is the flow's protocol.

    *locate* says where a destination is reached, or raises; *accepts* says whether a reply from
    somewhere may come in. Where *anonymous*, replies carry no source.
    """

    def __init__(
        self,
        target: Destination,
        upper: asyncio.DatagramProtocol,
        locate: Callable[[Destination], Awaitable[Found]],
        accepts: Callable[[Destination], bool],
        anonymous: bool,
    ) -> None:
        self._target = target
        self._upper = upper
        self._locate = locate
        self._accepts = accepts
        self._anonymous = anonymous
        self._waiting: dict[Destination, list[bytes]] = {}
        self._lookups: dict[Destination, asyncio.Task[None]] = {}
        self._lower: asyncio.DatagramTransport

    async def open(self, found: Found, local: str, options: SockOpt) -> None:
        """Bind to *local* (an address, or empty for any) and begin; *found* is where the target is.

        Raises OSError.
        """
        sock, self._prefixes = _bind(local, options)
        place = self._place(found)
        if place is None:
            sock.close()
            raise OSError(errno.EAFNOSUPPORT, f"{local or 'this host'} cannot reach addresses of its family")
        self._first = place
        self._forget()
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=sock)

    def _forget(self) -> None:
        """Know no more than the target."""
        self._places: dict[Destination, Place | None] = {self._target: self._first}
        """Where packets for a destination go; None: nowhere."""
        self._sources: dict[Place, Destination | None] = {self._first: None}
        """What a reply from there is marked with; None: nothing, it comes from the target."""

    # Towards the network

    def sendto(self, data: Any, addr: Any = None) -> None:
        if addr is None:
            self._send(data, self._first)
        elif addr in self._places:
            self._send(data, self._places[addr])
        elif addr in self._waiting:
            if len(self._waiting[addr]) < MAX_WAITING:
                self._waiting[addr].append(bytes(data))
        elif len(self._waiting) < MAX_LOOKUPS and not self._lower.is_closing():
            self._waiting[addr] = [bytes(data)]
            self._lookups[addr] = spawn(self._learn(addr), "freedom packets")

    def _send(self, data: Any, place: Place | None) -> None:
        if place is not None and not self._lower.is_closing():
            self._lower.sendto(data, place)

    async def _learn(self, destination: Destination) -> None:
        place = None
        try:
            place = self._place(await self._locate(destination))
            self._remember(destination, place)
        except RefusedError as error:
            log.info("packets dropped: %s", error)
            self._remember(destination, None)
        except (OSError, EngineError) as error:
            log.info("packets to %s dropped: %s", destination.endpoint, error)
        del self._lookups[destination]
        for data in self._waiting.pop(destination):
            self._send(data, place)

    def _remember(self, destination: Destination, place: Place | None) -> None:
        if len(self._places) >= MAX_KNOWN:
            self._forget()
        self._places[destination] = place
        if place is not None:
            self._sources.setdefault(place, destination)

    def _place(self, found: Found) -> Place | None:
        """The first of *found* that this socket's family can reach."""
        addresses, port = found
        for text in addresses:
            address = parse_ip(text)
            if address is not None and address.version in self._prefixes:
                return self._prefixes[address.version] + str(address), port
        return None

    # From the network

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._lower = cast(asyncio.DatagramTransport, transport)
        self._upper.connection_made(self)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        place = (addr[0], addr[1])
        if place not in self._sources:
            source = cast(Destination, from_socket(addr, Network.UDP))
            if not self._accepts(source):
                return
            if len(self._sources) >= MAX_KNOWN:
                self._forget()
            self._sources[place] = source
        mark = None if self._anonymous else self._sources[place]
        self._upper.datagram_received(data, mark)  # type: ignore[arg-type]

    def error_received(self, exc: Exception) -> None:
        self._upper.error_received(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        for lookup in self._lookups.values():
            lookup.cancel()
        self._upper.connection_lost(exc)

    # asyncio.DatagramTransport

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._upper = cast(asyncio.DatagramProtocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._upper

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._lower.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._lower.is_closing()

    def close(self) -> None:
        self._lower.close()

    def abort(self) -> None:
        self._lower.abort()


def _bind(local: str, options: SockOpt) -> tuple[socket.socket, dict[int, str]]:
    """A socket, and what it wants before the text of an address of each IP version it can reach."""
    if local:
        version = 6 if ":" in local else 4
        return _socket(socket.AF_INET6 if version == 6 else socket.AF_INET, local, options), {version: ""}
    try:
        return _socket(socket.AF_INET6, "::", options), {4: "::ffff:", 6: ""}
    except OSError:
        return _socket(socket.AF_INET, "0.0.0.0", options), {4: ""}


def _socket(family: socket.AddressFamily, local: str, options: SockOpt) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        set_early_options(sock, msgspec.structs.replace(options, tcp_fast_open=None), outbound=True)
        sock.setblocking(False)
        sock.bind((local, 0))
    except OSError:
        sock.close()
        raise
    return sock
