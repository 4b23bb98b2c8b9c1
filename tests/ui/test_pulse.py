"""An engine that hangs: said so, and taken back when it answers; one that only slept along is not blamed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QApplication

from xrgui import rpc
from xrgui.config import model as c
from xrgui.config.dump import dump
from xrgui.ui import tray, words
from xrgui.ui.app import Program
from xrgui.ui.engine import Engine
from xrgui.ui.engine_client import EngineClient
from xrgui.ui.pulse import QUIET, UNANSWERED
from xrgui.ui.tunnel import Phase, Trouble, Tunnel

BEAT = 0.05
PATIENCE = 20.0


async def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        QApplication.processEvents()
        await asyncio.sleep(0.005)


@pytest.fixture
async def engine(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    """The window's own, which runs; whatever became of it is ended."""
    monkeypatch.setenv("XRGUI_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(EngineClient, "interval", BEAT)
    engine = program.engine
    engine.start()
    await until(lambda: engine.running)
    yield engine
    stopping = asyncio.ensure_future(engine.stop())
    await until(stopping.done)
    if engine.process._detached is not None:
        engine.process._detached.wait(PATIENCE)


def frozen(engine: Engine) -> psutil.Process:
    process = psutil.Process(int(Path(engine.endpoint).stem))
    process.suspend()
    return process


async def test_one_that_hangs_is_said_to_until_it_answers(engine: Engine, program: Program) -> None:
    notice = program.shell.window.notice
    process = frozen(engine)
    await until(lambda: notice.key == "silent")
    assert notice._button.text() == "Restart"
    assert program.shell.engine_words() == "The engine does not answer"
    process.resume()
    await until(lambda: notice.key != "silent")
    assert program.shell.engine_words().startswith("Engine running")


async def test_of_its_tunnels_nothing_is_known_until_it_answers(
    engine: Engine, program: Program, tmp_path: Path
) -> None:
    """One that it runs, and one that it never took."""
    config = dump(c.Config(inbounds=(c.Inbound(c.SocksInbound(), "in", "127.0.0.1", ports=((0, 0),)),)), "xrgui")[0]
    await engine.client.call(rpc.Apply((rpc.NamedConfig("runs", config),)))
    tunnels = program.tunnels
    await until(lambda: tunnels.get("runs") is not None and tunnels.get("runs").phase is Phase.UP)
    tunnels.put(Tunnel("wrong", "Wrong", phase=Phase.TROUBLE, trouble=Trouble.CONFIG))
    process = frozen(engine)
    await until(lambda: tunnels.get("runs").phase is Phase.UNKNOWN)
    assert tray.state_words(tunnels.get("runs")) == "the engine does not answer"
    assert words.standing(tunnels.get("runs")) == "The engine does not answer"
    assert (tunnels.summary, tray.overall(tunnels)) == ("State not known", Phase.UNKNOWN)
    assert tunnels.get("wrong").phase is Phase.TROUBLE
    process.resume()
    await until(lambda: tunnels.get("runs").phase is Phase.UP)
    assert tunnels.summary == "1 of 2 up"


async def test_one_that_is_quiet_but_answers_is_left_alone(engine: Engine) -> None:
    """It runs nothing, and no batch comes for much longer than it has to answer."""
    changes: list[bool] = []
    engine.pulse.changed.connect(lambda: changes.append(engine.pulse.answers))
    engine.client.totals.disconnect(engine.pulse._heard)
    engine.client.status.disconnect(engine.pulse._heard)
    ends = time.monotonic() + BEAT * (QUIET + UNANSWERED) * 4
    await until(lambda: time.monotonic() > ends)
    assert not changes


async def test_a_computer_that_slept_blames_nobody(engine: Engine) -> None:
    changes: list[bool] = []
    engine.pulse.changed.connect(lambda: changes.append(engine.pulse.answers))
    process = frozen(engine)
    time.sleep(BEAT * (QUIET + UNANSWERED) * 3)  # noqa: ASYNC251 the whole window sleeps
    process.resume()
    ends = time.monotonic() + BEAT * QUIET
    await until(lambda: time.monotonic() > ends)
    assert not changes


@pytest.mark.parametrize("keep", [False, True])
async def test_it_is_replaced_on_demand(
    engine: Engine, program: Program, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    monkeypatch.setattr("xrgui.ui.engine_process.GRACE", 0.2)
    if keep:
        await engine.stop()
        engine.keep = True
        engine.start()
        await until(lambda: engine.running)
    process, started = frozen(engine), engine.process._detached
    await until(lambda: program.shell.window.notice.key == "silent")
    program.shell.window.notice._button.click()
    await until(lambda: engine.running and engine.endpoint.split("/")[-1] != f"{process.pid}.sock")
    if started is not None:
        started.wait(PATIENCE)
    assert not process.is_running()
    assert program.shell.window.notice.key != "silent"
