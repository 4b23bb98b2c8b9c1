"""What every test may lean on: free ports, uvloop, and a look for what a test left behind."""

from __future__ import annotations

import asyncio
import inspect
import random
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import psutil
import pytest
from hypothesis import settings

settings.register_profile("untimed", parent=settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("untimed")


def pick_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody uses, below the range from which the system takes those of clients.

    For programs that cannot be told to take port 0. No port is given out twice in one run.
    """
    for _ in range(1000):
        port = random.randrange(10000, 32000)
        if port in _given:
            continue
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise RuntimeError("no free port between 10000 and 32000")


_given: set[int] = set()


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Call it once for each TCP port that is needed."""
    return pick_port


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the engine runs on, where the system has it."""
    try:
        import uvloop
    except ImportError:
        return {"asyncio": asyncio.new_event_loop}
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def no_stray_tasks() -> AsyncIterator[None]:
    """Fails a test that ends while tasks of its own still run. Every coroutine test has it."""
    before = asyncio.all_tasks()
    yield
    for _ in range(3):
        await asyncio.sleep(0)
    stray = [task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()]
    assert not stray, f"tasks left running: {stray}"


@pytest.fixture(autouse=True, scope="module")
def no_stray_processes() -> Iterator[None]:
    """Fails a module that leaves child processes of its own alive, and ends them."""
    own = psutil.Process()
    before = set(own.children())
    yield
    stray = [child for child in own.children() if child not in before and alive(child)]
    names = [f"{child.pid} {child.name()}" for child in stray]
    for child in stray:
        child.kill()
    assert not stray, f"processes left running: {names}"


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def pytest_itemcollected(item: pytest.Item) -> None:
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
        item.fixturenames.insert(0, "no_stray_tasks")
