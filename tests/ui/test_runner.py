"""The runner with real profiles on disk and an engine that only writes down what it is asked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal

from tests.ui.samples import SECRET, share
from xrgui import rpc
from xrgui.profiles.secrets import MemorySecrets
from xrgui.ui.library import Library
from xrgui.ui.models.sessions import Sessions
from xrgui.ui.models.traffic import Traffic
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.runner import Runner
from xrgui.ui.tasks import cancel_all
from xrgui.ui.tunnel import Phase, Trouble
from xrgui.ui.widgets.traffic_card import turned_away

NOW = 1_800_000_000.0


class FakeClient(QObject):
    connected, status, totals = Signal(object), Signal(object), Signal(object)
    sessions, sessions_begin = Signal(object), Signal()

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[rpc.Call[Any]] = []
        self.errors: dict[str, rpc.Error] = {}
        self.answer: rpc.Status | None = None

    async def call(self, call: rpc.Call[Any]) -> Any:
        self.calls.append(call)
        if isinstance(call, rpc.Apply):
            return rpc.AppliedAll(tuple(rpc.Applied(c.name, error=self.errors.get(c.name)) for c in call.configs))
        return rpc.AppliedAll(())

    async def refresh(self) -> None:
        if self.answer is not None:
            self.status.emit(self.answer)


class FakePulse(QObject):
    changed = Signal()
    answers = True

    def set(self, answers: bool) -> None:
        self.answers = answers
        self.changed.emit()


class FakeEngine(QObject):
    died = Signal(str, bool)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.client, self.pulse, self.running, self.started = FakeClient(), FakePulse(), True, 0

    def start(self) -> None:
        self.started += 1


class World:
    def __init__(self, directory: Path) -> None:
        self.library, self.engine, self.tunnels = Library(directory), FakeEngine(), TunnelsModel()
        self.library._secrets = MemorySecrets()
        self.traffic, self.sessions = Traffic(), Sessions()
        self.runner = Runner(self.library, self.engine, self.tunnels, self.traffic, self.sessions)

    async def add(self, **fields: object) -> None:
        profile = await self.library.save(share(**fields))
        self.runner.show(profile.id)

    async def settle(self) -> None:
        for _ in range(40):
            await asyncio.sleep(0.005)

    def phase(self, tunnel_id: str = "blog") -> Phase:
        return self.tunnels.get(tunnel_id).phase

    def applied(self) -> list[tuple[str, ...]]:
        return [tuple(c.name for c in call.configs) for call in self.engine.client.calls if isinstance(call, rpc.Apply)]


@pytest.fixture
async def world(qapp, tmp_path: Path):
    made = World(tmp_path)
    yield made
    await cancel_all()


def status(*names: str, state: str = "up") -> rpc.Status:
    ends = (rpc.BridgeStatus("bridge", "vless", state, "box.example.net:443", links=1, since=NOW),)
    configs = tuple(rpc.ConfigStatus(name=name, started_at=NOW, bridges=ends) for name in names)
    return rpc.Status("1", 1, NOW, 0, rpc.Totals(), configs)


async def test_start_applies_the_whole_profile_with_its_secret(world: World) -> None:
    await world.add()
    assert SECRET not in next(world.library.store.directory.glob("profiles/*.json")).read_text()
    world.runner.start(["blog"])
    assert world.phase() is Phase.CONNECTING
    await world.settle()
    [call] = world.engine.client.calls
    assert SECRET in str(call.configs[0].config)
    assert SECRET not in repr(call)
    world.engine.client.status.emit(status("blog"))
    assert world.phase() is Phase.UP


async def test_stop_removes_it_and_late_news_do_not_revive_it(world: World) -> None:
    await world.add()
    world.runner.start(["blog"])
    await world.settle()
    world.runner.stop(["blog"])
    world.engine.client.status.emit(status("blog"))
    assert world.phase() is Phase.STOPPED
    await world.settle()
    assert isinstance(world.engine.client.calls[-1], rpc.Remove)


async def test_an_edit_touches_only_its_own_tunnel(world: World) -> None:
    await world.add()
    await world.add(id="other", name="Other")
    world.runner.start(["blog", "other"])
    await world.settle()
    await world.add(name="Renamed")
    world.runner.edited("blog")
    await world.settle()
    assert world.applied() == [("blog", "other"), ("blog",)]
    assert world.tunnels.name("blog") == "Renamed"


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (rpc.Error("bad_config", "Rule 1 names nobody."), Trouble.CONFIG),
        (rpc.Error("failed", "0.0.0.0:443: address already in use"), Trouble.PORT_TAKEN),
        (rpc.Error("failed", "no such file"), Trouble.OTHER),
    ],
)
async def test_a_refused_configuration_is_explained(world: World, error: rpc.Error, trouble: Trouble) -> None:
    await world.add()
    world.engine.client.errors["blog"] = error
    world.runner.start(["blog"])
    await world.settle()
    tunnel = world.tunnels.get("blog")
    assert (tunnel.phase, tunnel.trouble, tunnel.detail) == (Phase.TROUBLE, trouble, error.message)


async def test_an_edit_that_changes_nothing_in_the_engine_leaves_it_up(world: World) -> None:
    """No event follows then: the runner asks."""
    await world.add()
    world.engine.client.answer = status("blog")
    world.runner.start(["blog"])
    await world.settle()
    world.runner.edited("blog")
    assert world.phase() is Phase.CONNECTING
    await world.settle()
    assert world.phase() is Phase.UP


async def test_without_secrets_it_says_so(world: World) -> None:
    await world.add()
    world.library._secrets = MemorySecrets()
    world.runner.start(["blog"])
    await world.settle()
    assert world.tunnels.get("blog").trouble is Trouble.SECRET_MISSING
    assert world.engine.client.calls == []


async def test_when_the_engine_dies_its_policy_decides(world: World) -> None:
    for policy in ("always", "on-failure", "never"):
        await world.add(id=policy, name=policy, restart=policy)
    world.runner.start(["always", "on-failure", "never"])
    await world.settle()
    world.engine.client.status.emit(status("always", "on-failure", "never"))
    world.engine.died.emit("out of memory", True)
    assert {world.phase(p) for p in ("always", "on-failure", "never")} == {Phase.TROUBLE}
    world.engine.client.connected.emit(rpc.Welcome(1, "1", 1, NOW, ()))
    await world.settle()
    assert world.applied()[-1] == ("always", "on-failure")
    world.engine.died.emit("", False)
    assert world.runner.wanted == {"always"}


async def test_of_an_engine_that_hangs_nothing_is_known(world: World) -> None:
    for name in ("up", "removed", "begun", "wrong"):
        await world.add(id=name, name=name)
    world.runner.start(["up", "removed"])
    await world.settle()
    world.engine.client.status.emit(status("up", "removed"))
    world.runner._refused("wrong", Trouble.CONFIG, "")
    world.engine.pulse.set(False)
    world.runner.start(["begun"])
    assert {world.phase(name) for name in ("up", "removed", "begun")} == {Phase.UNKNOWN}
    assert world.phase("wrong") is Phase.TROUBLE
    world.engine.client.answer = status("up", "begun")
    world.engine.pulse.set(True)
    await world.settle()
    assert (world.phase("up"), world.phase("removed"), world.phase("begun")) == (Phase.UP, Phase.STOPPED, Phase.UP)


async def test_what_runs_already_is_adopted_and_what_is_foreign_is_shown(world: World) -> None:
    await world.add()
    world.engine.client.connected.emit(rpc.Welcome(1, "1", 1, NOW, ("blog", "web")))
    world.engine.client.status.emit(status("blog", "web"))
    await world.settle()
    assert world.applied() == []
    assert world.phase() is Phase.UP
    web = world.tunnels.get("web")
    assert (web.foreign, web.phase) == (True, Phase.UP)
    world.engine.client.status.emit(status("blog"))
    assert world.tunnels.get("web") is None


async def test_totals_become_rates(world: World) -> None:
    await world.add()
    world.runner.start(["blog"])
    world.engine.client.totals.emit(rpc.TotalsEvent(NOW, 0, rpc.Totals(), {"blog": rpc.Totals()}))
    moved = rpc.Totals(up=100, down=4000, open=3, refused=2)
    world.engine.client.totals.emit(rpc.TotalsEvent(NOW + 2, 0, moved, {"blog": moved}))
    tunnel = world.tunnels.get("blog")
    assert (tunnel.down_rate, tunnel.up_rate, tunnel.visitors) == (2000, 50, 3)
    assert turned_away(tunnel) == "2 connections"


async def test_delete_and_restore_keep_the_secret(world: World) -> None:
    await world.add()
    await world.library.delete("blog")
    assert world.library.profiles == {}
    await world.library.restore("blog")
    assert (await world.library.complete("blog")).server.secret == SECRET


async def test_secrets_move_to_a_file_and_back(world: World) -> None:
    await world.add()
    await world.library.move_secrets("file", "long enough")
    assert world.library.secrets_kind == "file"
    assert (await world.library.complete("blog")).server.secret == SECRET
    await world.library.open_secrets("file", "long enough")
    assert SECRET not in world.library.secrets_file.read_text()
    await world.library.move_secrets("memory")
    assert (await world.library.complete("blog")).server.secret == SECRET
