"""An engine that is told to stop: new visitors go elsewhere, the running ones finish in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.engine.pair import LOOPBACK, Pair, pair, until
from tests.programs import Xrgui
from xrgui.engine.reverse import control
from xrgui.engine.tasks import spawn


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def visitor(tunnel: Pair) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await tunnel.visit()
    writer.write(b"one")
    assert await reader.readexactly(3) == b"one"
    return reader, writer


@pytest.mark.parametrize("side", ["portal", "bridge"])
async def test_a_visitor_may_finish_and_the_other_end_is_told(side: str) -> None:
    async with echo() as port, pair(port) as tunnel:
        reader, writer = await visitor(tunnel)
        ending, other = (
            (tunnel.portal, tunnel.bridge_links) if side == "portal" else (tunnel.bridge, tunnel.portal_links)
        )
        closing = spawn(ending.close(10), "close")
        await until(lambda: all(link.going_away for link in other))
        writer.write(b"two")
        assert await reader.readexactly(3) == b"two"
        assert not closing.done()
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        async with asyncio.timeout(2):
            await closing


async def test_who_does_not_finish_is_ended_when_the_grace_is_over() -> None:
    async with echo() as port, pair(port) as tunnel:
        reader, writer = await visitor(tunnel)
        started = asyncio.get_running_loop().time()
        await tunnel.portal.close(0.3)
        assert 0.3 <= asyncio.get_running_loop().time() - started < 1
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_a_portal_sends_new_visitors_over_links_that_stay() -> None:
    async with echo() as port, pair(port) as tunnel:
        leaving, staying = tunnel.portal_links[:2]
        for link in tunnel.bridge_links:
            if link.transport is not None and link.transport.get_extra_info("sockname") == (
                leaving.transport.get_extra_info("peername") if leaving.transport is not None else None
            ):
                link.go_away()
        await until(lambda: leaving.going_away)
        for _ in range(4):
            _, writer = await visitor(tunnel)
            writer.close()
        assert staying.opened > 4
        assert leaving.opened <= 1


async def test_a_stock_bridge_hears_drain(monkeypatch: pytest.MonkeyPatch) -> None:
    """It opens successors then; ACTIVE must not follow."""
    heard: list[int] = []
    former = control.decode

    def decode(data: bytes) -> int:
        heard.append(former(data))
        return heard[-1]

    async with echo() as port, pair(port) as tunnel:
        _, writer = await visitor(tunnel)
        monkeypatch.setattr(control, "decode", decode)
        closing = spawn(tunnel.portal.close(1), "close")
        await until(lambda: len(heard) >= 2)
        assert set(heard) == {control.DRAIN}
        assert all(link.draining for link in tunnel.bridge._bridges["bridge"][1].links)
        for link in tunnel.portal._portals["portal"].links:
            link._beat()
        await until(lambda: len(heard) >= 4)
        assert set(heard) == {control.DRAIN}
        writer.close()
        await closing


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Xrgui]:
    made = Xrgui(tmp_path)
    yield made
    await asyncio.to_thread(made.end)


async def test_sigterm_waits_as_long_as_it_was_told(program: Xrgui, tmp_path: Path) -> None:
    async with echo() as target:
        tunnel: dict[str, Any] = {"address": LOOPBACK, "port": target}
        inbound = {"tag": "in", "listen": LOOPBACK, "port": 0, "protocol": "tunnel", "settings": tunnel}
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"inbounds": [inbound], "outbounds": [{"protocol": "freedom"}]}))
        running = program.start("run", "-c", config, "--grace", "20")
        (status,) = await asyncio.to_thread(program.until, program.status, running)
        port = int(status["configs"][0]["inbounds"][0]["listen"].rpartition(":")[2])
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        running.terminate()
        await asyncio.sleep(2)
        assert running.poll() is None
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(LOOPBACK, port)
        writer.write(b"two")
        assert await reader.readexactly(3) == b"two"
        writer.close()
        assert await asyncio.to_thread(running.wait, 5) == 0
