"""Each program as a portal: the test serves what it opens."""

from __future__ import annotations

import contextlib
import socket
import struct

import pytest

from tests.interop.conformance.subjects import (
    CONTROL_NAMES,
    PortalUnderTest,
    Subject,
    ended,
    extension_at,
    read,
)
from tests.interop.topologies import LOOPBACK
from tests.interop.wire import (
    DATA,
    END,
    ERROR,
    KEEP,
    NEW,
    Wire,
    address,
    frame,
    new,
)

pytestmark = pytest.mark.peer


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
