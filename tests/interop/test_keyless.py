"""A portal that asks for keys and a stock bridge, which has none: it is named as such, and may be let in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conftest import pick_port
from tests.engine.pair import apply, until
from tests.interop import peers, topologies
from tests.interop.link import wait_answer
from tests.interop.topologies import Certificates, Json, Service, Shape
from xrgui.engine.engine import Engine

pytestmark = pytest.mark.peer

SHAPES = {"v2ray": Shape("classic", "vless", "raw"), "xray": Shape("vless-reverse", "vless", "raw")}


def asking(config: Json, shape: Shape) -> Json:
    if shape.dialect == "classic":
        config["reverse"]["portals"][0]["bridgeKeys"] = []
    else:
        config["inbounds"][-1]["settings"]["users"][0]["reverse"]["bridgeKeys"] = []
    return config


@pytest.mark.parametrize("stock", ["v2ray", "xray"])
async def test_it_waits_and_is_let_in_by_its_id(
    stock: str, echo_port: int, certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if absent := peers.missing(stock):
        pytest.skip(absent)
    monkeypatch.setattr("xrgui.engine.reverse.portal.PLAIN_AFTER", 0.2)
    shape, port = SHAPES[stock], pick_port()
    service = Service("echo", pick_port(), echo_port)
    engine = Engine()
    await apply(engine, asking(topologies.portal(shape, port, (service,), certificates), shape))
    bridge = peers.start(stock, topologies.bridge(shape, port, certificates), tmp_path, "bridge")
    try:
        await until(lambda: engine.status().portals[0].waiting)
        [waiting] = engine.status().portals[0].waiting
        assert (waiting.key, waiting.fingerprint, waiting.xrgui) == ("", "", False)
        assert waiting.who == topologies.LOOPBACK
        assert engine.status().portals[0].links == 0
        assert engine.approve("portal", b"")
        assert engine.status().portals[0].waiting == ()
        await asyncio.to_thread(wait_answer, service.port, 20, [bridge])
    finally:
        await asyncio.to_thread(bridge.stop)
        await engine.close(0)
