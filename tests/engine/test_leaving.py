"""A configuration is changed while visitors are on what it takes away: they finish, or the grace time ends them."""

from __future__ import annotations

import asyncio
import copy
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.engine.pair import LOOPBACK, Pair, apply, bridge_config, listening, pair, until
from tests.engine.test_shutdown import echo, visitor
from xrgui.engine.mux.worker import MuxWorker

Json = dict[str, Any]


@pytest.fixture
async def tunnel() -> AsyncIterator[Pair]:
    async with echo() as port, pair(port) as made:
        made.portal._grace = made.bridge._grace = 20
        yield made


async def still_works(stream: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    reader, writer = stream
    writer.write(b"two")
    async with asyncio.timeout(10):
        assert await reader.readexactly(3) == b"two"


async def finish(stream: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    reader, writer = stream
    writer.write_eof()
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()


def without_bridge(tunnel: Pair) -> Json:
    return {"outbounds": [{"tag": "local", "protocol": "freedom"}]}


def without_portal(tunnel: Pair) -> Json:
    config = copy.deepcopy(tunnel.settings)
    del config["inbounds"][1]
    config["routing"] = {}
    return config


def with_another_id(tunnel: Pair) -> Json:
    config = copy.deepcopy(tunnel.settings)
    config["inbounds"][1]["settings"]["users"][0]["id"] = str(uuid4())
    return config


@pytest.mark.parametrize("side", ["bridge", "portal"])
async def test_who_is_on_a_removed_tunnel_may_finish(tunnel: Pair, side: str) -> None:
    stream = await visitor(tunnel)
    changed, config = (
        (tunnel.bridge, without_bridge(tunnel)) if side == "bridge" else (tunnel.portal, without_portal(tunnel))
    )
    links: list[MuxWorker] = tunnel.bridge_links if side == "bridge" else tunnel.portal_links
    await apply(changed, config)
    await until(lambda: not (changed.status().bridges or changed.status().portals))
    await still_works(stream)
    await finish(stream)
    await until(lambda: all(link.closed for link in links))
    await until(lambda: not changed._leaving)


@pytest.mark.parametrize("side", ["bridge", "portal"])
async def test_who_does_not_finish_is_ended(tunnel: Pair, side: str) -> None:
    reader, writer = await visitor(tunnel)
    tunnel.portal._grace = tunnel.bridge._grace = 0.1
    changed, config = (
        (tunnel.bridge, without_bridge(tunnel)) if side == "bridge" else (tunnel.portal, without_portal(tunnel))
    )
    await apply(changed, config)
    with pytest.raises(ConnectionResetError):
        async with asyncio.timeout(10):
            await reader.read()
    writer.close()


async def test_a_changed_bridge_leaves_the_old_visitors_and_serves_new_ones(tunnel: Pair) -> None:
    stream = await visitor(tunnel)
    config = bridge_config(_id(tunnel), listening(tunnel.portal, "links"), {})
    config["outbounds"][1]["settings"]["reverse"]["links"] = 1
    old = tunnel.bridge_links
    await apply(tunnel.bridge, config)
    await until(lambda: len(tunnel.portal_links) == 3 and tunnel.bridge.status().bridges[0].state == "up")
    await finish(await visitor(tunnel))
    await still_works(stream)
    await finish(stream)
    await until(lambda: all(link.closed for link in old))
    assert len(tunnel.bridge_links) == 1


async def test_a_removed_bridge_refuses_who_comes_nevertheless(tunnel: Pair) -> None:
    """A stock portal goes on sending visitors; no rule is for them any more, and the first outbound is not theirs."""
    stream = await visitor(tunnel)
    await apply(tunnel.bridge, without_bridge(tunnel))
    for link in tunnel.portal_links:
        link.going_away = False
    reader, writer = await tunnel.visit()
    with pytest.raises(ConnectionResetError):
        async with asyncio.timeout(10):
            await reader.read()
    writer.close()
    await still_works(stream)
    await finish(stream)


async def test_an_inbound_that_moves_takes_its_visitors_along(tunnel: Pair) -> None:
    """The bridges' inbound gets another id: links end, but not before those on them have finished."""
    stream = await visitor(tunnel)
    links = tunnel.portal_links
    await apply(tunnel.portal, with_another_id(tunnel))
    await still_works(stream)
    assert not any(link.closed for link in links)
    await finish(stream)
    await until(lambda: all(link.closed for link in links))


async def test_the_end_of_the_engine_is_the_end_of_what_it_has_left(tunnel: Pair) -> None:
    reader, writer = await visitor(tunnel)
    await apply(tunnel.bridge, without_bridge(tunnel))
    async with asyncio.timeout(2):
        await tunnel.bridge.close(0)
    with pytest.raises(ConnectionResetError):
        async with asyncio.timeout(10):
            await reader.read()
    writer.close()


async def test_a_visitors_inbound_that_goes_takes_nobody_new(tunnel: Pair) -> None:
    stream = await visitor(tunnel)
    port = tunnel.port
    config = copy.deepcopy(tunnel.settings)
    del config["inbounds"][0]
    config["routing"] = {}
    await apply(tunnel.portal, config)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, port)
    await still_works(stream)
    await finish(stream)


async def test_a_change_that_cannot_start_leaves_what_was_there(tunnel: Pair, free_port: Callable[[], int]) -> None:
    """What it had stopped before is started again."""
    stream = await visitor(tunnel)
    config = copy.deepcopy(tunnel.settings)
    port = config["inbounds"][0]["port"] = free_port()
    await apply(tunnel.portal, config)
    with socket.create_server((LOOPBACK, 0)) as other:
        failing = copy.deepcopy(config)
        failing["inbounds"][0]["settings"]["http"] = True
        failing["inbounds"].append({**config["inbounds"][0], "tag": "taken", "port": other.getsockname()[1]})
        with pytest.raises(OSError, match="is taken by"):
            await apply(tunnel.portal, failing)
    assert [inbound.tag for inbound in tunnel.portal.status().inbounds] == ["links", "visitors"]
    assert listening(tunnel.portal, "visitors") == port
    await finish(await visitor(tunnel))
    await still_works(stream)
    await finish(stream)


def _id(tunnel: Pair) -> str:
    return str(tunnel.settings["inbounds"][1]["settings"]["users"][0]["id"])
