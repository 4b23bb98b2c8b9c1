"""VLESS and VMess as ordinary forward proxies, in this process, against v2ray and Xray.

One end is the program, the other our inbound or outbound: a page by curl, UDP, a server that
speaks first, a half-close.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast
from uuid import UUID

import pytest

from tests.conftest import pick_port
from tests.engine.outbound.dialing import PlainDialer
from tests.interop import peers
from tests.interop.forwarding import PAGE, Origin, curl, dispatcher, exchange_packets, origin, through_the_peer
from tests.interop.topologies import LOOPBACK, USER, Json
from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine.dispatcher import Dispatcher
from xrgui.engine.inbound.vless import VlessInbound
from xrgui.engine.inbound.vmess import VmessInbound
from xrgui.engine.outbound.vless import VlessOutbound
from xrgui.engine.outbound.vmess import VmessOutbound
from xrgui.engine.session import Session

pytestmark = pytest.mark.peer


class Case(NamedTuple):
    peer: str
    protocol: str
    security: str = ""
    experiments: str = ""

    def __str__(self) -> str:
        return "-".join(filter(None, self))


SERVERS = [
    Case("v2ray", "vless"),
    Case("v2ray", "vmess", "aes-128-gcm"),
    Case("v2ray", "vmess", "chacha20-poly1305"),
    Case("v2ray", "vmess", "none"),
    Case("xray", "vless"),
    Case("xray", "vmess", "aes-128-gcm"),
    Case("xray", "vmess", "chacha20-poly1305"),
]
CLIENTS = [
    *SERVERS,
    Case("xray", "vmess", "aes-128-gcm", "AuthenticatedLength"),
    Case("xray", "vmess", "chacha20-poly1305", "AuthenticatedLength"),
]


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    if absent := peers.missing(request.param.peer):
        pytest.skip(absent)
    return cast(Case, request.param)


# Our side


def our_inbound(case: Case, acceptor: Dispatcher) -> VlessInbound | VmessInbound:
    def no_portal(tag: str) -> Any:
        raise AssertionError(tag)

    settings: Any
    if case.protocol == "vless":
        settings = model.VlessInbound(users=(model.VlessUser(id=UUID(USER), email="a"),))
        config = model.Inbound(tag="in", listen=LOOPBACK, settings=settings)
        return VlessInbound(config, acceptor, no_portal, model.Policy())
    settings = model.VmessInbound(users=(model.VmessUser(id=UUID(USER), email="a"),))
    return VmessInbound(model.Inbound(tag="in", listen=LOOPBACK, settings=settings), acceptor, model.Policy())


def our_outbound(case: Case, port: int, user: str = USER) -> VlessOutbound | VmessOutbound:
    settings: Any
    if case.protocol == "vless":
        settings = model.VlessOutbound(address=LOOPBACK, port=port, id=UUID(user))
        return VlessOutbound(model.Outbound(tag="out", settings=settings), PlainDialer())
    settings = model.VmessOutbound(address=LOOPBACK, port=port, id=UUID(user), security=cast(Any, case.security))
    return VmessOutbound(model.Outbound(tag="out", settings=settings), PlainDialer())


# The peer's side


def server_config(case: Case, port: int) -> Json:
    user = {"id": USER} | ({"alterId": 0} if case.protocol == "vmess" else {})
    settings: Json = {"clients": [user]} | ({"decryption": "none"} if case.protocol == "vless" else {})
    direct: Json = {"protocol": "freedom"}
    if case.peer == "xray":
        direct["settings"] = {"finalRules": [{"action": "allow"}]}
    return {
        "log": {"loglevel": "info"},
        "inbounds": [{"listen": LOOPBACK, "port": port, "protocol": case.protocol, "settings": settings}],
        "outbounds": [direct],
    }


def client_config(case: Case, port: int, doors: dict[int, int]) -> Json:
    user: Json = {"id": USER}
    user |= {"encryption": "none"} if case.protocol == "vless" else {"alterId": 0, "security": case.security}
    if case.experiments:
        user["experiments"] = case.experiments
    return {
        "log": {"loglevel": "info"},
        "inbounds": [
            {
                "listen": LOOPBACK,
                "port": door,
                "protocol": "dokodemo-door",
                "settings": {"address": LOOPBACK, "port": target, "network": "tcp,udp"},
            }
            for door, target in doors.items()
        ],
        "outbounds": [
            {
                "protocol": case.protocol,
                "settings": {"vnext": [{"address": LOOPBACK, "port": port, "users": [user]}]},
            }
        ],
    }


# What visitors do


async def visit(page: int, greeter: int, udp: int, directory: Path, *, half_close: bool = False) -> None:
    assert await curl(page) == PAGE
    upload = directory / "upload"
    upload.write_bytes(PAGE)
    answer = await curl(page, "-H", "Expect:", "--data-binary", f"@{upload}")
    assert answer == PAGE[::-1]
    async with asyncio.timeout(15):
        reader, writer = await asyncio.open_connection(LOOPBACK, greeter)
        assert await reader.readline() == b"welcome\n"
        writer.write(bytes(100_000))
        if half_close:
            writer.write_eof()
            assert await reader.read() == b"100000\n"
        writer.close()
        await exchange_packets(udp)


@pytest.mark.parametrize("case", CLIENTS, indirect=True, ids=str)
async def test_the_peers_outbound_reaches_our_inbound(case: Case, tmp_path: Path) -> None:
    way = through_the_peer(case.peer, partial(client_config, case), partial(our_inbound, case), tmp_path)
    async with way as (page, greeter, udp):
        # A VLESS client of theirs has no way to say that its visitor is done.
        await visit(page, greeter, udp, tmp_path, half_close=case.protocol == "vmess")


@asynccontextmanager
async def proxied(outbound: Any, behind: Origin) -> AsyncIterator[list[int]]:
    """Ports through which visitors reach what stands behind, by way of *outbound*."""
    loop = asyncio.get_running_loop()

    class Visitor(asyncio.Protocol):
        def __init__(self, target: int) -> None:
            self.target = target

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            session = Session("visitors", "tunnel", Destination(Network.TCP, "localhost", self.target))
            acceptor.relay(session, cast(asyncio.Transport, transport))

    class Packets(asyncio.DatagramProtocol, asyncio.DatagramTransport):
        """Of one visitor."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.lower = cast(asyncio.DatagramTransport, transport)
            session = Session("visitors", "tunnel", Destination(Network.UDP, LOOPBACK, behind.udp))
            self.leg = acceptor.relay_packets(session, self)

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.visitor = addr
            self.leg.datagram_received(data, cast(Any, None))

        def sendto(self, data: Any, addr: Any = None) -> None:
            self.lower.sendto(data, self.visitor)

        def is_closing(self) -> bool:
            return self.lower.is_closing()

        def close(self) -> None:
            self.lower.close()

        abort = close

    async with dispatcher(outbound) as acceptor:
        servers = [
            await loop.create_server(lambda target=target: Visitor(target), LOOPBACK, 0)  # type: ignore[misc]
            for target in (behind.page, behind.greeter, behind.dead)
        ]
        udp, _ = await loop.create_datagram_endpoint(Packets, (LOOPBACK, 0))
        try:
            yield [
                *(server.sockets[0].getsockname()[1] for server in servers),
                udp.get_extra_info("sockname")[1],
            ]
        finally:
            for server in servers:
                server.close()
            udp.close()


@pytest.mark.parametrize("case", SERVERS, indirect=True, ids=str)
async def test_our_outbound_reaches_the_peers_inbound(case: Case, tmp_path: Path) -> None:
    port = pick_port()
    server = peers.start(case.peer, server_config(case, port), tmp_path, "server")
    try:
        await asyncio.to_thread(server.wait_listening, port)
        async with (
            origin() as behind,
            proxied(our_outbound(case, port), behind) as (page, greeter, dead, udp),
        ):
            await visit(page, greeter, udp, tmp_path)
            with pytest.raises(AssertionError):
                await curl(dead)
    finally:
        await asyncio.to_thread(server.stop)


class Recorder(asyncio.Protocol):
    def __init__(self) -> None:
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(bytes(8192))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


@pytest.mark.parametrize("case", SERVERS, indirect=True, ids=str)
async def test_a_peer_that_does_not_know_our_id_is_named(case: Case, tmp_path: Path) -> None:
    port = pick_port()
    server = peers.start(case.peer, server_config(case, port), tmp_path, "server")
    try:
        await asyncio.to_thread(server.wait_listening, port)
        outbound = our_outbound(case, port, "11111111-6324-4d53-ad4f-8cda48b30811")
        visitor = Recorder()
        session = Session("visitors", "tunnel", Destination(Network.TCP, LOOPBACK, 9))
        outbound.connect(session, visitor)
        error = await asyncio.wait_for(visitor.lost, 15)
        assert "does not know this id" in str(error)
        await outbound.close()
    finally:
        await asyncio.to_thread(server.stop)
