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
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench import tunnels
from bench.load import LoadError, banner_server
from bench.rows import QUICK, ROWS, Row, Sizes
from bench.table import Results, markdown
from bench.tunnels import Place
from tests.conftest import pick_port
from tests.interop import peers, topologies


def main() -> int:
    options = parse()
    if problem := unfit(options):
        print(problem, file=sys.stderr)
        return 2
    contestants = []
    for name in options.peers:
        if absent := peers.missing(*tunnels.programs(name)):
            print(f"without {name}: {absent}", file=sys.stderr)
        else:
            contestants.append(name)
    sizes = QUICK if options.quick else Sizes()
    with place(sizes) as here:
        results = measure(options.rows, contestants, options.runs, sizes, here)
    print(f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, medians of {options.runs} runs\n")
    print(markdown(options.rows, contestants, results))
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=rows, default=list(ROWS.values()), help=", ".join(ROWS))
    parser.add_argument("--peers", type=names, default=list(tunnels.DEFAULT), help=", ".join(tunnels.DEFAULT))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it works")
    parser.add_argument("--anyway", action="store_true", help="although programs of the peers run already")
    parser.add_argument("--json", metavar="FILE", help="every figure of every run")
    return parser.parse_args()


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def rows(text: str) -> list[Row]:
    unknown = set(names(text)) - set(ROWS)
    if unknown:
        raise argparse.ArgumentTypeError(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    return [ROWS[name] for name in names(text)]


def unfit(options: argparse.Namespace) -> str:
    """Why no honest figure can come from this machine now."""
    absent = [tool for tool in ("nginx", "wrk", "ab") if shutil.which(tool) is None]
    if absent:
        return f"{', '.join(absent)} not found: install nginx, wrk and apache2-utils"
    others = running_peers()
    if others and not options.anyway:
        return f"still running: {', '.join(others)}. End them, or pass --anyway"
    return ""


def running_peers() -> list[str]:
    """Programs of an earlier run take every other visitor of a port that they share without a word."""
    known = {os.path.realpath(path) for name in peers.COMMANDS if (path := peers.binary(name))}
    found = []
    for process in psutil.process_iter(["exe", "cmdline"]):
        exe, cmdline = process.info["exe"], process.info["cmdline"] or []
        if exe in known or any(part in known for part in cmdline[:2]):
            found.append(f"{Path(exe or '?').name} ({process.pid})")
    return found


@contextlib.contextmanager
def place(sizes: Sizes) -> Iterator[Place]:
    """nginx with its pages, the server that speaks first and a directory, in memory where there is any."""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="xrgui-bench-", dir=parent) as name:
        directory = Path(name)
        directory.chmod(0o755)
        root = directory / "pages"
        root.mkdir()
        (root / "small").write_bytes(os.urandom(1024))
        with (root / "large").open("wb") as large:
            large.truncate(sizes.download)
        certificates = topologies.make_certificates(directory)
        port = pick_port()
        with peers.nginx(port, root), banner_server() as banner:
            yield Place(port, banner, directory, certificates)


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


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
