"""What the checks share: a list of problems, and where routing would send a connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from xrgui.address import Network, parse_ip
from xrgui.config.model import Config, Outbound, PortRange, Rule
from xrgui.config.problem import Problem, Severity
from xrgui.matching import domain_matcher, ip_matcher


class Findings(list[Problem]):
    def error(self, path: str, message: str, hint: str = "") -> None:
        self.append(Problem(path, message, hint))

    def warn(self, path: str, message: str, hint: str = "") -> None:
        self.append(Problem(path, message, hint, Severity.WARNING))


class Visit(NamedTuple):
    """A TCP connection as far as it is known beforehand; None: it may be anything."""

    inbound_tag: str
    domain: str | None = None
    port: int | None = None
    users: frozenset[str] = frozenset()
    """E-mails that it may carry."""
    own: bool = False
    """Made by a bridge itself: it has no source, no user and nothing to sniff."""


class Way(NamedTuple):
    tag: str
    """Of the outbound; of the first one, maybe empty, where no rule matches."""
    rule: int | None
    certain: bool


class _Match(IntEnum):
    NO = 0
    MAYBE = 1
    YES = 2


def ways(config: Config, visit: Visit) -> list[Way]:
    """Where *visit* may go, in the order of the rules; only the last one may be certain."""
    found: list[Way] = []
    for index, rule in enumerate(config.routing.rules):
        match = min(_conditions(rule, visit), default=_Match.NO)
        if match:
            found.append(Way(rule.outbound_tag, index, match is _Match.YES))
        if match is _Match.YES:
            return found
    if config.outbounds:
        found.append(Way(config.outbounds[0].tag, None, True))
    return found


def target(config: Config, way: Way) -> int | None:
    """The index of the outbound that *way* leads to; None for a portal or a missing one."""
    if way.rule is None:
        return 0 if config.outbounds else None
    return outbound_index(config.outbounds, way.tag)


def outbound_index(outbounds: Sequence[Outbound], tag: str) -> int | None:
    return next((index for index, outbound in enumerate(outbounds) if tag and outbound.tag == tag), None)


def _conditions(rule: Rule, visit: Visit) -> Iterator[_Match]:
    unknown = _Match.NO if visit.own else _Match.MAYBE
    if rule.inbound_tags:
        yield _Match.YES if visit.inbound_tag in rule.inbound_tags else _Match.NO
    if rule.networks:
        yield _Match.YES if Network.TCP in rule.networks else _Match.NO
    if rule.domains:
        yield _match_domain(rule, visit)
    if rule.ips:
        yield _Match.NO if visit.domain is not None else _Match.MAYBE
    if rule.ports:
        yield _match_port(rule.ports, visit.port)
    if rule.users:
        yield unknown if _may_be_user(rule, visit.users) else _Match.NO
    if (
        rule.sources
        or rule.source_ports
        or rule.local_ips
        or rule.local_ports
        or rule.protocols
        or rule.attrs
    ):
        yield unknown


def _match_domain(rule: Rule, visit: Visit) -> _Match:
    if visit.domain is None:
        return _Match.MAYBE
    try:
        return _Match.YES if domain_matcher(rule.domains)(visit.domain) else _Match.NO
    except ValueError:
        return _Match.MAYBE


def _match_port(ranges: Sequence[PortRange], port: int | None) -> _Match:
    if port is None:
        return _Match.MAYBE
    return _Match.YES if any(first <= port <= last for first, last in ranges) else _Match.NO


def _may_be_user(rule: Rule, users: frozenset[str]) -> bool:
    return any(user in users or (users and user.startswith("regexp:")) for user in rule.users)


_private_names = ("lan", "localdomain", "example", "invalid", "localhost", "test", "local", "internal")
_is_private_ip = ip_matcher(("geoip:private",))
_is_private_name = domain_matcher(tuple(f"domain:{name}" for name in (*_private_names, "home.arpa")))


def is_public(host: str) -> bool:
    """Whether Xray takes *host* for public (infra/conf/xray.go, common/geodata/consts.go)."""
    if (address := parse_ip(host)) is not None:
        return not _is_private_ip(address)
    name = host.rstrip(".")
    return "." in name and not _is_private_name(name)
