"""Visitors: wrk and ab for rates, blocking sockets of our own for what they cannot ask."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

from tests.interop.topologies import LOOPBACK

SMALL = b"GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n"
LARGE = b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class LoadError(Exception):
    """A visitor did not get what was asked for."""


def url(port: int, page: str) -> str:
    return f"http://{LOOPBACK}:{port}/{page}"


def download(port: int, size: int) -> float:
    """Bytes per second of one download of /large, which holds *size* bytes."""
    buffer = bytearray(512 * 1024)
    started = time.perf_counter()
    with socket.create_connection((LOOPBACK, port), 60) as visitor:
        visitor.sendall(LARGE)
        received = visitor.recv_into(buffer)
        head = buffer[:received].find(b"\r\n\r\n") + 4
        if not buffer.startswith(b"HTTP/1.1 200") or head < 4:
            raise LoadError(f"no page: {bytes(buffer[:60])!r}")
        received -= head
        while received < size and (got := visitor.recv_into(buffer)):
            received += got
    if received != size:
        raise LoadError(f"{received} of {size} bytes")
    return size / (time.perf_counter() - started)


def keep_alive_rate(port: int, connections: int, seconds: float) -> float:
    """Requests per second over connections that stay (wrk)."""
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", url(port, "small")]
    output = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output:
        raise LoadError(output)
    return number(r"Requests/sec:\s+([\d.]+)", output)


def connection_rate(port: int, connections: int, seconds: float) -> float:
    """Requests per second, each over a connection of its own (ab). Failed ones do not count."""
    argv = ["ab", "-q", "-r", "-s", "60", f"-c{connections}", f"-t{seconds:g}", "-n", "2000000"]
    done = subprocess.run([*argv, url(port, "small")], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoadError(done.stderr.strip())
    complete = number(r"Complete requests:\s+(\d+)", done.stdout)
    failed = number(r"Failed requests:\s+(\d+)", done.stdout)
    return (complete - failed) / number(r"Time taken for tests:\s+([\d.]+)", done.stdout)


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise LoadError(f"not understood: {text[-300:]}")
    return float(found[1])


@contextlib.contextmanager
def downloads(port: int, count: int) -> Iterator[None]:
    """*count* visitors who download /large, again and again (wrk), for as long as the block runs."""
    argv = ["wrk", "-t1", f"-c{count}", "-d600s", "--timeout", "60s", url(port, "large")]
    load = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield
    finally:
        load.terminate()
        load.wait()


@contextlib.contextmanager
def stalled_visitor(port: int, rate: int) -> Iterator[None]:
    """One visitor who reads /large at *rate* bytes a second for as long as the block runs."""
    done = threading.Event()
    with socket.socket() as visitor:
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        visitor.settimeout(5)
        visitor.connect((LOOPBACK, port))
        visitor.sendall(LARGE)
        reader = threading.Thread(target=read_slowly, args=(visitor, rate, done))
        reader.start()
        try:
            time.sleep(2)
            yield
        finally:
            done.set()
            reader.join()


def read_slowly(visitor: socket.socket, rate: int, done: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while not done.wait(0.1) and visitor.recv(rate // 10):
            pass


def keep_alive_times(port: int, seconds: float, pause: float) -> list[float]:
    """Seconds that each small request took, one after another over one connection, *pause* between."""
    times = []
    end = time.perf_counter() + seconds
    with socket.create_connection((LOOPBACK, port), 10) as visitor:
        visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < end:
            times.append(ask(visitor))
            time.sleep(pause)
    return times


def ask(visitor: socket.socket) -> float:
    """One small request over *visitor*; seconds until its page is complete."""
    started = time.perf_counter()
    visitor.sendall(SMALL)
    answer = visitor.recv(65536)
    while answer and not complete(answer):
        part = visitor.recv(65536)
        if not part:
            break
        answer += part
    if not complete(answer):
        raise ConnectionError("the answer was cut")
    return time.perf_counter() - started


def complete(answer: bytes) -> bool:
    head, blank, body = answer.partition(b"\r\n\r\n")
    return bool(blank) and head.startswith(b"HTTP/1.1 200") and len(body) >= 1024


def new_connection_time(port: int, timeout: float) -> float | None:
    """Seconds for a connection, a small request and its page; None if it failed."""
    started = time.perf_counter()
    try:
        with socket.create_connection((LOOPBACK, port), timeout) as visitor:
            ask(visitor)
    except OSError:
        return None
    return time.perf_counter() - started


@contextlib.contextmanager
def banner_server() -> Iterator[int]:
    """A server that speaks first; its port."""

    def greet() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"220 ready\r\n")

    with socket.create_server((LOOPBACK, 0), backlog=64) as listener:
        thread = threading.Thread(target=greet)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def banner_time(port: int) -> float:
    """Seconds from connecting to the first byte of the server that speaks first."""
    started = time.perf_counter()
    with socket.create_connection((LOOPBACK, port), 10) as visitor:
        if not visitor.recv(1):
            raise LoadError("closed without a banner")
        return time.perf_counter() - started
