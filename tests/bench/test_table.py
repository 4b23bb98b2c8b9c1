"""Medians, ratios and verdicts of the benchmark's table, and one real run of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import table, tunnels
from bench.rows import ROWS
from tests.interop.topologies import Certificates, Service

BULK, STALLED, BANNER, IDLE = (ROWS[name] for name in ("bulk", "stalled", "banner", "idle"))


def test_a_ratio_is_of_medians() -> None:
    found = {"xrgui": {"": [100.0, 900.0, 300.0]}, "v2ray": {"": [100.0]}}
    assert table.verdict(BULK, found) == "3.00x v2ray, >= 2x: yes"
    assert table.verdict(BULK, found | {"xrgui": {"": [150.0]}}) == "1.50x v2ray, >= 2x: **no**"


def test_the_worse_side_counts_against_a_limit() -> None:
    assert table.verdict(IDLE, {"xrgui": {"public": [3.0], "desktop": [7.0]}}) == "<= 6 KiB: **no**"
    assert table.cell({"public": [3.0], "desktop": [7.0]}) == "3 / 7"


def test_what_is_added_to_direct() -> None:
    found = {"xrgui": {"": [1.5]}, "direct": {"": [0.5]}}
    assert table.verdict(BANNER, found) == "+1 ms, <= 2: yes"


def test_nobody_answered() -> None:
    assert table.cell({"": [float("inf")], "% answered": [0.0]}) == "none answered (0 % answered)"
    assert table.cell({}) == "-"
    assert table.verdict(STALLED, {}) == ""


def test_a_remark_is_no_figure_to_compare() -> None:
    found = {"": [5000.0], "µs of processor time": [170.0]}
    assert table.cell(found) == "5,000 (170 µs of processor time)"
    rathole = {"": [5000.0], "µs of processor time": [1.0]}
    goals = table.verdict(ROWS["connections"], {"xrgui": found, "rathole": rathole})
    assert goals == "1.00x rathole, >= 1x: yes"


def test_every_contestant_has_configurations(tmp_path: Path) -> None:
    services = (Service("page", 1, 2),)
    certificates = Certificates(tmp_path, tmp_path, tmp_path, "")
    for contestant in set(tunnels.DEFAULT) - {"direct"}:
        public, desktop = tunnels.configurations(contestant, "raw", 3, services, certificates)
        assert public != desktop
    assert tunnels.programs("xrgui/v2ray") == ("xrgui", "v2ray")
    assert not tunnels.supports("xray", "vmess")


@pytest.mark.peer
def test_a_quick_run_prints_a_table() -> None:
    absent = [tool for tool in ("nginx", "wrk", "ab") if shutil.which(tool) is None]
    if absent:
        pytest.skip(f"{', '.join(absent)} not installed")
    argv = [sys.executable, "-m", "bench", "--quick", "--anyway", "--runs", "1", "--rows", "banner,connections"]
    done = subprocess.run(
        [*argv, "--peers", "direct,xrgui"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stderr
    assert "| | direct | xrgui | goal |" in done.stdout
