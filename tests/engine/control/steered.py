"""An engine that does what a test tells it, and what tests say to its server."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from xrgui import rpc
from xrgui.address import Destination, Network
from xrgui.client import Client
from xrgui.config import model
from xrgui.engine.control import Server
from xrgui.engine.host import Host
from xrgui.engine.session import Session

CONFIG: dict[str, Any] = {
    "inbounds": [{"tag": "in", "protocol": "tunnel", "listen": "127.0.0.1", "port": 1, "settings": {}}],
    "outbounds": [{"tag": "direct", "protocol": "freedom"}, {"tag": "none", "protocol": "blackhole"}],
    "routing": {"rules": [{"ruleTag": "web", "port": 80, "outboundTag": "none"}]},
}


@dataclass
class Applied:
    started: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


class FakeEngine:
    """Does what the tests tell it, in place of sockets."""

    def __init__(self) -> None:
        self.sessions: dict[int, Session] = {}
        self.closed: deque[Session] = deque(maxlen=1000)
        self.config: model.Config | None = None
        self.fails: Exception | None = None
        self.waiting = ["r-in"]
        self.opened = 0
        self.is_closed = False
        self.bridge = rpc.BridgeStatus("r-in", "vless", "connecting")
        self.portal = rpc.PortalStatus("r-out", "vless")
        self.approved: list[bytes] = []

    async def apply(self, config: model.Config) -> Applied:
        if self.fails is not None:
            raise self.fails
        self.config = config
        return Applied(started=[f"inbound {entry.tag}" for entry in config.inbounds])

    async def close(self, grace: float = 1.0) -> None:
        self.is_closed = True

    def status(self) -> rpc.EngineStatus:
        return rpc.EngineStatus(bridges=(self.bridge,), portals=(self.portal,), totals=self.totals())

    def totals(self) -> rpc.Totals:
        return rpc.Totals(up=7, open=len(self.sessions), opened=self.opened)

    def close_session(self, session_id: int, reason: str) -> bool:
        return session_id in self.sessions and self.end(session_id, reason)

    @property
    def has_bridges(self) -> bool:
        return False

    def check_links(self) -> None:
        raise AssertionError("there are no bridges")

    def retry(self, tag: str = "") -> list[str]:
        return [name for name in self.waiting if tag in ("", name)]

    def approve(self, portal_tag: str, key: bytes) -> bool:
        if portal_tag != self.portal.tag:
            return False
        self.approved.append(key)
        return True

    def open(self, count: int = 1) -> list[Session]:
        made = []
        for _ in range(count):
            source = Destination(Network.TCP, "192.0.2.1", 5000)
            session = Session("in", "tunnel", Destination(Network.TCP, "web", 80), source=source, user="u@x")
            session.state = "open"
            session.started_at = 1.0
            self.sessions[session.id] = session
            made.append(session)
        self.opened += count
        return made

    def end(self, session_id: int, reason: str) -> bool:
        session = self.sessions.pop(session_id)
        session.state, session.error, session.ended_at = "closed", reason, 2.0
        self.closed.append(session)
        return True


async def apply(client: Client, name: str = "web", config: dict[str, Any] = CONFIG) -> rpc.Applied:
    result = await client.call(rpc.Apply((rpc.NamedConfig(name, config),)))
    return result.configs[0]


def engine(host: Host, name: str = "web") -> FakeEngine:
    found = host.engines[name]
    assert isinstance(found, FakeEngine)
    return found


async def raw(server: Server, *lines: bytes, read: int) -> list[dict[str, Any]]:
    """Say *lines* without a client and give the next *read* answers."""
    if server.path.suffix == ".tcp":
        port = json.loads(server.path.read_bytes())["port"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    else:
        reader, writer = await asyncio.open_unix_connection(server.path)
    writer.writelines(lines)
    answers = [json.loads(await reader.readline()) for _ in range(read)]
    writer.close()
    return answers


def hello(server: Server) -> bytes:
    return b'{"id":1,"method":"hello","params":{"token":"%s"}}\n' % server.token.encode()


async def until(events: AsyncIterator[rpc.Event], kind: type[Any]) -> Any:
    async with asyncio.timeout(5):
        while True:
            event = await anext(events)
            if isinstance(event, kind):
                return event
