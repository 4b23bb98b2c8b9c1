"""What a row of the table of faults works with: a tunnel that is up, its main link, how much of everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import psutil

from bench.rows import Figures
from bench.tunnels import Tunnel
from bench.wire import Wire
from tests.interop.peers import Running
from xrgui import rpc
from xrgui.client import connect


@dataclass(frozen=True)
class Sizes:
    seconds: float = 5
    """Of one measurement under load."""
    stall: float = 5
    """That one visitor does not read, in each round."""
    rounds: int = 6
    echoes: int = 20
    patience: float = 30
    """Seconds that a first good request may take."""
    freezes: tuple[float, ...] = (1, 5)
    flapping: float = 30
    kills: int = 10
    starts: int = 2
    """Of both ends, in either order."""
    idle: int = 2000
    busy: int = 400
    downloads: tuple[int, ...] = (1, 4, 8, 64)
    lossy: float = 10
    """Seconds of downloads over a link that loses packets."""
    rtts: tuple[float, ...] = (0.05, 0.2)
    links: tuple[int, ...] = (1, 2, 4)
    settling: float = 20
    """Seconds that the ends have to let go of what visitors have left."""
    soak: float = 60
    soak_of_peers: float = 60


QUICK = Sizes(
    seconds=1,
    stall=1,
    rounds=2,
    echoes=5,
    patience=8,
    freezes=(0.5,),
    flapping=3,
    kills=2,
    starts=1,
    idle=100,
    busy=20,
    downloads=(1, 4),
    lossy=1,
    rtts=(0.05,),
    links=(2,),
    settling=3,
    soak=4,
    soak_of_peers=4,
)
FULL = Sizes(
    seconds=10,
    stall=60,
    rounds=3,
    echoes=50,
    patience=80,
    freezes=(1, 5, 60),
    flapping=300,
    kills=100,
    starts=10,
    idle=10_000,
    busy=2_000,
    lossy=20,
    soak=3600,
    soak_of_peers=300,
)


@dataclass(frozen=True)
class Held:
    """What both ends hold."""

    descriptors: int
    memory: float
    """MB."""
    tasks: int | None
    """Of those that are xrgui."""

    def more(self, before: Held) -> Figures:
        figures: Figures = {"fds left": self.descriptors - before.descriptors, "MB left": self.memory - before.memory}
        if self.tasks is not None and before.tasks is not None:
            figures["tasks left"] = self.tasks - before.tasks
        return figures


@dataclass
class Bed:
    tunnel: Tunnel
    wire: Wire
    sizes: Sizes
    contestant: str
    runtime: Path
    """The directory of the engines' endpoints."""

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

    @property
    def desktop(self) -> psutil.Process:
        return psutil.Process(self.ends["desktop"].process.pid)

    @property
    def link(self) -> int:
        """Where the desktop side dials."""
        return self.wire.port

    def memory(self) -> float:
        """MB of both ends."""
        return sum(end.rss() for end in self.ends.values()) / 1e6

    def held(self) -> Held:
        descriptors = sum(int(psutil.Process(end.process.pid).num_fds()) for end in self.ends.values())
        ours = [end.process.pid for end in self.ends.values() if end.name.endswith("xrgui")]
        tasks = asyncio.run(count_tasks(self.runtime, ours)) if ours else None
        return Held(descriptors, self.memory(), tasks)

    def left(self, before: Held) -> Figures:
        """What the ends hold more than *before* once visitors have gone."""
        end = time.monotonic() + self.sizes.settling
        while True:
            more = self.held().more(before)
            if time.monotonic() > end or (more["fds left"] <= 0 and more.get("tasks left", 0) <= 0):
                return more
            time.sleep(0.2)


async def count_tasks(runtime: Path, processes: list[int]) -> int:
    tasks = 0
    for pid in processes:
        async with await connect(runtime / f"{pid}.sock") as engine:
            tasks += (await engine.call(rpc.GetStatus())).tasks
    return tasks


@dataclass(frozen=True)
class Variant:
    """A way to set up the tunnel for a row."""

    label: str = ""
    """Goes before the names of its figures."""
    links: int | None = None
    """Main connections; None: as the contestant likes."""
    rtt: float = 0
    """Seconds of a round trip on the main link."""


def once(contestant: str, sizes: Sizes) -> list[Variant]:
    return [Variant()]


@dataclass(frozen=True)
class FaultRow:
    name: str
    title: str
    measure: Callable[[Bed], Figures]
    variants: Callable[[str, Sizes], list[Variant]] = once
    leaves: bool = True
    """Whether to tell what it has left behind."""


def high(times: list[float]) -> float:
    """The 99th percentile, by rank: infinite where more than one in a hundred is."""
    return sorted(times)[ceil(0.99 * len(times)) - 1] if times else float("inf")
