"""A transport that records, and a protocol that does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any


class FakeTransport(asyncio.Transport):
    def __init__(self, *, half_close: bool = True) -> None:
        super().__init__()
        self.written = bytearray()
        self.writes = 0
        self.calls: list[str] = []
        """What was asked of it, apart from writes."""
        self.protocol: Any = None
        self._half_close = half_close

    def write(self, data: Any) -> None:
        assert not self.is_closing(), "written to after it was closed"
        self.written += data
        self.writes += 1

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def take(self) -> bytes:
        taken = bytes(self.written)
        self.written.clear()
        return taken

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return self._half_close

    def write_eof(self) -> None:
        assert self._half_close
        self.calls.append("write_eof")

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")

    def is_closing(self) -> bool:
        return "close" in self.calls or "abort" in self.calls

    def pause_reading(self) -> None:
        self.calls.append("pause_reading")

    def resume_reading(self) -> None:
        self.calls.append("resume_reading")

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol  # type: ignore[no-any-return]


class Upper(asyncio.Protocol, asyncio.DatagramProtocol):
    """What sits on top. *keep* is what it answers to an end of stream."""

    def __init__(self, *, keep: bool = True) -> None:
        self.transport: Any = None
        self.received = bytearray()
        self.packets: list[bytes] = []
        self.events: list[str] = []
        self.error: Exception | None = None
        self._keep = keep

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.events.append("made")

    def data_received(self, data: bytes) -> None:
        self.received += data

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.packets.append(data)

    def eof_received(self) -> bool:
        self.events.append("eof")
        return self._keep

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append("lost")
        self.error = exc
