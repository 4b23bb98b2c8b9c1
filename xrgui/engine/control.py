"""The RPC server: answers calls and sends event streams, as docs/rpc.md says."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import secrets
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, cast

import msgspec

from xrgui import __version__, rpc
from xrgui.engine.feeds import LogFeed, SessionsFeed, StatusFeed, totals
from xrgui.engine.host import Host
from xrgui.engine.procedures import Procedures
from xrgui.engine.tasks import spawn

log = logging.getLogger(__name__)

UNREAD = 1024 * 1024
"""Bytes that may wait for a reader before its streams pause."""
UNDER_WAY = 32
"""Calls of one client at once; more are not read yet."""
GREETING = 10.0
"""Seconds that a TCP client has for its token."""
GOODBYE = 0.3
"""Seconds that clients have to read what is left when the server closes."""

encode = msgspec.json.Encoder().encode
_decode_request = msgspec.json.Decoder(rpc.Request).decode


class Server:
    """Listens at *path*, ``….sock`` for a unix socket, ``….tcp`` for loopback TCP with a token."""

    def __init__(self, host: Host, path: Path) -> None:
        self.path = path
        self.token = "" if path.suffix == ".sock" else secrets.token_hex(32)
        self.procedures = Procedures(host)
        self.host = host
        self.connections: set[Connection] = set()
        self._emptied: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Raises OSError."""
        loop = asyncio.get_running_loop()
        if not self.token:
            self._server = await loop.create_unix_server(lambda: Connection(self), str(self.path))
            self.path.chmod(0o600)
            return
        self._server = await loop.create_server(lambda: Connection(self), "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        _write_private(self.path, encode(rpc.TcpEndpoint(port, self.token)))

    async def close(self) -> None:
        """Clients get what there is still to say, but for those who do not read."""
        self.path.unlink(missing_ok=True)
        self._server.close()
        for connection in list(self.connections):
            connection.close()
        if self.connections:
            self._emptied = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._emptied], timeout=GOODBYE)
        for connection in list(self.connections):
            connection.abort()

    def forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if self._emptied is not None and not self.connections and not self._emptied.done():
            self._emptied.set_result(None)


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _write_private(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


class Connection(asyncio.Protocol):
    """One client: cuts lines, starts calls, and holds its streams."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport: asyncio.Transport | None = None
        self.welcome = not server.token
        self._line = bytearray()
        self._calls = 0
        self._full = False
        self._streams: dict[rpc.Stream, Stream] = {}
        self._greeting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=UNREAD)
        self.server.connections.add(self)
        if not self.welcome:
            self._greeting = asyncio.get_running_loop().call_later(GREETING, self.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.server.forget(self)
        self.unsubscribe(tuple(self._streams))
        if self._greeting is not None:
            self._greeting.cancel()

    def close(self) -> None:
        for stream in self._streams.values():
            stream.finish()
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    # Back-pressure

    @property
    def full(self) -> bool:
        """The client does not read."""
        return self._full or self.transport is None

    def pause_writing(self) -> None:
        self._full = True
        self._balance()

    def resume_writing(self) -> None:
        self._full = False
        self._balance()
        for stream in self._streams.values():
            stream.resume()

    def _balance(self) -> None:
        """Read on only while the client takes its answers."""
        if self.transport is None or self.transport.is_closing():
            return
        if self._full or self._calls >= UNDER_WAY:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    # Calls

    def data_received(self, data: bytes) -> None:
        start = len(self._line)
        self._line += data
        if b"\n" in data:
            *lines, rest = self._line.split(b"\n") if start else data.split(b"\n")
            self._line = bytearray(rest)
            for line in lines:
                if line.strip() and self.transport is not None and not self.transport.is_closing():
                    self._take(bytes(line))
        if len(self._line) > rpc.MAX_LINE:
            self._refuse(0, "too_large", "The line is longer than 16 MiB.", "Split the call.")
            self.close()

    def _take(self, line: bytes) -> None:
        try:
            request = _decode_request(line)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._refuse(0, "bad_request", f"The line is not a call: {_reason(error)}.", "docs/rpc.md shows the form.")
            if not isinstance(error, msgspec.ValidationError):
                self.close()
            return
        kind = rpc.CALLS.get(request.method)
        if not self.welcome and kind is not rpc.Hello:
            self._unauthorized(request.id)
        elif kind is None:
            text = f"This engine ({__version__}) knows no call {request.method!r}."
            self._refuse(request.id, "unknown_method", text, "Use a newer engine.")
        else:
            self._start(request, kind)

    def _start(self, request: rpc.Request, kind: type[rpc.Call[Any]]) -> None:
        try:
            call = msgspec.json.decode(request.params, type=kind)
        except (msgspec.ValidationError, RecursionError) as error:
            hint = "docs/rpc.md lists the parameters."
            self._refuse(request.id, "bad_request", f"{request.method}: {_reason(error)}.", hint)
            return
        match call:
            case rpc.Hello():
                self._hello(request.id, call)
            case rpc.Subscribe():
                self.send({"id": request.id, "result": {}})
                self.subscribe(call)
            case rpc.Unsubscribe():
                self.unsubscribe(call.streams)
                self.send({"id": request.id, "result": {}})
            case _:
                self._calls += 1
                self._balance()
                spawn(self._run(request.id, self.server.procedures.of(call)), f"rpc {request.method}")

    async def _run(self, number: int, procedure: Awaitable[Any]) -> None:
        try:
            self.send({"id": number, "result": await procedure})
        except rpc.RpcError as error:
            self._refuse(number, error.code, error.message, error.hint)
        except Exception as error:
            log.exception("A call failed: %s", error)
            text = f"The engine made a mistake: {type(error).__name__}."
            self._refuse(number, "internal", text, "Its log says more.")
        finally:
            self._calls -= 1
            self._balance()

    def _hello(self, number: int, call: rpc.Hello) -> None:
        token = call.token.encode(errors="replace")
        if self.server.token and not hmac.compare_digest(token, self.server.token.encode()):
            self._unauthorized(number)
            return
        self.welcome = True
        if self._greeting is not None:
            self._greeting.cancel()
        host = self.server.host
        result = rpc.Welcome(rpc.PROTOCOL, __version__, os.getpid(), host.started_at, tuple(host.engines))
        self.send({"id": number, "result": result})

    def _unauthorized(self, number: int) -> None:
        self._refuse(number, "unauthorized", "The token is wrong.", "Read it from the endpoint's file.")
        self.close()

    def _refuse(self, number: int, code: rpc.ErrorCode, message: str, hint: str) -> None:
        self.send({"id": number, "error": rpc.Error(code, message, hint)})

    def send(self, message: object) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(encode(message) + b"\n")

    # Streams

    def subscribe(self, call: rpc.Subscribe) -> None:
        interval = min(max(call.interval, rpc.MIN_INTERVAL), rpc.MAX_INTERVAL)
        self.unsubscribe(call.streams)
        for name in call.streams:
            self._streams[name] = Stream(self, name, self._feed(name, call), interval)

    def _feed(self, name: rpc.Stream, call: rpc.Subscribe) -> Callable[[], Iterator[rpc.Event]]:
        host = self.server.host
        match name:
            case "totals":
                return lambda: totals(host)
            case "status":
                return StatusFeed(host)
            case "sessions":
                return SessionsFeed(host)
            case "log":
                return LogFeed(host.logs.ring, call.level, call.backlog)

    def unsubscribe(self, streams: tuple[rpc.Stream, ...]) -> None:
        for name in streams:
            if (stream := self._streams.pop(name, None)) is not None:
                stream.stop()


class Stream:
    """Sends one feed's batch each interval, part by part, and waits while the client does not read."""

    def __init__(
        self, connection: Connection, name: str, feed: Callable[[], Iterator[rpc.Event]], interval: float
    ) -> None:
        self._connection = connection
        self._prefix = b'{"event":"%s","data":' % name.encode()
        self._feed = feed
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._parts: Iterator[rpc.Event] | None = None
        self._next: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle = self._loop.call_later(0, self._tick)

    def stop(self) -> None:
        self._timer.cancel()
        if self._next is not None:
            self._next.cancel()

    def finish(self) -> None:
        """Say what there is still to say, such as the last lines of the log."""
        self._timer.cancel()
        transport = self._connection.transport
        if transport is None or transport.is_closing() or self._connection.full:
            return
        for part in chain(self._parts or (), self._feed()):
            transport.write(self._prefix + encode(part) + b"}\n")

    def _tick(self) -> None:
        self._timer = self._loop.call_later(self._interval, self._tick)
        if self._parts is None and not self._connection.full:
            self._parts = self._feed()
            self._step()

    def resume(self) -> None:
        if self._parts is not None and self._next is None:
            self._step()

    def _step(self) -> None:
        self._next = None
        transport = self._connection.transport
        if self._parts is None or transport is None or transport.is_closing() or self._connection.full:
            return
        part = next(self._parts, None)
        if part is None:
            self._parts = None
            return
        transport.write(self._prefix + encode(part) + b"}\n")
        self._next = self._loop.call_soon(self._step)
