"""A server and a client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.control.steered import FakeEngine
from xrgui.client import Client, connect
from xrgui.engine.control import Server
from xrgui.engine.host import Host
from xrgui.logs import Log


@pytest.fixture
def log() -> Log:
    return Log(None)


@pytest.fixture
async def host(log: Log) -> Host:
    return Host(FakeEngine, log)


@pytest.fixture(params=["sock", "tcp"])
async def server(request: pytest.FixtureRequest, host: Host, tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(host, tmp_path / f"1.{request.param}")
    await server.start()
    yield server
    await server.close()
    assert not server.path.exists()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    async with await connect(server.path) as client:
        yield client
