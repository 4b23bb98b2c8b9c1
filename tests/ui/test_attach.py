"""The window goes over to an engine that somebody else started, shows what runs there, and leaves it alone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import pick_port
from tests.programs import Xrgui
from tests.ui.ending import end
from xrgui.ui.app import Program
from xrgui.ui.tunnel import Phase

PATIENCE = 20.0


async def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """``xrgui run`` with one open port."""
    for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / name))
    xrgui = Xrgui(tmp_path)
    monkeypatch.setenv("XRGUI_RUNTIME_DIR", xrgui.env["XRGUI_RUNTIME_DIR"])
    settings = {"address": "127.0.0.1", "port": 9, "network": "tcp"}
    inbound = {"tag": "in", "listen": "127.0.0.1", "port": pick_port(), "protocol": "tunnel", "settings": settings}
    config = tmp_path / "mine.json"
    config.write_text(json.dumps({"inbounds": [inbound], "outbounds": [{"protocol": "freedom"}]}))
    process = xrgui.start("run", "-c", config)
    xrgui.until(lambda: list((tmp_path / "run").glob("*.sock")), process)
    yield xrgui, process
    xrgui.end()


async def test_it_attaches_and_leaves(qapp, runs) -> None:
    xrgui, process = runs
    program = Program(qapp, [])
    program.engine.start = lambda: None
    program.shell.window.show()
    page = program.shell.settings
    try:
        program.shell._show_page("settings")
        [endpoint] = program.engine.others()
        page.engine_asked.emit(str(endpoint))
        await until(lambda: program.engine.running and len(program.tunnels))
        [tunnel] = program.tunnels
        assert (tunnel.foreign, tunnel.phase) == (True, Phase.UP)
        assert not program.shell.actions["edit"].isEnabled()
        assert program.engine.others() == []
        await program.engine.stop()
        assert process.poll() is None, "an engine of somebody else's is never ended"
        assert await asyncio.to_thread(xrgui.status)
        await until(lambda: not len(program.tunnels))
    finally:
        await end(program)
