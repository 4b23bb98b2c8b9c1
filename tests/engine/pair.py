"""A portal and a bridge as two engines of this process, for tests of what they do together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from xrgui.config.load import load_value
from xrgui.engine.engine import Engine
from xrgui.engine.mux.worker import MuxWorker

LOOPBACK = "127.0.0.1"
Json = dict[str, Any]


@dataclass
class Pair:
    portal: Engine
    bridge: Engine
    settings: Json
    """Of the portal's configuration."""

    @property
    def port(self) -> int:
        """Where visitors come in."""
        return listening(self.portal, "visitors")

    @property
    def portal_links(self) -> list[MuxWorker]:
        return [link.worker for link in self.portal._portals["portal"].links]

    @property
    def bridge_links(self) -> list[MuxWorker]:
        return [link.worker for _, bridge in self.bridge._bridges.values() for link in bridge.links]

    async def visit(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(LOOPBACK, self.port)

    async def ask(self, request: bytes = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") -> bytes:
        """All that comes back. Raises ConnectionResetError."""
        reader, writer = await self.visit()
        try:
            writer.write(request)
            async with asyncio.timeout(10):
                return await reader.read()
        finally:
            writer.close()


def listening(engine: Engine, tag: str) -> int:
    (listen,) = (inbound.listen for inbound in engine.status().inbounds if inbound.tag == tag)
    return int(listen.rpartition(":")[2])


async def until(what: Any) -> None:
    async with asyncio.timeout(10):
        while not what():
            await asyncio.sleep(0.01)


async def apply(engine: Engine, config: Json) -> None:
    loaded = load_value(config)
    assert loaded.config is not None, loaded.problems
    await engine.apply(loaded.config)


def portal_config(user: str, target: int, tunnel: Json, more: Json) -> Json:
    visitors = {"address": LOOPBACK, "port": target, "network": "tcp", **tunnel}
    users = [{"id": user, "flow": "", "reverse": {"tag": "portal"}}]
    return {
        "inbounds": [
            {"tag": "visitors", "listen": LOOPBACK, "port": 0, "protocol": "tunnel", "settings": visitors},
            {
                "tag": "links",
                "listen": LOOPBACK,
                "port": 0,
                "protocol": "vless",
                "settings": {"decryption": "none", "users": users},
            },
        ],
        "outbounds": [{"tag": "blocked", "protocol": "blackhole"}],
        "routing": {"rules": [{"inboundTag": ["visitors"], "outboundTag": "portal"}]},
        **more,
    }


def bridge_config(user: str, port: int, freedom: Json) -> Json:
    server = {"address": LOOPBACK, "port": port, "id": user, "encryption": "none", "reverse": {"tag": "bridge"}}
    return {
        "outbounds": [
            {"tag": "local", "protocol": "freedom", "settings": {"finalRules": [{"action": "allow"}], **freedom}},
            {"tag": "server", "protocol": "vless", "settings": server},
        ],
    }


@asynccontextmanager
async def pair(
    target: int, *, tunnel: Json | None = None, freedom: Json | None = None, linked: bool = True, **more: Any
) -> AsyncIterator[Pair]:
    """Visitors reach *target*, a port of this host. *tunnel* and *freedom* are settings of these two; *more* are
    parts of the portal's configuration. Without *linked* no bridge is there."""
    user = str(uuid4())
    config = portal_config(user, target, tunnel or {}, more)
    made = Pair(Engine(), Engine(), config)
    try:
        await apply(made.portal, config)
        if linked:
            await apply(made.bridge, bridge_config(user, listening(made.portal, "links"), freedom or {}))
            await until(lambda: len(made.portal_links) >= 2 and all(link.peer for link in made.portal_links))
        yield made
    finally:
        await made.bridge.close(0)
        await made.portal.close(0)
        await asyncio.sleep(0.01)
