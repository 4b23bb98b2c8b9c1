from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.wire import websocket as ws

VECTORS = Path(__file__).parents[2] / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def directions() -> list[Any]:
    """(bytes of a client, bytes of its server, SHA-256 of both streams or nothing) for each capture."""
    found = []
    vless = load("vless_ws.json")
    digests = [hashlib.sha256(bytes.fromhex(vless[way]["stream_hex"])).hexdigest() for way in ("c2s", "s2c")]
    found.append(pytest.param(vless["c2s"]["raw_hex"], vless["s2c"]["raw_hex"], *digests, id="v2ray-vless"))
    (tunnel,) = load("mux_reverse_ws.json")["connections"]
    up, down = tunnel["bridge_to_portal"], tunnel["portal_to_bridge"]
    hashes = (up["stream_sha256"], down["stream_sha256"])
    found.append(pytest.param(up["raw_hex"], down["raw_hex"], *hashes, id="v2ray-reverse"))
    for number, connection in enumerate(load("xray/xray_reverse_ws.json")["connections"]):
        found.append(pytest.param(connection["c2s"], connection["s2c"], "", "", id=f"xray-reverse-{number}"))
    return found


def stream(decoder: ws.FrameDecoder, data: bytes, step: int) -> bytes:
    pieces = [decoder.receive_data(data[start : start + step]) for start in range(0, len(data), step)]
    return b"".join(piece for some in pieces for piece in some)


@pytest.mark.parametrize("step", [1, 7, 1000, 10**9])
@pytest.mark.parametrize(("c2s", "s2c", "up", "down"), directions())
def test_captures_decode(c2s: str, s2c: str, up: str, down: str, step: int) -> None:
    request, sent = ws.split_head(bytes.fromhex(c2s)) or pytest.fail("no request")
    response, answered = ws.split_head(bytes.fromhex(s2c)) or pytest.fail("no response")
    path = request.first[1]
    assert ws.check_request(request, path, request.headers["host"]) == ""
    ws.check_response(response, request.headers["sec-websocket-key"])
    for data, masked, digest in ((sent, True, up), (answered, False, down)):
        decoder = ws.FrameDecoder(masked=masked)
        decoded = stream(decoder, data, step)
        assert not digest or hashlib.sha256(decoded).hexdigest() == digest
        assert decoder.control in ([], [(ws.CLOSE, b"\x03\xe8")])


def test_v2rays_handshake_is_encoded_again() -> None:
    vector = load("vless_ws.json")
    sent, answered = (vector[way]["http_head"].encode() for way in ("c2s", "s2c"))
    request, _ = ws.split_head(sent) or pytest.fail("no request")
    key = request.headers["sec-websocket-key"]
    headers = {"Host": "ws.test", "User-Agent": "Go-http-client/1.1"}
    assert ws.encode_request("/ws", headers, key) == sent
    assert ws.encode_response(key) == answered


@pytest.mark.parametrize("way", ["c2s", "s2c"])
def test_v2rays_frames_are_encoded_again(way: str) -> None:
    vector = load("vless_ws.json")[way]
    raw = bytes.fromhex(vector["raw_hex"])
    content = bytes.fromhex(vector["stream_hex"])
    for each in vector["ws_frames"]:
        after = 6 if each["masked"] else 2
        mask = raw[each["offset"] + 2 : each["offset"] + after]
        payload = content if each["opcode"] == ws.BINARY else ws.encode_close(1000)
        expected = raw[each["offset"] : each["offset"] + after + each["payload_len"]]
        assert frame(payload, mask, each["opcode"]) == expected


def frame(payload: bytes, mask: bytes = b"", opcode: int = ws.BINARY) -> bytes:
    return ws.frame_header(opcode, len(payload), mask) + (ws.apply_mask(payload, mask) if mask else payload)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([ws.BINARY, ws.TEXT, ws.CONTINUATION, ws.PING]),
            st.one_of(
                st.binary(max_size=125),
                st.integers(126, 70_000).map(lambda n: bytes(range(251)) * (n // 251)),
            ),
        ),
        max_size=6,
    ),
    st.booleans(),
    st.binary(min_size=4, max_size=4),
    st.lists(st.integers(1, 80_000), min_size=1),
)
def test_any_split_gives_the_same_bytes(
    frames: list[tuple[int, bytes]], masked: bool, mask: bytes, steps: list[int]
) -> None:
    frames = [(opcode, payload[:125] if opcode == ws.PING else payload) for opcode, payload in frames]
    raw = b"".join(frame(payload, mask if masked else b"", opcode) for opcode, payload in frames)
    decoder = ws.FrameDecoder(masked=masked)
    decoded, position, turn = b"", 0, 0
    while position < len(raw):
        step = max(steps[turn % len(steps)], len(raw) // 1000)
        decoded += b"".join(decoder.receive_data(memoryview(raw)[position : position + step]))
        position, turn = position + step, turn + 1
    assert decoded == b"".join(payload for opcode, payload in frames if opcode != ws.PING)
    assert decoder.control == [each for each in frames if each[0] == ws.PING]


@given(st.binary(max_size=300), st.booleans())
def test_garbage_raises_only_our_error(data: bytes, masked: bool) -> None:
    decoder = ws.FrameDecoder(masked=masked)
    try:
        decoder.receive_data(data)
    except RemoteProtocolError:
        pass


def test_payload_comes_before_its_frame_is_whole() -> None:
    decoder = ws.FrameDecoder(masked=True)
    raw = frame(b"abcdefgh" * 100, b"\x01\x02\x03\x04")
    assert b"".join(decoder.receive_data(raw[: 8 + 13])) == b"abcdefghabcde"
    assert b"".join(decoder.receive_data(raw[8 + 13 : 8 + 14])) == b"f"


def test_a_small_piece_does_not_hold_on_to_what_came_with_it() -> None:
    decoder = ws.FrameDecoder(masked=False)
    small, big = decoder.receive_data(frame(b"s" * 100) + frame(b"b" * 100_000))
    assert isinstance(small, bytes)
    assert isinstance(big, memoryview)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xc2\x80", "reserved bits"),
        (b"\x82\x01a", "without a mask"),
        (b"\x83\x80\0\0\0\0", "unknown kind"),
        (b"\x09\x80\0\0\0\0", "too long or in parts"),
        (b"\x89\xfe\0\xff\0\0\0\0", "too long or in parts"),
        (b"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0", "2\\^63"),
    ],
)
def test_bad_frames(data: bytes, text: str) -> None:
    with pytest.raises(RemoteProtocolError, match=text):
        ws.FrameDecoder(masked=True).receive_data(data)


GOOD = (
    b"GET /tunnel?x=1 HTTP/1.1\r\nHost: Portal.example:8443\r\nupgrade: WebSocket\r\n"
    b"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: I2HMURZu6zSo0exSVY+V8A==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


def refusal(raw: bytes, path: str = "/tunnel", host: str = "") -> str:
    found = ws.split_head(raw)
    assert found is not None
    return ws.check_request(found[0], path, host)


@pytest.mark.parametrize(
    ("path", "host"), [("/tunnel", ""), ("tunnel", ""), ("/tunnel?ed=2048", "portal.example")]
)
def test_good_requests(path: str, host: str) -> None:
    assert refusal(GOOD, path, host) == ""


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"/tunnel?", b"/tunnel/?", "404"),
        (b"/tunnel?", b"/?", "404"),
        (b"Portal.example", b"other.example", "404"),
        (b"GET", b"POST", "400"),
        (b"HTTP/1.1", b"HTTP/1.0", "400"),
        (b"WebSocket\r\n", b"h2c\r\n", "400"),
        (b", Upgrade", b"", "400"),
        (b"Version: 13", b"Version: 8", "426"),
        (b"Sec-WebSocket-Key", b"X", "400"),
    ],
)
def test_refused_requests(old: bytes, new: bytes, status: str) -> None:
    assert refusal(GOOD.replace(old, new), "/tunnel", "portal.example").startswith(status)


def test_a_target_may_be_absolute_and_escaped() -> None:
    assert refusal(GOOD.replace(b"/tunnel?", b"http://portal.example/t%75nnel?")) == ""


@pytest.mark.parametrize("status", ["404 Not Found", "200 OK", "502"])
def test_the_servers_refusal_is_named(status: str) -> None:
    head, _ = ws.split_head(f"HTTP/1.1 {status}\r\n\r\n".encode()) or pytest.fail("no head")
    with pytest.raises(RemoteProtocolError, match=f"answers {status} to"):
        ws.check_response(head, "key")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"SSH-2.0-OpenSSH ready\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "answer .* is wrong"),
    ],
)
def test_wrong_answers(raw: bytes, text: str) -> None:
    head, _ = ws.split_head(raw) or pytest.fail("no head")
    with pytest.raises(RemoteProtocolError, match=text):
        ws.check_response(head, "key")


@given(st.binary(max_size=200), st.integers(0, 3))
def test_heads_of_any_kind_raise_only_our_error(noise: bytes, where: int) -> None:
    lines = GOOD.split(b"\r\n")
    lines[where] = noise
    try:
        found = ws.split_head(b"\r\n".join(lines))
        if found is not None:
            ws.check_request(found[0], "/tunnel", "host")
            ws.check_response(found[0], "key")
    except RemoteProtocolError:
        pass


def test_a_head_has_a_limit() -> None:
    assert ws.split_head(b"GET / HTTP/1.1\r\n" + b"a" * 8000) is None
    with pytest.raises(RemoteProtocolError, match="8192"):
        ws.split_head(b"GET / HTTP/1.1\r\n" + b"a" * 8192)


def test_what_follows_the_head_is_kept() -> None:
    assert (ws.split_head(GOOD + b"rest") or pytest.fail("no head"))[1] == b"rest"


@given(st.binary(min_size=1, max_size=500))
def test_early_data_comes_back(data: bytes) -> None:
    raw = ws.encode_request("/", {"Host": "h"}, "key", data)
    head, _ = ws.split_head(raw) or pytest.fail("no head")
    assert ws.decode_early_data(head.headers["sec-websocket-protocol"]) == data
    assert ws.decode_early_data(base64.b64encode(data).decode()) == data


@given(st.text(max_size=50))
def test_early_data_from_anybody(text: str) -> None:
    assert isinstance(ws.decode_early_data(text), bytes)


def test_headers_cannot_smuggle_lines() -> None:
    raw = ws.encode_request("/a b\r\nX: y", {"Host": "h\r\nX: y"}, "key")
    head, rest = ws.split_head(raw) or pytest.fail("no head")
    assert rest == b""
    assert head.first[1] == "/a%20b%0D%0AX:%20y"
    assert "x" not in head.headers
