"""``python -m tests.fuzz --minutes 5 --target mux,http``: fuzz every parser that sees the network (`make fuzz`).

Each target gets an equal share of the time, in a process of its own, with atheris and what it had learned before (in
--corpus). Without atheris it is random mutation of the seeds, blind and slower. What fails is written to
tests/fuzz/found/TARGET/, where `make test` finds it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import logging
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

HERE = Path(__file__).parent
TARGETS = sorted(file.stem for file in (HERE / "targets").glob("*.py"))


class Target(Protocol):
    """A module of tests/fuzz/targets."""

    def seeds(self) -> Iterator[bytes]: ...

    def check(self, data: bytes) -> None:
        """Raises anything at all where *data* shows a fault."""


def load(name: str) -> Target:
    return cast(Target, importlib.import_module(f"tests.fuzz.targets.{name}"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=15, help="in all (default: 15)")
    parser.add_argument("--target", default=",".join(TARGETS), help=", ".join(TARGETS))
    parser.add_argument("--corpus", type=Path, help="where inputs that reach new code are kept between runs")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.target.split(",")
    if unknown := set(names) - set(TARGETS):
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    if options.one:
        return fuzz_one(options.one, options.minutes * 60, options.corpus)
    with tempfile.TemporaryDirectory(prefix="xrgui-fuzz-") as scratch:
        corpus = options.corpus or Path(scratch)
        failed = [name for name in names if not fuzz(name, options.minutes / len(names), corpus)]
    print(f"faults in: {', '.join(failed)}" if failed else "no faults")
    return bool(failed)


def fuzz(name: str, minutes: float, corpus: Path) -> bool:
    """Whether *name* held, in a process of its own."""
    argv = [sys.executable, "-m", "tests.fuzz", "--one", name, "--minutes", f"{minutes:.6f}"]
    started = time.monotonic()
    done = subprocess.run(
        [*argv, "--corpus", str(corpus)], cwd=HERE.parents[1], capture_output=True, text=True, check=False
    )
    lines = (done.stdout + done.stderr).splitlines()
    runs = next((line for line in reversed(lines) if line.startswith(("Done ", "stat::number"))), "")
    print(
        f"{name}: {'held' if not done.returncode else 'FAILED'}, {time.monotonic() - started:.0f} s. {runs}", flush=True
    )
    if done.returncode:
        print("\n".join(lines[-40:]))
    return not done.returncode


def fuzz_one(name: str, seconds: float, corpus: Path) -> int:
    logging.disable()
    found = HERE / "found" / name
    try:
        import atheris
    except ImportError:
        return mutate(load(name), seconds, found)
    with atheris.instrument_imports(include=["xrgui"]):
        target = load(name)
    inputs = corpus / name
    inputs.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (inputs / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    found.mkdir(parents=True, exist_ok=True)
    flags = [f"-max_total_time={max(int(seconds), 1)}", "-max_len=4096", "-timeout=20", f"-artifact_prefix={found}/"]
    atheris.Setup([sys.argv[0], *flags, str(inputs)], target.check)
    atheris.Fuzz()
    return 0


def mutate(target: Target, seconds: float, found: Path) -> int:
    """Fuzzing without atheris."""
    chance = random.Random()
    pool = [seed or b"\0" for seed in target.seeds()]
    end, runs = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = bytearray(chance.choice(pool)[:4096])
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(data) + 1)
            data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        runs += 1
        try:
            target.check(bytes(data))
        except Exception:
            found.mkdir(parents=True, exist_ok=True)
            (found / f"crash-{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data)
            traceback.print_exc()
            return 1
    print(f"Done {runs} runs of random mutation")
    return 0


if __name__ == "__main__":
    sys.exit(main())
