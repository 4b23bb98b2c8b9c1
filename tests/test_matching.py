from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xrgui.address import IPAddress
from xrgui.matching import domain_matcher, ip_matcher, is_private, port_matcher, regexp


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        ("example", ["example.com", "my-example.org", "EXAMPLE"], ["exampl.com"]),
        ("keyword:ampl", ["example.com"], ["exa.mpl"]),
        (
            "domain:Example.com",
            ["example.com", "a.b.EXAMPLE.com"],
            ["myexample.com", "example.com.de", "com"],
        ),
        ("full:example.com", ["example.com", "Example.COM"], ["www.example.com", "example.co"]),
        (r"regexp:^w{3}\.", ["www.a.org"], ["a.www.org"]),
        (r"regexp:\.ru\z", ["a.ru"], ["a.ru.de"]),
        ("dotless:", ["localhost"], ["local.host"]),
        ("dotless:pc-", ["my-pc-1"], ["pc-1.lan", "pc1"]),
    ],
)
def test_domain_rules(rule: str, yes: list[str], no: list[str]) -> None:
    matches = domain_matcher([rule])
    assert all(matches(host) for host in yes)
    assert not any(matches(host) for host in no)


def test_domain_rules_are_a_union() -> None:
    matches = domain_matcher(["full:a.b", "domain:c.d", "domain:e", "regexp:^x", "key"])
    assert [matches(host) for host in ("a.b", "z.c.d", "q.e", "x.y", "monkey.z", "b.a")] == [True] * 5 + [
        False
    ]
    assert not domain_matcher([])("anything")
    assert not domain_matcher(["dotless:", "regexp:^$"])("")


@pytest.mark.parametrize("rule", ["geosite:cn", "ext:file.dat:tag", "ext-site:f:t", "ext-domain:f:t"])
def test_domain_lists_are_refused_with_a_way_out(rule: str) -> None:
    with pytest.raises(ValueError, match=r"lists are not supported: write .*domain:example\.com"):
        domain_matcher([rule])


@pytest.mark.parametrize("rule", ["", "domain:", "full:", "keyword:", "regexp:(", "dotless:a.b"])
def test_bad_domain_rules_name_themselves(rule: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(rule.removeprefix("regexp:")))):
        domain_matcher([rule])


@given(st.lists(st.sampled_from("ab."), max_size=9).map("".join), st.text("ab.", min_size=1, max_size=5))
def test_a_domain_rule_is_the_name_or_a_label_border(host: str, suffix: str) -> None:
    assert domain_matcher([f"domain:{suffix}"])(host) == (host == suffix or host.endswith("." + suffix))


def match(texts: list[str], address: str) -> bool:
    return ip_matcher(texts)(ip_address(address))


@pytest.mark.parametrize(
    ("texts", "yes", "no"),
    [
        (["10.1.2.3"], ["10.1.2.3"], ["10.1.2.4", "::a01:203"]),
        (["10.1.2.3/8", "2001:db8::/32"], ["10.255.0.1", "2001:db8:1::1"], ["11.0.0.1", "2001:db9::"]),
        (["0.0.0.0/0"], ["255.255.255.255", "0.0.0.0"], ["::"]),
        (["geoip:private"], ["127.0.0.1", "::1", "fe80::1", "255.255.255.255"], ["1.1.1.1", "2606:4700::"]),
        (["GEOIP:private".lower(), "8.8.8.8"], ["8.8.8.8", "10.0.0.1"], ["8.8.4.4"]),
        (["!10.0.0.0/8"], ["11.0.0.0"], ["10.0.0.0", "::1"]),
        (["!10.0.0.0/8", "!11.0.0.0/8"], ["12.0.0.0"], ["10.0.0.1", "11.0.0.1"]),
        (["!!10.0.0.0/8"], ["10.0.0.1"], ["11.0.0.1"]),
        (["geoip:!private"], ["1.1.1.1", "2606:4700::"], ["127.0.0.1", "::1"]),
        (["!geoip:private", "10.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["10.0.0.2"]),
        (["!geoip:!PRIVATE"], ["10.0.0.2"], ["1.1.1.1"]),
        (["!10.0.0.0/8", "geoip:!private"], ["1.1.1.1", "192.168.0.1"], ["10.0.0.1", "::1"]),
        (["::ffff:1.2.3.4"], ["1.2.3.4"], ["1.2.3.5"]),
    ],
)
def test_ip_rules(texts: list[str], yes: list[str], no: list[str]) -> None:
    assert all(match(texts, address) for address in yes)
    assert not any(match(texts, address) for address in no)


def test_an_empty_list_of_addresses_matches_nothing() -> None:
    assert not match([], "1.1.1.1")


@pytest.mark.parametrize("text", ["geoip:cn", "ext:geo.dat:x", "!geoip:!us", "ext-ip:a:b", "ext:private"])
def test_address_lists_are_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(ValueError, match=r"lists are not supported: write the networks.*geoip:private"):
        ip_matcher([text])


@pytest.mark.parametrize(
    "text", ["", "example.com", "1.2.3.4/33", "::/129", "1.2.3.4/x", "1.2.3.4/", "/8", "1.2"]
)
def test_bad_addresses_name_themselves(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        ip_matcher([text])


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 128))
def test_a_network_is_what_the_standard_library_says(base: IPAddress, address: IPAddress, bits: int) -> None:
    assume(getattr(base, "ipv4_mapped", None) is None)
    text = f"{base}/{min(bits, base.max_prefixlen)}"
    network = ip_network(text, strict=False)
    matches = ip_matcher([text])
    assert matches(address) == (address in network)
    assert matches(network[0])
    assert matches(network[-1])


def test_private_addresses() -> None:
    assert is_private(IPv4Address("192.168.1.1"))
    assert not is_private(IPv4Address("93.184.216.34"))


@given(
    st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(sorted).map(tuple)),
    st.integers(0, 65535),
)
def test_ports(ranges: list[tuple[int, int]], port: int) -> None:
    assert port_matcher(ranges)(port) == any(first <= port <= last for first, last in ranges)


@pytest.mark.parametrize("pair", [(5, 4), (-1, 4), (1, 65536)])
def test_bad_ports(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is no range of ports"):
        port_matcher([pair])


def test_go_expressions_compile_without_warnings() -> None:
    assert regexp("[[a-z]x").search("[x")
    with pytest.raises(ValueError, match="is no regular expression"):
        regexp("(?P<")
