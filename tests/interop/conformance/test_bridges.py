"""Each program as a bridge: it serves what the test opens."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator

import pytest

from tests.conftest import pick_port
from tests.interop.conformance.subjects import (
    CONTROL_NAMES,
    BridgeUnderTest,
    Subject,
    broken_link,
    ended,
    extension_at,
    read,
    server,
)
from tests.interop.topologies import LOOPBACK
from tests.interop.wire import (
    END,
    ERROR,
    KEEP,
    UDP,
    Wire,
    address,
    frame,
    new,
)

pytestmark = pytest.mark.peer


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
