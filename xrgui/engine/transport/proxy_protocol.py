"""Takes the PROXY protocol's header off an accepted connection, and answers with what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from xrgui.address import Destination
from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.transport.handshake import HandshakeLayer
from xrgui.engine.wire import proxy_protocol

HANDSHAKE_TIMEOUT = 5


class ProxyProtocolServer(HandshakeLayer):
    """Reads the header, then leaves: the protocol above is tied to the connection itself.

    A connection without a header is dropped.
    """

    def __init__(self, factory: Callable[[], asyncio.Protocol]) -> None:
        super().__init__(factory, None, HANDSHAKE_TIMEOUT)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            header = proxy_protocol.decode(self._buffer)
        except RemoteProtocolError as error:
            self.fail(error)
            return
        if header is not None:
            self._leave(header)

    def _leave(self, header: proxy_protocol.Header) -> None:
        self.handshake_over()
        protocol = self.factory()
        self.lower.set_protocol(protocol)
        protocol.connection_made(_Renamed(self.lower, header))
        if (rest := self._buffer[header.length :]) and not self.lower.is_closing():
            protocol.data_received(rest)


class _Renamed(asyncio.Transport):
    """A transport that reports other ends than its own. Everything else is the transport's, called
    directly: no cost for each byte."""

    def __init__(self, lower: asyncio.Transport, header: proxy_protocol.Header) -> None:
        self._lower = lower
        self._names = {
            name: (destination.host, destination.port)
            for name, destination in (("peername", header.source), ("sockname", header.target))
            if isinstance(destination, Destination)
        }
        for name in _DELEGATED:
            setattr(self, name, getattr(lower, name))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._names.get(name) or self._lower.get_extra_info(name, default)


_DELEGATED = (
    "abort",
    "can_write_eof",
    "close",
    "get_protocol",
    "get_write_buffer_limits",
    "get_write_buffer_size",
    "is_closing",
    "is_reading",
    "pause_reading",
    "resume_reading",
    "set_protocol",
    "set_write_buffer_limits",
    "write",
    "write_eof",
    "writelines",
)
