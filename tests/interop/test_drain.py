"""A portal asks a stock bridge to leave a link: the successor stands before the old one ends, and nobody is lost."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path

import pytest

from tests.conftest import pick_port
from tests.engine.pair import apply
from tests.interop import peers, topologies
from tests.interop.link import wait_answer
from tests.interop.origin import KEY
from tests.interop.topologies import LOOPBACK, Certificates, Service, Shape
from xrgui.engine.engine import Engine
from xrgui.engine.tasks import spawn

pytestmark = pytest.mark.peer

SHAPES = {"v2ray": Shape("classic", "vless", "raw"), "xray": Shape("vless-reverse", "vless", "raw")}
USER = "7c0a3a0e-8f0a-4c59-9b3c-0d3b0c6f4c11"


class Visitor:
    """Asks the XOR echo, over one connection."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Visitor:
        self._reader, self._writer = await asyncio.open_connection(LOOPBACK, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, question: bytes) -> None:
        self._writer.write(question)
        async with asyncio.timeout(10):
            assert await self._reader.readexactly(len(question)) == question.translate(KEY)


async def come_and_go(port: int, over: asyncio.Event) -> int:
    """New visitors, one after another, each of whom is answered; how many."""
    count = 0
    while not over.is_set():
        async with Visitor(port) as visitor:
            await visitor.ask(b"visitor %d" % count)
        count += 1
    return count


@pytest.mark.parametrize("stock", ["v2ray", "xray"])
async def test_no_visitor_is_lost(stock: str, echo_port: int, certificates: Certificates, tmp_path: Path) -> None:
    if absent := peers.missing(stock):
        pytest.skip(absent)
    shape, link = SHAPES[stock], pick_port()
    service = Service("echo", pick_port(), echo_port)
    config = topologies.portal(shape, link, (service,), certificates)
    engine = Engine(grace=30)
    await apply(engine, config)
    bridge = peers.start(stock, topologies.bridge(shape, link, certificates), tmp_path, "bridge")
    try:
        await asyncio.to_thread(wait_answer, service.port, 20, [bridge])
        links = engine._portals["portal"].links
        old, over = list(links), asyncio.Event()
        async with Visitor(service.port) as long_one:
            await long_one.ask(b"before")
            others = spawn(come_and_go(service.port, over), "visitors")
            changed = copy.deepcopy(config)
            users = changed["inbounds"][-1]["settings"]
            next(iter(users.values())).append({"id": USER, "email": "another@test"})
            await apply(engine, changed)
            async with asyncio.timeout(20):
                while all(one in old for one in links):
                    await asyncio.sleep(0.01)
                    assert not any(one.worker.closed for one in old), "it left before its successor stood"
            await long_one.ask(b"after")
            assert not any(one.worker.closed for one in old)
            (successor,) = [one for one in links if one not in old]
            opened = successor.worker.opened
            await long_one.ask(b"again" * 20_000)
            async with Visitor(service.port) as newcomer:
                await newcomer.ask(b"new")
            assert successor.worker.opened > opened
        async with asyncio.timeout(20):
            while not all(one.worker.closed for one in old):
                await asyncio.sleep(0.01)
        over.set()
        assert await others > 10
    finally:
        await asyncio.to_thread(bridge.stop)
        await engine.close(0)
