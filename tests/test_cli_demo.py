"""`xrgui demo`: nothing configured, three processes, nothing left behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.programs import ROOT, Xrgui, get
from xrgui import rpc
from xrgui.commands.demo import Table, _tell
from xrgui.demo.ends import Demo

URL = re.compile(r"http://127\.0\.0\.1:\d+/\n")


@pytest.fixture
def xrgui(tmp_path: Path) -> Iterator[Xrgui]:
    program = Xrgui(tmp_path)
    yield program
    program.end()


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert URL.fullmatch(line)
    return line.strip()


def test_the_whole_of_it(xrgui: Xrgui, tmp_path: Path) -> None:
    done = xrgui("demo", "--seconds", "0.5")
    first, second, third = done.stdout.splitlines()
    assert URL.fullmatch(first + "\n")
    assert re.fullmatch(
        r"GET / through the tunnel: 200 OK, [\d.]+ kB \(“You came through a tunnel”\), "
        r"first byte after [\d.]+ ms, all after [\d.]+ ms",
        second,
    )
    assert re.fullmatch(r"#\d+ 127\.0\.0\.1:\d+ ended after [\d.]+ s: \d+ B up, [\d.]+ kB down", third)
    assert not done.stderr
    assert not list((tmp_path / "run").iterdir())


def test_the_site_behind_it(xrgui: Xrgui) -> None:
    demo = xrgui.start("demo")
    url = url_of(demo)
    assert len(get(url + "big?mib=3")) == 3 * 1024 * 1024
    assert b'"peer"' in get(url + "ping")
    with socket.create_connection(("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))) as visitor:
        visitor.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        seen = b""
        while seen.count(b"data: ") < 2:
            seen += visitor.recv(65536)
    assert b"text/event-stream" in seen


def test_a_second_one_beside_the_first(xrgui: Xrgui) -> None:
    urls = [url_of(xrgui.start("demo")) for _ in range(2)]
    assert len(set(urls)) == 2
    assert all(b"tunnel" in get(url) for url in urls)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_it(xrgui: Xrgui, tmp_path: Path, number: signal.Signals) -> None:
    demo = xrgui.start("demo")
    url_of(demo)
    family = children(demo)
    assert len(family) == 3
    demo.send_signal(number)
    assert demo.wait(5) == 0
    assert not psutil.wait_procs(family, timeout=1)[1]
    assert not list((tmp_path / "run").iterdir())


def test_the_children_die_with_a_parent_that_was_killed(xrgui: Xrgui) -> None:
    demo = xrgui.start("demo")
    url_of(demo)
    family = children(demo)
    demo.kill()
    assert not psutil.wait_procs(family, timeout=5)[1]


def test_no_secret_in_any_command_line(xrgui: Xrgui) -> None:
    demo = xrgui.start("demo")
    url_of(demo)
    uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
    for child in children(demo):
        assert not uuid.search(" ".join(child.cmdline()))
        assert not any(uuid.search(value) for value in child.environ().values() if "BEGIN" in value)


@pytest.mark.parametrize("name", ["site", "portal", "bridge"])
async def test_a_part_that_dies_is_told_in_words(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XRGUI_RUNTIME_DIR", str(tmp_path / "run"))
    demo = Demo()
    try:
        await demo.start()
        os.kill(getattr(demo, name).pid, signal.SIGKILL)
        async with asyncio.timeout(5):
            assert (await demo.part_ended()).startswith(f"The {name} ended by itself")
    finally:
        await demo.stop()


def test_the_end_of_a_part_ends_the_demo(xrgui: Xrgui) -> None:
    demo = xrgui.start("demo")
    url_of(demo)
    assert demo.stdout is not None
    assert demo.stdout.readline().startswith("GET /")
    site = next(child for child in children(demo) if "demo-site" in child.cmdline())
    site.kill()
    assert demo.wait(5) == 1
    assert xrgui.said(demo) == "error: The site ended by itself: it said nothing.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
def test_on_a_terminal_it_draws_a_table(xrgui: Xrgui) -> None:
    import pty

    leader, follower = pty.openpty()
    demo = subprocess.Popen(
        [sys.executable, "-m", "xrgui", "demo", "--seconds", "1"],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=subprocess.DEVNULL,
        env={**xrgui.env, "TERM": "xterm", "COLUMNS": "100"},
        cwd=ROOT,
    )
    os.close(follower)
    drawn = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        drawn += part
    os.close(leader)
    assert demo.wait(5) == 0
    assert URL.match(drawn.decode().replace("\r", ""))
    for word in ("visitor", "rate", "○ ended", "visitors → site", "0 open"):
        assert word in drawn.decode()


def row(number: int, *, down: int = 0, ended: float = 0.0) -> rpc.SessionRow:
    state = "closed" if ended else "open"
    where = ("public", "tunnel", "", "127.0.0.1:5", "tcp:h:1", "", "visitors", "site")
    return rpc.SessionRow(number, "demo", state, *where, 1, 0, down, 1.0, ended, "")


class TestTable:
    def test_rates_come_from_two_events(self) -> None:
        table = Table()
        table.apply(rpc.SessionsEvent(10.0, rows=(row(1),)))
        table.apply(rpc.SessionsEvent(10.5, counters=((1, 0, 5000),)))
        assert table.rates == {1: 10_000.0}
        assert table.rows[1].down == 5000

    def test_ended_ones_stay_for_a_while(self) -> None:
        table = Table()
        table.apply(rpc.SessionsEvent(10.0, rows=(row(1), row(2)), closed=(row(3, ended=9.0),), gone=(2,)))
        table.forget(12.0)
        assert set(table.rows) == {1, 3}
        table.forget(20.0)
        assert set(table.rows) == {1}


async def test_plain_lines_tell_each_one_once(capsys: pytest.CaptureFixture[str]) -> None:
    class Fake:
        async def events(self):  # type: ignore[no-untyped-def]
            yield rpc.SessionsEvent(1.0, rows=(row(1),))
            yield rpc.SessionsEvent(1.5, rows=(row(1),))
            yield rpc.SessionsEvent(2.0, closed=(row(1, down=1500, ended=2.5),))

    await _tell(Fake())  # type: ignore[arg-type]
    assert capsys.readouterr().out.splitlines() == [
        "#1 127.0.0.1:5 opened",
        "#1 127.0.0.1:5 ended after 1.500 s: 0 B up, 1.5 kB down",
    ]
