"""A portal and a bridge that run, with the services of the matrix behind them."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import pick_port
from tests.interop import peers, topologies
from tests.interop.topologies import LOOPBACK, Certificates, Service, Shape


@dataclass(frozen=True)
class Pair:
    """Which program plays which role."""

    bridge: str
    portal: str

    def __str__(self) -> str:
        return f"{self.bridge}>{self.portal}"


@dataclass
class Link:
    shape: Shape
    pair: Pair
    services: dict[str, Service]
    portal: peers.Running
    bridge: peers.Running

    def port(self, service: str) -> int:
        return self.services[service].port

    def target(self, service: str) -> int:
        return self.services[service].target


@contextlib.contextmanager
def running(
    pair: Pair, shape: Shape, services: tuple[Service, ...], certificates: Certificates, directory: Path
) -> Iterator[Link]:
    """Both ends, up: the first service answered an echo (or a GET), so the link stands."""
    port = pick_port()
    portal = topologies.portal(shape, port, services, certificates)
    bridge = topologies.bridge(shape, port, certificates)
    with contextlib.ExitStack() as stack:
        server = peers.start(pair.portal, portal, directory, "portal")
        stack.callback(server.stop)
        server.wait_listening(port)
        client = peers.start(pair.bridge, bridge, directory, "bridge")
        stack.callback(client.stop)
        link = Link(shape, pair, {service.name: service for service in services}, server, client)
        wait_answer(services[0].port, 15, [server, client])
        yield link


def wait_answer(port: int, timeout: float, programs: list[peers.Running]) -> float:
    """Seconds until something behind *port* answers a request; the programs' own words if nothing does."""
    started = time.monotonic()
    while not answers(port):
        if time.monotonic() - started > timeout or not all(program.alive for program in programs):
            words = "\n".join(f"--- {p.name}\n{p.output()[-2000:]}" for p in programs)
            raise RuntimeError(f"nothing answers behind port {port}\n{words}")
        time.sleep(0.02)
    return time.monotonic() - started


def answers(port: int, timeout: float = 1) -> bool:
    """Whether a GET brings at least one byte back: of a page, or of the XOR echo."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout) as visitor:
            visitor.settimeout(timeout)
            visitor.sendall(b"GET /small HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return bool(visitor.recv(1))
    except OSError:
        return False
