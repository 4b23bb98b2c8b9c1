"""The client of the engine's RPC (docs/rpc.md): for the command line, the window and the tests.

Plain asyncio, so that it runs on uvloop and on the window's Qt loop alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from xrgui.rpc import (
    EVENTS,
    MAX_LINE,
    PROTOCOL,
    Answer,
    Call,
    Error,
    Event,
    Hello,
    Level,
    Request,
    RpcError,
    Stream,
    Subscribe,
    TcpEndpoint,
    Welcome,
)

R = TypeVar("R")


def read_endpoint(path: Path) -> TcpEndpoint:
    return msgspec.json.decode(path.read_bytes(), type=TcpEndpoint)


class Client:
    """A connection to one engine. Make it with `connect`; it is an async context manager.

    When `QUEUE` events wait to be taken and no call is under way, reading stops. The engine then
    sends fewer, larger changes and says what it left out, so nothing grows on either side.
    """

    QUEUE = 64

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._room = asyncio.Event()
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(Answer)
        self._task = asyncio.get_running_loop().create_task(self._read(), name="rpc client")
        self.welcome: Welcome

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def call(self, call: Call[R]) -> R:
        """Ask, and wait for the result. Raises RpcError."""
        if self._task.done():
            raise RpcError(_gone())
        number = next(self._ids)
        future: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._room.set()
        request = Request(id=number, method=call.method, params=msgspec.Raw(self._encoder.encode(call)))
        self._writer.write(self._encoder.encode(request) + b"\n")
        try:
            raw = await future
        finally:
            self._waiting.pop(number, None)
        return cast(R, msgspec.json.decode(raw, type=call.result))

    async def subscribe(
        self, *streams: Stream, interval: float = 1.0, level: Level = "info", backlog: int = 0
    ) -> AsyncIterator[Event]:
        """Subscribe and yield events until the connection ends. One reader per client."""
        await self.call(Subscribe(streams=streams, interval=interval, level=level, backlog=backlog))
        while (event := await self._events.get()) is not None:
            self._room.set()
            yield event

    async def wait_closed(self) -> None:
        """Until the engine ends the connection; events that wait are not read any more."""
        await asyncio.wait([self._task])

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            pass

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._take(self._decoder.decode(line))
                while self._events.qsize() >= self.QUEUE and not self._waiting:
                    self._room.clear()
                    await self._room.wait()
        except (OSError, ValueError):
            pass
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(RpcError(_gone()))
            self._events.put_nowait(None)

    def _take(self, answer: Answer) -> None:
        if answer.event:
            if (kind := EVENTS.get(answer.event)) is not None:
                self._events.put_nowait(msgspec.json.decode(answer.data, type=kind))
            return
        future = self._waiting.pop(answer.id or 0, None)
        if future is None or future.done():
            return
        if answer.error is not None:
            future.set_exception(RpcError(answer.error))
        else:
            future.set_result(answer.result)


def _gone() -> Error:
    return Error(code="failed", message="The engine closed the connection.", hint="Look whether it still runs.")


async def connect(path: Path) -> Client:
    """Connect to the engine at *path* (``<pid>.sock``, or ``<pid>.tcp``) and greet it.

    Raises OSError where nobody listens, RpcError where the engine refuses.
    """
    token = ""
    if path.suffix == ".tcp":
        endpoint = read_endpoint(path)
        token = endpoint.token
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port, limit=MAX_LINE)
    else:
        reader, writer = await asyncio.open_unix_connection(path, limit=MAX_LINE)
    client = Client(reader, writer)
    try:
        client.welcome = await client.call(Hello(token=token))
        if client.welcome.protocol != PROTOCOL:
            text = f"The engine speaks version {client.welcome.protocol} of the RPC, this program {PROTOCOL}."
            raise RpcError(Error(code="failed", message=text, hint="Use the same xrgui for both."))
    except BaseException:
        await client.close()
        raise
    return client
