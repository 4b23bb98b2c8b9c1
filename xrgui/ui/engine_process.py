"""The engine's process: started, watched, and left alone or ended with the window."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
from collections import deque
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from xrgui import paths
from xrgui.ui.engine_words import engine_words

log = logging.getLogger("xrgui.window")

LINES = 40
"""Last lines of its stderr that are kept."""
PATIENCE = 15_000
"""Milliseconds until an engine that names no endpoint is given up."""
GRACE = 3.0
"""Seconds between asking it to end and ending it."""


class EngineProcess(QObject):
    """Starts ``xrgui engine``. One that shall outlive the window (*keep*) is detached."""

    ready = Signal(str)
    """Its endpoint's path."""
    ended = Signal(str, bool)
    """Why: its last words, or that it did not start; and whether it failed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._said: deque[str] = deque(maxlen=LINES)
        self._waiting = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._too_slow)
        self._look = QTimer(self)
        self._look.setInterval(50)
        self._look.timeout.connect(self._look_for_endpoint)
        self._endpoint = Path()
        self._detached: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.processId() if self._process is not None else 0

    def start(self, *, keep: bool) -> None:
        command = paths.program("engine", "--log-level", "info", *(() if keep else ("--until-eof",)))
        self._said.clear()
        self._timer.start(PATIENCE)
        if keep:
            self._start_detached(command)
        else:
            self._start_child(command)

    def _start_child(self, command: list[str]) -> None:
        process = QProcess(self)
        process.setProgram(command[0])
        process.setArguments(command[1:])
        process.readyReadStandardOutput.connect(self._read_output)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._failed)
        self._process, self._waiting = process, ""
        process.start()

    def _start_detached(self, command: list[str]) -> None:
        """Not by QProcess, which ends what it started. Its endpoint is named after its process id (docs/rpc.md)."""
        try:
            with open(self._log_file(), "ab") as log_file:
                self._detached = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log_file,
                    start_new_session=True,
                )
            name = f"{self._detached.pid}{paths.new_endpoint().suffix}"
            self._endpoint = paths.runtime_dir() / name
        except OSError as error:
            self._end(engine_words(error))
            return
        self._look.start()

    @staticmethod
    def _log_file() -> str:
        folder = paths.log_dir()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return os.devnull
        return str(folder / "engine.log")

    def _look_for_endpoint(self) -> None:
        if self._detached is not None and self._detached.poll() is not None:
            self._look.stop()
            self._end("")
        elif self._endpoint.exists():
            self._look.stop()
            self._timer.stop()
            self.ready.emit(str(self._endpoint))

    def _read_output(self) -> None:
        if self._process is None:
            return
        self._waiting += bytes(self._process.readAllStandardOutput().data()).decode(errors="replace")
        if self._timer.isActive() and "\n" in self._waiting:
            self._timer.stop()
            self.ready.emit(self._waiting.partition("\n")[0].strip())

    def _read_errors(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
            self._said.extend(line for line in text.splitlines() if line.strip())

    def _too_slow(self) -> None:
        self._look.stop()
        if self._process is not None:
            self._process.kill()
        else:
            self._end("")

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._end(self._process.errorString())

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_errors()
        failed = code != 0 or status == QProcess.ExitStatus.CrashExit
        self._end(self._said[-1] if self._said else "", failed=failed)

    def _end(self, why: str, *, failed: bool = True) -> None:
        self._timer.stop()
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        self.ended.emit(why, failed)

    async def stop(self) -> None:
        """Close its stdin, which ends it; a detached one has to be told over the RPC."""
        self._timer.stop()
        self._look.stop()
        process, self._process = self._process, None
        if process is None:
            return
        process.finished.disconnect(self._finished)
        process.errorOccurred.disconnect(self._failed)
        ended = asyncio.Event()
        process.finished.connect(lambda *_: ended.set())
        process.closeWriteChannel()
        if process.state() != QProcess.ProcessState.NotRunning:
            await self._await_end(process, ended)
        process.deleteLater()

    @staticmethod
    async def _await_end(process: QProcess, ended: asyncio.Event) -> None:
        """The window goes on meanwhile: an engine that hangs takes its time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), GRACE)
            return
        log.warning("the engine did not end by itself")
        process.kill()
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), GRACE)
