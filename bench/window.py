"""``python -m bench.window``: how quick and how light the window is, as a Markdown table.

    python -m bench.window --rows 10000 --seconds 60

The window is the real program on a real X server (Xvfb, if there is no display); its engine is a stand-in in a process
of its own that speaks the RPC and moves every row once a second. Goals: p99 of a frame under 16 ms, idle CPU while
hidden under 1 %.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psutil

from xrgui import paths, rpc

if TYPE_CHECKING:
    from xrgui.ui.app import Program

HOUR = 3600
BEGAN = "XRGUI_BENCH_BEGAN"
"""When the measured process was started: what the system says of it is too coarse."""
PART = 2000
"""Rows in one event, as the engine sends them (docs/rpc.md)."""


def main() -> int:
    options = arguments()
    if options.child:
        return CHILDREN[options.child](options)
    figures: dict[str, Any] = {}
    with display():
        for name in ("start", "frames", "memory", "idle"):
            figures |= run_child(name, options)
    print(table(figures))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.window", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=60, help="of each measurement")
    parser.add_argument("--child", choices=list(CHILDREN), help=argparse.SUPPRESS)
    return parser.parse_args()


def table(figures: dict[str, Any]) -> str:
    three = "{:.1f} / {:.1f} / {:.1f} ms"
    rows = [
        ("from start to a usable window", f"{figures['start_ms']:.0f} ms", ""),
        ("the same, processor time alone", f"{figures['start_cpu_ms']:.0f} ms", ""),
        (f"frame, median / p99 / longest of {figures['frames']}", three.format(*figures["frame_ms"]), "p99 < 16 ms"),
        ("the same, processor time alone", three.format(*figures["frame_cpu_ms"]), ""),
        ("batch of all rows, processor time, p99", f"{figures['batch_ms']:.1f} ms", ""),
        ("the window is deaf for, p99 / longest", "{:.1f} / {:.1f} ms".format(*figures["deaf_ms"]), ""),
        ("CPU with all rows moving", f"{figures['busy_cpu']:.0f} %", ""),
        ("memory before / after an hour's updates", "{:.0f} / {:.0f} MB".format(*figures["memory_mb"]), ""),
        ("CPU, hidden and idle", f"{figures['idle_cpu']:.2f} %", "< 1 %"),
    ]
    lines = ["| the window | | goal |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


@contextlib.contextmanager
def display() -> Iterator[None]:
    """The display that is there, an Xvfb of our own, or Qt's platform without a screen."""
    if os.environ.get("DISPLAY") or os.environ.get("QT_QPA_PLATFORM"):
        yield
        return
    if shutil.which("Xvfb") is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        yield
        return
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            os.environ["DISPLAY"] = f":{told.readline().strip()}"
        try:
            yield
        finally:
            server.terminate()


def run_child(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Each measurement has a process and a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ)
        for kind in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "RUNTIME_DIR"):
            environment[f"XDG_{kind}"] = f"{home}/{kind.lower()}"
        Path(environment["XDG_RUNTIME_DIR"]).mkdir(mode=0o700)
        command = [sys.executable, "-m", "bench.window", "--child", name]
        command += ["--rows", str(options.rows), "--seconds", str(options.seconds)]
        environment[BEGAN] = str(time.time())
        ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        return found


def spread(values: list[float]) -> tuple[float, float, float]:
    """Median, p99 and the longest."""
    return percentile(values, 0.5), percentile(values, 0.99), max(values)


def percentile(values: list[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else 0.0


# The stand-in for the engine


def stand_in(options: argparse.Namespace) -> int:
    """Says its endpoint, then moves every row once a second for whoever subscribes."""
    asyncio.run(_stand_in(options.rows))
    return 0


async def _stand_in(count: int) -> None:
    endpoint = paths.new_endpoint()
    server = await asyncio.start_unix_server(lambda r, w: _serve(r, w, count), endpoint)
    print(endpoint, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()
    os._exit(0)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int) -> None:
    encode = msgspec.json.encode
    moving: asyncio.Task[None] | None = None
    welcome = rpc.Welcome(rpc.PROTOCOL, "0", os.getpid(), time.time(), ())
    while (line := await _line(reader)) is not None:
        request = msgspec.json.decode(line, type=rpc.Request)
        result = encode(welcome) if request.method == "hello" else b"{}"
        writer.write(b'{"id":%d,"result":%s}\n' % (request.id, result))
        if request.method == "subscribe" and moving is None and count:
            moving = asyncio.create_task(_move(writer, count))
    if moving is not None:
        moving.cancel()


async def _line(reader: asyncio.StreamReader) -> bytes | None:
    try:
        return await reader.readline() or None
    except OSError:
        return None


async def _move(writer: asyncio.StreamWriter, count: int) -> None:
    rows = made_rows(count)
    for start in range(0, count, PART):
        _send(writer, rpc.SessionsEvent(time.time(), rows=tuple(rows[start : start + PART]), more=start + PART < count))
    while True:
        await asyncio.sleep(1)
        at = time.time()
        for row in rows:
            row.down += random.randrange(3_000_000)
            row.up += random.randrange(3_000)
        for start in range(0, count, PART):
            part = tuple((row.id, row.up, row.down) for row in rows[start : start + PART])
            _send(writer, rpc.SessionsEvent(at, counters=part, more=start + PART < count))
        totals = rpc.Totals(sum(r.up for r in rows), sum(r.down for r in rows), count, count)
        event = msgspec.json.encode(rpc.TotalsEvent(at, 41_000_000, totals, {}))
        writer.write(b'{"event":"totals","data":%s}\n' % event)


def _send(writer: asyncio.StreamWriter, event: rpc.SessionsEvent) -> None:
    writer.write(b'{"event":"sessions","data":%s}\n' % msgspec.json.encode(event))


def made_rows(count: int, first: int = 1) -> list[rpc.SessionRow]:
    draw, now = random.Random(1), time.time()
    return [
        rpc.SessionRow(
            id=number,
            config="blog",
            state="open",
            inbound="bridge",
            protocol="vless-reverse",
            user="",
            source=f"203.0.113.{draw.randrange(255)}:{draw.randrange(1024, 65535)}",
            target="tcp:127.0.0.1:3000",
            host="",
            rule="blog",
            outbound="local",
            link=draw.randrange(1, 3),
            up=0,
            down=0,
            started_at=now - draw.randrange(3000),
            ended_at=0,
            reason="",
        )
        for number in range(first, first + count)
    ]


# Measurements, each in a process of its own


def program_child(work: Any) -> int:
    """Run the program, and *work* beside it; what that returns is printed."""
    import qasync

    from xrgui.ui import app as application

    async def run() -> dict[str, Any]:
        program = application.Program(app, [])
        running = asyncio.ensure_future(program.run())
        found: dict[str, Any] = await work(program)
        program.quit()
        await running
        return found

    app = application.make_app()
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    with loop:
        print(json.dumps(loop.run_until_complete(run())), flush=True)
    return 0


def start(options: argparse.Namespace) -> int:
    painted = first_paint()

    async def work(program: Program) -> dict[str, Any]:
        """Usable: painted, and the loop turns."""
        while not painted:
            await asyncio.sleep(0.001)
        used = sum(psutil.Process().cpu_times()[:2])
        return {"start_ms": (time.time() - float(os.environ[BEGAN])) * 1000, "start_cpu_ms": used * 1000}

    return program_child(work)


def first_paint() -> list[bool]:
    """Not empty once the window has been painted, which is the screen's wish the first time and no frame of ours."""
    from PySide6.QtCore import QEvent

    from xrgui.ui.main_window import MainWindow

    painted: list[bool] = []
    plain = MainWindow.event

    def watched(self: MainWindow, event: QEvent) -> bool:
        done = plain(self, event)
        if event.type() == QEvent.Type.Paint:
            painted.append(True)
        return done

    MainWindow.event = watched  # type: ignore[method-assign]
    return painted


def time_frames() -> list[tuple[float, float]]:
    """From now on, how long each frame of the window takes to paint: by the clock and of the processor, in ms."""
    from PySide6.QtCore import QEvent

    from xrgui.ui.main_window import MainWindow

    painted: list[tuple[float, float]] = []
    plain = MainWindow.event

    def timed(self: MainWindow, event: QEvent) -> bool:
        if event.type() != QEvent.Type.UpdateRequest:
            return plain(self, event)
        began = time.perf_counter(), time.thread_time()
        done = plain(self, event)
        painted.append(((time.perf_counter() - began[0]) * 1000, (time.thread_time() - began[1]) * 1000))
        return done

    MainWindow.event = timed  # type: ignore[method-assign]
    return painted


def frames(options: argparse.Namespace) -> int:
    from PySide6.QtCore import Qt, QTimer

    painted = time_frames()
    batches: list[float] = []
    gaps: list[float] = []

    async def work(program: Program) -> dict[str, Any]:
        command = [sys.executable, "-m", "bench.window", "--child", "stand-in", "--rows", str(options.rows)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        engine = await asyncio.to_thread(subprocess.Popen, command, **pipes)
        endpoint = (await asyncio.to_thread(engine.stdout.readline)).strip()
        while not program.engine.running:
            await asyncio.sleep(0.05)
        await program.engine.stop()
        program.engine.attach(endpoint, foreign=True)
        shell = program.shell
        shell.window.resize(1280, 800)
        shell.window.show_page("connections")
        shell.connections.view.sortByColumn(7, Qt.SortOrder.DescendingOrder)
        while len(program.sessions.open) < options.rows:
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)
        _time_batches(program, batches)
        timer = _time_gaps(QTimer(), gaps)
        painted.clear()
        before, began = sum(psutil.Process().cpu_times()[:2]), time.monotonic()
        await asyncio.sleep(options.seconds)
        timer.stop()
        cpu = (sum(psutil.Process().cpu_times()[:2]) - before) / (time.monotonic() - began) * 100
        engine.stdin.close()
        await asyncio.to_thread(engine.wait)
        return {
            "frames": len(painted),
            "frame_ms": spread([clock for clock, _ in painted]),
            "frame_cpu_ms": spread([processor for _, processor in painted]),
            "batch_ms": percentile(batches, 0.99),
            "deaf_ms": (percentile(gaps, 0.99), max(gaps)),
            "busy_cpu": cpu,
        }

    return program_child(work)


def _time_batches(program: Program, into: list[float]) -> None:
    """How long the parts of a batch hold the loop, together with what they cause at once."""
    signal, plain = program.engine.client.sessions, program.sessions.apply
    signal.disconnect(plain)

    def timed(event: rpc.SessionsEvent) -> None:
        began = time.thread_time()
        plain(event)
        into.append((time.thread_time() - began) * 1000)

    signal.connect(timed)


def _time_gaps(timer: Any, into: list[float]) -> Any:
    """By how much a timer of 2 ms comes late: for so long the window hears no click."""
    from PySide6.QtCore import Qt

    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        into.append(max(0.0, (now - last) * 1000 - 2))
        last = now

    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(2)
    return timer


def memory(options: argparse.Namespace) -> int:
    """An hour of batches as fast as they can be taken: 1,000 rows move, 20 come and 20 go in each."""

    async def work(program: Program) -> dict[str, Any]:
        program.shell.window.show_page("connections")
        rows, number, at = made_rows(1000), 1001, time.time()
        apply = program.sessions.apply
        apply(rpc.SessionsEvent(at, rows=tuple(rows)))
        used = []
        for second in range(HOUR):
            at += 1
            coming, number = made_rows(20, number), number + 20
            leaving, rows = rows[:20], rows[20:] + coming
            for row in leaving:
                row.state, row.ended_at = "closed", at
            for row in rows:
                row.down += 1000
            counters = tuple((row.id, row.up, row.down) for row in rows)
            apply(rpc.SessionsEvent(at, rows=tuple(coming), counters=counters, closed=tuple(leaving)))
            totals = rpc.Totals(second, second * 1000, 1000, number)
            program.traffic.apply(rpc.TotalsEvent(at, 0, totals, {"blog": totals}))
            program.log.apply(rpc.LogEvent(tuple(rpc.LogRecord(0, at, "info", f"visitor {n}") for n in range(5))))
            if second % 20 == 0:
                await asyncio.sleep(0)
            if second in (HOUR // 12, HOUR - 1):
                used.append(psutil.Process().memory_info().rss / 1e6)
        return {"memory_mb": used}

    return program_child(work)


def idle(options: argparse.Namespace) -> int:
    async def work(program: Program) -> dict[str, Any]:
        while not program.engine.running:
            await asyncio.sleep(0.05)
        program.shell.hide()
        await asyncio.sleep(2)
        before, began = sum(psutil.Process().cpu_times()[:2]), time.monotonic()
        await asyncio.sleep(options.seconds)
        used = sum(psutil.Process().cpu_times()[:2]) - before
        return {"idle_cpu": used / (time.monotonic() - began) * 100}

    return program_child(work)


CHILDREN = {"start": start, "frames": frames, "memory": memory, "idle": idle, "stand-in": stand_in}

if __name__ == "__main__":
    sys.exit(main())
