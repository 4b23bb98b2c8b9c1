"""How each program answers hand-made Mux.cool frames, in the manner of h2spec.

The same cases for v2ray and Xray as for xrgui; where stock peers differ the case names what each
does. `portal` is the mux client, `bridge` the mux server: the test plays the other one.
"""

from __future__ import annotations

import socket

import pytest

from tests.interop.conformance.subjects import Subject, broken_link
from tests.interop.wire import (
    END,
    ERROR,
    KEEP,
    KEEPALIVE,
    NEW,
    Wire,
    address,
    frame,
)

pytestmark = pytest.mark.peer


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


def test_no_name(subject: Subject, to_bridge: Wire) -> None:
    """A domain of no bytes: ours may end the sub-connection or the link."""
    if subject.name != "xrgui":
        pytest.skip("not sent to stock peers: Go indexes an empty string there")
    to_bridge.send(frame(5, NEW, rest=b"\x01\x00\x50\x02\x00"))
    assert to_bridge.broken(2) in {"closed", "alive"}
