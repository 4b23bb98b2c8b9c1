"""The table of faults in short: xrgui at both ends, whose link and ends are broken, loses and doubles nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import fault_rows, faults
from tests.interop import peers

SIZES = fault_rows.QUICK


def once(row: str, place: faults.Place, contestant: str = "xrgui") -> dict[str, float]:
    found = faults.once(fault_rows.ROWS[row], contestant, SIZES, place)
    assert found, f"{row} failed"
    return found


@pytest.fixture(scope="module")
def place():
    if shutil.which("nginx") is None:
        pytest.skip("nginx not installed")
    with faults.place() as here:
        yield here


def test_jain() -> None:
    assert fault_rows.jain([5, 5, 5, 5]) == 1
    assert fault_rows.jain([5, 0, 0, 0]) == 0.25
    assert fault_rows.jain([0, 0]) == 0


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
    assert max(found["public worst"], found["desktop worst"]) < 5
    assert found["fds left"] <= 4


@pytest.mark.peer
def test_one_who_does_not_read_stops_nobody(place: faults.Place) -> None:
    found = once("stalled", place)
    assert found["MB/s during"] > 0
    assert found["p99 ms during"] < 1000
    assert found["MB more"] < 64


@pytest.mark.peer
def test_in_a_namespace_a_dead_link_is_noticed() -> None:
    """The real thing: the kernel drops the packets, and nobody acknowledges them."""
    needed = [tool for tool in ("nginx", "unshare", "ip", "nft", "ss") if shutil.which(tool) is None]
    if needed or os.geteuid() != 0:
        pytest.skip(f"{', '.join(needed)} not installed" if needed else "only root makes namespaces")
    argv = [sys.executable, "-m", "bench.faults", "--size", "quick", "--peers", "xrgui", "--rows", "hole"]
    done = subprocess.run(argv, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=False)
    if "fault proxy" in done.stdout or "still running" in done.stderr:
        pytest.skip("this machine makes no network namespaces")
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stderr
    cells = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if "silently" in line]
    figures = {title.partition(": ")[2]: value for title, value in cells}
    assert float(figures["good s"]) < 5, done.stdout
    assert (figures["% survived"], figures["wrong"]) == ("100", "0"), done.stdout


@pytest.mark.peer
def test_beside_a_stock_portal_a_stopped_visitor_leaves_the_link(place: faults.Place) -> None:
    if absent := peers.missing("v2ray"):
        pytest.skip(absent)
    assert once("stalled", place, "xrgui/v2ray")["MB more"] < 128
