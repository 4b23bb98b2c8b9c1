"""The programs that are asked, as portal and as bridge, and what the tests ask them with."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.conftest import pick_port
from tests.interop import peers, topologies
from tests.interop.topologies import CLASSIC, LOOPBACK, VLESS_REVERSE, Certificates, Json, Service, Shape
from tests.interop.wire import (
    END,
    UDP,
    Frame,
    Wire,
    link_request,
    new,
)

POOL = 6
"""Links that a bridge keeps to the test, so that one broken by a case is not waited for."""
CONTROL_NAMES = (
    "reverse",
    "reverse.internal.v2fly.org",
    "reverse.internal.v2ray.com",
    "reverse.internal.example.com",
)


class Subject(NamedTuple):
    """The program whose answers are looked at."""

    name: str
    shape: Shape

    def __str__(self) -> str:
        return self.name + ("-reverse" if self.modern and self.name == "xrgui" else "")

    @property
    def modern(self) -> bool:
        return self.shape.dialect == "vless-reverse"


SUBJECTS = [
    Subject("v2ray", CLASSIC[0]),
    Subject("xray", VLESS_REVERSE[0]),
    Subject("xrgui", CLASSIC[0]),
    Subject("xrgui", VLESS_REVERSE[0]),
]


class PortalUnderTest:
    """A portal that runs, its visitors' ports, and links of hand-made bridges to it."""

    def __init__(self, subject: Subject, certificates: Certificates, directory: Path) -> None:
        self.tcp, self.udp = pick_port(), pick_port(socket.SOCK_DGRAM)
        self.link = pick_port()
        self.subject = subject
        services = (Service("tcp", self.tcp, 7), Service("udp", self.udp, 7, "udp"))
        config = topologies.portal(subject.shape, self.link, services, certificates)
        self.process = peers.start(subject.name, config, directory, "portal")
        self.process.wait_listening(self.link)

    def wire(self) -> Wire:
        """A new link, up: the portal has opened its control session."""
        wire = Wire(socket.create_connection((LOOPBACK, self.link)))
        wire.send(link_request(self.subject.shape))
        assert wire.exactly(2) == b"\0\0"
        while not wire.control:
            wire.control.append(wire.any_frame())
        return wire

    def visitor(self) -> socket.socket:
        return socket.create_connection((LOOPBACK, self.tcp), 5)


class BridgeUnderTest:
    """A bridge that runs and dials the test, over several links at once."""

    def __init__(self, subject: Subject, certificates: Certificates, directory: Path) -> None:
        self.subject = subject
        self.listener = socket.create_server((LOOPBACK, 0), backlog=64)
        self.listener.settimeout(15)
        self.idle: list[Wire] = []
        config = topologies.bridge(subject.shape, self.listener.getsockname()[1], certificates)
        self.process = peers.start(subject.name, several_links(config, POOL), directory, "bridge")

    def wire(self) -> Wire:
        return self.idle.pop() if self.idle else self.accept()

    def accept(self) -> Wire:
        wire = Wire(self.listener.accept()[0])
        request = link_request(self.subject.shape)
        assert wire.exactly(len(request)) == request
        wire.send(b"\0\0", new(1, 0, b"\x9a\x06\x01x", host=self.control_name, network=UDP))
        return wire

    @property
    def control_name(self) -> str:
        return CONTROL_NAMES[2 if self.subject.name == "v2ray" else 0]

    def give_back(self, wire: Wire) -> None:
        """Keep it for the next case if it still works."""
        if wire.broken(1) == "alive":
            self.idle.append(wire)
        else:
            wire.close()

    def close(self) -> None:
        self.process.stop()
        for wire in self.idle:
            wire.close()
        self.listener.close()


def several_links(config: Json, count: int) -> Json:
    """The bridge's configuration with *count* links in place of one."""
    tags = [f"bridge{number}" for number in range(count)]
    for entry in config["routing"]["rules"]:
        entry["inboundTag"] = tags
    if "reverse" in config:
        config["reverse"]["bridges"] = [{"tag": tag, "domain": topologies.DOMAIN} for tag in tags]
        return config
    local, link = config["outbounds"]
    links = [link | {"tag": f"link-{tag}", "settings": link["settings"] | {"reverse": {"tag": tag}}} for tag in tags]
    return config | {"outbounds": [local, *links]}


@contextlib.contextmanager
def server() -> Iterator[tuple[int, Callable[[], socket.socket]]]:
    """A TCP port and how to take its next connection."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        listener.settimeout(5)
        yield listener.getsockname()[1], lambda: accepted(listener)


def accepted(listener: socket.socket) -> socket.socket:
    connection, _ = listener.accept()
    connection.settimeout(5)
    return connection


def read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (part := connection.recv(size - len(data))):
        data += part
    return data


def ended(wire: Wire, id: int) -> Frame:
    got = wire.frame()
    assert (got.id, got.status) == (id, END), f"{got} in place of End for {id}"
    return got


def extension_at(id: int) -> list[bytes]:
    """Every message of the extension (HELLO with key and signature among them), at *id* where it is about one."""
    vectors = json.loads((Path(__file__).parents[2] / "vectors" / "extension.json").read_text(encoding="utf-8"))
    sent = [bytes.fromhex(vector["hex"]) for vector in vectors["messages"]]
    return [one if one[2:4] == b"\0\0" else one[:2] + id.to_bytes(2) + one[4:] for one in sent]


def broken_link(subject: Subject) -> set[str]:
    return {"closed", "silent"} if subject.name == "v2ray" else {"closed"}
