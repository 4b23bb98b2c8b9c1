"""`xrgui demo`: a whole tunnel on this machine, and its sub-connections live."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import Coroutine
from importlib.util import find_spec
from time import perf_counter, time
from typing import TYPE_CHECKING, NamedTuple

import click

from xrgui import loop, rpc
from xrgui.commands.errors import CommandError
from xrgui.commands.options import Seconds
from xrgui.commands.stdin import watch_stdin
from xrgui.commands.tables import age, size
from xrgui.demo.ends import Demo, DemoError
from xrgui.demo.site import serve
from xrgui.engine.tasks import spawn
from xrgui.logs import visible

if TYPE_CHECKING:
    from rich.console import Group

SHOWN_AFTER_END = 8.0
"""Seconds that an ended sub-connection stays in the table."""


@click.command("demo-site")
def demo_site() -> None:
    """The sample site alone, until stdin closes. The first line on stdout is its URL."""
    loop.run(_site())


async def _site() -> None:
    server = await serve()
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}/", flush=True)
    ended = asyncio.Event()
    _stop_on_signals(ended)
    watch_stdin(ended.set)
    await ended.wait()


@click.command()
@click.option("--seconds", type=Seconds(), help="End by itself after so long.")
def demo(seconds: float | None) -> None:
    """Run a sample site, a bridge and a portal on this machine and show who visits.

    The first line on stdout is the public URL: open it in a browser.
    """
    loop.run(_demo(seconds))


async def _demo(seconds: float | None) -> None:
    stopped = asyncio.Event()
    _stop_on_signals(stopped)
    running = Demo()
    try:
        await running.start()
        print(running.url, flush=True)
        fetched = await fetch(running.url)
        print(f"GET / through the tunnel: {fetched}", flush=True)
        show = _draw if sys.stdout.isatty() and find_spec("rich") else _tell
        await _until_ended(running, show(running), stopped, seconds)
    except DemoError as error:
        raise CommandError(str(error)) from None
    except (OSError, rpc.RpcError, asyncio.IncompleteReadError) as error:
        raise CommandError(f"The demo broke off: {error}.") from None
    finally:
        await running.stop()


def _stop_on_signals(stopped: asyncio.Event) -> None:
    """Ctrl-C reaches the children too; they are left to end with us, in order."""
    running = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: running.call_soon_threadsafe(stopped.set))
        else:
            running.add_signal_handler(number, stopped.set)


async def _until_ended(
    running: Demo, show: Coroutine[object, object, None], stopped: asyncio.Event, seconds: float | None
) -> None:
    """Show what happens until a signal, the end of the time, or the end of a part (DemoError)."""
    broken = spawn(running.part_ended(), "watch")
    tasks = [spawn(show, "show"), broken, spawn(stopped.wait(), "stop")]
    await asyncio.wait(tasks[1:], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    if not broken.cancelled() and not stopped.is_set():
        raise DemoError(broken.result())


class Fetched(NamedTuple):
    status: str
    title: str
    length: int
    first: float
    """Seconds to the first byte, the connection included."""
    whole: float

    def __str__(self) -> str:
        times = f"first byte after {self.first * 1000:.1f} ms, all after {self.whole * 1000:.1f} ms"
        return f"{self.status}, {size(self.length)} (“{self.title}”), {times}"


async def fetch(url: str) -> Fetched:
    """Raises OSError, IncompleteReadError."""
    where = url.removeprefix("http://").rstrip("/")
    host, _, port = where.rpartition(":")
    start = perf_counter()
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET / HTTP/1.1\r\nHost: {where}\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        first = perf_counter() - start
        body = await reader.read(-1)
    whole = perf_counter() - start
    writer.close()
    title = re.search(rb"<title>(.*?)</title>", body)
    status = head.split(b"\r\n")[0].decode().partition(" ")[2]
    return Fetched(status, title[1].decode() if title else "no title", len(body), first, whole)


class Table:
    """The portal's sub-connections as they are now, and those that ended a moment ago."""

    def __init__(self) -> None:
        self.rows: dict[int, rpc.SessionRow] = {}
        self.rates: dict[int, float] = {}
        """Bytes a second to the visitor, between the last two events."""
        self._at = 0.0

    def apply(self, event: rpc.SessionsEvent) -> None:
        passed = event.at - self._at if self._at else 0.0
        if not event.more:
            self._at = event.at
        self.rates.clear()
        for row in (*event.rows, *event.closed):
            self.rows[row.id] = row
        for number, up, down in event.counters:
            if (known := self.rows.get(number)) is not None:
                if passed > 0:
                    self.rates[number] = (down - known.down) / passed
                known.up, known.down = up, down
        for number in event.gone:
            self.rows.pop(number, None)

    def forget(self, now: float) -> None:
        for number, row in list(self.rows.items()):
            if row.ended_at and now - row.ended_at > SHOWN_AFTER_END:
                del self.rows[number]


async def _tell(running: Demo) -> None:
    """Plain lines: one for each sub-connection that was opened or ended."""
    seen: set[int] = set()
    async for event in running.events():
        for row in event.rows:
            if row.id not in seen:
                seen.add(row.id)
                print(f"#{row.id} {row.source} opened", flush=True)
        for row in event.closed:
            seen.discard(row.id)
            print(_ended(row), flush=True)


def _ended(row: rpc.SessionRow) -> str:
    moved = f"{size(row.up)} up, {size(row.down)} down"
    reason = f" ({visible(row.reason)})" if row.reason else ""
    return f"#{row.id} {row.source} ended after {row.ended_at - row.started_at:.3f} s: {moved}{reason}"


async def _draw(running: Demo) -> None:
    """A table in place, drawn a few times a second."""
    from rich.live import Live

    table = Table()
    with Live(_picture(running, table), auto_refresh=False, transient=True) as live:
        async for event in running.events():
            table.apply(event)
            if not event.more:
                table.forget(time())
                live.update(_picture(running, table), refresh=True)


def _picture(running: Demo, table: Table) -> Group:
    from rich import box
    from rich.console import Group
    from rich.table import Table as RichTable
    from rich.text import Text

    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "#", "visitor", "rule"):
        grid.add_column(name)
    for name in ("rate", "down", "up", "age"):
        grid.add_column(name, justify="right", min_width=8)
    now = time()
    newest = sorted(table.rows.values(), key=lambda row: (bool(row.ended_at), -row.id))
    for row in newest[:20]:
        over = bool(row.ended_at)
        rate = table.rates.get(row.id, 0.0)
        grid.add_row(
            Text("○ ended" if over else "● open", style="" if over else "green"),
            str(row.id),
            row.source,
            f"{row.rule} → {row.outbound}",
            f"{size(rate)}/s" if rate else "",
            size(row.down),
            size(row.up),
            age((row.ended_at or now) - row.started_at),
            style="dim" if over else "",
        )
    path = Text.assemble(
        ("visitor → ", "dim"), (running.url, "bold"), (" portal ⇄ TLS ⇄ bridge → ", "dim"), running.site_url
    )
    more = f", {len(newest) - 20} more not shown" if len(newest) > 20 else ""
    open_now = sum(not row.ended_at for row in newest)
    sums = f"{open_now} open{more}"
    ends = f"portal: process {running.portal.pid}, bridge: {running.bridge.pid}, site: {running.site.pid}"
    hint = "Open the address in a browser. Ctrl-C ends all."
    return Group(path, Text(ends, style="dim"), grid, Text(sums), Text(hint, style="dim"))
