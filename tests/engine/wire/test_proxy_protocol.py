from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.address import Destination, Network
from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.wire.proxy_protocol import SIGNATURE, Header, decode, encode


def at(host: str, port: int) -> Destination:
    return Destination(Network.TCP, host, port)


def test_version_1() -> None:
    assert encode(1, at("192.0.2.1", 5), at("192.0.2.2", 80)) == b"PROXY TCP4 192.0.2.1 192.0.2.2 5 80\r\n"
    assert encode(1, at("::1", 5), at("::2", 80)) == b"PROXY TCP6 ::1 ::2 5 80\r\n"


def test_version_2() -> None:
    head = encode(2, at("192.0.2.1", 5), at("192.0.2.2", 80))
    assert head == SIGNATURE + bytes.fromhex("2111000cc0000201c000020200050050")
    six = encode(2, at("2001:db8::1", 5), at("::2", 80))
    assert six[:16] == SIGNATURE + bytes.fromhex("21210024")
    assert six[16:] == ip_address("2001:db8::1").packed + ip_address("::2").packed + bytes((0, 5, 0, 80))


def test_mixed_families_are_written_as_ipv6() -> None:
    word, family, source, *rest = encode(1, at("192.0.2.1", 5), at("::2", 80)).decode().split()
    assert (word, family, rest) == ("PROXY", "TCP6", ["::2", "5", "80"])
    assert ip_address(source) == ip_address("::ffff:192.0.2.1")
    assert len(encode(2, at("::2", 5), at("192.0.2.1", 80))) == 52


@pytest.mark.parametrize("source", [None, at("/run/socket", 0), at("name", 1)])
def test_an_unknown_source_names_nobody(source: Destination | None) -> None:
    assert encode(1, source, at("192.0.2.2", 80)) == b"PROXY UNKNOWN\r\n"
    assert encode(2, source, at("192.0.2.2", 80)) == SIGNATURE + bytes.fromhex("20000000")


addresses = st.sampled_from(["4", "6"]).flatmap(
    lambda v: st.tuples(*[st.builds(at, st.ip_addresses(v=int(v)).map(str), st.integers(0, 65535))] * 2)  # type: ignore[arg-type]
)


@given(st.sampled_from([1, 2]), addresses)
def test_what_was_encoded_is_read_in_any_portions(
    version: int, ends: tuple[Destination, Destination]
) -> None:
    raw = encode(version, *ends)  # type: ignore[arg-type]
    header = decode(raw + b"payload")
    assert header is not None
    assert header.length == len(raw)
    assert [(each.ip, each.port) for each in header[1:]] == [(each.ip, each.port) for each in ends]
    assert all(decode(raw[:size]) is None for size in range(len(raw)))


@pytest.mark.parametrize(
    "raw",
    [
        b"PROXY UNKNOWN\r\n",
        b"PROXY UNKNOWN ffff:: ffff:: 1 2\r\n",
        SIGNATURE + bytes.fromhex("20000000"),
        SIGNATURE + bytes.fromhex("20110000"),
        SIGNATURE + bytes.fromhex("21000000"),
        SIGNATURE + bytes.fromhex("21310002ffff"),
    ],
)
def test_headers_without_addresses(raw: bytes) -> None:
    assert decode(raw) == Header(len(raw), None, None)


def test_extensions_behind_the_addresses_are_skipped() -> None:
    raw = SIGNATURE + bytes.fromhex("21110010c0000201c00002020005005004000100")
    assert decode(raw + b"x") == Header(len(raw), at("192.0.2.1", 5), at("192.0.2.2", 80))


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n",
        b"\r\n\r\nX",
        b"PROXY \r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 5\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 5 65536\r\n",
        b"PROXY TCP4 192.0.2.1 name 5 80\r\n",
        b"PROXY UDP4 192.0.2.1 192.0.2.2 5 80\r\n",
        b"PROXY TCP4 " + b"1" * 100,
        SIGNATURE + bytes.fromhex("22110000"),
        SIGNATURE + bytes.fromhex("11110000"),
        SIGNATURE + bytes.fromhex("21110008c0000201c0000202"),
        SIGNATURE + bytes.fromhex("2111ffff"),
    ],
)
def test_bad_headers(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode(raw)


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(SIGNATURE.__add__)))
def test_garbage_raises_only_our_error(raw: bytes) -> None:
    try:
        decode(raw)
    except RemoteProtocolError:
        pass
