"""Thousands of strangers leave nothing behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.garbage import Doors, Knocker, throw
from xrgui.config.load import load_text
from xrgui.engine.engine import Engine
from xrgui.engine.inbound import vmess
from xrgui.engine.memory import memory


def test_the_program_is_afterwards_what_it_was(tmp_path: Path) -> None:
    before, after, _ = throw(tmp_path, 1000, 4000)
    assert after.sessions == before.sessions == 0
    assert after.descriptors <= before.descriptors
    assert after.tasks <= before.tasks
    assert after.memory < before.memory + 24 * 2**20


async def test_no_task_no_timer_and_no_handshake_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vmess, "LINGER_SECONDS", 0.5)
    doors = Doors.make(tmp_path)
    config = load_text(doors.config.read_text()).config
    assert config is not None
    engine = Engine()
    await engine.apply(config)
    tasks, held = len(asyncio.all_tasks()), memory.used
    knocker = Knocker(doors)
    try:
        await knocker.knock(1000)
        async with asyncio.timeout(20):
            while engine.sessions or any(len(inbound.doorway) for _, inbound in engine._inbounds.values()):
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)
        assert knocker.refused == 0
        assert len(asyncio.all_tasks()) == tasks
        assert memory.used == held
        assert engine.totals().refused == 0
    finally:
        await engine.close(0)
