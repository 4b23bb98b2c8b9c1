"""Whoever is at the other end: a visitor of a dead server is told so, and bridges are told when a portal leaves."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import pick_port
from tests.interop import peers, topologies
from tests.interop.topologies import CLASSIC, LOOPBACK, VLESS_REVERSE, Certificates, Service, Shape
from xrgui.engine.error_page import NO_BRIDGE, NO_SERVER, page

pytestmark = pytest.mark.peer
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

CASES = [
    (shape, bridge, portal)
    for stock, shape in (("v2ray", CLASSIC[0]), ("xray", VLESS_REVERSE[0]))
    for bridge, portal in (("xrgui", stock), (stock, "xrgui"))
]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[1]}>{case[2]}")
def dead(request: pytest.FixtureRequest, certificates: Certificates, tmp_path: Path) -> Iterator[int]:
    """The public port of a service that is down."""
    shape, bridge, portal = request.param
    if absent := peers.missing(bridge, portal):
        pytest.skip(absent)
    with tunnel(shape, bridge, portal, certificates, tmp_path) as port:
        yield port


@contextlib.contextmanager
def tunnel(shape: Shape, bridge: str, portal: str, certificates: Certificates, directory: Path) -> Iterator[int]:
    link, service = pick_port(), Service("dead", pick_port(), pick_port(), "tcp")
    public = topologies.portal(shape, link, (service,), certificates)
    private = topologies.bridge(shape, link, certificates)
    if portal == "xrgui":
        public["inbounds"][0]["settings"]["http"] = True
    if bridge == "xrgui":
        private["outbounds"][0].setdefault("settings", {})["http"] = True
    with contextlib.ExitStack() as stack:
        server = peers.start(portal, public, directory, "portal")
        stack.callback(server.stop)
        server.wait_listening(link)
        client = peers.start(bridge, private, directory, "bridge")
        stack.callback(client.stop)
        yield service.port
        assert server.alive, server.output()
        assert client.alive, client.output()


def ask(port: int, said: bytes = GET) -> bytes:
    """All that comes back; nothing for a reset."""
    found = b""
    try:
        with socket.create_connection((LOOPBACK, port), 20) as visitor:
            visitor.sendall(said)
            while data := visitor.recv(4096):
                found += data
    except OSError:
        pass
    return found


def test_a_dead_server_gives_502(dead: int) -> None:
    end = time.monotonic() + 20
    while (answer := ask(dead)) != page(NO_SERVER):
        assert time.monotonic() < end, answer
        assert answer in (b"", page(NO_BRIDGE)), "what comes until the link stands"
        time.sleep(0.1)
    assert ask(dead, b"SSH-2.0-x\r\n") == b""
