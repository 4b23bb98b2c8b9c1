"""The reading side of Mux.cool, against bytes captured from v2ray and Xray and against every split of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.address import Destination, Network
from xrgui.engine.mux import frames
from xrgui.engine.mux.connection import Broken, Data, Ended, KeptAlive, MuxConnection, Opened, Packet

VECTORS = Path(__file__).parents[2] / "vectors"


def captured() -> list[Any]:
    classic = json.loads((VECTORS / "mux_reverse_tcp.json").read_text())["connections"]
    drained = json.loads((VECTORS / "mux_reverse_drain.json").read_text())["connections"]
    current = json.loads((VECTORS / "xray" / "xray_reverse.json").read_text())["connections"]
    cases = []
    for name, connections in (("classic", classic), ("drain", drained)):
        for entry in connections:
            for way in ("bridge_to_portal", "portal_to_bridge"):
                part = entry[way]
                cases.append(pytest.param(part["raw_hex"], part["frames"], False, id=f"{name}-{entry['n']}-{way}"))
    for entry in current:
        for way, skip in (("c2s", entry["vless_request"]["length"]), ("s2c", 2)):
            cases.append(
                pytest.param(entry[way][2 * skip :], entry[f"{way}_frames"], True, id=f"vless-{entry['n']}-{way}")
            )
    return cases


@pytest.mark.parametrize(("raw_hex", "listed", "reverse"), captured())
def test_captured_frames_decode_and_encode_to_the_same_bytes(
    raw_hex: str, listed: list[dict[str, Any]], reverse: bool
) -> None:
    raw = bytes.fromhex(raw_hex)
    for frame in listed:
        size = 2 + frame["meta_len"]
        end = frame["offset"] + size + (2 + frame["data_len"] if frame["option"] & 1 else 0)
        piece = raw[frame["offset"] : end]
        connection = MuxConnection(reverse=reverse)
        if frame["status"] == "Keep" and (frame["meta_len"] > 4):
            connection.packet_ids.add(frame["id"])
        assert encode(connection.receive_data(piece), frame["option"]) == piece, frame


def encode(events: list[Any], option: int) -> bytes:
    first = events[0]
    data = b"".join(bytes(e.payload) for e in events if isinstance(e, Data | Packet)) if option & 1 else None
    if isinstance(first, Opened):
        addresses = {"source": first.source, "local": first.local}
        return frames.new(first.id, first.target, data, global_id=first.global_id, **addresses)
    if isinstance(first, Ended):
        return frames.end(first.id, error=first.error)
    if isinstance(first, Packet):
        return frames.keep_packet(first.id, first.payload, first.where)
    assert data is not None
    return frames.keep_head(first.id, len(data)) + data


def joined(events: list[Any]) -> list[Any]:
    """Events with the portions of one stream's payload put together, which is all that a split may change."""
    out: list[Any] = []
    for event in events:
        if isinstance(event, Data) and out and isinstance(out[-1], list) and out[-1][0] == event.id:
            out[-1][1] += bytes(event.payload)
        elif isinstance(event, Data):
            out.append([event.id, bytes(event.payload)])
        else:
            out.append(event)
    return [entry for entry in out if not (isinstance(entry, list) and not entry[1])]


places = st.builds(
    Destination,
    st.sampled_from(list(Network)),
    st.sampled_from(["127.0.0.1", "2001:db8::1", "example.com", "reverse"]),
    st.integers(0, 65535),
)
ids = st.integers(0, 65535)
any_frame = st.one_of(
    st.builds(frames.new, ids, places, st.none() | st.binary(max_size=40)),
    st.builds(lambda i, d: frames.keep_head(i, len(d)) + d, ids, st.binary(max_size=300)),
    st.builds(frames.keep_packet, ids, st.binary(max_size=40), places),
    st.builds(lambda i, e: frames.end(i, error=e), ids, st.booleans()),
    st.builds(frames.keep_alive, ids, st.binary(max_size=60)),
)


@given(st.lists(any_frame, max_size=12), st.lists(st.integers(1, 60), max_size=40), st.booleans())
def test_any_split_gives_the_same_events(parts: list[bytes], cuts: list[int], reverse: bool) -> None:
    stream = b"".join(parts)
    whole = joined(MuxConnection(reverse=reverse).receive_data(stream))
    connection = MuxConnection(reverse=reverse)
    events: list[Any] = []
    position = 0
    for cut in [*cuts, len(stream)]:
        events += [
            Data(e.id, bytes(e.payload), e.starts_frame) if isinstance(e, Data) else e
            for e in connection.receive_data(stream[position : position + cut])
        ]
        position += cut
    assert joined(events) == whole


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_garbage_breaks_and_never_raises(parts: list[bytes]) -> None:
    connection = MuxConnection()
    events = [event for part in parts for event in connection.receive_data(part)]
    assert sum(isinstance(event, Broken) for event in events) == connection.broken


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("0003000001", "3 bytes"),
        ("0201", "513 bytes"),
        ("0004000109 00", "status 9"),
        ("000c000101000301bb017f000001", "network 3"),
        ("000c000101000101bb097f000001", "address"),
        ("0005 0001 01 00 01", "address"),
    ],
)
def test_what_loses_framing_breaks_the_connection(raw: str, reason: str) -> None:
    (event,) = MuxConnection().receive_data(bytes.fromhex(raw.replace(" ", "")))
    assert isinstance(event, Broken)
    assert reason in event.reason


def test_frames_that_peers_ignore() -> None:
    connection = MuxConnection()
    raw = frames.keep_alive(7, b"pad")
    raw += bytes.fromhex("0006 0005 02 fd abcd 0002 6869 0004 0006 02 00 0004 0007 03 01 0001 78")
    assert joined(connection.receive_data(raw)) == [KeptAlive(7, b"pad"), [5, b"hi"], Ended(7, False)]


def test_payload_passes_before_its_frame_is_whole() -> None:
    connection = MuxConnection()
    (first,) = connection.receive_data(frames.keep_head(3, 100) + b"abc")
    assert (first.id, bytes(first.payload), first.starts_frame) == (3, b"abc", True)
    (second,) = connection.receive_data(b"def")
    assert (bytes(second.payload), second.starts_frame) == (b"def", False)


def test_a_datagram_waits_until_it_is_whole() -> None:
    connection = MuxConnection()
    (opened,) = connection.receive_data(frames.new(2, Destination(Network.UDP, "127.0.0.1", 53)))
    assert isinstance(opened, Opened)
    raw = frames.keep_packet(2, b"x" * 50, Destination(Network.UDP, "10.0.0.1", 99))
    assert connection.receive_data(raw[:30]) == []
    assert connection.receive_data(raw[30:]) == [Packet(2, b"x" * 50, Destination(Network.UDP, "10.0.0.1", 99))]


def test_the_echo_ping_is_an_empty_keep_for_an_unknown_id() -> None:
    (event,) = MuxConnection().receive_data(frames.ECHO)
    assert event == Data(0, b"", True)
