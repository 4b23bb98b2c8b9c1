from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.engine.errors import LocalProtocolError, RemoteProtocolError
from xrgui.engine.wire import vless
from xrgui.engine.wire.vless import Command

VECTORS = Path(__file__).parents[2] / "vectors"
USER = UUID("b831381d-6324-4d53-ad4f-8cda48b30811")


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def captured() -> list[Any]:
    """Client bytes, server bytes, command and host of every VLESS connection in the vectors."""
    cases = []
    for number, connection in enumerate(load("vless_headers.json")["connections"]):
        request = connection["request"]
        cases.append(
            pytest.param(
                connection["c2s_hex"],
                connection["s2c_hex"],
                request["command"],
                request.get("address", ""),
                request.get("port", 0),
                id=f"vless_headers-{number}",
            )
        )
    for name, commands in (("xray_vless", (1, 1, 1, 3)), ("xray_vless_mux", (3, 3)), ("xray_reverse", (4,))):
        for connection, command in zip(load(f"xray/{name}.json")["connections"], commands, strict=True):
            host, port = ("", 0) if command > 2 else ("127.0.0.1", None)
            case = connection["c2s"], connection["s2c"], command, host, port
            cases.append(pytest.param(*case, id=f"{name}-{connection['n']}"))
    (tunnel,) = load("mux_reverse_tcp.json")["connections"]
    raw = tunnel["bridge_to_portal"]["raw_hex"], tunnel["portal_to_bridge"]["raw_hex"]
    cases.append(pytest.param(*raw, 1, "reverse.test", 0, id="mux_reverse_tcp"))
    return cases


@pytest.mark.parametrize(("c2s", "s2c", "command", "host", "port"), captured())
def test_captured_headers_decode_and_encode_to_the_same_bytes(
    c2s: str, s2c: str, command: int, host: str, port: int | None
) -> None:
    up, down = bytes.fromhex(c2s), bytes.fromhex(s2c)
    decoded = vless.decode_request(up)
    assert decoded is not None
    request, size = decoded
    assert request[:3] == (USER, command, host)
    assert request.flow == ""
    assert port is None or request.port == port
    assert vless.encode_request(USER, request.command, request.host, request.port) == up[:size]
    assert all(vless.decode_request(up[:n]) is None for n in range(size))
    assert vless.decode_response(down) == 2
    assert vless.decode_response(down[:1]) is None
    assert down[:2] == vless.RESPONSE


def test_captured_packets() -> None:
    connection = load("vless_headers.json")["connections"][2]
    for way, header in (("c2s", connection["request"]["header_len"]), ("s2c", 2)):
        body = bytes.fromhex(connection[f"{way}_hex"])[header:]
        packets = [text.encode() for text in connection[f"{way}_packets"]]
        assert vless.PacketReader().receive(body) == packets
        assert b"".join(map(vless.PacketWriter().seal, packets)) == body


def test_ids_match_whatever_bytes_6_and_7_are() -> None:
    routed = UUID("b831381d-6324-ffff-ad4f-8cda48b30811")
    assert vless.user_key(USER) == vless.user_key(routed)
    assert vless.user_key(USER) != vless.user_key(UUID("b831381d-6325-4d53-ad4f-8cda48b30811"))


def request_with(addons: bytes) -> bytes:
    return b"\0" + USER.bytes + bytes((len(addons),)) + addons + b"\x03"


@pytest.mark.parametrize(
    ("addons", "flow"),
    [
        (b"\x0a\x10xtls-rprx-vision", "xtls-rprx-vision"),
        (b"\x12\x03abc\x0a\x01x", "x"),
        (b"\x18\x96\x01\x25abcd\x29abcdefgh", ""),
        (b"\x0a\x01\xff", "�"),
    ],
)
def test_flow_is_read_and_other_fields_are_skipped(addons: bytes, flow: str) -> None:
    decoded = vless.decode_request(request_with(addons))
    assert decoded is not None
    assert decoded[0].flow == flow


@pytest.mark.parametrize("addons", [b"\x0a", b"\x0a\x05abc", b"\x80", b"\x0b\x01a", b"\x25abc", b"\xff" * 12])
def test_malformed_addons_are_refused(addons: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        vless.decode_request(request_with(addons))


@pytest.mark.parametrize(
    "raw",
    [b"GET", b"\1", b"\0" + USER.bytes + b"\0\0", b"\0" + USER.bytes + b"\0\5",
     b"\0" + USER.bytes + b"\0\1\0\x50\7abcd", b"\0" + USER.bytes + b"\0\1\0\x50\2\0"],
)  # fmt: skip
def test_what_cannot_become_a_request_is_refused_at_once(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        vless.decode_request(raw)


def test_an_answer_of_another_protocol_is_refused_at_its_first_byte() -> None:
    with pytest.raises(RemoteProtocolError):
        vless.decode_response(b"H")
    assert vless.decode_response(b"\0\3ab") is None
    assert vless.decode_response(b"\0\3abcdef") == 5


def test_a_target_that_no_peer_accepts_is_not_sent() -> None:
    with pytest.raises(LocalProtocolError):
        vless.encode_request(USER, Command.TCP, "a b", 80)


@given(st.binary(max_size=200))
def test_garbage_raises_only_our_error(raw: bytes) -> None:
    for buf in (raw, b"\0" + USER.bytes + raw):
        try:
            decoded = vless.decode_request(buf)
        except RemoteProtocolError:
            continue
        assert decoded is None or decoded[1] <= len(buf)


@given(st.lists(st.binary(max_size=300), max_size=10), st.data())
def test_packets_do_not_depend_on_how_the_stream_is_cut(packets: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(vless.PacketWriter().seal, packets))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader = vless.PacketReader()
    got = [
        packet
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for packet in reader.receive(memoryview(stream)[start:end])
    ]
    assert got == [packet for packet in packets if packet]
