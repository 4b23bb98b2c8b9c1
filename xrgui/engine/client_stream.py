"""The client side of a protocol that is a header each way and a stream behind it (VLESS, VMess)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, cast
from weakref import WeakSet

from xrgui.address import Destination, Network
from xrgui.engine.errors import DialError, EngineError, UnansweredError
from xrgui.engine.layer import Layer
from xrgui.engine.session import Cancellable
from xrgui.engine.tasks import spawn

ParseResponse = Callable[[bytes], int | None]
"""The length of the response header at the start of these bytes, None if they end too early. Raises
EngineError."""


class Dialer(Protocol):
    async def dial(
        self, host: str, port: int, protocol_factory: Callable[[], asyncio.Protocol]
    ) -> tuple[asyncio.Transport, asyncio.Protocol]: ...


class ClientStream(Layer):
    """Writes *request*, swallows the response header and steps aside: from then on bytes pass it by.

    *upper* gets its transport at once, without waiting for the response, which servers hold back until they
    have something to send. A connection that ends before the response is reported as UnansweredError
    with *refusal* as its text.
    """

    def __init__(self, request: bytes, parse: ParseResponse, upper: asyncio.Protocol, refusal: str) -> None:
        self.upper = upper
        self._request = request
        self._parse = parse
        self._refusal = refusal
        self._head = b""
        self._made = False
        self._done = False
        """The response came, or the end was reported."""
        self._finished = False
        """Closed or half-closed from above: an end without a response is then no refusal."""
        self._error: EngineError | None = None

    # Protocol side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.lower = cast(asyncio.Transport, transport)
        self._made = True
        self.write = self.lower.write  # type: ignore[method-assign]
        self.writelines = self.lower.writelines  # type: ignore[method-assign]
        self.lower.write(self._request)
        self.upper.connection_made(self)

    def data_received(self, data: bytes) -> None:
        self._head += data
        try:
            size = self._parse(self._head)
        except EngineError as error:
            self._error = error
            self.lower.abort()
            return
        if size is None:
            return
        self._done = True
        rest, self._head = self._head[size:], b""
        self.lower.set_protocol(self.upper)
        if rest:
            self.upper.data_received(rest)

    def eof_received(self) -> bool | None:
        return self.upper.eof_received() if self._finished else False

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._finished:
            exc = UnansweredError(self._refusal)
        self.fail(self._error or exc)

    def fail(self, exc: Exception | None) -> None:
        """Report the end of this stream, or that it never came to be; once."""
        if not self._done:
            self._done = True
            self.upper.connection_lost(exc)

    def end(self, error: EngineError) -> None:
        if self._made:
            self.abort()
        else:
            self.fail(error)

    # Transport side

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        super().set_protocol(protocol)
        if self._done:
            self.lower.set_protocol(protocol)

    def write_eof(self) -> None:
        self._finished = True
        self.lower.write_eof()

    def close(self) -> None:
        self._finished = True
        self.lower.close()

    def abort(self) -> None:
        self._finished = True
        self.lower.abort()


class Server:
    """The server that an outbound reaches everything through, and the streams to it."""

    def __init__(self, tag: str, address: str, port: int, dialer: Dialer) -> None:
        self.destination = Destination(Network.TCP, address, port)
        self._tag = tag
        self._dialer = dialer
        self._streams: WeakSet[ClientStream] = WeakSet()
        self._dials: set[asyncio.Task[None]] = set()

    def open(self, stream: ClientStream) -> Cancellable:
        """Dial for *stream*; what fails is told to the protocol above it. Cancelling tells it nothing."""
        self._streams.add(stream)
        task = spawn(self._dial(stream), f"{self._tag} to {self.destination.endpoint}")
        self._dials.add(task)
        task.add_done_callback(self._dials.discard)
        return task

    async def _dial(self, stream: ClientStream) -> None:
        try:
            await self._dialer.dial(self.destination.host, self.destination.port, lambda: stream)
        except EngineError as error:
            stream.fail(error)
        except OSError as error:
            stream.fail(DialError(self.destination, error))

    async def close(self) -> None:
        for task in list(self._dials):
            task.cancel()
        for stream in list(self._streams):
            stream.end(DialError(self.destination, "the outbound was stopped"))
