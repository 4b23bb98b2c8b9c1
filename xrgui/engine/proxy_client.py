"""The handshake with a proxy that makes a plain connection of it (SOCKS, HTTP CONNECT)."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from xrgui.address import Destination
from xrgui.engine.client_stream import Dialer
from xrgui.engine.errors import DialError, EngineError

HANDSHAKE_TIMEOUT = 60.0
"""Seconds for the dial and the handshake."""


class Codec(Protocol):
    """`result` is None until the handshake is over; then `rest` are the bytes behind it."""

    @property
    def result(self) -> object: ...

    rest: bytes

    def data_to_send(self) -> bytes: ...

    def receive_data(self, data: bytes) -> None:
        """Raises EngineError."""


async def shake_hands(dialer: Dialer, server: Destination, codec: Codec) -> ProxyClient:
    """Dial *server* and run *codec* to its end. Raises EngineError."""
    client = ProxyClient(codec, server)
    try:
        async with asyncio.timeout(HANDSHAKE_TIMEOUT):
            await dialer.dial(server.host, server.port, lambda: client)
            await client.done
    except OSError as error:
        client.abort()
        raise DialError(server, error) from error
    except BaseException:
        client.abort()
        raise
    return client


class ProxyClient(asyncio.Protocol):
    """`done` is over when the handshake is; call `hand_over` then."""

    def __init__(self, codec: Codec, server: Destination) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport
        self._codec = codec
        self._server = server
        self._made = False
        self._lost = False
        self._error: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._made = True
        self.transport.write(self._codec.data_to_send())

    def data_received(self, data: bytes) -> None:
        codec = self._codec
        if codec.result is not None:
            codec.rest += data
            return
        try:
            codec.receive_data(data)
        except EngineError as error:
            self._fail(error)
            return
        if answer := codec.data_to_send():
            self.transport.write(answer)
        if codec.result is not None and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._error = exc
        self._fail(DialError(self._server, exc or "the proxy closed the connection"))

    def _fail(self, error: EngineError) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def abort(self) -> None:
        self.done.cancel()
        if self._made:
            self.transport.abort()

    def hand_over(self, upper: asyncio.Protocol) -> None:
        """The connection is *upper*'s from now on."""
        if self._lost:
            upper.connection_lost(self._error)
            return
        self.transport.set_protocol(upper)
        upper.connection_made(self.transport)
        if self._codec.rest:
            upper.data_received(self._codec.rest)
