"""A bridge that starts after a crash knows which one has died, and the portal ends what waits for that one alone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.pair import Pair, apply, bridge_config, listening, pair, until
from tests.engine.test_shutdown import echo, visitor
from xrgui.engine.engine import Engine
from xrgui.engine.reverse.place import take

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such locks there")
A, B, C = (letter * 16 for letter in (b"a", b"b", b"c"))


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XRGUI_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "run"


def test_two_that_live_are_not_each_others_successors(runtime: Path) -> None:
    first, second = take("x", A), take("x", B)
    assert (first.former, second.former) == (b"", b"")
    first.leave()
    third = take("x", C)
    assert third.former == b""
    for place in (second, third):
        place.leave()
    assert not list(runtime.glob("*.place"))


def test_the_dead_one_is_known_to_its_successor_alone() -> None:
    program = f"from xrgui.engine.reverse.place import take; p = take('x', {A!r}); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        neighbour, other = take("x", B), take("y", C)
        child.send_signal(signal.SIGKILL)
        child.wait()
    successor, late = take("x", C), take("x", C)
    assert successor.former == A
    assert {neighbour.former, other.former, late.former} == {b""}
    for place in (neighbour, other, successor, late):
        place.leave()


def test_without_a_folder_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XRGUI_RUNTIME_DIR", str(tmp_path / "file"))
    place = take("x", A)
    assert place.former == b""
    place.leave()


@pytest.fixture
async def tunnel() -> AsyncIterator[Pair]:
    async with echo() as port, pair(port) as made:
        yield made


def crash(engine: Engine) -> None:
    """What the system does to a process that is killed."""
    for _, bridge in engine._bridges.values():
        bridge.hold()
        os.close(bridge._place._descriptor)
        bridge._place._file = None
        for link in bridge.links:
            assert link.worker.transport is not None
            link.worker.transport.abort()


async def test_what_waits_for_the_dead_bridge_ends_when_its_successor_comes(tunnel: Pair) -> None:
    reader, writer = await visitor(tunnel)
    config = bridge_config(
        str(tunnel.settings["inbounds"][1]["settings"]["users"][0]["id"]), listening(tunnel.portal, "links"), {}
    )
    portal = tunnel.portal._portals["portal"]
    crash(tunnel.bridge)
    await until(lambda: portal.resumption.parked == 1)
    successor = Engine()
    try:
        await apply(successor, config)
        with pytest.raises(ConnectionResetError):
            async with asyncio.timeout(5):
                await reader.read()
        writer.close()
        assert portal.resumption.parked == 0
        _, again = await visitor(tunnel)
        again.close()
    finally:
        await successor.close(0)
