"""Matchers for the lists that rules are made of: domains, addresses, ports.

Each function takes the texts of one list as Xray writes them and gives a plain predicate. Lists
that live in files (`geosite:`, `ext:`, `geoip:` but for `geoip:private`) are refused with a
ValueError that says what to write.
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from xrgui.address import IPAddress, parse_ip

Interval = tuple[int, int]
"""First and last number, both included."""

PRIVATE_NETWORKS = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/127",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
)
"""What `geoip:private` stands for (Xray common/geodata/consts.go)."""


def regexp(pattern: str) -> re.Pattern[str]:
    """*pattern*, written for Go, compiled. Raises ValueError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(pattern.replace(r"\z", r"\Z"))
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None


# Domains


def domain_matcher(texts: Sequence[str]) -> Callable[[str], bool]:
    """A predicate on names: does any of *texts* match? Case does not matter; "" never matches.

    Plain text and ``keyword:`` match anywhere in the name, ``domain:`` the name and all below it,
    ``full:`` just the name, ``regexp:`` by search in the lower-case name, ``dotless:`` names
    without a dot that contain the text (Xray common/geodata/rule_parser.go).
    """
    full: set[str] = set()
    suffixes: set[str] = set()
    keywords: list[str] = []
    patterns: list[re.Pattern[str]] = []
    for text in texts:
        kind, value = _domain_rule(text)
        if kind == "full":
            full.add(value)
        elif kind == "domain":
            suffixes.add(value)
        elif kind == "keyword":
            keywords.append(value)
        else:
            patterns.append(regexp(value))
    keyword_tuple, pattern_tuple = tuple(keywords), tuple(patterns)

    def matches(host: str) -> bool:
        host = host.lower()
        if host in full or (suffixes and _under(host, suffixes)):
            return True
        for keyword in keyword_tuple:
            if keyword in host:
                return True
        return host != "" and any(pattern.search(host) for pattern in pattern_tuple)

    return matches


def _domain_rule(text: str) -> tuple[str, str]:
    """The kind of a rule (full, domain, keyword or regexp) and its value."""
    kind, colon, value = text.partition(":")
    if not colon:
        kind, value = "keyword", text
    elif kind == "dotless":
        if "." in value:
            raise ValueError(f"{text!r}: a name without dots cannot contain one")
        return "regexp", f"^[^.]*{re.escape(value.lower())}[^.]*$"
    elif kind == "regexp":
        return kind, value
    elif kind in ("geosite", "ext", "ext-domain", "ext-site"):
        raise ValueError(f"{text!r}: lists are not supported: write the names, as domain:example.com")
    elif kind not in ("full", "domain", "keyword"):
        kind, value = "keyword", text
    if not value:
        raise ValueError(f"{text!r} names no domain")
    return kind, value.lower()


def _under(host: str, suffixes: set[str]) -> bool:
    rest = host
    while rest not in suffixes:
        _, dot, rest = rest.partition(".")
        if not dot:
            return False
    return True


# Addresses


class _AddressSet:
    """Networks of both families as sorted intervals."""

    def __init__(self, networks: Iterable[tuple[int, Interval]]) -> None:
        networks = list(networks)
        self.contains = {
            version: interval_matcher([interval for found, interval in networks if found == version])
            for version in {version for version, _ in networks}
        }

    def match(self, address: IPAddress) -> bool:
        contains = self.contains.get(address.version)
        return contains is not None and contains(int(address))

    def match_none(self, address: IPAddress) -> bool:
        """The negated set: it says nothing about a family that it does not name."""
        contains = self.contains.get(address.version)
        return contains is not None and not contains(int(address))


def ip_matcher(texts: Sequence[str]) -> Callable[[IPAddress], bool]:
    """A predicate on addresses: addresses, CIDR, `geoip:private`, each with `!` before it or not.

    Positive rules are a union. Negated ones mean "in none of them", plain and `geoip` ones apart;
    the results are joined by "or" (Xray common/geodata/ip_matcher.go).
    """
    groups: dict[tuple[bool, bool], list[tuple[int, Interval]]] = {}
    for text in texts:
        negated, listed, networks = _ip_rule(text)
        groups.setdefault((negated, listed), []).extend(networks)
    tests = []
    for (negated, _), networks in groups.items():
        addresses = _AddressSet(networks)
        tests.append(addresses.match_none if negated else addresses.match)
    if len(tests) == 1:
        return tests[0]
    joined = tuple(tests)
    return lambda address: any(test(address) for test in joined)


def _ip_rule(text: str) -> tuple[bool, bool, list[tuple[int, Interval]]]:
    """Whether the rule is negated, whether it is a list, and the networks that it names."""
    bare = text.lstrip("!")
    negations = len(text) - len(bare)
    if not bare.startswith(("geoip:", "ext:", "ext-ip:")):
        return negations % 2 == 1, False, [network(bare)]
    code = bare.removeprefix("geoip:")
    name = code.lstrip("!")
    if bare == code or name.lower() != "private":
        raise ValueError(
            f"{text!r}: lists are not supported: write the networks, as 192.0.2.0/24, or geoip:private"
        )
    negations += len(code) - len(name)
    return negations % 2 == 1, True, [network(private) for private in PRIVATE_NETWORKS]


def network(text: str) -> tuple[int, Interval]:
    """The IP version (4 or 6) and the range of an address or CIDR. Raises ValueError."""
    host, slash, bits_text = text.partition("/")
    address = parse_ip(host)
    if address is None:
        raise ValueError(f"{text!r} is no IP address or network: write it as 192.0.2.1 or 192.0.2.0/24")
    bits: int = address.max_prefixlen
    if slash:
        if not bits_text.isascii() or not bits_text.isdigit() or int(bits_text) > bits:
            raise ValueError(f"{text!r}: the prefix length must be a number from 0 to {bits}")
        bits = int(bits_text)
    size = 1 << (address.max_prefixlen - bits)
    first = int(address) & ~(size - 1)
    return address.version, (first, first + size - 1)


# Ports


def port_matcher(ranges: Sequence[tuple[int, int]]) -> Callable[[int], bool]:
    """A predicate on ports: is it in any of *ranges* (first, last)? Raises ValueError."""
    for first, last in ranges:
        if not 0 <= first <= last <= 65535:
            raise ValueError(f"{first}-{last} is no range of ports: write the smaller of 0 to 65535 first")
    return interval_matcher(ranges)


def interval_matcher(intervals: Iterable[Interval]) -> Callable[[int], bool]:
    merged = _merge(intervals)
    if len(merged) == 1:
        first, last = merged[0]
        return lambda number: first <= number <= last
    starts = [first for first, _ in merged]
    ends = [last for _, last in merged]

    def contains(number: int) -> bool:
        index = bisect_right(starts, number) - 1
        return index >= 0 and number <= ends[index]

    return contains


def _merge(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for first, last in sorted(intervals):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


is_private: Callable[[IPAddress], bool] = ip_matcher(PRIVATE_NETWORKS)
"""Is this an address that `geoip:private` names: loopback, local networks, multicast …?"""
