"""Configurations are judged beside the loop, and changed in the order in which that was asked for."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

import pytest

from tests.engine.control.steered import CONFIG, FakeEngine
from xrgui import rpc
from xrgui.engine import judging
from xrgui.engine.host import Host
from xrgui.engine.procedures import Procedures
from xrgui.logs import Log


@pytest.fixture
async def procedures() -> Procedures:
    return Procedures(Host(FakeEngine, Log(None)))


async def test_the_loop_runs_on_while_a_judge_is_at_work(
    procedures: Procedures, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = judging._judge
    turned = threading.Event()

    def slow(config: dict[str, Any], probe_ports: bool) -> judging.Checked:
        assert turned.wait(10), "the loop stood still"
        assert sys.getswitchinterval() < 0.001
        return judged(config, probe_ports)

    monkeypatch.setattr(judging, "_judge", slow)
    usual = sys.getswitchinterval()
    asyncio.get_running_loop().call_later(0.01, turned.set)
    result = await procedures.of(rpc.Check((rpc.NamedConfig("web", CONFIG), rpc.NamedConfig("bad", {"inbounds": 1}))))
    assert [(one.name, bool(one.problems)) for one in result.configs] == [("web", False), ("bad", True)]
    assert sys.getswitchinterval() == usual


async def test_a_change_that_takes_long_to_judge_keeps_its_place(procedures: Procedures) -> None:
    inbound = CONFIG["inbounds"][0]
    many = [{**inbound, "tag": str(number), "port": number} for number in range(1, 500)]
    calls: list[rpc.Call[Any]] = [
        rpc.Apply((rpc.NamedConfig("web", {**CONFIG, "inbounds": many}),)),
        rpc.Apply((rpc.NamedConfig("web", CONFIG), rpc.NamedConfig("mail", CONFIG))),
        rpc.Remove(("mail",)),
    ]
    first, second, third = await asyncio.gather(*(procedures.of(call) for call in calls))
    assert [len(first.configs[0].started), len(second.configs[0].started)] == [499, 1]
    assert third.removed == ("mail",)
    assert [len(config.inbounds) for config in procedures._host.configs.values()] == [1]
