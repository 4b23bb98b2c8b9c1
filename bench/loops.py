"""``python -m bench.loops``: why the engine is not on the window's event loop, as a Markdown table.

The same relay, two protocols that write into each other, on uvloop, on the plain asyncio loop and on qasync. A client
sends MEGABYTES through it, asks small questions one after the other, and opens connections for one question each.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

CHUNK = 256 * 1024
VISITORS = 16
LOOPS = ("uvloop", "asyncio", "qasync")


class Half(asyncio.Protocol):
    """One end of the relay; stops reading while the other's writing is full."""

    def __init__(self, other: Half | None = None) -> None:
        self.other = other
        self.transport: asyncio.Transport | None = None
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        for data in self.early:
            self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        assert self.other is not None
        if self.other.transport is None:
            self.other.early.append(data)
        else:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


def relay_to(port: int) -> Half:
    visitor = Half()
    visitor.other = Half(visitor)
    loop = asyncio.get_running_loop()
    visitor.dialling = loop.create_task(loop.create_connection(lambda: visitor.other, "127.0.0.1", port))  # type: ignore[attr-defined]
    return visitor


async def relay(target: int) -> None:
    """Says its port, and relays until stdin ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: relay_to(target), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def serve(listener: socket.socket) -> None:
    """Answers what begins with ?, swallows the rest and says so at the end."""
    while True:
        visitor, _ = listener.accept()
        threading.Thread(target=answer, args=(visitor,), daemon=True).start()


def answer(visitor: socket.socket) -> None:
    buffer = bytearray(CHUNK)
    with visitor, suppress(ConnectionError):
        while size := visitor.recv_into(buffer):
            if buffer[size - 1] in b"?!":
                visitor.sendall(b"!")


def load(port: int, megabytes: int, questions: int) -> dict[str, float]:
    """What a relay at *port* manages: one sender, then 16 visitors at once."""
    block = bytes(CHUNK)
    with socket.create_connection(("127.0.0.1", port)) as sender:
        began = time.perf_counter()
        for _ in range(megabytes * 2**20 // CHUNK):
            sender.sendall(block)
        sender.sendall(b"!")
        sender.recv(1)
        bulk = megabytes * 1.048576 / (time.perf_counter() - began)
    each = questions // VISITORS
    asked = each * VISITORS / together(lambda: ask(port, each, 1))
    opened = each // 4 * VISITORS / together(lambda: ask(port, 1, each // 4))
    return {"bulk": bulk, "questions": asked, "connections": opened}


def together(work: Callable[[], None]) -> float:
    """Seconds until all visitors are done."""
    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def ask(port: int, questions: int, connections: int) -> None:
    for _ in range(connections):
        with socket.create_connection(("127.0.0.1", port)) as visitor:
            for _ in range(questions):
                visitor.sendall(b"?")
                visitor.recv(1)


def child(name: str, target: int) -> None:
    if name == "qasync":
        import qasync
        from PySide6.QtCore import QCoreApplication

        loop = qasync.QEventLoop(QCoreApplication([]))
        asyncio.set_event_loop(loop)
        with loop:
            loop.run_until_complete(relay(target))
    elif name == "uvloop":
        import uvloop

        uvloop.run(relay(target))
    else:
        asyncio.run(relay(target))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.loops", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--questions", type=int, default=16_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", nargs=2, metavar=("LOOP", "TARGET"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], int(options.child[1]))
        return 0
    results: dict[str, list[dict[str, float]]] = {name: [] for name in LOOPS}
    for _ in range(options.runs):
        for name in LOOPS:
            results[name].append(run(name, options))
    print("| the relay on | bulk, MB/s | small questions/s | new connections/s |\n|---|---|---|---|")
    for name, found in results.items():
        figures = " | ".join(f"{median(found, key):,.0f}" for key in ("bulk", "questions", "connections"))
        print(f"| {name} | {figures} |")
    return 0


def run(name: str, options: argparse.Namespace) -> dict[str, float]:
    echo = socket.create_server(("127.0.0.1", 0), backlog=1024)
    threading.Thread(target=serve, args=(echo,), daemon=True).start()
    command = [sys.executable, "-m", "bench.loops", "--child", name, str(echo.getsockname()[1])]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        found = load(int(process.stdout.readline()), options.megabytes, options.questions)
        process.communicate()
    return found


def median(found: list[dict[str, float]], key: str) -> float:
    return statistics.median(item[key] for item in found)


if __name__ == "__main__":
    sys.exit(main())
