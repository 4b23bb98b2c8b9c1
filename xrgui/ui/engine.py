"""The engine that this window steers: its own child, one that was left running, or somebody else's."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import deque
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from xrgui import paths, rpc
from xrgui.ui.engine_client import PATIENCE, EngineClient
from xrgui.ui.engine_process import EngineProcess
from xrgui.ui.pulse import Pulse
from xrgui.ui.tasks import spawn

RESTARTS = 5
WINDOW = 60.0
"""So many restarts within so many seconds are enough: then a person has to look."""


class EngineState(StrEnum):
    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"


class Engine(QObject):
    """`state_changed` tells every step; after a death it starts anew with growing delay."""

    state_changed = Signal(str, str)
    """An `EngineState`, and why in the engine's words."""
    given_up = Signal()
    """It died too often: it is not started again before somebody asks for it."""
    left = Signal()
    """Let go of on purpose."""
    died = Signal(str, bool)
    """Unasked for: its last words, and whether it failed or ended in order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.client = EngineClient(self)
        self.process = EngineProcess(self)
        self.pulse = Pulse(self.client, self)
        self.state = EngineState.STOPPED
        self.keep = False
        """The engine outlives the window."""
        self.memory = 0
        self.foreign = False
        """Not started by a window: it is never shut down from here."""
        self._deaths: deque[float] = deque(maxlen=RESTARTS)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self.start)
        self.process.ready.connect(self._open)
        self.process.ended.connect(self._process_ended)
        self.client.connected.connect(self._connected)
        self.client.lost.connect(self._lost)
        self.client.totals.connect(self._totals)

    @property
    def endpoint(self) -> str:
        return self.client.endpoint

    @property
    def running(self) -> bool:
        return self.state is EngineState.RUNNING

    @property
    def outlives(self) -> bool:
        """The engine that runs now would go on without this window."""
        return not self.foreign and not self.process.pid

    def start(self) -> None:
        if self.state in (EngineState.STARTING, EngineState.RUNNING):
            return
        self.foreign = False
        self._set(EngineState.STARTING)
        self.process.start(keep=self.keep)

    def attach(self, endpoint: str, *, foreign: bool) -> bool:
        """Use the engine that runs at *endpoint*; False if nothing is there any more."""
        if not Path(endpoint).exists():
            return False
        self.foreign = foreign
        self._set(EngineState.STARTING)
        self._open(endpoint)
        return True

    def _open(self, endpoint: str) -> None:
        self.pulse.start()
        self.client.open(endpoint)

    def others(self) -> list[Path]:
        """Endpoints of engines that run besides ours."""
        return [path for path in paths.endpoints() if str(path) != self.endpoint]

    async def leave(self) -> None:
        """Let go of the engine without ending it."""
        self._set(EngineState.STOPPED)
        await self.client.close()

    async def stop(self) -> None:
        """End the engine, unless it is somebody else's."""
        self._again.stop()
        was_running, hangs = self.running, not self.pulse.answers
        self._set(EngineState.STOPPED)
        if not self.foreign and hangs:
            self._kill_detached()
        elif not self.foreign and was_running:
            await self._shut_down()
        await self.client.close()
        await self.process.stop()
        self.left.emit()

    async def _shut_down(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self.client.call(rpc.Shutdown(grace=0.5))
        except rpc.RpcError:
            pass
        except TimeoutError:
            self._kill_detached()

    def _kill_detached(self) -> None:
        """One that hangs would keep its ports from the next. It holds our line, so its process id, after which its
        endpoint is named, is its own still; `EngineProcess` sees to a child."""
        if not self.process.pid:
            with suppress(OSError, ValueError):
                os.kill(int(Path(self.endpoint).stem), getattr(signal, "SIGKILL", signal.SIGTERM))

    def _set(self, state: EngineState, why: str = "") -> None:
        self.state = state
        if state in (EngineState.STOPPED, EngineState.FAILED):
            self.pulse.stop()
        self.state_changed.emit(state.value, why)

    def _connected(self) -> None:
        self._set(EngineState.RUNNING)

    def _totals(self, event: rpc.TotalsEvent) -> None:
        self.memory = event.memory

    def _lost(self) -> None:
        """The line broke; a child that died tells so itself, and more."""
        if self.process.pid or self.state is EngineState.STOPPED:
            return
        self._died("", True)

    def _process_ended(self, why: str, failed: bool) -> None:
        if self.state is not EngineState.STOPPED:
            spawn(self.client.close(), "close the line")
            self._died(why, failed)

    def _died(self, why: str, failed: bool) -> None:
        now = time.monotonic()
        self._deaths.append(now)
        tired = len(self._deaths) == RESTARTS and now - self._deaths[0] < WINDOW
        self._set(EngineState.FAILED, why)
        self.died.emit(why, failed)
        if tired or self.foreign:
            self._deaths.clear()
            self.given_up.emit()
        else:
            self._again.start(250 * 2 ** (len(self._deaths) - 1) if now - self._deaths[0] < WINDOW else 250)
