"""A change of the network and a sleep of the machine are noticed, once each."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.pair import pair, until
from xrgui.config import model
from xrgui.engine import network_watch
from xrgui.engine.engine import Engine
from xrgui.engine.host import Host
from xrgui.engine.network_watch import NetworkWatch
from xrgui.logs import Log


class Wall:
    """A wall clock that a test sets forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return asyncio.get_running_loop().time() + self.ahead


class Watched:
    def __init__(self) -> None:
        self.wall = Wall()
        self.calls = 0
        self.watch = NetworkWatch(self.changed, wall=self.wall)

    def changed(self) -> None:
        self.calls += 1


@pytest.fixture
async def watched(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    monkeypatch.setattr(network_watch, "TICK", 0.02)
    monkeypatch.setattr(network_watch, "SETTLE", 0.01)
    monkeypatch.setattr(network_watch, "_route_socket", lambda: None)
    made = Watched()
    made.watch.start()
    yield made
    made.watch.stop()


async def ticks(count: int) -> None:
    await asyncio.sleep(0.02 * count + 0.05)


async def test_a_jump_of_the_clock_is_told_once(watched: Watched) -> None:
    await ticks(3)
    assert watched.calls == 0
    watched.wall.ahead += 60
    await until(lambda: watched.calls)
    await ticks(3)
    assert watched.calls == 1


@pytest.mark.parametrize("jump", [2.0, -3600.0])
async def test_a_clock_that_is_set_is_no_sleep(watched: Watched, jump: float) -> None:
    watched.wall.ahead += jump
    await ticks(3)
    assert watched.calls == 0


async def test_a_stopped_watch_is_silent(watched: Watched) -> None:
    watched.watch.stop()
    watched.wall.ahead += 60
    await ticks(3)
    assert watched.calls == 0
    assert not watched.watch.running


CHILD = """
import asyncio, subprocess, uvloop
from xrgui.engine.network_watch import NetworkWatch

async def main():
    seen = asyncio.Event()
    watch = NetworkWatch(lambda: (print("changed", flush=True), seen.set()))
    watch.start()
    await asyncio.sleep(0.5)
    print("quiet", not seen.is_set(), flush=True)
    for command in ("ip link set lo up", "ip addr add 10.9.8.7/32 dev lo", "ip route add 10.1.0.0/16 dev lo"):
        subprocess.run(command.split(), check=True)
    await asyncio.wait_for(seen.wait(), 5)
    await asyncio.sleep(0.5)
    watch.stop()

uvloop.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("unshare") is None, reason="needs unshare of Linux")
def test_changes_of_a_network_namespace_are_told_once_for_all() -> None:
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no network namespaces")
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", CHILD],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.stdout.split("\n")[:2] == ["quiet True", "changed"], done.stdout + done.stderr
    assert done.stdout.count("changed") == 1


async def test_a_bridge_that_waits_dials_at_once() -> None:
    """And one that is up asks its links whether they live."""
    async with pair(9) as tunnel:
        worker = tunnel.bridge_links[0]
        await until(lambda: not worker.echoes)
        tunnel.bridge.check_links()
        assert len(worker.echoes) == 1
        await until(lambda: not worker.echoes)


async def test_only_bridges_are_watched() -> None:
    host = Host(Engine, Log(None))
    await host.apply("portal", model.Config(outbounds=(model.Outbound(settings=model.FreedomOutbound()),)))
    assert not host._watch.running
    end = model.ReverseEnd(tag="bridge", domain="tunnel.test")
    server = model.Outbound(settings=model.FreedomOutbound(redirect_host="127.0.0.1", redirect_port=9), tag="server")
    await host.apply("share", model.Config(outbounds=(server,), reverse=model.Reverse(bridges=(end,))))
    assert host._watch.running
    (entry,) = host.engines["share"]._bridges.values()  # type: ignore[attr-defined]
    await until(lambda: entry[1].state == "waiting")
    attempt = entry[1].attempt
    host._network_changed()
    assert entry[1].attempt == attempt + 1
    await host.remove(["share"], 0)
    assert not host._watch.running
    await host.close(0)
