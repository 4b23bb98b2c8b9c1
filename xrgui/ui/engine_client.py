"""The window's line to an engine: calls, and events as Qt signals."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from xrgui import client, rpc
from xrgui.ui.tasks import spawn

R = TypeVar("R")

BUSY, IDLE = 1.0, 10.0
"""Seconds between batches while the window is seen, and while it is hidden."""
PATIENCE = 2.0
"""Seconds that an engine has to answer where something waits that shall end."""
BACKLOG = 1000
LARGE = 500
"""Rows that make a batch a large one."""


class EngineClient(QObject):
    connected = Signal(object)
    """rpc.Welcome."""
    lost = Signal()
    totals = Signal(object)
    status = Signal(object)
    sessions = Signal(object)
    sessions_begin = Signal()
    """The next batch names all that live; whatever it does not name is gone."""
    log = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client: client.Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._seen = True
        self.endpoint = ""

    @property
    def interval(self) -> float:
        """Seconds between two batches."""
        return BUSY if self._seen else IDLE

    def open(self, endpoint: str) -> None:
        """Connect to *endpoint*; `connected` or `lost` follows."""
        self.endpoint = endpoint
        self._task = spawn(self._run(Path(endpoint)), "engine client")

    async def call(self, call: rpc.Call[R], *, within: float | None = None) -> R:
        """Raises rpc.RpcError, also where no engine is connected, or none answers *within* so many seconds."""
        if self._client is None:
            raise rpc.RpcError(rpc.Error("failed", "The engine is not connected."))
        try:
            async with asyncio.timeout(within):
                return await self._client.call(call)
        except TimeoutError:
            raise rpc.RpcError(rpc.Error("failed", "The engine does not answer.")) from None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def refresh(self) -> None:
        """Ask for the status now: the last figures before something ends."""
        try:
            self.status.emit(await self.call(rpc.GetStatus(), within=PATIENCE))
        except rpc.RpcError:
            pass

    def set_seen(self, seen: bool) -> None:
        """While nobody looks, nothing but states and totals comes, and those rarely."""
        if seen != self._seen:
            self._seen = seen
            if self._client is not None:
                spawn(self._subscribe(), "subscribe")

    async def _subscribe(self) -> None:
        try:
            if self._seen:
                self.sessions_begin.emit()
                await self.call(rpc.Subscribe(("totals", "status", "sessions", "log"), interval=BUSY))
            else:
                await self.call(rpc.Unsubscribe(("sessions",)))
                await self.call(rpc.Subscribe(("totals", "log"), interval=IDLE))
        except rpc.RpcError:
            pass  # the connection is gone, which `_run` tells

    async def _run(self, path: Path) -> None:
        try:
            async with await client.connect(path) as connection:
                self._client = connection
                self.connected.emit(connection.welcome)
                self.sessions_begin.emit()
                await self._read(connection)
        except (OSError, ValueError, rpc.RpcError):
            pass
        finally:
            self._client = None
        self.lost.emit()

    async def _read(self, connection: client.Client) -> None:
        streams: tuple[rpc.Stream, ...] = ("totals", "status", "sessions", "log")
        if not self._seen:
            spawn(self._subscribe(), "subscribe")
        async for event in connection.subscribe(*streams, interval=BUSY, backlog=BACKLOG):
            if isinstance(event, rpc.TotalsEvent):
                self.totals.emit(event)
            elif isinstance(event, rpc.Status):
                self.status.emit(event)
            elif isinstance(event, rpc.SessionsEvent):
                await self._take_sessions(event)
            else:
                self.log.emit(event)
            await asyncio.sleep(0)

    async def _take_sessions(self, event: rpc.SessionsEvent) -> None:
        """What comes of a large batch, sorting and painting, has a turn of the loop of its own."""
        if len(event.counters) + len(event.rows) > LARGE and not event.more:
            event.more = True
            self.sessions.emit(event)
            await asyncio.sleep(0)
            event = rpc.SessionsEvent(event.at)
        self.sessions.emit(event)
