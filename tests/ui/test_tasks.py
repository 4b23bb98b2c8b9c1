"""Coroutines that nobody awaits."""

from __future__ import annotations

import asyncio

import pytest

from xrgui.ui import tasks


def test_what_qt_asks_for_while_the_loop_pauses_runs_when_it_goes_on() -> None:
    done = []

    async def work() -> None:
        done.append(True)

    with asyncio.Runner() as runner:
        runner.run(asyncio.sleep(0))
        tasks.spawn(work(), "asked in between")
        runner.run(asyncio.sleep(0.01))
    assert done == [True]


async def test_a_failure_is_told() -> None:
    told: list[BaseException] = []

    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await tasks.spawn(fail(), "fail", told.append)
    assert [str(error) for error in told] == ["no"]
