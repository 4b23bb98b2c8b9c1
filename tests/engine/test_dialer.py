"""An outbound that dials through another one, with its own TLS inside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from xrgui import certificate
from xrgui.config.load import load_value
from xrgui.engine.engine import Engine

ID = "b831381d-6324-4d53-ad4f-8cda48b30811"


async def run(value: dict[str, Any]) -> Engine:
    loaded = load_value(value)
    assert loaded.config is not None, loaded.problems
    engine = Engine()
    await engine.apply(loaded.config)
    return engine


def port_of(engine: Engine, tag: str) -> int:
    return next(int(i.listen.rsplit(":", 1)[1]) for i in engine.status().inbounds if i.tag == tag)


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[tuple[Engine, str]]:
    """A VLESS server with TLS and a SOCKS server, in one engine."""
    made = certificate.make(["far.test"])
    certificate.write(made, tmp_path / "c.pem", tmp_path / "k.pem")
    files = {"certificateFile": str(tmp_path / "c.pem"), "keyFile": str(tmp_path / "k.pem")}
    tls = {"security": "tls", "tlsSettings": {"certificates": [files]}}
    users = {"users": [{"id": ID}], "decryption": "none"}
    engine = await run(
        {
            "inbounds": [
                {"tag": "v", "listen": "127.0.0.1", "port": 0, "protocol": "vless", "settings": users}
                | {"streamSettings": tls},
                {"tag": "s", "listen": "127.0.0.1", "port": 0, "protocol": "socks", "settings": {}},
            ],
            "outbounds": [{"protocol": "freedom", "settings": {"finalRules": [{"action": "allow"}]}}],
        }
    )
    yield engine, made.pin
    await engine.close(0)


def client(far: Engine, pin: str, through: str, echo: int) -> dict[str, Any]:
    tls = {"security": "tls", "tlsSettings": {"serverName": "far.test", "pinnedPeerCertSha256": pin}}
    vless = {"address": "127.0.0.1", "port": port_of(far, "v"), "id": ID, "encryption": "none"}
    socks = {"address": "127.0.0.1", "port": port_of(far, "s")}
    door = {"address": "127.0.0.1", "port": echo}
    return {
        "inbounds": [{"tag": "d", "listen": "127.0.0.1", "port": 0, "protocol": "tunnel", "settings": door}],
        "outbounds": [
            {"tag": "far", "protocol": "vless", "settings": vless, "streamSettings": tls}
            | {"proxySettings": {"tag": through}},
            {"tag": "near", "protocol": "socks", "settings": socks},
        ],
    }


async def test_bytes_take_both_outbounds(far: tuple[Engine, str]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readexactly(4)).upper())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    engine, pin = far
    near = await run(client(engine, pin, "near", server.sockets[0].getsockname()[1]))
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(near, "d"))
    writer.write(b"echo")
    async with asyncio.timeout(10):
        assert await reader.readexactly(4) == b"ECHO"
    seen = {s.inbound_tag for s in [*engine.sessions.values(), *engine.closed]}
    assert seen == {"s", "v"}
    writer.close()
    await near.close(0)
    server.close()
    await server.wait_closed()


async def test_a_carrier_that_cannot_be_reached_ends_the_visitor(far: tuple[Engine, str]) -> None:
    engine, pin = far
    value = client(engine, pin, "near", 9)
    value["outbounds"][1]["settings"]["port"] = 1
    near = await run(value)
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(near, "d"))
    async with asyncio.timeout(10):
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
    assert "refused" in near.closed[-1].error
    writer.close()
    await near.close(0)
