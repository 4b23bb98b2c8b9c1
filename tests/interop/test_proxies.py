"""SOCKS and HTTP proxies: our inbounds with the peers' outbounds, and the other way round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from tests.conftest import pick_port
from tests.engine.outbound.dialing import PlainDialer
from tests.interop import peers
from tests.interop.forwarding import PAGE, Origin, curl, dispatcher, exchange_packets, origin, through_the_peer
from tests.interop.topologies import LOOPBACK, Json
from xrgui.address import Network
from xrgui.config import model
from xrgui.engine.inbound.http import HttpInbound
from xrgui.engine.inbound.socks import SocksInbound
from xrgui.engine.inbound.tunnel import TunnelInbound
from xrgui.engine.outbound.http import HttpOutbound
from xrgui.engine.outbound.socks import SocksOutbound

pytestmark = pytest.mark.peer

ACCOUNT = model.Account(user="me", password="secret")


class Case(NamedTuple):
    peer: str
    protocol: str

    def __str__(self) -> str:
        return "-".join(self)


CASES = [Case(peer, protocol) for peer in ("v2ray", "xray") for protocol in ("socks", "http")]


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    if absent := peers.missing(request.param.peer):
        pytest.skip(absent)
    return cast(Case, request.param)


def client_config(case: Case, port: int, doors: dict[int, int]) -> Json:
    networks = "tcp,udp" if case.protocol == "socks" else "tcp"
    user = {"user": ACCOUNT.user, "pass": ACCOUNT.password}
    return {
        "inbounds": [
            {
                "listen": LOOPBACK,
                "port": door,
                "protocol": "dokodemo-door",
                "settings": {"address": LOOPBACK, "port": target, "network": networks},
            }
            for door, target in doors.items()
        ],
        "outbounds": [
            {
                "protocol": case.protocol,
                "settings": {"servers": [{"address": LOOPBACK, "port": port, "users": [user]}]},
            }
        ],
    }


def server_config(case: Case, port: int) -> Json:
    settings: Json = {"accounts": [{"user": ACCOUNT.user, "pass": ACCOUNT.password}]}
    if case.protocol == "socks":
        settings |= {"auth": "password", "udp": True, "ip": LOOPBACK}
    return {
        "inbounds": [{"listen": LOOPBACK, "port": port, "protocol": case.protocol, "settings": settings}],
        "outbounds": [{"protocol": "freedom"}],
    }


def our_inbound(case: Case, acceptor: Any) -> SocksInbound | HttpInbound:
    if case.protocol == "socks":
        settings = model.SocksInbound(accounts=(ACCOUNT,), udp=True)
        return SocksInbound(model.Inbound(listen=LOOPBACK, settings=settings), acceptor, model.Policy())
    plain = model.HttpInbound(accounts=(ACCOUNT,))
    return HttpInbound(model.Inbound(listen=LOOPBACK, settings=plain), acceptor, model.Policy())


def our_outbound(case: Case, port: int) -> SocksOutbound | HttpOutbound:
    if case.protocol == "socks":
        settings = model.SocksOutbound(address=LOOPBACK, port=port, account=ACCOUNT)
        return SocksOutbound(model.Outbound(tag="out", settings=settings), PlainDialer())
    plain = model.HttpOutbound(address=LOOPBACK, port=port, account=ACCOUNT)
    return HttpOutbound(model.Outbound(tag="out", settings=plain), PlainDialer())


@asynccontextmanager
async def visitors(outbound: Any, behind: Origin) -> AsyncIterator[list[int]]:
    """Ports through which visitors reach what stands behind: the page, the greeter, the UDP server."""
    async with dispatcher(outbound) as acceptor:
        doors = []
        for network, port in (("tcp", behind.page), ("tcp", behind.greeter), ("udp", behind.udp)):
            settings = model.TunnelInbound(address=LOOPBACK, port=port, networks=frozenset({Network(network)}))
            doors.append(TunnelInbound(model.Inbound(listen=LOOPBACK, settings=settings), acceptor))
        for door in doors:
            await door.start()
        try:
            yield [int(door.listening.rpartition(":")[2]) for door in doors]
        finally:
            for door in doors:
                await door.close()


async def visit(case: Case, page: int, greeter: int, udp: int, *, greeted: bool = True) -> None:
    """Not *greeted*: the peers' HTTP client loses what arrives in one read with the proxy's answer."""
    assert await curl(page) == PAGE
    async with asyncio.timeout(15):
        if greeted:
            reader, writer = await asyncio.open_connection(LOOPBACK, greeter)
            assert await reader.readline() == b"welcome\n"
            writer.close()
        if case.protocol == "socks":
            await exchange_packets(udp)


@pytest.mark.parametrize("case", CASES, indirect=True, ids=str)
async def test_the_peers_outbound_reaches_our_inbound(case: Case, tmp_path: Path) -> None:
    way = through_the_peer(case.peer, partial(client_config, case), partial(our_inbound, case), tmp_path)
    async with way as doors:
        await visit(case, *doors, greeted=case.protocol != "http")


@pytest.mark.parametrize("case", CASES, indirect=True, ids=str)
async def test_our_outbound_reaches_the_peers_inbound(case: Case, tmp_path: Path) -> None:
    port = pick_port()
    server = peers.start(case.peer, server_config(case, port), tmp_path, "server")
    try:
        await asyncio.to_thread(server.wait_listening, port)
        async with origin() as behind, visitors(our_outbound(case, port), behind) as doors:
            await visit(case, *doors)
    finally:
        await asyncio.to_thread(server.stop)
