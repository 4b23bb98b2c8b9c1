"""The table of faults in short: xrgui at both ends, whose link and ends are broken, loses and doubles nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import fault_rows, faults, tunnels
from bench.fault_bed import QUICK, Held, high
from bench.fault_ends import growth
from bench.fault_link import lossy_ways
from bench.fault_visitors import jain
from tests.interop import peers
from xrgui.config import model
from xrgui.config.load import load_value


def once(row: str, place: faults.Place, contestant: str = "xrgui") -> dict[str, float]:
    found = faults.once(fault_rows.ROWS[row], contestant, QUICK, place)
    assert found, f"{row} failed"
    return found


@pytest.fixture(scope="module")
def place():
    if shutil.which("nginx") is None:
        pytest.skip("nginx not installed")
    with faults.place() as here:
        yield here


def test_jain() -> None:
    assert jain([5, 5, 5, 5]) == 1
    assert jain([5, 0, 0, 0]) == 0.25
    assert jain([0, 0]) == 0


def test_the_99th_percentile_by_rank() -> None:
    assert high([1.0] * 99 + [9.0]) == 1
    assert high([1.0] * 98 + [9.0, float("inf")]) == 9
    assert high([1.0, float("inf")]) == float("inf")
    assert high([]) == float("inf")


def test_growth_is_the_last_third_against_the_middle_one() -> None:
    samples = [Held(10, 50, 4)] * 3 + [Held(20, 60, 5)] * 3 + [Held(21, 62, 5)] * 3
    assert growth(samples) == {"MB growth": 2, "fds growth": 1, "tasks growth": 0}
    assert growth([Held(10, 50, None)]) == {"MB growth": 0, "fds growth": 0}


def test_what_is_left_behind() -> None:
    assert Held(12, 50, 5).more(Held(10, 40, 5)) == {"fds left": 2, "MB left": 10, "tasks left": 0}
    assert "tasks left" not in Held(12, 50, None).more(Held(10, 40, None))


def test_links_are_chosen_where_one_may() -> None:
    def ways(contestant: str) -> list[str]:
        return [way.label for way in lossy_ways(contestant, QUICK)]

    assert ways("xrgui") == ways("xrgui/v2ray") == ["2 main, 50 ms, "]
    assert ways("v2ray") == ["1 main, 50 ms, "]
    assert ways("frp") == ["1 main, 50 ms, ", "one each, 50 ms, "]
    assert ways("rathole") == ["one each, 50 ms, "]


@pytest.mark.parametrize("contestant", ["xrgui", "xrgui/v2ray", "xrgui-reverse"])
def test_links_are_asked_for_where_the_dialect_has_them(contestant: str) -> None:
    _, desktop = tunnels.configurations(contestant, "raw", 1, (), {}, 4)
    assert isinstance(desktop, dict)
    config = load_value(desktop).config
    assert config is not None
    ends = [entry.settings.reverse for entry in config.outbounds if isinstance(entry.settings, model.VlessOutbound)]
    assert [end.links for end in (*config.reverse.bridges, *filter(None, ends))] == [4]


def test_the_table_names_every_figure() -> None:
    row = fault_rows.ROWS["hole"]
    found = {"hole": {"xrgui": {"good s": 1.0}, "v2ray": {"good s": float("inf")}, "frp": {}}}
    table = faults.markdown([row], ["xrgui", "v2ray", "frp"], found)
    assert "| link silently dead: good s | 1 | never | - |" in table


@pytest.mark.peer
def test_a_reset_link_costs_nobody_a_byte(place: faults.Place) -> None:
    found = once("reset", place)
    assert (found["% survived"], found["wrong"]) == (100, 0)
    assert found["good s"] < 3
    assert found["fds left"] <= 0


@pytest.mark.peer
def test_killed_ends_come_back(place: faults.Place) -> None:
    found = once("killed", place)
    assert max(seconds for name, seconds in found.items() if "good s" in name) < 5
    assert found["wrong"] == 0
    assert found["fds left"] <= 4
    assert found["tasks left"] <= 1


@pytest.mark.peer
def test_one_who_does_not_read_stops_nobody(place: faults.Place) -> None:
    found = once("stalled", place)
    assert found["MB/s of the others during"] > 0
    assert found["p99 ms during"] < 1000
    assert found["MB more"] < 64
    assert found["tasks left"] <= 0


@pytest.mark.peer
def test_a_crowd_is_held(place: faults.Place) -> None:
    found = once("crowd", place)
    assert (found["% of the idle held"], found["% of the busy held"]) == (100, 100)
    assert found["requests/s"] > 0
    assert found["fds left"] <= 0


def test_behind_a_proxy_there_is_no_loss_and_the_table_says_so(place: faults.Place) -> None:
    absent: faults.Absent = {}
    found = faults.measure([fault_rows.ROWS["loss"]], ["xrgui"], QUICK, place, absent)
    assert found == {"loss": {"xrgui": {}}}
    assert [what for why, what in absent.items() if "root" in why] == [["loss of xrgui"]]


@pytest.mark.peer
def test_in_a_namespace_a_dead_link_is_noticed() -> None:
    """The real thing: the kernel drops the packets, and nobody acknowledges them; here and on a path of 50 ms."""
    needed = [tool for tool in ("nginx", "unshare", "ip", "nft", "ss") if shutil.which(tool) is None]
    if needed or os.geteuid() != 0:
        pytest.skip(f"{', '.join(needed)} not installed" if needed else "only root makes namespaces")
    argv = [sys.executable, "-m", "bench.faults", "--size", "quick", "--peers", "xrgui", "--rows", "hole,loss"]
    done = subprocess.run(argv, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=90, check=False)
    if "fault proxy" in done.stdout or "still running" in done.stderr:
        pytest.skip("this machine makes no network namespaces")
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stderr
    cells = [
        line.strip("| ").split(" | ")
        for line in done.stdout.splitlines()
        if line.startswith("| packet") or "silently" in line
    ]
    figures = {title.partition(": ")[2]: value for title, value in cells}
    assert float(figures["good s"]) < 5, done.stdout
    assert (figures["% survived"], figures["wrong"]) == ("100", "0"), done.stdout
    if "Without" in done.stdout:
        assert "TUN" in done.stdout or "ip " in done.stdout
    else:
        assert float(figures["50 ms away, good s"]) < 5, done.stdout
        assert figures["50 ms away, % survived"] == "100", done.stdout
        assert 0 < float(figures["2 main, 50 ms, 1 %: MB/s"]) < 50, done.stdout


@pytest.mark.peer
def test_beside_a_stock_portal_a_stopped_visitor_leaves_the_link(place: faults.Place) -> None:
    if absent := peers.missing("v2ray"):
        pytest.skip(absent)
    assert once("stalled", place, "xrgui/v2ray")["MB more"] < 128
