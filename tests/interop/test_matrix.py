"""Every pair of programs, every shape of the link, every thing that a visitor may do.

A topology is started once and goes through all scenarios. XRGUI_QUICK=1 makes the sizes small;
XRGUI_PAIRS (``bridge>portal``, comma between) takes other pairs, stock ones too.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import pick_port
from tests.interop import link as links
from tests.interop import peers, scenarios
from tests.interop.conftest import QUICK
from tests.interop.link import Link, Pair
from tests.interop.topologies import CLASSIC, LOOPBACK, VLESS_REVERSE, Certificates, Service, Shape

pytestmark = pytest.mark.peer
Note = Callable[[str, str], None]

CONNECTIONS, SIZE = (8, 1 << 20) if QUICK else (32, 10 << 20)
SEQUENCE = 400 if QUICK else 4096
SLOW_TO_BANNER = {"v2ray", "xray"}
"""Portals that wait 100 ms for the visitor's first bytes."""
NAMES = ("echo", "page", "banner", "refused", "watched", "udp")


def cases() -> list[tuple[Shape, Pair]]:
    named = os.environ.get("XRGUI_PAIRS", "")
    found = []
    for stock, shapes in (("v2ray", CLASSIC), ("xray", VLESS_REVERSE)):
        ours = [("xrgui", stock), (stock, "xrgui"), ("xrgui", "xrgui")]
        asked = [tuple(text.strip().split(">")) for text in named.split(",") if text]
        other = {"xray": "v2ray", "v2ray": "xray"}[stock]
        pairs = [pair for pair in asked or ours if other not in pair]
        found += [(shape, Pair(*pair)) for pair in pairs for shape in shapes]
    return found


@pytest.fixture(scope="module", params=cases(), ids=lambda case: f"{case[0]}-{case[1]}")
def link(
    request: pytest.FixtureRequest,
    echo_port: int,
    page_port: int,
    certificates: Certificates,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Link]:
    shape, pair = request.param
    if absent := peers.missing(pair.bridge, pair.portal):
        pytest.skip(absent)
    targets = {"echo": echo_port, "page": page_port}
    services = tuple(
        Service(name, pick_port(), targets.get(name) or pick_port(), "udp" if name == "udp" else "tcp")
        for name in NAMES
    )
    directory = tmp_path_factory.mktemp("link")
    with links.running(pair, shape, services, certificates, directory) as link:
        yield link
        for program in (link.portal, link.bridge):
            assert program.alive, f"{program.name} died:\n{program.output()[-2000:]}"


def test_visitor_slower_than_the_link(link: Link, page_port: int) -> None:
    """More than any buffer holds, read slowly: a stock peer gives no credit to stop it by.

    First of all, while nobody else is on the link: only then does an xrgui wait for him (brake.py).
    Over one transport only: it takes its time, and the others could not differ.
    """
    if not page_port:
        pytest.skip("nginx is not installed")
    if link.shape.transport != "raw":
        return
    size = 64 << 20
    assert scenarios.slow_download(link.port("page"), "/huge", size, 40e6) == size


def test_page(link: Link, pages: Path, page_port: int) -> None:
    if not page_port:
        pytest.skip("nginx is not installed")
    for name in ("small", "large"):
        url = f"http://{LOOPBACK}:{link.port('page')}/{name}"
        curl = subprocess.run(["curl", "-sS", "--max-time", "20", url], capture_output=True, check=False)
        assert curl.returncode == 0, curl.stderr.decode()
        assert curl.stdout == (pages / name).read_bytes()


async def test_udp_echo(link: Link) -> None:
    sizes = [1, 100, 1400, 2048, 512]
    replies = await scenarios.udp_echo(link.port("udp"), link.target("udp"), sizes)
    assert replies == scenarios.udp_answers(sizes)


async def test_server_speaks_first(link: Link, note: Note) -> None:
    delay = await scenarios.banner_delay(link.port("banner"), link.target("banner"), 3)
    note("banner ms", f"{delay * 1000:.1f}")
    assert delay < (1 if link.pair.portal in SLOW_TO_BANNER else 0.05)


async def test_refused_target(link: Link, note: Note) -> None:
    """It is closed soon, and a visitor of another service notices nothing."""
    async with asyncio.TaskGroup() as group:
        other = group.create_task(scenarios.echo(link.port("echo"), 2, 1 << 20))
        delay = await scenarios.closed_within(link.port("refused"), 10)
    assert other.result()
    note("refused ms", f"{delay * 1000:.1f}")
    assert delay < (0.5 if link.pair == Pair("xrgui", "xrgui") else 5)


async def test_visitor_resets(link: Link, note: Note) -> None:
    delay = await scenarios.reset_seen(link.port("watched"), link.target("watched"), 10)
    note("reset ms", f"{delay * 1000:.1f}")
    assert delay < (0.5 if link.pair == Pair("xrgui", "xrgui") else 5)


async def test_parallel_echo(link: Link, note: Note) -> None:
    speed = await asyncio.wait_for(scenarios.echo(link.port("echo"), CONNECTIONS, SIZE), 60)
    note("echo MB/s", f"{speed:.0f}")


def test_sequential_connections(link: Link, note: Note) -> None:
    """A stock portal drains a link after 256 visitors and refuses some meanwhile; ours none."""
    good, failures, took = scenarios.sequential(link.port("echo"), SEQUENCE)
    note("sequential/s", f"{SEQUENCE / took:.0f}")
    note("refused", f"{len(failures)}")
    assert set(failures) <= {"closed", "ConnectionResetError"}, failures
    if link.pair.portal == "xrgui":
        assert not failures
    assert good > SEQUENCE / 2
