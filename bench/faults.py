"""``python -m bench.faults``: what faults do to xrgui and to its peers, as a Markdown table (`make faults`).

    python -m bench.faults --rows hole,reset --peers xrgui,v2ray

As root on Linux everything runs in a network namespace of its own, whose kernel drops the packets; elsewhere a proxy
stands on the main link. --size quick is a minute and a half for one contestant, --size full is hours.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench import tunnels
from bench.common import contestants, crowded, pages, parser_for, say
from bench.fault_bed import FULL, QUICK, Bed, FaultRow, Sizes, Variant
from bench.fault_rows import ROWS
from bench.fault_visitors import LARGE, allow_descriptors
from bench.load import LoadError
from bench.rows import Figures
from bench.table import text
from bench.tunnels import Place
from bench.wire import AbsentError, Wire, enter_namespace, namespaced, wire
from tests.interop import topologies
from xrgui.rpc import RpcError

PEERS = ("xrgui", "xrgui/v2ray", "v2ray", "xray", "frp", "rathole")
SIZES = {"quick": QUICK, "usual": Sizes(), "full": FULL}
Table = dict[str, dict[str, Figures]]
"""Row -> contestant -> figures."""
Absent = dict[str, list[str]]
"""What the machine has not -> rows that need it."""
EVEN = Variant()
SETTLED = 1.0
"""Seconds after a contestant's first answer, for all its links to be there."""
RUNTIME = "run"
"""Where the engines' endpoints are, in the place's directory."""


def main() -> int:
    options = parse()
    if not options.proxy:
        enter_namespace([sys.executable, "-m", "bench.faults", *sys.argv[1:]])
    if not namespaced() and not options.anyway and (why := crowded()):
        say(why)
        return 2
    there = contestants(options.peers)
    sizes = SIZES[options.size]
    if options.kills:
        sizes = replace(sizes, kills=options.kills)
    if seconds := options.seconds:
        sizes = replace(sizes, stall=seconds, flapping=seconds, soak=seconds, soak_of_peers=seconds)
    allow_descriptors()
    absent: Absent = {}
    with place() as here:
        found = measure(options.rows, there, sizes, here, absent)
    way = "network namespace and nftables" if namespaced() else "fault proxy"
    load = os.getloadavg()[1]
    print(f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, {way}, load {load:.1f}, {sizes}\n")
    print(markdown(options.rows, there, found))
    for why, what in absent.items():
        print(f"\nWithout {', '.join(dict.fromkeys(what))}: {why}.")
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=1))
    return 0


def parse() -> argparse.Namespace:
    parser = parser_for("python -m bench.faults", __doc__, ROWS, PEERS)
    parser.add_argument("--size", choices=list(SIZES), default="usual")
    parser.add_argument("--seconds", type=float, help="of the rows stalled, flapping and soak")
    parser.add_argument("--kills", type=int, help="of the row killed")
    parser.add_argument("--proxy", action="store_true", help="use the fault proxy although a namespace would do")
    return parser.parse_args()


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """nginx with /small and a /large of 64 MiB, the XOR echo in the place of the banner, and certificates."""
    with pages("xrgui-faults-", LARGE) as (directory, port), echo() as echo_port:
        os.environ["XRGUI_RUNTIME_DIR"] = str(directory / RUNTIME)
        yield Place(port, echo_port, directory, topologies.make_certificates(directory))


@contextlib.contextmanager
def echo() -> Iterator[int]:
    argv = [sys.executable, "-m", "tests.interop.origin"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.terminate()


def measure(asked: list[FaultRow], contestants: list[str], sizes: Sizes, here: Place, absent: Absent) -> Table:
    """*absent* learns what this machine cannot measure, and why."""
    found: Table = {}
    for row in asked:
        for contestant in contestants:
            figures: Figures = {}
            for variant in row.variants(contestant, sizes):
                try:
                    figures |= once(row, contestant, sizes, here, variant)
                except AbsentError as error:
                    absent.setdefault(str(error), []).append(f"{row.name} of {contestant}")
            say(f"{row.name} {contestant}: " + ", ".join(f"{name} {text(value)}" for name, value in figures.items()))
            found.setdefault(row.name, {})[contestant] = figures
    return found


def once(row: FaultRow, contestant: str, sizes: Sizes, here: Place, variant: Variant = EVEN) -> Figures:
    """One measurement with fresh processes; empty, with the reason said, where it failed. Raises AbsentError."""
    made: list[Wire] = []

    @contextlib.contextmanager
    def on_the_link(port: int) -> Iterator[int]:
        with wire(port) as its_wire:
            made.append(its_wire)
            if variant.rtt:
                its_wire.slow(variant.rtt)
            yield its_wire.port

    try:
        with tunnels.tunnel(contestant, "raw", here, on_the_link, variant.links) as tunnel:
            bed = Bed(tunnel, made[0], sizes, contestant, here.directory / RUNTIME)
            time.sleep(SETTLED)
            before = bed.held()
            figures = row.measure(bed)
            if row.leaves:
                figures |= bed.left(before)
    except (LoadError, OSError, RuntimeError, RpcError) as error:
        say(f"{row.name} {contestant} {variant.label}failed: {error}")
        return {}
    return {variant.label + name: value for name, value in figures.items()}


def markdown(asked: list[FaultRow], contestants: list[str], found: Table) -> str:
    lines = ["| | " + " | ".join(contestants) + " |", "|---" * (len(contestants) + 1) + "|"]
    for row in asked:
        cells = found.get(row.name, {})
        figures = list(dict.fromkeys(name for each in cells.values() for name in each))
        for name in figures:
            values = [cells.get(contestant, {}).get(name) for contestant in contestants]
            shown = [text(value).replace("none answered", "never") if value is not None else "-" for value in values]
            lines.append(f"| {row.title}: {name} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
