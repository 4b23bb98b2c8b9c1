from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.wire import vmess
from xrgui.engine.wire.vmess import Command, Security
from xrgui.engine.wire.vmess_body import CHUNK, PIECE, BodyReader, BodyWriter

VECTORS = Path(__file__).parents[2] / "vectors"
CONNECTIONS = json.loads((VECTORS / "vmess_aead.json").read_text())["connections"]
USER = UUID("b831381d-6324-4d53-ad4f-8cda48b30811")
KEY, IV = bytes(range(16)), bytes(range(16, 32))

FORMS = [
    (3, 13),
    (4, 13),
    (5, 5),
    (5, 13),
    (3, 1),
    (3, 5),
    (3, 29),
    (4, 29),
    (3, 21),
    (3, 17),
    (5, 1),
    (5, 21),
]


def make(security: int = 3, options: int = 13, command: int = 1) -> vmess.Request:
    return vmess.Request(KEY, IV, 9, options, Security(security), Command(command), "a", 1, b"")


def opened(reader: BodyReader, *parts: Any) -> bytes:
    return b"".join(payload for part in parts for payload in reader.receive_stream(part))


def read_request(raw: bytes, now: float) -> tuple[vmess.Request, int]:
    reader = vmess.RequestReader([(vmess.Account(USER), 0)], vmess.ReplayFilter())
    result = reader.receive(raw, now)
    assert result is not None
    return result[0], result[2]


def plaintexts(chunks: list[Any], packets: list[bytes]) -> None:
    for chunk, packet in zip(chunks, packets, strict=True):
        assert len(packet) == chunk["plain_len"]
        assert packet.hex() == chunk["plain_hex"] if "plain_hex" in chunk else True
        assert sha256(packet).hexdigest() == chunk.get("plain_sha256", sha256(packet).hexdigest())


@pytest.mark.parametrize("way", ["c2s", "s2c"])
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_captured_chunks_decode_and_encode_to_the_same_bytes(connection: Any, way: str) -> None:
    request, start = read_request(bytes.fromhex(connection["c2s_hex"]), connection["auth_time"])
    raw = bytes.fromhex(connection[f"{way}_hex"])
    if way == "s2c":
        start = connection["response_body_offset"]
    reader = BodyReader(request, way == "c2s")
    packets = [bytes(packet) for packet in reader.receive(raw[start:])]
    chunks = connection[f"{way}_chunks"]
    ended = chunks[-1]["plain_len"] == 0
    plaintexts(chunks[: len(chunks) - ended], packets)
    assert reader.ended == ended
    assert reader.complete

    def captured_padding(size: int) -> bytes:
        end = chunk["offset"] + 2 + chunk["size"]
        assert size == chunk["padding"]
        return raw[end - size : end]

    writer = BodyWriter(request, way == "c2s", captured_padding)
    for chunk, packet in zip(chunks, [*packets, b""] if ended else packets, strict=True):
        end = chunk["offset"] + 2 + chunk["size"]
        assert bytes(writer.seal(packet)) == raw[chunk["offset"] : end]


@pytest.mark.parametrize("name", ["aes-128-gcm", "chacha20-poly1305"])
def test_captures_of_xray_decode_and_encode_to_the_same_bytes(name: str) -> None:
    vector = json.loads((VECTORS / f"xray/xray_vmess_{name}.json").read_text())
    for connection in vector["connections"]:
        up, down = bytes.fromhex(connection["c2s"]), bytes.fromhex(connection["s2c"])
        request, start = read_request(up, vector["unix_time"])
        for upward, raw in ((True, up[start:]), (False, down[38:])):
            reader = BodyReader(request, upward)
            packets = reader.receive(raw)
            assert packets
            assert reader.complete
            again = seal_like(request, upward, raw, [*packets, b""] if reader.ended else packets)
            assert again == raw


def seal_like(request: vmess.Request, upward: bool, raw: bytes, packets: list[Any]) -> bytes:
    """*packets* sealed with the padding of *raw*."""
    out = b""
    for_next = 0

    def padding(size: int) -> bytes:
        return raw[for_next : for_next + size]

    writer = BodyWriter(request, upward, padding)
    for packet in packets:
        for_next = len(out) + 2 + len(packet) + 16
        out += writer.seal(packet)
    return out


def test_the_visitors_bytes_of_a_capture_of_xray() -> None:
    vector = json.loads((VECTORS / "xray/xray_vmess_aes-128-gcm.json").read_text())
    raw = bytes.fromhex(vector["connections"][0]["c2s"])
    request, start = read_request(raw, vector["unix_time"])
    body = opened(BodyReader(request, True), raw[start:])
    assert body.startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize(("security", "options"), FORMS)
@pytest.mark.parametrize("upward", [True, False])
def test_every_form_comes_back(security: int, options: int, upward: bool) -> None:
    if options & 8 and not options & 4:
        pytest.skip("not a form")
    request = make(security, options)
    writer, reader = BodyWriter(request, upward, os.urandom), BodyReader(request, upward)
    for size in (0, 1, 63, CHUNK, 2 * CHUNK - 1, PIECE + 7, 2 * PIECE - 1, 5 * PIECE + 3):
        data = os.urandom(size)
        assert opened(reader, *writer.seal_stream([data])) == data
    assert not reader.ended
    assert opened(reader, writer.end()) == b""
    assert reader.ended
    assert opened(reader, b"whatever") == b""


def test_an_empty_first_chunk_of_a_client_is_not_its_end() -> None:
    """Xray 26.7 sends one when its visitor waits for the server to speak first."""
    request = make()
    writer, reader = BodyWriter(request, True, os.urandom), BodyReader(request, True)
    assert opened(reader, writer.seal(b"")) == b""
    assert not reader.ended
    assert opened(reader, *writer.seal_stream([b"later"])) == b"later"
    assert opened(reader, writer.end()) == b""
    assert reader.ended


@pytest.mark.parametrize("upward", [True, False])
def test_a_stream_without_payload_can_end(upward: bool) -> None:
    request = make()
    reader = BodyReader(request, upward)
    assert opened(reader, BodyWriter(request, upward, os.urandom).end()) == b""
    assert reader.ended


@given(parts=st.lists(st.integers(0, 3 * CHUNK), max_size=12))
def test_parts_are_cut_into_full_chunks(parts: list[int]) -> None:
    request = make()
    writer, reader = BodyWriter(request, True, bytes), BodyReader(request, True)
    data = [os.urandom(size) for size in parts]
    buffers = list(writer.seal_stream(data))
    chunks = [packet for buffer in buffers for packet in reader.receive(buffer)]
    assert b"".join(chunks) == b"".join(data)
    assert all(len(chunk) == CHUNK for chunk in chunks[:-1])
    most = -(-sum(parts) // PIECE)
    assert most - 1 <= len(buffers) <= most, "a small last chunk may still fit where padding might have stood"


@given(
    form=st.sampled_from(FORMS),
    command=st.sampled_from([1, 2]),
    packets=st.lists(st.binary(min_size=1, max_size=400), max_size=8),
    data=st.data(),
)
def test_any_split_gives_the_same(
    form: tuple[int, int], command: int, packets: list[bytes], data: st.DataObject
) -> None:
    request = make(*form, command)
    writer = BodyWriter(request, True, os.urandom)
    stream = b"".join(map(writer.seal, packets)) + writer.end() + b"left over"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    by_packet, by_stream = BodyReader(request, True), BodyReader(request, True)
    got, joined = [], b""
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += [bytes(packet) for packet in by_packet.receive(stream[start:end])]
        joined += opened(by_stream, memoryview(stream)[start:end])
    assert got == packets
    assert joined == b"".join(packets)
    assert by_packet.ended
    assert by_stream.ended


def test_a_cut_inside_a_chunk_is_seen() -> None:
    request = make()
    sealed = bytes(BodyWriter(request, True, os.urandom).seal(b"hello"))
    for size in range(1, len(sealed)):
        reader = BodyReader(request, True)
        assert opened(reader, sealed[:size]) == b""
        assert not reader.complete


def test_nonces_wrap_as_the_peers_do() -> None:
    request = make()
    writer, reader = BodyWriter(request, True, bytes), BodyReader(request, True)
    for number in range(0x10002):
        data = number.to_bytes(3)
        assert opened(reader, writer.seal(data)) == data


@pytest.mark.parametrize("form", [(3, 9), (4, 25), (5, 4)])
def test_forms_that_no_peer_speaks_are_refused(form: tuple[int, int]) -> None:
    with pytest.raises(RemoteProtocolError):
        BodyReader(make(*form), True)


def test_a_changed_bit_is_refused_or_leaves_the_chunk_open() -> None:
    request = make(options=29)
    sealed = bytes(BodyWriter(request, True, bytes).seal(b"hello"))
    for index in range(18 + 5 + 16):
        bad = sealed[:index] + bytes((sealed[index] ^ 1,)) + sealed[index + 1 :]
        with pytest.raises(RemoteProtocolError, match="does not decrypt"):
            opened(BodyReader(request, True), bad)


@given(form=st.sampled_from(FORMS), raw=st.binary(max_size=300))
def test_garbage_raises_only_our_error(form: tuple[int, int], raw: bytes) -> None:
    reader = BodyReader(make(*form), True)
    try:
        opened(reader, raw)
    except RemoteProtocolError:
        pass
