"""What is measured. Each row takes a tunnel that is up and gives its figures, by name."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

from bench import load
from bench.tunnels import Tunnel
from tests.interop import peers
from tests.interop.link import wait_answer
from tests.interop.topologies import LOOPBACK

Figures = dict[str, float]


@dataclass(frozen=True)
class Sizes:
    """How much of everything: as the tables want it, or quickly."""

    download: int = 1 << 30
    seconds: float = 5
    idle: int = 5000
    asks: int = 300


QUICK = Sizes(download=1 << 26, seconds=1, idle=500, asks=50)


@dataclass(frozen=True)
class Row:
    """A line of the table. *figures* name what `measure` gives: unit and whether more is better."""

    name: str
    title: str
    shape: str
    measure: Callable[[Tunnel, Sizes], Figures]
    unit: str
    more_is_better: bool
    goals: tuple[tuple[str, float], ...] = ()
    """Rival and the ratio to it that xrgui must reach; rival "" is an absolute limit."""


def bulk(tunnel: Tunnel, sizes: Sizes) -> Figures:
    return {"": load.download(tunnel.page, sizes.download) / 1e6}


def keep_alive(tunnel: Tunnel, sizes: Sizes) -> Figures:
    return requests(load.keep_alive_rate, tunnel, sizes)


def new_connections(tunnel: Tunnel, sizes: Sizes) -> Figures:
    return requests(load.connection_rate, tunnel, sizes)


def requests(rate: Callable[[int, int, float], float], tunnel: Tunnel, sizes: Sizes) -> Figures:
    """How many a second, and what each costs both ends."""
    before = processor_time(tunnel)
    found = rate(tunnel.page, 50, sizes.seconds)
    used = processor_time(tunnel) - before
    return {"": found, "µs of processor time": used / (found * sizes.seconds) * 1e6} if used else {"": found}


def processor_time(tunnel: Tunnel) -> float:
    """Seconds that both ends have used so far."""
    return sum(end.cpu() for end in (tunnel.public, tunnel.desktop) if end)


def beside_downloads(tunnel: Tunnel, sizes: Sizes) -> Figures:
    with load.downloads(tunnel.page, 4):
        times = load.keep_alive_times(tunnel.page, sizes.seconds, 0.005)
    return {"": p99(times) * 1000}


def beside_stalled(tunnel: Tunnel, sizes: Sizes) -> Figures:
    """New visitors, one after another; after four time-outs the rest is not asked."""
    times: list[float] = []
    failed = 0
    with load.stalled_visitor(tunnel.page, 10_000):
        for _ in range(sizes.asks):
            took = load.new_connection_time(tunnel.page, 2)
            if took is None:
                failed += 1
                if failed == 4:
                    break
            else:
                times.append(took)
            time.sleep(0.01)
    answered = 100 * len(times) / (len(times) + failed)
    return {"": p99(times) * 1000 if len(times) > failed else float("inf"), "% answered": answered}


def idle_visitors(tunnel: Tunnel, sizes: Sizes) -> Figures:
    """Memory for each visitor who got one page and then keeps still."""
    sides = {"public": tunnel.public, "desktop": tunnel.desktop}
    before = {side: program.rss() for side, program in sides.items() if program}
    visitors: list[socket.socket] = []
    try:
        while len(visitors) < sizes.idle:
            some = [socket.create_connection((LOOPBACK, tunnel.page), 60) for _ in range(50)]
            visitors += some
            for visitor in some:
                visitor.sendall(load.SMALL)
            for visitor in some:
                if not visitor.recv(65536):
                    raise load.LoadError("a visitor was sent away")
        time.sleep(0.5)
        return {side: (program.rss() - before[side]) / sizes.idle / 1024 for side, program in sides.items() if program}
    finally:
        for visitor in visitors:
            visitor.close()


def banner(tunnel: Tunnel, sizes: Sizes) -> Figures:
    return {"": median(load.banner_time(tunnel.banner) for _ in range(max(5, sizes.asks // 10))) * 1000}


def restart(tunnel: Tunnel, sizes: Sizes) -> Figures:
    """The public side gets SIGKILL and is started again at once; counted from when it listens."""
    if tunnel.public is None or tunnel.desktop is None:
        return {}
    tunnel.public.kill()
    tunnel.public.start()
    while not peers.accepts(tunnel.link):
        time.sleep(0.002)
    return {"": wait_answer(tunnel.page, 60, [tunnel.public, tunnel.desktop])}


def idle_process(tunnel: Tunnel, sizes: Sizes) -> Figures:
    time.sleep(1)
    sides = {"public": tunnel.public, "desktop": tunnel.desktop}
    return {side: program.rss() / 1e6 for side, program in sides.items() if program}


def p99(times: list[float]) -> float:
    return quantiles(times, n=100)[98] if len(times) > 1 else float("inf")


ROWS = {
    row.name: row
    for row in (
        Row(
            "bulk",
            "1 GiB download, raw",
            "raw",
            bulk,
            "MB/s",
            True,
            (("v2ray", 2.0), ("rathole", 1.5), ("xray", 1.2)),
        ),
        Row("bulk-tls", "the same, TLS", "tls", bulk, "MB/s", True, (("v2ray", 1.6),)),
        Row("bulk-ws", "the same, WebSocket", "ws", bulk, "MB/s", True, (("v2ray", 2.0),)),
        Row("bulk-vmess", "the same, VMess", "vmess", bulk, "MB/s", True, (("v2ray", 1.2),)),
        Row(
            "keepalive",
            "keep-alive requests, 50 at once",
            "raw",
            keep_alive,
            "/s",
            True,
            (("v2ray", 1.4), ("rathole", 0.9), ("xray", 1.2)),
        ),
        Row(
            "connections",
            "a new connection per request, 50 at once",
            "raw",
            new_connections,
            "/s",
            True,
            (("v2ray", 200), ("rathole", 1.0), ("xray", 1.2)),
        ),
        Row(
            "latency",
            "small request while 4 downloads run, p99",
            "raw",
            beside_downloads,
            "ms",
            False,
            (("v2ray", 0.8), ("frp", 1.0)),
        ),
        Row(
            "stalled",
            "others while one reads at 10 kB/s, p99",
            "raw",
            beside_stalled,
            "ms",
            False,
            (("", 10),),
        ),
        Row("idle", "memory per idle visitor", "raw", idle_visitors, "KiB", False, (("", 6),)),
        Row("banner", "first byte of a server that speaks first", "raw", banner, "ms", False, (("direct", 2),)),
        Row("restart", "public side killed: first good request", "raw", restart, "s", False, (("", 0.5),)),
        Row("process", "idle process", "raw", idle_process, "MB", False, (("", 45),)),
    )
}
