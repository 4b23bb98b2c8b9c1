"""``python -m bench``: xrgui beside its peers, in alternating runs, as a Markdown table.

    python -m bench --rows bulk,keepalive --peers xrgui,v2ray --runs 3

Peers are names: direct, v2ray, xrgui, xrgui-reverse (the VLESS reverse dialect), xray, frp, rathole,
and desktop/public for a mixture (xrgui/v2ray). XRAY_BIN, FRPS_BIN and FRPC_BIN, RATHOLE_BIN name
the programs that are not installed; without them they are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import tunnels
from bench.common import contestants, crowded, pages, parser_for, say
from bench.load import LoadError, banner_server
from bench.rows import QUICK, ROWS, Row, Sizes
from bench.table import Results, markdown
from bench.tunnels import Place
from tests.interop import topologies


def main() -> int:
    options = parse()
    if problem := unfit(options):
        print(problem, file=sys.stderr)
        return 2
    there = contestants(options.peers)
    sizes = QUICK if options.quick else Sizes()
    with place(sizes) as here:
        results = measure(options.rows, there, options.runs, sizes, here)
    print(f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, medians of {options.runs} runs\n")
    print(markdown(options.rows, there, results))
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))
    return 0


def parse() -> argparse.Namespace:
    parser = parser_for("python -m bench", __doc__, ROWS, tunnels.DEFAULT)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it works")
    return parser.parse_args()


def unfit(options: argparse.Namespace) -> str:
    """Why no honest figure can come from this machine now."""
    absent = [tool for tool in ("nginx", "wrk", "ab") if shutil.which(tool) is None]
    if absent:
        return f"{', '.join(absent)} not found: install nginx, wrk and apache2-utils"
    return "" if options.anyway else crowded()


@contextlib.contextmanager
def place(sizes: Sizes) -> Iterator[Place]:
    """nginx with its pages, the server that speaks first and a directory, in memory where there is any."""
    with pages("xrgui-bench-", sizes.download) as (directory, port), banner_server() as banner:
        yield Place(port, banner, directory, topologies.make_certificates(directory))


def measure(asked: list[Row], contestants: list[str], runs: int, sizes: Sizes, here: Place) -> Results:
    """Every row, run by run, each contestant in turn with fresh processes."""
    results: Results = {}
    for row in asked:
        for run in range(runs):
            for contestant in contestants:
                if not tunnels.supports(contestant, row.shape):
                    continue
                figures = once(row, contestant, sizes, here)
                say(f"{row.name} {run + 1}/{runs} {contestant}: {figures}")
                kept = results.setdefault(row.name, {}).setdefault(contestant, {})
                for name, number in figures.items():
                    kept.setdefault(name, []).append(number)
    return results


def once(row: Row, contestant: str, sizes: Sizes, here: Place) -> dict[str, float]:
    """One measurement; empty, with the reason said, where it failed."""
    try:
        with tunnels.tunnel(contestant, row.shape, here) as tunnel:
            time.sleep(0.2)
            return row.measure(tunnel, sizes)
    except (LoadError, OSError, RuntimeError) as error:
        say(f"{row.name} {contestant} failed: {error}")
        return {}


if __name__ == "__main__":
    sys.exit(main())
