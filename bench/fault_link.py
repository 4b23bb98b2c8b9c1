"""Rows about the main link: what is done to it, and how long visitors notice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psutil

from bench.fault_bed import Bed, Sizes, Variant
from bench.fault_load import asking
from bench.fault_load import load as visitors
from bench.fault_visitors import read_for
from bench.rows import Figures
from bench.tunnels import EACH, programs
from bench.wire import link_ports

AFTER = 3
"""Seconds after a fault whose requests are looked at, two more being theirs to be answered in."""
FLAP, SILENCES = 3.0, (0.5, 1.5)
"""A flapping link is silent for one and the other in turn, every so many seconds."""
DOWNLOADS = 4
DRAINING = 3
"""Seconds without loss, for what still waits in the link."""


def link_fault(bed: Bed, strike: Callable[[], None], heal_after: float | None) -> Figures:
    """*heal_after*: seconds until the wire is whole again; None where what was cut stays so. Times count from the
    fault where it stays, else from its end."""
    with visitors(bed.page, bed.echo, bed.sizes.echoes) as (prober, echoes):
        time.sleep(1)
        old = link_ports(bed.desktop, bed.link)
        began = time.monotonic()
        strike()
        moment = time.monotonic()
        watch = Watch(bed.desktop, bed.link, old, moment)
        if heal_after is not None:
            time.sleep(heal_after)
            bed.wire.heal()
            moment = time.monotonic()
        good = prober.wait_good(moment, bed.sizes.patience)
        noticed = watch.stop(bed.sizes.patience if heal_after is None else 0)
        time.sleep(max(moment + AFTER + 2 - time.monotonic(), 1))
        return {
            "noticed s": noticed,
            "good s": good,
            "% answered meanwhile": prober.answered(began, moment),
            f"% of the next {AFTER} s answered": prober.answered(moment, moment + AFTER),
            # The system repeats what was lost ever more rarely: after a silence it may need as long again.
            **echoes.finish(5 + (heal_after or 0)),
        }


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


def without(figures: Figures, *names: str) -> Figures:
    return {name: value for name, value in figures.items() if name not in names}


def black_hole(bed: Bed) -> Figures:
    desktop = bed.desktop
    return without(link_fault(bed, lambda: bed.wire.cut(desktop), None), "% answered meanwhile")


def near_and_far(contestant: str, sizes: Sizes) -> list[Variant]:
    return [Variant(), Variant("50 ms away, ", rtt=0.05)]


def reset(bed: Bed) -> Figures:
    return without(link_fault(bed, bed.wire.reset, None), "% answered meanwhile")


def frozen(bed: Bed) -> Figures:
    figures: Figures = {}
    for seconds in bed.sizes.freezes:
        found = without(link_fault(bed, bed.wire.freeze, seconds), "noticed s", "% answered meanwhile")
        figures |= {f"{seconds:g} s: {name}": value for name, value in found.items()}
    return figures


def flapping(bed: Bed) -> Figures:
    def strike() -> None:
        end = time.monotonic() + bed.sizes.flapping
        count = 0
        while time.monotonic() < end:
            silence = SILENCES[count % len(SILENCES)]
            count += 1
            bed.wire.freeze()
            time.sleep(silence)
            bed.wire.heal()
            time.sleep(FLAP - silence)

    return without(link_fault(bed, strike, None), "noticed s")


def lossy_ways(contestant: str, sizes: Sizes) -> list[Variant]:
    """Over how many main connections, where one may choose; the stock engines open the second one for the 17th
    visitor, rathole has one for each."""
    links: tuple[int, ...] = (1,)
    if programs(contestant)[0] == "xrgui":
        links = sizes.links
    elif contestant in ("frp", "rathole"):
        links = (1, EACH) if contestant == "frp" else (EACH,)
    return [
        Variant(f"{f'{count} main' if count else 'one each'}, {rtt * 1000:g} ms, ", count, rtt)
        for rtt in sizes.rtts
        for count in links
    ]


def loss(bed: Bed) -> Figures:
    """MB/s of a few downloads together, and how long small requests take beside them."""
    figures: Figures = {}
    for percent in (1, 5):
        bed.wire.lose(percent)
        with asking(bed.page, 0.2) as prober:
            rates = read_for(bed.page, bed.sizes.lossy, DOWNLOADS, before=bed.sizes.lossy / 5)
        figures[f"{percent} %: MB/s"] = sum(rates) / 1e6
        figures[f"{percent} %: small request, median ms"] = prober.median() * 1000
        bed.wire.heal()
        time.sleep(DRAINING)
    return figures
