"""Rows about visitors alone: one who does not read, and many."""

from __future__ import annotations

import contextlib
import resource
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from bench import load
from bench.fault_bed import Bed, Sizes, high
from bench.fault_load import Background, Regulars
from bench.rows import Figures, p99
from bench.wire import AbsentError
from tests.interop.topologies import LOOPBACK

LARGE = 64 << 20
"""Bytes of /large."""
SLICE = 1.0
"""Seconds at most of one look at the throughput, or at small requests."""
THINKING = 2.0
"""Seconds between a busy visitor's requests, on average."""
TOGETHER = 50
"""Idle visitors who come at once."""
IP_BIND_ADDRESS_NO_PORT = 24
"""linux/in.h: the port is chosen when it is known who is called."""
PER_ADDRESS = 5000
"""Visitors from one loopback address."""


@contextlib.contextmanager
def stopped_visitor(port: int) -> Iterator[None]:
    """Asks for /large, takes one piece and then nothing more."""
    with socket.create_connection((LOOPBACK, port), 10) as visitor:
        visitor.sendall(load.LARGE)
        visitor.recv(4096)
        yield


@dataclass
class Others:
    """What everybody else gets, in short slices of one and the other."""

    rates: list[float] = field(default_factory=list)
    """MB/s of one download after another."""
    costs: list[float] = field(default_factory=list)
    """Milliseconds of processor time of both ends for each of these MB, which hardly depends on what else runs."""
    times: list[float] = field(default_factory=list)
    """Seconds of small requests over connections of their own; infinite for those that failed."""

    def look(self, bed: Bed, seconds: float) -> None:
        end = time.monotonic() + seconds
        piece = min(SLICE, seconds / 4)
        while time.monotonic() + piece < end:
            used = processor_time(bed)
            rate = sum(read_for(bed.page, piece, 1)) / 1e6
            self.rates.append(rate)
            if rate:
                self.costs.append((processor_time(bed) - used) * 1000 / (rate * piece))
            until = time.monotonic() + piece
            while time.monotonic() < until:
                took = load.new_connection_time(bed.page, 2)
                self.times.append(float("inf") if took is None else took)
                time.sleep(0.005)


def processor_time(bed: Bed) -> float:
    return sum(end.cpu() for end in bed.ends.values())


def stalled(bed: Bed) -> Figures:
    """Again and again without and with the visitor who does not read, so that the machine's moods fall on both."""
    before, during = Others(), Others()
    at_first, most = bed.memory(), 0.0
    Others().look(bed, bed.sizes.seconds / 2)
    for _ in range(bed.sizes.rounds):
        before.look(bed, bed.sizes.stall)
        with stopped_visitor(bed.page):
            time.sleep(bed.sizes.seconds / 5)
            during.look(bed, bed.sizes.stall)
            most = max(most, bed.memory())
        wait_answered(bed)
    rates = median(before.rates), median(during.rates)
    waits = high(before.times) * 1000, high(during.times) * 1000
    return {
        "MB/s of the others before": rates[0],
        "MB/s of the others during": rates[1],
        "% of the throughput before": 100 * rates[1] / rates[0] if rates[0] else 0.0,
        "processor ms per MB before": median(before.costs) if before.costs else float("inf"),
        "processor ms per MB during": median(during.costs) if during.costs else float("inf"),
        "p99 ms before": waits[0],
        "p99 ms during": waits[1],
        "p99, times that before": waits[1] / waits[0],
        "MB more": most - at_first,
    }


def wait_answered(bed: Bed) -> None:
    end = time.monotonic() + bed.sizes.patience
    while load.new_connection_time(bed.page, 2) is None and time.monotonic() < end:
        time.sleep(0.1)


def read_for(port: int, seconds: float, count: int, before: float = 0) -> list[float]:
    """Bytes per second of each of *count* visitors who download /large again and again. What comes in the seconds
    *before* does not count."""
    since = time.monotonic() + before
    span = since, since + seconds
    rates = [0.0] * count
    threads = [threading.Thread(target=read_until, args=(port, span, rates, number)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [rate / seconds for rate in rates]


def read_until(port: int, span: tuple[float, float], received: list[float], number: int) -> None:
    buffer = bytearray(256 * 1024)
    since, done = span
    with contextlib.suppress(OSError):
        while (left := done - time.monotonic()) > 0:
            with socket.create_connection((LOOPBACK, port), left) as visitor:
                visitor.sendall(load.LARGE)
                page = LARGE
                while page > 0 and time.monotonic() < done and (got := visitor.recv_into(buffer)):
                    if time.monotonic() >= since:
                        received[number] += got
                    page -= got
                    visitor.settimeout(max(done - time.monotonic(), 0.001))


def beside_downloads(bed: Bed) -> Figures:
    figures: Figures = {}
    for count in bed.sizes.downloads:
        with load.downloads(bed.page, count):
            figures[f"p99 ms, {count}"] = p99(load.keep_alive_times(bed.page, bed.sizes.seconds, 0.005)) * 1000
    return figures


def fairness(bed: Bed) -> Figures:
    figures: Figures = {}
    for count in bed.sizes.downloads:
        if count > 1:
            figures[f"Jain, {count}"] = jain(read_for(bed.page, bed.sizes.seconds, count))
    return figures


def jain(rates: list[float]) -> float:
    """1 where all have the same, 1/n where one has all."""
    squares = sum(rate * rate for rate in rates)
    return sum(rates) ** 2 / (len(rates) * squares) if squares else 0.0


def crowd(bed: Bed) -> Figures:
    """Idle visitors who stay, and beside them busy ones, each with a connection that stays and asks again and again.
    Raises AbsentError."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < (needed := descriptors_for(bed.sizes, bed.contestant)):
        raise AbsentError(f"so many visitors need `ulimit -n {needed}`")
    background = Background()
    before = {side: end.rss() for side, end in bed.ends.items()}
    idle = arrive(bed.page, bed.sizes.idle)
    try:
        figures: Figures = {
            f"KiB each, {side}": (end.rss() - before[side]) / max(len(idle), 1) / 1024 for side, end in bed.ends.items()
        }
        regulars = Regulars(background, bed.page, bed.sizes.busy, THINKING)
        figures |= regulars.watch(2 * bed.sizes.seconds)
        figures["% of the idle held"] = 100 * sum(still_open(visitor) for visitor in idle) / bed.sizes.idle
    finally:
        for visitor in idle:
            visitor.close()
        background.close()
    return figures


def descriptors_for(sizes: Sizes, contestant: str) -> int:
    """Of one process; rathole has a link for each visitor too."""
    each = 2 if contestant == "rathole" else 1
    return each * (sizes.idle + sizes.busy) + 1000


def allow_descriptors() -> None:
    """Let this process, and those that it starts, hold as many as the system lets us."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def arrive(port: int, count: int) -> list[socket.socket]:
    """Those of *count* visitors who got a page; where nobody gets one any more, nobody else comes. On Linux they have
    several addresses: one has 28,000 ports, and those of an earlier crowd rest for a minute."""
    held: list[socket.socket] = []
    for start in range(0, count, TOGETHER):
        address = f"127.0.{1 + start // PER_ADDRESS}.1"
        some = [asked for _ in range(TOGETHER) if (asked := knock(port, address)) is not None]
        served = [visitor for visitor in some if is_served(visitor)]
        held += served
        if not served:
            break
    return held


def knock(port: int, address: str) -> socket.socket | None:
    visitor = socket.socket()
    try:
        visitor.settimeout(10)
        if sys.platform == "linux":
            visitor.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            visitor.bind((address, 0))
        visitor.connect((LOOPBACK, port))
        visitor.sendall(load.SMALL)
    except OSError:
        visitor.close()
        return None
    return visitor


def is_served(visitor: socket.socket) -> bool:
    answer = b""
    with contextlib.suppress(OSError):
        while not load.complete(answer) and (part := visitor.recv(65536)):
            answer += part
    if load.complete(answer):
        return True
    visitor.close()
    return False


def still_open(visitor: socket.socket) -> bool:
    visitor.setblocking(False)
    try:
        return bool(visitor.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return True
    except OSError:
        return False
