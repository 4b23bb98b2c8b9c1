"""Rows about the ends themselves: killed, and left to run for long."""

from __future__ import annotations

import contextlib
import random
import time
from collections import defaultdict
from statistics import median

from bench.fault_bed import Bed, Held
from bench.fault_load import Prober
from bench.fault_load import load as visitors
from bench.fault_visitors import read_for, stopped_visitor
from bench.rows import Figures

LEAST_KILLS, SLOW = 10, 10.0
"""Whoever once needed so many seconds to come back is killed so many times only."""
APART = 1.0
"""Seconds between the start of one end and of the other."""
SIDES = ("public", "desktop")


def killed(bed: Bed) -> Figures:
    """SIGKILL and a new start at once, either end in turn of chance; then both at once, started in either order."""
    chance = random.Random(1)
    times: dict[str, list[float]] = defaultdict(list)
    with visitors(bed.page, bed.echo, bed.sizes.echoes, again=True) as (prober, echoes):
        for number in range(bed.sizes.kills):
            if number >= LEAST_KILLS and max(map(max, times.values())) > SLOW:
                break
            side = SIDES[number] if number < 2 else chance.choice(SIDES)
            times[f"{side} killed"].append(revive(bed, prober, side))
            time.sleep(chance.random() / 2)
        kills = sum(map(len, times.values()))
        for _ in range(bed.sizes.starts):
            for order in (SIDES, SIDES[::-1]):
                times[f"both killed, {order[0]} side first"].append(revive(bed, prober, *order))
        wrong = sum(visitor.wrong for visitor in echoes.visitors)
    figures: Figures = {"kills": float(kills)}
    for what, found in times.items():
        figures[f"{what}: good s, median"] = median(found)
        figures[f"{what}: good s, worst"] = max(found)
    return figures | {"wrong": float(wrong)}


def revive(bed: Bed, prober: Prober, *order: str) -> float:
    """Kill these and start them in this order; seconds from the last start (of the public side: from when it listens)
    to the first good request."""
    for side in order:
        bed.ends[side].kill()
    for number, side in enumerate(order):
        if number:
            time.sleep(APART)
        bed.ends[side].start()
        if side == "public":
            bed.ends[side].wait_listening(bed.tunnel.link)
    return prober.wait_good(time.monotonic(), bed.sizes.patience)


def soak(bed: Bed) -> Figures:
    """Small requests, echoes, downloads that are broken off, one that is not read, and every two seconds a reset or a
    short silence. Growth is the last third against the one before."""
    chance = random.Random(2)
    samples: list[Held] = []
    seconds = bed.sizes.soak if bed.contestant == "xrgui" else bed.sizes.soak_of_peers
    end = time.monotonic() + seconds
    with visitors(bed.page, bed.echo, bed.sizes.echoes) as (prober, echoes):
        while time.monotonic() < end:
            with contextlib.suppress(OSError), stopped_visitor(bed.page):
                read_for(bed.page, chance.random(), 2)
            time.sleep(1)
            samples.append(bed.held())
            if chance.random() < 0.5:
                bed.wire.reset()
            else:
                bed.wire.freeze()
                time.sleep(0.3)
                bed.wire.heal()
        good = prober.wait_good(time.monotonic(), bed.sizes.patience)
        found = echoes.finish(5)
        answered = [took is not None for _, took in prober.results]
    return {
        "minutes": seconds / 60,
        "% answered": 100 * sum(answered) / max(len(answered), 1),
        "good s": good,
        **found,
        **growth(samples),
    }


def growth(samples: list[Held]) -> Figures:
    """Medians of the last third against those of the middle one."""
    third = max(len(samples) // 3, 1)
    middle, last = samples[-2 * third : -third] or samples[:1], samples[-third:]
    figures: Figures = {
        "MB growth": median(one.memory for one in last) - median(one.memory for one in middle),
        "fds growth": median(one.descriptors for one in last) - median(one.descriptors for one in middle),
    }
    if last[0].tasks is not None:
        figures["tasks growth"] = median(one.tasks or 0 for one in last) - median(one.tasks or 0 for one in middle)
    return figures
