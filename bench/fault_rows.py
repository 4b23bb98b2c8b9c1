"""What is broken, and what is measured meanwhile. Each row takes a tunnel that is up and gives its figures by name."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import psutil

from bench import load
from bench.fault_load import Background, Prober
from bench.fault_load import load as visitors
from bench.rows import Figures, p99
from bench.tunnels import Tunnel
from bench.wire import Wire, link_ports
from tests.interop.peers import Running
from tests.interop.topologies import LOOPBACK

LARGE = 64 << 20
"""Bytes of /large."""
AFTER = 3
"""Seconds after a fault whose requests are looked at, two more being theirs to be answered in."""


@dataclass(frozen=True)
class Sizes:
    seconds: float = 5
    """Of one measurement under load."""
    stall: float = 20
    echoes: int = 20
    patience: float = 30
    """Seconds that a first good request may take."""
    freezes: tuple[float, ...] = (1, 5)
    flapping: float = 30
    kills: int = 10
    idle: int = 2000
    busy: int = 200
    downloads: tuple[int, ...] = (1, 4, 8, 64)
    soak: float = 60


QUICK = Sizes(1, 2, 5, 8, (0.5,), 2, 2, 100, 20, (1, 4), 4)
FULL = Sizes(10, 60, 50, 80, (1, 5, 60), 300, 100, 10_000, 2_000, (1, 4, 8, 64), 3600)


@dataclass
class Bed:
    tunnel: Tunnel
    wire: Wire
    sizes: Sizes

    @property
    def ends(self) -> dict[str, Running]:
        assert self.tunnel.public is not None
        assert self.tunnel.desktop is not None
        return {"public": self.tunnel.public, "desktop": self.tunnel.desktop}

    @property
    def page(self) -> int:
        return self.tunnel.page

    @property
    def echo(self) -> int:
        return self.tunnel.banner

    def memory(self) -> float:
        """MB of both ends."""
        return sum(end.rss() for end in self.ends.values()) / 1e6

    def descriptors(self) -> int:
        return sum(int(psutil.Process(end.process.pid).num_fds()) for end in self.ends.values())

    def settled(self, before: int, patience: float = 3) -> int:
        """How many descriptors more than *before* are open once visitors have gone."""
        end = time.monotonic() + patience
        while (more := self.descriptors() - before) > 0 and time.monotonic() < end:
            time.sleep(0.1)
        return more


# One who does not read, and many who do


@contextlib.contextmanager
def stopped_visitor(port: int) -> Iterator[None]:
    """Asks for /large, takes one piece and then nothing more."""
    with socket.create_connection((LOOPBACK, port), 10) as visitor:
        visitor.sendall(load.LARGE)
        visitor.recv(4096)
        yield


def stalled(bed: Bed) -> Figures:
    before_memory = bed.memory()
    before = others(bed, bed.sizes.seconds)
    with stopped_visitor(bed.page):
        time.sleep(1)
        during = others(bed, bed.sizes.stall)
        memory = bed.memory() - before_memory
    return {
        "MB/s before": before[0],
        "MB/s during": during[0],
        "p99 ms before": before[1],
        "p99 ms during": during[1],
        "MB more": memory,
    }


def others(bed: Bed, seconds: float) -> tuple[float, float]:
    """MB/s of one download after another, then p99 (ms) of small requests, half of the time each."""
    rate = sum(read_for(bed.page, seconds / 2, 1)) / 1e6
    times: list[float] = []
    end = time.monotonic() + seconds / 2
    while time.monotonic() < end:
        took = load.new_connection_time(bed.page, 2)
        times.append(took if took is not None else float("inf"))
        time.sleep(0.01)
    return rate, p99(sorted(times)) * 1000 if times and times[-1] != float("inf") else float("inf")


def read_for(port: int, seconds: float, count: int) -> list[float]:
    """Bytes per second of each of *count* visitors who download /large again and again."""
    done = time.monotonic() + seconds
    rates = [0.0] * count
    threads = [threading.Thread(target=read_until, args=(port, done, rates, number)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [rate / seconds for rate in rates]


def read_until(port: int, done: float, received: list[float], number: int) -> None:
    buffer = bytearray(256 * 1024)
    with contextlib.suppress(OSError):
        while (left := done - time.monotonic()) > 0:
            with socket.create_connection((LOOPBACK, port), left) as visitor:
                visitor.sendall(load.LARGE)
                page = LARGE
                while page > 0 and time.monotonic() < done and (got := visitor.recv_into(buffer)):
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


# The link


def link_fault(bed: Bed, strike: Callable[[], None], heal_after: float | None) -> Figures:
    """*heal_after*: seconds until the wire is whole again; None where what was cut stays so. Times count from the
    fault where it stays, else from its end."""
    desktop = psutil.Process(bed.ends["desktop"].process.pid)
    before = bed.descriptors()
    with visitors(bed.page, bed.echo, bed.sizes.echoes) as (prober, echoes):
        time.sleep(1)
        link = link_port(bed, desktop)
        old = link_ports(desktop, link)
        strike()
        moment = time.monotonic()
        watch = Watch(desktop, link, old, moment)
        if heal_after is not None:
            time.sleep(heal_after)
            bed.wire.heal()
            moment = time.monotonic()
        good = prober.wait_good(moment, bed.sizes.patience)
        noticed = watch.stop(bed.sizes.patience if heal_after is None else 0)
        time.sleep(max(moment + AFTER + 2 - time.monotonic(), 1))
        figures: Figures = {
            "noticed s": noticed,
            "good s": good,
            f"% of the next {AFTER} s answered": prober.answered(moment, moment + AFTER),
            **echoes.finish(5),
        }
    figures["fds left"] = bed.settled(before)
    return figures


def link_port(bed: Bed, desktop: psutil.Process) -> int:
    """Where the desktop side dials: the tunnel's port, or the proxy's before it."""
    return int(getattr(bed.wire, "port", bed.tunnel.link))


class Watch:
    """When the desktop side lets go of the first of its links."""

    def __init__(self, desktop: psutil.Process, port: int, old: set[int], since: float) -> None:
        self._found = float("inf")
        self._over = threading.Event()
        self._args = desktop, port, old, since
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        desktop, port, old, since = self._args
        while not self._over.wait(0.05):
            if old - link_ports(desktop, port):
                self._found = time.monotonic() - since
                return

    def stop(self, patience: float) -> float:
        self._thread.join(max(self._args[-1] + patience - time.monotonic(), 0))
        self._over.set()
        self._thread.join()
        return self._found


def black_hole(bed: Bed) -> Figures:
    desktop = psutil.Process(bed.ends["desktop"].process.pid)
    return link_fault(bed, lambda: bed.wire.cut(desktop), None)


def reset(bed: Bed) -> Figures:
    return link_fault(bed, bed.wire.reset, None)


def frozen(bed: Bed) -> Figures:
    figures: Figures = {}
    for seconds in bed.sizes.freezes:
        found = link_fault(bed, bed.wire.freeze, seconds)
        found.pop("noticed s")
        figures |= {f"{seconds:g} s: {name}": value for name, value in found.items()}
    return figures


def flapping(bed: Bed) -> Figures:
    """Half a second of silence every three."""

    def strike() -> None:
        end = time.monotonic() + bed.sizes.flapping
        while time.monotonic() < end:
            bed.wire.freeze()
            time.sleep(0.5)
            bed.wire.heal()
            time.sleep(2.5)

    return link_fault(bed, strike, 0)


# The ends


def killed(bed: Bed) -> Figures:
    """SIGKILL and a new start at once, either end in turn of chance."""
    chance = random.Random(1)
    times: dict[str, list[float]] = {"public": [], "desktop": []}
    before = bed.descriptors()
    with visitors(bed.page, bed.echo, bed.sizes.echoes) as (prober, _):
        for number in range(bed.sizes.kills):
            side = ("public", "desktop")[number] if number < 2 else chance.choice(("public", "desktop"))
            end = bed.ends[side]
            end.kill()
            end.start()
            if side == "public":
                end.wait_listening(bed.tunnel.link)
            times[side].append(prober.wait_good(time.monotonic(), bed.sizes.patience))
            time.sleep(chance.random() / 2)
    figures: Figures = {}
    for side, found in times.items():
        figures[f"{side} s"] = median(found)
        figures[f"{side} worst"] = max(found)
    figures["fds left"] = bed.settled(before)
    return figures


def crowd(bed: Bed) -> Figures:
    """Idle visitors who stay, and busy ones who ask each second beside them."""
    background = Background()
    idle: list[socket.socket] = []
    before = {side: end.rss() for side, end in bed.ends.items()}
    descriptors = bed.descriptors()
    try:
        while len(idle) < bed.sizes.idle:
            some = [socket.create_connection((LOOPBACK, bed.page), 60) for _ in range(50)]
            idle += some
            for visitor in some:
                visitor.sendall(load.SMALL)
            for visitor in some:
                visitor.recv(65536)
        figures: Figures = {
            f"KiB each, {side}": (end.rss() - before[side]) / len(idle) / 1024 for side, end in bed.ends.items()
        }
        prober = Prober(background, bed.page, bed.sizes.seconds / bed.sizes.busy, 10)
        time.sleep(2 * bed.sizes.seconds)
        prober.stop()
        times = [took for _, took in prober.results if took is not None]
        held = sum(still_open(visitor) for visitor in idle)
        figures |= {"p99 ms": p99(times) * 1000, "% answered": 100 * len(times) / max(len(prober.results), 1)}
        figures["% held"] = 100 * held / len(idle)
    finally:
        for visitor in idle:
            visitor.close()
        background.close()
    figures["fds left"] = bed.settled(descriptors, 10)
    return figures


def still_open(visitor: socket.socket) -> bool:
    visitor.setblocking(False)
    try:
        return bool(visitor.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return True
    except OSError:
        return False


def soak(bed: Bed) -> Figures:
    """Small requests, echoes, downloads that are broken off, and a reset or a short silence every two seconds."""
    chance = random.Random(2)
    samples: list[float] = []
    before = bed.descriptors()
    end = time.monotonic() + bed.sizes.soak
    with visitors(bed.page, bed.echo, bed.sizes.echoes) as (prober, echoes):
        while time.monotonic() < end:
            with contextlib.suppress(OSError), stopped_visitor(bed.page):
                time.sleep(chance.random())
            time.sleep(1)
            samples.append(bed.memory())
            if chance.random() < 0.5:
                bed.wire.reset()
            else:
                bed.wire.freeze()
                time.sleep(0.3)
                bed.wire.heal()
        good = prober.wait_good(time.monotonic(), bed.sizes.patience)
        found = echoes.finish(5)
        answered = [took is not None for _, took in prober.results]
    third = max(len(samples) // 3, 1)
    growth = median(samples[-third:]) - median(samples[:third])
    return {
        "% answered": 100 * sum(answered) / max(len(answered), 1),
        "good s": good,
        **found,
        "MB growth": growth,
        "fds left": bed.settled(before, 10),
    }


def loss(bed: Bed) -> Figures:
    """One download over a link that loses packets; loopback has no delay, so this is about recovery alone."""
    figures: Figures = {}
    if bed.wire.kind == "proxy":
        return figures
    for percent in (1, 5):
        bed.wire.lose(percent)
        figures[f"MB/s at {percent} %"] = sum(read_for(bed.page, bed.sizes.seconds, 4)) / 1e6
        bed.wire.heal()
    return figures


@dataclass(frozen=True)
class FaultRow:
    name: str
    title: str
    measure: Callable[[Bed], Figures]


ROWS = {
    row.name: row
    for row in (
        FaultRow("stalled", "one visitor stops reading", stalled),
        FaultRow("latency", "small requests beside downloads", beside_downloads),
        FaultRow("fairness", "fairness between downloads", fairness),
        FaultRow("hole", "link silently dead", black_hole),
        FaultRow("reset", "link reset", reset),
        FaultRow("frozen", "link frozen for a while", frozen),
        FaultRow("flapping", "link silent 0.5 s in every 3 s", flapping),
        FaultRow("killed", "ends killed under load", killed),
        FaultRow("crowd", "many visitors", crowd),
        FaultRow("loss", "packet loss", loss),
        FaultRow("soak", "mixed load and faults", soak),
    )
}
