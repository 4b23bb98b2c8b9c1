"""What the two tables have in common: their options, who takes part, and the pages that visitors ask for."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import psutil

from bench import tunnels
from tests.conftest import pick_port
from tests.interop import peers

T = TypeVar("T")


def parser_for(
    prog: str, about: str | None, rows: Mapping[str, object], usual: Iterable[str]
) -> argparse.ArgumentParser:
    """*rows* may be chosen from; *usual*: the peers where none is named."""
    parser = argparse.ArgumentParser(prog=prog, description=(about or "").partition("\n")[0])
    parser.add_argument("--rows", type=partial(chosen, rows), default=list(rows.values()), help=", ".join(rows))
    parser.add_argument("--peers", type=names, default=list(usual), help=", ".join(usual))
    parser.add_argument("--anyway", action="store_true", help="although programs of the peers run already")
    parser.add_argument("--json", metavar="FILE", help="every figure")
    return parser


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def chosen(rows: Mapping[str, T], text: str) -> list[T]:
    unknown = set(names(text)) - set(rows)
    if unknown:
        raise argparse.ArgumentTypeError(f"no row {', '.join(unknown)}; there are {', '.join(rows)}")
    return [rows[name] for name in names(text)]


def contestants(wanted: list[str]) -> list[str]:
    """Those whose programs are here; the others are named."""
    absent = {name: why for name in wanted if (why := peers.missing(*tunnels.programs(name)))}
    for name, why in absent.items():
        say(f"without {name}: {why}")
    return [name for name in wanted if name not in absent]


def crowded() -> str:
    """Why nothing may be measured beside what runs already; empty where nothing does. Programs of an earlier run take
    every other visitor of a port that they share without a word."""
    known = {os.path.realpath(path) for name in peers.COMMANDS if (path := peers.binary(name))}
    found = []
    for process in psutil.process_iter(["exe", "cmdline"]):
        exe, cmdline = process.info["exe"], process.info["cmdline"] or []
        if exe in known or any(part in known for part in cmdline[:2]):
            found.append(f"{Path(exe or '?').name} ({process.pid})")
    return f"still running: {', '.join(found)}. End them, or pass --anyway" if found else ""


@contextlib.contextmanager
def pages(prefix: str, large: int) -> Iterator[tuple[Path, int]]:
    """A directory, in memory where there is any, and the port of an nginx with /small and a /large of so many bytes."""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent) as name:
        directory = Path(name)
        directory.chmod(0o755)
        root = directory / "pages"
        root.mkdir()
        (root / "small").write_bytes(os.urandom(1024))
        with (root / "large").open("wb") as file:
            file.truncate(large)
        port = pick_port()
        with peers.nginx(port, root):
            yield directory, port


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
