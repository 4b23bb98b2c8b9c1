"""Servers behind the bridge, and a summary of what was measured."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import pick_port
from tests.interop import peers, topologies

QUICK = os.environ.get("XRGUI_QUICK", "") not in ("", "0")
_notes = pytest.StashKey[list[tuple[str, str, str]]]()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> topologies.Certificates:
    return topologies.make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def echo_port() -> Iterator[int]:
    """The XOR echo's."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.interop.origin"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.terminate()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What nginx serves: /small (1 KiB), /large (4 MiB) and /huge (64 MiB of zeros)."""
    root = tmp_path_factory.mktemp("pages") / "root"
    root.mkdir()
    (root / "small").write_bytes(os.urandom(1024))
    (root / "large").write_bytes(os.urandom(4 << 20))
    with (root / "huge").open("wb") as huge:
        huge.truncate(64 << 20)
    return root


@pytest.fixture(scope="session")
def page_port(pages: Path) -> Iterator[int]:
    """nginx's; 0 where it is not installed."""
    if shutil.which("nginx") is None:
        yield 0
        return
    port = pick_port()
    with peers.nginx(port, pages):
        yield port


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`note(what, figure)`: a line of this test in the summary at the end of the run."""
    notes = request.config.stash.setdefault(_notes, [])

    def take(what: str, figure: str) -> None:
        notes.append((request.node.callspec.id if hasattr(request.node, "callspec") else "", what, figure))

    return take


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    notes = config.stash.get(_notes, [])
    if not notes:
        return
    columns = list(dict.fromkeys(what for _, what, _ in notes))
    terminalreporter.section("against real peers (bridge>portal)")
    terminalreporter.write_line(f"{'':24}" + "".join(f"{column:>16}" for column in columns))
    for case in dict.fromkeys(case for case, _, _ in notes):
        figures = {what: figure for name, what, figure in notes if name == case}
        terminalreporter.write_line(f"{case:24}" + "".join(f"{figures.get(column, ''):>16}" for column in columns))
