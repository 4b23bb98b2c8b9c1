from __future__ import annotations

from ipaddress import ip_address

import pytest

from xrgui.address import Destination, Network
from xrgui.engine.wire.proxy_protocol import SIGNATURE, encode


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
