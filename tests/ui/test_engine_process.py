"""The engine as a process: how it is ended."""

from __future__ import annotations

import asyncio
import time

import psutil
import pytest
from PySide6.QtWidgets import QApplication

from xrgui import paths
from xrgui.ui import engine_process
from xrgui.ui.engine_process import EngineProcess


async def test_one_that_does_not_end_is_killed_and_the_window_goes_on(qapp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "program", lambda *_: ["sleep", "1000"])
    monkeypatch.setattr(engine_process, "GRACE", 0.2)
    process = EngineProcess()
    process.start(keep=False)
    async with asyncio.timeout(10):
        while not process.pid:
            QApplication.processEvents()
            await asyncio.sleep(0.005)
    child = psutil.Process(process.pid)
    ending = asyncio.ensure_future(process.stop())
    longest = 0.0
    while not ending.done():
        began = time.monotonic()
        QApplication.processEvents()
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - began)
    assert not child.is_running()
    assert longest < 0.15
