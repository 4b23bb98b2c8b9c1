"""Which outbound takes a session: the first rule whose conditions all match."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final, Literal, NamedTuple

from xrgui.address import Destination, IPAddress, parse_ip
from xrgui.config import model
from xrgui.engine.interfaces import ResolverLike
from xrgui.engine.session import Session
from xrgui.matching import domain_matcher, ip_matcher, port_matcher, regexp


class Route(NamedTuple):
    """`rule` is the rule's name, or its number as ``#3``."""

    outbound_tag: str
    rule: str


class Pending(Enum):
    NEEDS_RESOLUTION = auto()


NEEDS_RESOLUTION: Final = Pending.NEEDS_RESOLUTION
"""What `pick` says where it needs addresses first: await `route` instead."""

Pick = Route | Literal[Pending.NEEDS_RESOLUTION] | None


class Step(NamedTuple):
    """What one rule says of a session. Where it does not match, `condition` is the first one that
    fails (a key of the rule: inboundTag, domain, ip …) and `value` what the session has there."""

    route: Route
    matched: bool
    condition: str = ""
    value: str = ""


class Router:
    """Rules, compiled. `needs_resolver` tells whether `pick` may ask for `route`.

    The name that rules see is the sniffed one where the session has one, else the destination's.
    Raises ValueError, which names the rule, for conditions that cannot be read.
    """

    def __init__(self, routing: model.Routing, resolver: ResolverLike) -> None:
        self._resolver = resolver
        self._rules = tuple(_compile(rule, number) for number, rule in enumerate(routing.rules, 1))
        tags = {tag for rule in self._rules for tag in rule.inbound_tags}
        self._by_tag = {tag: self._rules_for(tag) for tag in tags}
        self._of_any_tag = self._rules_for("")
        self._of_bridges = {tag: tuple(rule for rule in self._by_tag[tag] if rule.inbound_tags) for tag in tags}
        strategy = routing.domain_strategy
        self.needs_resolver = strategy != "AsIs" and any(rule.ip is not None for rule in self._rules)
        self._on_demand = self.needs_resolver and strategy == "IPOnDemand"
        self._if_non_match = self.needs_resolver and strategy == "IPIfNonMatch"

    def _rules_for(self, tag: str) -> tuple[_Rule, ...]:
        return tuple(rule for rule in self._rules if not rule.inbound_tags or tag in rule.inbound_tags)

    def pick(self, session: Session) -> Pick:
        """The route, None where no rule matches, or NEEDS_RESOLUTION. A plain, quick call."""
        found = self._first(session, self._on_demand)
        if found is None and self._if_non_match and _unresolved(session):
            return NEEDS_RESOLUTION
        return found

    async def route(self, session: Session) -> Route | None:
        """The same, with a lookup where the strategy calls for one; `session.resolved` keeps it."""
        found = self.pick(session)
        if found is NEEDS_RESOLUTION:
            try:
                session.resolved = await self._resolver.resolve(_name(session))
            except OSError:
                session.resolved = ()
            found = self._first(session, on_demand=False)
        return found if isinstance(found, Route) else None

    def _first(self, session: Session, on_demand: bool) -> Pick:
        if session.inbound_protocol == "portal":
            # What a bridge opens at a portal goes where a rule says so by name, and nowhere else.
            rules = self._of_bridges.get(session.inbound_tag, ())
        else:
            rules = self._by_tag.get(session.inbound_tag, self._of_any_tag)
        for rule in rules:
            for read, accepts in rule.tests:
                if not accepts(read(session)):
                    if on_demand and accepts is rule.ip and _unresolved(session):
                        return NEEDS_RESOLUTION
                    break
            else:
                return rule.route
        return None

    def explain(self, session: Session) -> list[Step]:
        """What each rule says of *session*, in order; the first that matched is the route.

        Await `route` before, so that the addresses that a strategy asks for are known.
        """
        return [_explain(rule, session) for rule in self._rules]


def _explain(rule: _Rule, session: Session) -> Step:
    if session.inbound_protocol == "portal" and not rule.inbound_tags:
        return Step(rule.route, False, "inboundTag", "missing, so it takes nothing that a bridge opens")
    for key, (read, accepts) in rule.conditions.items():
        value = read(session)
        if not accepts(value):
            return Step(rule.route, False, key, _show(value))
    return Step(rule.route, True)


# What a session has


def _name(session: Session) -> str:
    """The name that domain rules see; empty for an address that nothing was sniffed from."""
    host = session.destination.host
    return session.sniffed_host or (host if parse_ip(host) is None else "")


def _targets(session: Session) -> list[IPAddress]:
    """The target's address, or those that its name was resolved to."""
    texts = (session.destination.host, *session.resolved)
    return [address for text in texts if (address := parse_ip(text)) is not None]


def _unresolved(session: Session) -> bool:
    return not session.resolved and parse_ip(session.destination.host) is None


def _address(where: Destination | None) -> list[IPAddress]:
    address = where.ip if where is not None else None
    return [] if address is None else [address]


def _port(where: Destination | None) -> int:
    return where.port if where is not None else -1


def _show(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {text}" for key, text in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value == -1 else str(value)


# From the configuration to predicates

_Read = Callable[[Session], Any]
_Accepts = Callable[[Any], bool]
_Test = tuple[_Read, _Accepts]


class _Rule(NamedTuple):
    route: Route
    inbound_tags: frozenset[str]
    conditions: dict[str, _Test]
    tests: tuple[_Test, ...]
    """The conditions without that on the inbound tag, which `Router` sorts rules by."""
    ip: _Accepts | None
    """The one condition that may need a lookup."""


def _compile(rule: model.Rule, number: int) -> _Rule:
    route = Route(rule.outbound_tag, rule.name or f"#{number}")
    try:
        conditions = {
            key: (read, build(wanted)) for key, listed, read, build in _CONDITIONS if (wanted := listed(rule))
        }
    except ValueError as error:
        raise ValueError(f"rule {route.rule}: {error}") from None
    tests = tuple(test for key, test in conditions.items() if key != "inboundTag")
    ip = conditions["ip"][1] if "ip" in conditions else None
    return _Rule(route, rule.inbound_tags, conditions, tests, ip)


def _one_of(wanted: frozenset[str]) -> _Accepts:
    if len(wanted) == 1:
        (only,) = wanted
        return only.__eq__
    return wanted.__contains__


def _any_address(wanted: model.Text) -> _Accepts:
    matches = ip_matcher(wanted)
    return lambda addresses: any(map(matches, addresses))


def _users(wanted: model.Text) -> _Accepts:
    names = {user for user in wanted if not user.startswith("regexp:")}
    patterns = [regexp(user.removeprefix("regexp:")) for user in wanted if user not in names]
    return lambda user: user != "" and (user in names or any(p.search(user) for p in patterns))


def _prefixes(wanted: model.Text) -> _Accepts:
    return lambda protocol: protocol.startswith(wanted) if protocol else False


def _attributes(wanted: dict[str, str]) -> _Accepts:
    """Each header (``:method`` and ``:path`` too) must be there and match its expression."""
    patterns = [(key.lower(), regexp(pattern)) for key, pattern in wanted.items()]
    return lambda attrs: all(key in attrs and pattern.search(attrs[key]) for key, pattern in patterns)


_CONDITIONS: tuple[tuple[str, Callable[[model.Rule], Any], _Read, Callable[[Any], _Accepts]], ...] = (
    # Cheap ones first; the target's address, which may need a lookup, last.
    ("inboundTag", lambda rule: rule.inbound_tags, lambda session: session.inbound_tag, _one_of),
    ("network", lambda rule: rule.networks, lambda session: session.destination.network, _one_of),
    ("port", lambda rule: rule.ports, lambda session: session.destination.port, port_matcher),
    ("localPort", lambda rule: rule.local_ports, lambda session: _port(session.local), port_matcher),
    ("sourcePort", lambda rule: rule.source_ports, lambda session: _port(session.source), port_matcher),
    ("user", lambda rule: rule.users, lambda session: session.user, _users),
    ("protocol", lambda rule: rule.protocols, lambda session: session.sniffed_protocol, _prefixes),
    ("localIP", lambda rule: rule.local_ips, lambda session: _address(session.local), _any_address),
    ("source", lambda rule: rule.sources, lambda session: _address(session.source), _any_address),
    ("domain", lambda rule: rule.domains, _name, domain_matcher),
    ("attrs", lambda rule: rule.attrs, lambda session: session.attrs, _attributes),
    ("ip", lambda rule: rule.ips, _targets, _any_address),
)
