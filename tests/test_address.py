"""Addresses as texts."""

from __future__ import annotations

import pytest

from xrgui.address import parse_ip


@pytest.mark.parametrize("text", ["192.0.2.1", "2001:db8::1", "fe80::1%eth0", "fe80::1%vlan-1.2_3"])
def test_an_address(text: str) -> None:
    assert str(parse_ip(text)) == text


def test_a_mapped_address_is_ipv4() -> None:
    assert str(parse_ip("::ffff:192.0.2.1")) == "192.0.2.1"


@pytest.mark.parametrize(
    "text", ["", "example.com", "1.2.3", "fe80::1%", "fe80::1%\x1b[2J", "fe80::1%a\n", "::1%" + "x" * 99]
)
def test_no_address(text: str) -> None:
    assert parse_ip(text) is None
