"""The demo's configurations and processes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from xrgui import certificate, paths, rpc
from xrgui.client import Client, connect
from xrgui.engine.tasks import spawn

LOOPBACK = "127.0.0.1"
NAME = "demo"
PUBLIC = "public"
"""Tag of the inbound where visitors come in."""
LINKS = "links"
"""Tag of the inbound where the bridge comes in."""


class DemoError(Exception):
    """The demo cannot go on; the text is fit for a user."""


class Secrets:
    """Made anew for each demo: an id, and a certificate that the bridge pins."""

    def __init__(self) -> None:
        self.id = str(uuid4())
        self.certificate = certificate.make([LOOPBACK])


def portal_config(secrets: Secrets) -> dict[str, Any]:
    made = secrets.certificate
    pem = {"certificate": made.chain.splitlines(), "key": made.key.splitlines()}
    return {
        "inbounds": [
            {
                "tag": LINKS,
                "listen": LOOPBACK,
                "port": 0,
                "protocol": "vless",
                "settings": {
                    "users": [{"id": secrets.id, "email": "bridge", "reverse": {"tag": "site"}}],
                    "decryption": "none",
                },
                "streamSettings": {"security": "tls", "tlsSettings": {"certificates": [pem]}},
            },
            {"tag": PUBLIC, "listen": LOOPBACK, "port": 0, "protocol": "tunnel", "settings": {}},
        ],
        "outbounds": [{"tag": "nowhere", "protocol": "blackhole"}],
        "routing": {"rules": [{"ruleTag": "visitors", "inboundTag": [PUBLIC], "outboundTag": "site"}]},
    }


def bridge_config(secrets: Secrets, portal_port: int, site_port: int) -> dict[str, Any]:
    """A bridge that reaches the site and nothing else."""
    server = {
        "address": LOOPBACK,
        "port": portal_port,
        "id": secrets.id,
        "encryption": "none",
        "reverse": {"tag": "visitors"},
    }
    tls = {"serverName": LOOPBACK, "pinnedPeerCertSha256": secrets.certificate.pin}
    site = {
        "redirect": f"{LOOPBACK}:{site_port}",
        "finalRules": [{"action": "allow", "network": "tcp", "ip": [LOOPBACK], "port": site_port}],
    }
    return {
        "outbounds": [
            {"tag": "nowhere", "protocol": "blackhole"},
            {
                "tag": "portal",
                "protocol": "vless",
                "settings": server,
                "streamSettings": {"security": "tls", "tlsSettings": tls},
            },
            {"tag": "site", "protocol": "freedom", "settings": site},
        ],
        "routing": {"rules": [{"ruleTag": "site", "inboundTag": ["visitors"], "outboundTag": "site"}]},
    }


class Child:
    """A process of this program that ends when we do: its stdin is a pipe that we hold."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.said: deque[str] = deque(maxlen=20)
        """The last lines on its stderr."""

    async def start(self, *args: str) -> str:
        """Start it; the result is its first line on stdout. Raises DemoError."""
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *paths.program(*args), stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._listener = spawn(self._listen(self._process.stderr), f"stderr of {self.name}")
        line = (await self._process.stdout.readline()).decode().strip()
        if not line:
            await self._process.wait()
            await self._listener
            said = " ".join(self.said).removeprefix("error: ")
            raise DemoError(f"The {self.name} did not start: {said or 'it said nothing'}")
        return line

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        async for line in stderr:
            self.said.append(line.decode(errors="replace").strip())

    async def ended(self) -> None:
        await self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    async def stop(self) -> None:
        if not hasattr(self, "_process"):
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 2)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._listener


class Demo:
    """Starts the three processes in order, and ends them."""

    def __init__(self) -> None:
        self.site, self.portal, self.bridge = Child("site"), Child("portal"), Child("bridge")
        self.url = ""
        """Where visitors come in."""
        self.site_url = ""
        self._clients: list[Client] = []

    async def start(self) -> None:
        """Until the public URL answers. Raises DemoError."""
        secrets = Secrets()
        self.site_url, portal, bridge = await asyncio.gather(
            self.site.start("demo-site"),
            self.portal.start("engine", "--until-eof", "--log-level", "warning"),
            self.bridge.start("engine", "--until-eof", "--log-level", "warning"),
        )
        self.engine = await self._attach(portal)
        await self._apply(self.engine, portal_config(secrets))
        ports = {entry.tag: entry.listen.rpartition(":")[2] for entry in (await self._status()).inbounds}
        site_port = int(self.site_url.rstrip("/").rpartition(":")[2])
        config = bridge_config(secrets, int(ports[LINKS]), site_port)
        await self._apply(await self._attach(bridge), config)
        await self._wait_for_link()
        self.url = f"http://{LOOPBACK}:{ports[PUBLIC]}/"

    async def _attach(self, endpoint: str) -> Client:
        client = await connect(Path(endpoint))
        self._clients.append(client)
        return client

    async def _apply(self, client: Client, config: dict[str, Any]) -> None:
        result = (await client.call(rpc.Apply((rpc.NamedConfig(NAME, config),)))).configs[0]
        if result.error is not None:
            raise DemoError(result.error.message)

    async def _status(self) -> rpc.ConfigStatus:
        return (await self.engine.call(rpc.GetStatus())).configs[0]

    async def _wait_for_link(self) -> None:
        for _ in range(500):
            if any(portal.links for portal in (await self._status()).portals):
                return
            await asyncio.sleep(0.01)
        raise DemoError(f"The bridge did not reach the portal: {' '.join(self.bridge.said)}")

    async def events(self) -> AsyncIterator[rpc.SessionsEvent]:
        """What changes among the portal's sub-connections; those that ended before come first."""
        past = await self.engine.call(rpc.GetSessions(limit=0, closed=10))
        yield rpc.SessionsEvent(past.at, closed=past.closed)
        async for event in self.engine.subscribe("sessions", interval=0.25):
            if isinstance(event, rpc.SessionsEvent):
                yield event

    async def part_ended(self) -> str:
        """Waits until one of the three ends by itself; the result says which, in words."""
        parts = {spawn(part.ended(), part.name): part for part in (self.site, self.portal, self.bridge)}
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in parts:
                task.cancel()
        part = parts[done.pop()]
        return f"The {part.name} ended by itself: {' '.join(part.said) or 'it said nothing'}."

    async def stop(self) -> None:
        for client in self._clients:
            await client.close()
        await asyncio.gather(self.bridge.stop(), self.portal.stop(), self.site.stop())
