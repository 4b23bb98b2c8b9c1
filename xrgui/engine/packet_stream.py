"""Packets over a stream: the datagram transport of VLESS command 2 and VMess UDP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

from xrgui.address import Destination
from xrgui.engine.errors import RemoteProtocolError

Data = bytes | bytearray | memoryview


class PacketReader(Protocol):
    ended: bool

    def receive(self, data: Data) -> Sequence[Data]:
        """The packets that *data* completes. Raises RemoteProtocolError."""


class PacketWriter(Protocol):
    limit: int
    """Bytes of the largest packet that peers take whole."""

    def seal(self, packet: Data) -> Data: ...


class PacketStream(asyncio.Protocol, asyncio.DatagramTransport):
    """A stream below, packets to and from one address above.

    A packet that the stream cannot take now, an empty one, one above the writer's limit and one for an
    address other than *target* (where that is given) is dropped, as a network would.
    """

    def __init__(
        self,
        reader: PacketReader,
        writer: PacketWriter,
        protocol: asyncio.DatagramProtocol | None = None,
        target: Destination | None = None,
    ) -> None:
        self.protocol = protocol or asyncio.DatagramProtocol()
        self._reader = reader
        self._writer = writer
        self._target = target
        self._blocked = False
        self._error: Exception | None = None

    def accept(
        self,
        transport: asyncio.Transport,
        route: Callable[[asyncio.DatagramTransport], asyncio.DatagramProtocol],
        initial: Data,
    ) -> None:
        """Run on *transport*, whose handshake is over, for the protocol that *route* gives."""
        self._lower = transport
        transport.set_protocol(self)
        self.protocol = route(self)
        if initial and not transport.is_closing():
            self.data_received(cast(bytes, initial))

    # Protocol side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._lower = cast(asyncio.Transport, transport)
        self.protocol.connection_made(self)

    def data_received(self, data: bytes) -> None:
        try:
            packets = self._reader.receive(data)
        except RemoteProtocolError as error:
            self._error = error
            self._lower.abort()
            return
        for packet in packets:
            self.protocol.datagram_received(bytes(packet), cast(Any, None))
        if self._reader.ended and not self._lower.is_closing():
            self._lower.close()

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.protocol.connection_lost(self._error or exc)

    # Transport side

    def sendto(self, data: Data, addr: Any = None) -> None:
        if self._blocked or not data or len(data) > self._writer.limit or self._lower.is_closing():
            return
        if addr is None or self._target is None or addr == self._target:
            self._lower.write(self._writer.seal(data))

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast(asyncio.DatagramProtocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._lower.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._lower.is_closing()

    def close(self) -> None:
        self._lower.close()

    def abort(self) -> None:
        self._lower.abort()
