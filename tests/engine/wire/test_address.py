from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.engine.errors import LocalProtocolError, RemoteProtocolError
from xrgui.engine.wire import address

CASES = [
    ("127.0.0.1", 80, "0050 01 7f000001"),
    ("reverse.test", 0, "0000 02 0c 726576657273652e74657374"),
    ("2001:db8::1", 65535, "ffff 03 20010db8000000000000000000000001"),
    ("_sip.A-b.c", 1, "0001 02 0a 5f7369702e412d622e63"),
]


@pytest.mark.parametrize(("host", "port", "wire"), CASES)
def test_known_bytes_both_ways(host: str, port: int, wire: str) -> None:
    raw = bytes.fromhex(wire)
    assert address.encode(host, port) == raw
    assert address.decode(raw, 0) == (host, port, len(raw))
    assert address.decode(memoryview(b"xyz" + raw + b"tail"), 3) == (host, port, 3 + len(raw))


@pytest.mark.parametrize(("host", "port", "wire"), CASES)
def test_every_cut_asks_for_more(host: str, port: int, wire: str) -> None:
    raw = bytes.fromhex(wire)
    assert all(address.decode(raw[:n]) is None for n in range(len(raw)))


def test_mapped_addresses_become_ipv4() -> None:
    assert address.encode("::ffff:1.2.3.4", 1) == address.encode("1.2.3.4", 1)
    mapped = bytes.fromhex("0001 03 00000000000000000000ffff01020304")
    assert address.decode(mapped) == ("1.2.3.4", 1, len(mapped))


@pytest.mark.parametrize(("text", "host"), [("10.0.0.1", "10.0.0.1"), ("[::1]", "::1"), ("2001:DB8::1", "2001:db8::1")])
def test_a_name_that_spells_an_address_is_one(text: str, host: str) -> None:
    raw = b"\x00\x50\x02" + bytes((len(text),)) + text.encode()
    assert address.decode(raw) == (host, 80, len(raw))


@pytest.mark.parametrize(
    "wire",
    ["0050 00 0102030405", "0050 04 0102030405", "0050 02 00", "0050 02 03 61 20 62", "0050 02 02 c3 bc",
     "0050 02 07 666538303a3a31", "0050 02 05 313a3a2561", "0050 02 02 610a"],
)  # fmt: skip
def test_bad_types_and_names_are_refused(wire: str) -> None:
    with pytest.raises(RemoteProtocolError):
        address.decode(bytes.fromhex(wire))


@pytest.mark.parametrize(
    ("host", "port"),
    [("", 80), ("a" * 256, 80), ("bücher.example", 80), ("a b", 80), ("a", 65536), ("a", -1)],
)
def test_what_no_peer_accepts_is_not_sent(host: str, port: int) -> None:
    with pytest.raises(LocalProtocolError):
        address.encode(host, port)


@given(st.binary(max_size=300), st.integers(0, 8))
def test_garbage_raises_only_our_error(raw: bytes, offset: int) -> None:
    try:
        result = address.decode(raw, offset)
    except RemoteProtocolError:
        return
    if result is not None:
        host, port, end = result
        assert offset < end <= len(raw)
        assert address.decode(address.encode(host, port)) == (host, port, len(address.encode(host, port)))
