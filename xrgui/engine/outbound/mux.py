"""Ordinary Mux.cool in front of an outbound (`mux.enabled`): several sessions share one connection."""

from __future__ import annotations

import asyncio

from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.interfaces import MuxCarrier
from xrgui.engine.mux.worker import MuxWorker
from xrgui.engine.session import Cancellable, Session

MOST_SESSIONS = 128
"""Of one connection in all, as stock clients have it (Xray common/mux/client.go)."""
IDLE_CHECK = 16.0


class MuxOutbound:
    def __init__(self, inner: MuxCarrier, concurrency: int, buffer_limit: int) -> None:
        self.tag = inner.tag
        self._inner = inner
        self._concurrency = concurrency
        self._buffer_limit = buffer_limit
        self._workers: dict[MuxWorker, Cancellable | None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        worker = self._pick()
        session.link = worker.number
        try:
            worker.open(session.destination, protocol)
        except RemoteProtocolError as error:
            protocol.connection_lost(error)
        return None

    def _pick(self) -> MuxWorker:
        for worker in self._workers:
            if len(worker.streams) < self._concurrency and worker.opened < MOST_SESSIONS:
                return worker
        worker = MuxWorker(client=True, lost=self._lost, buffer_limit=self._buffer_limit)
        self._workers[worker] = None
        pending = self._inner.connect_mux(worker)
        if worker in self._workers:
            self._workers[worker] = pending
        if self._timer is None:
            self._timer = worker.loop.call_later(IDLE_CHECK, self._close_idle)
        return worker

    def _lost(self, worker: MuxWorker, exc: Exception | None) -> None:
        self._workers.pop(worker, None)

    def _close_idle(self) -> None:
        self._timer = None
        for worker in list(self._workers):
            if not worker.streams:
                worker.close()
        if self._workers:
            self._timer = asyncio.get_running_loop().call_later(IDLE_CHECK, self._close_idle)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for worker, pending in list(self._workers.items()):
            if pending is not None and worker.transport is None:
                pending.cancel()
            worker.abort(ConnectionResetError("the outbound was stopped"))
        await self._inner.close()
