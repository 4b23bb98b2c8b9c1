"""How each program answers hand-made Mux.cool frames, in the manner of h2spec.

The same cases for v2ray and Xray as for xrgui; where stock peers differ the case names what each
does. `portal` is the mux client, `bridge` the mux server: the test plays the other one.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import pick_port
from tests.interop import peers, topologies
from tests.interop.topologies import CLASSIC, LOOPBACK, VLESS_REVERSE, Certificates, Json, Service, Shape
from tests.interop.wire import (
    DATA,
    END,
    ERROR,
    KEEP,
    KEEPALIVE,
    NEW,
    UDP,
    Frame,
    Wire,
    address,
    frame,
    link_request,
    new,
)

pytestmark = pytest.mark.peer
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


@pytest.fixture(scope="module", params=SUBJECTS, ids=str)
def subject(request: pytest.FixtureRequest) -> Subject:
    if absent := peers.missing(request.param.name):
        pytest.skip(absent)
    found: Subject = request.param
    return found


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


@pytest.fixture(scope="module")
def portal(
    subject: Subject, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PortalUnderTest]:
    portal = PortalUnderTest(subject, certificates, tmp_path_factory.mktemp("portal"))
    yield portal
    portal.process.stop()


@pytest.fixture
def fresh(subject: Subject, certificates: Certificates, tmp_path: Path) -> Iterator[PortalUnderTest]:
    """A portal of the case's own, for cases with visitors: v2ray may pick links that are gone."""
    portal = PortalUnderTest(subject, certificates, tmp_path)
    yield portal
    portal.process.stop()


@pytest.fixture(scope="module")
def bridge(
    subject: Subject, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BridgeUnderTest]:
    bridge = BridgeUnderTest(subject, certificates, tmp_path_factory.mktemp("bridge"))
    yield bridge
    bridge.close()


@pytest.fixture
def to_bridge(bridge: BridgeUnderTest) -> Iterator[Wire]:
    wire = bridge.wire()
    yield wire
    bridge.give_back(wire)


@pytest.fixture
def to_portal(portal: PortalUnderTest) -> Iterator[Wire]:
    wire = portal.wire()
    with contextlib.closing(wire):
        yield wire


@pytest.fixture(params=["portal", "bridge"])
def wire(request: pytest.FixtureRequest, subject: Subject) -> Wire:
    """A link to the subject in either role."""
    found: Wire = request.getfixturevalue(f"to_{request.param}")
    return found


# Either role: what is skipped, what is answered by End


@pytest.mark.parametrize(
    ("sent", "ended"),
    [
        pytest.param(frame(0, KEEP, b""), [0], id="echo ping at id 0"),
        pytest.param(frame(999, KEEP, b"hello"), [999], id="Keep with data, unknown id"),
        pytest.param(frame(999, KEEP, b"x" * 65535), [999], id="Keep with 65535 bytes, unknown id"),
        pytest.param(frame(999, KEEP), [], id="Keep without data, unknown id"),
        pytest.param(frame(0, KEEPALIVE), [], id="KeepAlive"),
        pytest.param(frame(0, KEEPALIVE, b""), [], id="KeepAlive with no bytes of data"),
        pytest.param(frame(0, KEEPALIVE, b"\1xrgui-mx"), [], id="KeepAlive with a HELLO that is cut"),
        pytest.param(frame(0, KEEPALIVE, bytes(range(256)) * 255), [], id="KeepAlive with 65280 bytes"),
        pytest.param(frame(1, KEEPALIVE, b"\x03" * 13), [], id="KeepAlive with data at a live id"),
        pytest.param(frame(65535, KEEPALIVE, b"\x05"), [], id="KeepAlive with data at an unknown id"),
        pytest.param(frame(0, KEEPALIVE, b"x", rest=b"extra"), [], id="KeepAlive with extra metadata"),
        pytest.param(frame(7, END), [], id="End, unknown id"),
        pytest.param(frame(7, END) * 3, [], id="End, three times"),
        pytest.param(frame(7, END, option=ERROR), [], id="End with Error, unknown id"),
        pytest.param(frame(7, END, b"x" * 50), [], id="End with data: skipped"),
        pytest.param(frame(7, END, rest=b"extra"), [], id="End with extra metadata"),
        pytest.param(frame(998, KEEP, b"x", option=0xF0), [998], id="unknown option bits"),
        pytest.param(frame(998, KEEP, b"x", rest=b"\x09extra"), [998], id="Keep with extra metadata"),
        pytest.param(frame(998, KEEP, b"x", rest=bytes(508)), [998], id="metadata of 512 bytes"),
    ],
)
def test_skipped_or_ended(wire: Wire, sent: bytes, ended: list[int]) -> None:
    wire.send(sent)
    frames = wire.pinged()
    assert [got.id for got in frames] == ended
    assert all(got.ends for got in frames)


def test_byte_by_byte(wire: Wire) -> None:
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in frame(0, KEEPALIVE, b"abc") + frame(997, KEEP, b"hello") + frame(7, END, b"xy"):
        wire.send(bytes([byte]))
    assert [(got.id, got.ends) for got in wire.pinged()] == [(997, True)]


# Either role: what breaks the main connection


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(frame(5, KEEP, b"x", rest=bytes(509)), id="metadata of 513 bytes"),
        pytest.param(b"\x00\x03\x00\x05\x02", id="metadata of 3 bytes"),
        pytest.param(b"\x00\x00", id="no metadata"),
        pytest.param(frame(5, 9), id="unknown status"),
        pytest.param(frame(5, 0), id="status 0"),
    ],
)
def test_fatal(subject: Subject, wire: Wire, sent: bytes) -> None:
    """v2ray closes a second later as a portal, and as a bridge only stops to answer."""
    wire.send(sent)
    assert wire.broken(3 if subject.name != "v2ray" else 1.5) in broken_link(subject)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(frame(5, NEW, rest=b"\x03" + address(80)), id="network byte 3"),
        pytest.param(frame(5, NEW, rest=b"\x01\x00\x50\x04" + bytes(16)), id="address type 4"),
        pytest.param(frame(5, NEW, rest=b"\x01\x00\x50"), id="metadata too short"),
        pytest.param(frame(5, NEW, rest=b"\x01\x00\x50\x01\x7f"), id="address cut"),
    ],
)
def test_fatal_new(subject: Subject, to_bridge: Wire, sent: bytes) -> None:
    to_bridge.send(sent)
    assert to_bridge.broken(3 if subject.name != "v2ray" else 0.5) in broken_link(subject)


def broken_link(subject: Subject) -> set[str]:
    return {"closed", "silent"} if subject.name == "v2ray" else {"closed"}


def test_no_name(subject: Subject, to_bridge: Wire) -> None:
    """A domain of no bytes: ours may end the sub-connection or the link."""
    if subject.name != "xrgui":
        pytest.skip("not sent to stock peers: Go indexes an empty string there")
    to_bridge.send(frame(5, NEW, rest=b"\x01\x00\x50\x02\x00"))
    assert to_bridge.broken(2) in {"closed", "alive"}


# The subject is a bridge: it serves what the test opens


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


@pytest.mark.parametrize(
    ("id", "first", "then"),
    [
        pytest.param(2, b"hello", [], id="data in New"),
        pytest.param(3, None, [b"hel", b"lo"], id="data behind New"),
        pytest.param(4, b"", [b"", b"hello", b""], id="frames with no bytes"),
        pytest.param(5, b"n" * 59000, [], id="New with 59000 bytes"),
        pytest.param(6, None, [b"k" * 65535], id="Keep with 65535 bytes"),
        pytest.param(65535, b"hello", [], id="id 65535"),
        pytest.param(0, b"hello", [], id="id 0"),
    ],
)
def test_carries_both_ways(to_bridge: Wire, id: int, first: bytes | None, then: list[bytes]) -> None:
    sent = (first or b"") + b"".join(then)
    with server() as (port, accept):
        to_bridge.send(new(id, port, first), *(frame(id, KEEP, part) for part in then))
        with accept() as target:
            assert read(target, len(sent)) == sent
            target.sendall(sent[::-1])
            assert to_bridge.of(id, len(sent)) == sent[::-1]
        ended(to_bridge, id)


def test_domain_target(to_bridge: Wire) -> None:
    with server() as (port, accept):
        to_bridge.send(new(2, port, b"hello", host="localhost"))
        with accept() as target:
            assert read(target, 5) == b"hello"
        ended(to_bridge, 2)


def test_server_speaks_first(to_bridge: Wire) -> None:
    with server() as (port, accept):
        to_bridge.send(new(2, port))
        with accept() as target:
            target.sendall(b"220 ready")
            assert to_bridge.of(2, 9) == b"220 ready"
        ended(to_bridge, 2)


def test_id_used_again(to_bridge: Wire) -> None:
    with server() as (port, accept):
        for text in (b"first", b"again"):
            to_bridge.send(new(9, port, text))
            with accept() as target:
                assert read(target, 5) == text
            ended(to_bridge, 9)
            to_bridge.send(frame(9, END))


def test_ids_out_of_order(to_bridge: Wire) -> None:
    with server() as (port, accept):
        to_bridge.send(new(9, port, b"9"), new(4, port, b"4"))
        with accept() as one, accept() as two:
            assert {read(one, 1), read(two, 1)} == {b"9", b"4"}
        assert {to_bridge.frame()[:2], to_bridge.frame()[:2]} == {(9, END), (4, END)}


def test_end_closes_the_target(to_bridge: Wire) -> None:
    with server() as (port, accept):
        to_bridge.send(new(2, port, b"hello"))
        with accept() as target:
            assert read(target, 5) == b"hello"
            to_bridge.send(frame(2, END))
            assert read(target, 1) == b""
    to_bridge.send(frame(2, KEEP, b"late"))
    assert 2 in [got.id for got in to_bridge.pinged() if got.ends]


def test_end_with_error_closes_the_target(to_bridge: Wire) -> None:
    with server() as (port, accept):
        to_bridge.send(new(2, port, b"hello"))
        with accept() as target:
            assert read(target, 5) == b"hello"
            to_bridge.send(frame(2, END, option=ERROR))
            with contextlib.suppress(ConnectionResetError):
                assert read(target, 1) == b""
    to_bridge.pinged()


def test_data_before_end_arrives(to_bridge: Wire) -> None:
    """A visitor who sends and hangs up at once: nothing of it is lost."""
    with server() as (port, accept):
        to_bridge.send(new(2, port, b"hel"), frame(2, KEEP, b"lo" + bytes(60000)), frame(2, END))
        with accept() as target:
            assert read(target, 60006) == b"hello" + bytes(60000)
    to_bridge.pinged()


def test_target_resets(to_bridge: Wire) -> None:
    with server() as (port, accept):
        to_bridge.send(new(2, port, b"hello"))
        target = accept()
        assert read(target, 5) == b"hello"
        target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        target.close()
        assert ended(to_bridge, 2).option & ERROR


def test_refused_target(subject: Subject, to_bridge: Wire) -> None:
    """End with Error, and nobody else is touched. v2ray and Xray try for a second first."""
    with server() as (port, accept):
        to_bridge.send(new(2, port, b"hello"), new(3, pick_port(), b"x"))
        with accept() as target:
            assert read(target, 5) == b"hello"
            assert ended(to_bridge, 3).option & ERROR
            target.sendall(b"still here")
            assert to_bridge.of(2, 10) == b"still here"
        ended(to_bridge, 2)


def test_source_and_local_address(subject: Subject, to_bridge: Wire) -> None:
    """VLESS reverse puts the visitor's and the portal's address behind the target; others skip it."""
    behind = b"\x01" + address(50000, "192.0.2.7") + b"\x01" + address(443, "198.51.100.1")
    with server() as (port, accept):
        to_bridge.send(new(2, port, b"hello", behind=behind))
        with accept() as target:
            assert read(target, 5) == b"hello"
        ended(to_bridge, 2)


def test_padding_behind_the_target(to_bridge: Wire) -> None:
    with server() as (port, accept):
        to_bridge.send(new(2, port, b"hello", behind=b"\x00padding"))
        with accept() as target:
            assert read(target, 5) == b"hello"
        ended(to_bridge, 2)


def extension_at(id: int) -> list[bytes]:
    """Every message of the extension (HELLO with key and signature among them), at *id* where it is about one."""
    vectors = json.loads((Path(__file__).parents[1] / "vectors" / "extension.json").read_text(encoding="utf-8"))
    sent = [bytes.fromhex(vector["hex"]) for vector in vectors["messages"]]
    return [one if one[2:4] == b"\0\0" else one[:2] + id.to_bytes(2) + one[4:] for one in sent]


def test_a_bridge_does_not_see_the_extension(subject: Subject, to_bridge: Wire) -> None:
    if subject.name == "xrgui":
        pytest.skip("it knows the extension")
    with server() as (port, accept):
        to_bridge.send(new(2, port, b"hello"))
        with accept() as target:
            assert read(target, 5) == b"hello"
            for number, message in enumerate(extension_at(2)):
                data = bytes([number]) * 60000
                to_bridge.send(message, frame(2, KEEP, data), message)
                assert read(target, 60000) == data
                target.sendall(data)
                assert to_bridge.of(2, 60000) == data
            to_bridge.send(frame(2, END))
            assert read(target, 1) == b""
    to_bridge.pinged()


@contextlib.contextmanager
def datagram_server() -> Iterator[tuple[int, socket.socket]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target:
        target.bind((LOOPBACK, 0))
        target.settimeout(5)
        yield target.getsockname()[1], target


@pytest.mark.parametrize("id", [0, 8])
def test_udp_both_ways(to_bridge: Wire, id: int) -> None:
    with datagram_server() as (port, target):
        to_bridge.send(new(id, port, b"one", network=UDP), frame(id, KEEP, b"two"))
        assert target.recv(100) == b"one"
        data, sender = target.recvfrom(100)
        assert data == b"two"
        target.sendto(b"three", sender)
        got = to_bridge.frame()
        assert (got.id, got.status, got.data) == (id, KEEP, b"three")
        to_bridge.send(frame(id, END))
    to_bridge.pinged()


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param(b"ABCDEFGH", id="XUDP global id"),
        pytest.param(bytes(8), id="no global id"),
    ],
)
def test_udp_global_id(subject: Subject, to_bridge: Wire, behind: bytes) -> None:
    if subject.modern:
        behind = b""
    with datagram_server() as (port, target):
        to_bridge.send(new(8, port, b"one", network=UDP, behind=behind))
        assert target.recv(100) == b"one"
        to_bridge.send(frame(8, END))
    to_bridge.pinged()


def test_udp_keep_with_address(subject: Subject, to_bridge: Wire) -> None:
    """XUDP: a Keep that names its destination. v2ray sends it to the first one."""
    with datagram_server() as (port, target), datagram_server() as (other_port, other):
        to_bridge.send(new(8, port, b"one", network=UDP))
        assert target.recv(100) == b"one"
        to_bridge.send(frame(8, KEEP, b"two", rest=b"\x02" + address(other_port)))
        received = target if subject.name == "v2ray" else other
        assert received.recv(100) == b"two"
        to_bridge.send(frame(8, END))
    to_bridge.pinged()


@pytest.mark.parametrize(("size", "fatal_for"), [(2048, ()), (2049, ("v2ray",)), (8192, ("v2ray",)),
                                                 (8193, ("v2ray", "xray"))])  # fmt: skip
def test_udp_size(subject: Subject, to_bridge: Wire, size: int, fatal_for: tuple[str, ...]) -> None:
    """Over their buffer, stock peers give the whole link up."""
    with datagram_server() as (port, target):
        to_bridge.send(new(8, port, b"u" * size, network=UDP))
        if subject.name in fatal_for:
            assert to_bridge.broken(3 if subject.name != "v2ray" else 0.5) in broken_link(subject)
            return
        if size <= 8192:
            assert target.recv(65535) == b"u" * size
        to_bridge.send(frame(8, END))
        to_bridge.pinged()


@pytest.mark.parametrize("name", CONTROL_NAMES)
def test_control_session(subject: Subject, to_bridge: Wire, name: str) -> None:
    """A bridge swallows it and never answers; stock ones know but one name."""
    known = {"v2ray": "reverse.internal.v2ray.com", "xray": "reverse"}.get(subject.name, name)
    if name != known:
        pytest.skip(f"{subject.name} knows {known} only and looks the others up")
    to_bridge.send(new(3, 0, b"\x9a\x06\x05abcde", host=name, network=UDP))
    to_bridge.send(frame(3, KEEP, b"\x9a\x06\x03xyz"), frame(3, KEEP, b"\x08\x00"))
    assert to_bridge.pinged() == []


def test_drain_brings_a_successor(subject: Subject, bridge: BridgeUnderTest) -> None:
    """DRAIN: the bridge dials anew (stock within 2 s), and the old link goes on serving."""
    wire = bridge.accept()
    with contextlib.closing(wire):
        wire.send(frame(1, KEEP, b"\x08\x01\x9a\x06\x02ab"), frame(1, END))
        bridge.idle.append(bridge.accept())
        with server() as (port, accept):
            wire.send(new(2, port, b"hello"))
            with accept() as target:
                assert read(target, 5) == b"hello"


# The subject is a portal: the test serves what it opens


def test_control_session_opens_first(subject: Subject, portal: PortalUnderTest) -> None:
    with contextlib.closing(portal.wire()) as wire:
        first = wire.control[0]
    name = first.rest[5 : 5 + first.rest[4]].decode()
    assert (first.id, first.status, first.rest[:4]) == (1, NEW, b"\x02\x00\x00\x02")
    assert name == ("reverse" if subject.modern else CONTROL_NAMES[2])
    if first.data:
        assert first.data[0] in (0x08, 0x9A)


def test_visitor_both_ways(fresh: PortalUnderTest) -> None:
    with contextlib.closing(fresh.wire()) as wire, fresh.visitor() as visitor:
        visitor.sendall(b"hello")
        opened = wire.frame()
        assert (opened.status, opened.rest[:8]) == (NEW, b"\x01" + address(7))
        data = opened.data or wire.of(opened.id, 5)
        assert data == b"hello"
        wire.send(frame(opened.id, KEEP, b"w" * 65535))
        assert read(visitor, 65535) == b"w" * 65535
        wire.send(frame(opened.id, END))
        assert read(visitor, 1) == b""


def test_a_portal_does_not_see_the_extension(subject: Subject, fresh: PortalUnderTest) -> None:
    if subject.name == "xrgui":
        pytest.skip("it knows the extension")
    with contextlib.closing(fresh.wire()) as wire, fresh.visitor() as visitor:
        visitor.sendall(b"hello")
        opened = wire.frame()
        opened.data or wire.of(opened.id, 5)
        for number, message in enumerate(extension_at(opened.id)):
            data = bytes([number]) * 65535
            wire.send(message, frame(opened.id, KEEP, data), message)
            assert read(visitor, 65535) == data
        wire.send(frame(opened.id, END))
        assert read(visitor, 1) == b""
        assert {got[:2] for got in wire.pinged()} <= {(opened.id, END)}


def test_visitor_who_waits(subject: Subject, fresh: PortalUnderTest) -> None:
    """New comes without data; from stock portals after 100 ms, from ours at once."""
    with contextlib.closing(fresh.wire()) as wire, fresh.visitor() as visitor:
        opened = wire.frame()
        assert (opened.status, opened.option & DATA) == (NEW, 0)
        wire.send(frame(opened.id, KEEP, b"220 ready"))
        assert read(visitor, 9) == b"220 ready"


def test_source_follows_the_target(subject: Subject, fresh: PortalUnderTest) -> None:
    with contextlib.closing(fresh.wire()) as wire, fresh.visitor() as visitor:
        opened = wire.frame()
        source = b"\x01" + address(visitor.getsockname()[1])
        local = b"\x01" + address(fresh.tcp)
        assert opened.rest[8:] == (source + local if subject.modern else b"")


def test_visitor_leaves(fresh: PortalUnderTest) -> None:
    """His end is the sub-connection's; data for it is answered by End."""
    with contextlib.closing(fresh.wire()) as wire:
        with fresh.visitor() as visitor:
            visitor.sendall(b"hello")
            opened = wire.frame()
            opened.data or wire.of(opened.id, 5)
        ended(wire, opened.id)
        wire.send(frame(opened.id, KEEP, b"too late"))
        assert {got[:2] for got in wire.pinged()} <= {(opened.id, END)}


def test_visitor_resets(fresh: PortalUnderTest) -> None:
    with contextlib.closing(fresh.wire()) as wire:
        visitor = fresh.visitor()
        visitor.sendall(b"hello")
        opened = wire.frame()
        opened.data or wire.of(opened.id, 5)
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        visitor.close()
        ended(wire, opened.id)


@pytest.mark.parametrize("option", [0, ERROR])
def test_end_reaches_the_visitor(fresh: PortalUnderTest, option: int) -> None:
    with contextlib.closing(fresh.wire()) as wire, fresh.visitor() as visitor:
        opened = wire.frame()
        wire.send(frame(opened.id, KEEP, b"bye"), frame(opened.id, END, option=option))
        try:
            assert read(visitor, 4) in ({b"bye"} if option == 0 else {b"bye", b""})
        except ConnectionResetError:
            assert option == ERROR
        wire.pinged()


def test_new_from_the_serving_side(portal: PortalUnderTest, to_portal: Wire) -> None:
    """Skipped with its data: only the portal opens sub-connections."""
    to_portal.send(new(7, 80, b"x" * 50), frame(996, KEEP, b"z"))
    assert [got.id for got in to_portal.pinged() if got.ends][-1] == 996


def test_link_dies_and_the_next_one_serves(subject: Subject, fresh: PortalUnderTest) -> None:
    with contextlib.closing(fresh.wire()) as wire, fresh.visitor() as visitor:
        wire.frame()
        wire.send(frame(5, 9))
        assert wire.broken(3) == "closed"
        with contextlib.suppress(ConnectionResetError):
            assert read(visitor, 1) == b""
    if subject.name == "v2ray":
        return
    with contextlib.closing(fresh.wire()) as wire, fresh.visitor():
        assert wire.frame().status == NEW


def test_udp_visitor(subject: Subject, fresh: PortalUnderTest) -> None:
    with (
        contextlib.closing(fresh.wire()) as wire,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as visitor,
    ):
        visitor.settimeout(5)
        visitor.connect((LOOPBACK, fresh.udp))
        visitor.send(b"one")
        opened = wire.frame()
        assert (opened.status, opened.rest[:8]) == (NEW, b"\x02" + address(7))
        data = opened.data if opened.data is not None else wire.frame().data
        assert data == b"one"
        wire.send(frame(opened.id, KEEP, b"two"))
        assert visitor.recv(100) == b"two"


def test_large_datagrams_are_not_sent(subject: Subject, fresh: PortalUnderTest) -> None:
    """Over 8192 bytes a stock bridge gives the link up: such packets never leave the portal."""
    with (
        contextlib.closing(fresh.wire()) as wire,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as visitor,
    ):
        visitor.connect((LOOPBACK, fresh.udp))
        visitor.send(b"u" * 9000)
        visitor.send(b"small")
        sizes: list[int] = []
        while not sizes or sizes[-1] != 5:
            got = wire.frame()
            sizes += [len(got.data)] if got.data else []
        assert max(sizes) <= 8192
