"""What the engine's loop does beside running: memory that is free goes back, and cycles do not wait for hours."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, gc, resource, weakref
from pathlib import Path
from xrgui import loop

loop.TIDY, loop.SPARINGLY = 0.2, 1

class Link:
    def __init__(self):
        self.itself = self

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)

def looks():
    return gc.get_stats()[2]["collections"]

async def cycles():
    link = Link()
    lost = weakref.ref(link)
    since = looks()
    await until(lambda: looks() > since + 2)
    assert lost() is not None
    del link
    await until(lambda: lost() is None)
    assert gc.get_threshold()[0] == loop.COLLECT_AFTER

async def memory():
    for _ in range(2):
        before = resident()
        reads = [b"x" * (256 * 1024) for _ in range(50)]
        del reads
        assert resident() > before + 10_000_000, "kept for the next reads"
        await until(lambda: resident() < before + 2_000_000)

loop.run({part}())
"""


@pytest.mark.parametrize(
    "part", ["cycles", pytest.param("memory", marks=pytest.mark.skipif(sys.platform != "linux", reason="glibc's"))]
)
def test_a_loop_is_tidied(part: str) -> None:
    program = PROGRAM.replace("{part}", part)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
