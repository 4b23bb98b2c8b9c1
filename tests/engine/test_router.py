from __future__ import annotations

import socket
from typing import Any

import pytest

from xrgui.address import Destination, Network
from xrgui.config.model import Routing, Rule
from xrgui.engine.router import NEEDS_RESOLUTION, Route, Router, Step
from xrgui.engine.session import Session


class Names:
    """A resolver that knows one name and counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(self, host: str, strategy: str = "UseIP") -> tuple[str, ...]:
        self.asked.append(host)
        if host == "known.test":
            return ("2001:db8::1", "192.0.2.1")
        raise socket.gaierror("no such name")


def session(
    host: str = "example.com", port: int = 80, network: Network = Network.TCP, **fields: Any
) -> Session:
    made = Session(
        fields.pop("inbound_tag", "in"),
        "tunnel",
        Destination(network, host, port),
        source=fields.pop("source", Destination(Network.TCP, "198.51.100.7", 4000)),
        local=fields.pop("local", Destination(Network.TCP, "203.0.113.1", 443)),
        user=fields.pop("user", ""),
    )
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def router(*rules: Rule, strategy: str = "AsIs", names: Names | None = None) -> Router:
    return Router(Routing(domain_strategy=strategy, rules=rules), names or Names())  # type: ignore[arg-type]


MATCHES = [
    ({"inbound_tags": frozenset({"in", "other"})}, {}, {"inbound_tag": "else"}),
    ({"networks": frozenset({Network.UDP})}, {"network": Network.UDP}, {}),
    ({"networks": frozenset(Network)}, {}, None),
    ({"ports": ((80, 81), (443, 443))}, {"port": 443}, {"port": 82}),
    ({"local_ports": ((443, 443),)}, {}, {"local": None}),
    ({"source_ports": ((1, 5000),)}, {}, {"source": None}),
    ({"users": ("a@b", "regexp:^admin")}, {"user": "admin7"}, {"user": "a@b.c"}),
    ({"users": ("regexp:",)}, {"user": "x"}, {"user": ""}),
    ({"protocols": ("http", "bittorrent")}, {"sniffed_protocol": "http1"}, {"sniffed_protocol": "tls"}),
    ({"protocols": ("tls",)}, {"sniffed_protocol": "tls"}, {}),
    ({"local_ips": ("203.0.113.0/24",)}, {}, {"local": None}),
    ({"sources": ("!10.0.0.0/8",)}, {}, {"source": Destination(Network.TCP, "10.1.1.1", 1)}),
    ({"sources": ("0.0.0.0/0",)}, {}, {"source": Destination(Network.TCP, "/run/socket", 0)}),
    ({"domains": ("domain:example.com",)}, {"host": "a.EXAMPLE.com"}, {"host": "192.0.2.1"}),
    (
        {"domains": ("domain:example.com",)},
        {"host": "192.0.2.1", "sniffed_host": "example.com"},
        {"host": "x.org"},
    ),
    (
        {"attrs": {"Host": "^a", ":method": "GET"}},
        {"attrs": {"host": "ab", ":method": "GET"}},
        {"attrs": {"host": "a"}},
    ),
    ({"ips": ("192.0.2.0/24",)}, {"host": "192.0.2.5"}, {"host": "192.0.3.1"}),
    ({"ips": ("192.0.2.0/24",)}, {"host": "x.org", "resolved": ("::1", "192.0.2.5")}, {"host": "x.org"}),
    (
        {"ips": ("geoip:!private",), "ports": ((80, 80),)},
        {"host": "8.8.8.8"},
        {"host": "8.8.8.8", "port": 81},
    ),
]


@pytest.mark.parametrize(("conditions", "yes", "no"), MATCHES)
def test_conditions(conditions: dict[str, Any], yes: dict[str, Any], no: dict[str, Any] | None) -> None:
    picks = router(Rule(outbound_tag="out", **conditions))
    assert picks.pick(session(**yes)) == Route("out", "#1")
    if no is not None:
        assert picks.pick(session(**no)) is None
        assert not picks.explain(session(**no))[0].matched


def test_the_first_rule_that_matches_wins() -> None:
    picks = router(
        Rule(outbound_tag="a", ports=((81, 81),)),
        Rule(outbound_tag="b", name="eighty", ports=((80, 80),)),
        Rule(outbound_tag="c", networks=frozenset({Network.TCP})),
    )
    assert picks.pick(session()) == Route("b", "eighty")
    assert picks.pick(session(port=5)) == Route("c", "#3")
    assert picks.pick(session(port=5, network=Network.UDP)) is None
    assert router().pick(session()) is None


def test_rules_for_one_inbound_keep_their_order_among_the_others() -> None:
    picks = router(
        Rule(outbound_tag="a", inbound_tags=frozenset({"x"}), ports=((1, 1),)),
        Rule(outbound_tag="b", ports=((2, 2),)),
        Rule(outbound_tag="c", inbound_tags=frozenset({"x", "y"})),
        Rule(outbound_tag="d", ports=((3, 3),)),
    )
    found = {
        (tag, port): route.outbound_tag if isinstance(route, Route) else route
        for tag in ("x", "y", "")
        for port in (1, 2, 3)
        for route in [picks.pick(session(inbound_tag=tag, port=port))]
    }
    assert [found["x", port] for port in (1, 2, 3)] == ["a", "b", "c"]
    assert [found["y", port] for port in (1, 2, 3)] == ["c", "b", "c"]
    assert [found["", port] for port in (1, 2, 3)] == [None, "b", "d"]


def ip_rules(strategy: str, names: Names) -> Router:
    return router(
        Rule(outbound_tag="lan", ips=("192.0.2.0/24",)),
        Rule(outbound_tag="web", ports=((80, 80),)),
        strategy=strategy,
        names=names,
    )


async def test_as_is_never_asks() -> None:
    names = Names()
    picks = ip_rules("AsIs", names)
    assert not picks.needs_resolver
    assert await picks.route(session("known.test")) == Route("web", "#2")
    assert await picks.route(session("known.test", 81)) is None
    assert names.asked == []


async def test_ip_if_non_match_asks_when_no_rule_matched() -> None:
    names = Names()
    picks = ip_rules("IPIfNonMatch", names)
    assert picks.needs_resolver
    assert picks.pick(session("known.test")) == Route("web", "#2")
    late = session("known.test", 81)
    assert picks.pick(late) is NEEDS_RESOLUTION
    assert await picks.route(late) == Route("lan", "#1")
    assert late.resolved == ("2001:db8::1", "192.0.2.1")
    assert picks.pick(late) == Route("lan", "#1")
    assert await picks.route(session("unknown.test", 81)) is None
    assert picks.pick(session("192.0.9.1", 81)) is None
    assert names.asked == ["known.test", "unknown.test"]


async def test_ip_on_demand_asks_at_the_first_ip_rule() -> None:
    names = Names()
    picks = ip_rules("IPOnDemand", names)
    assert picks.pick(session("known.test")) is NEEDS_RESOLUTION
    assert await picks.route(session("known.test")) == Route("lan", "#1")
    assert await picks.route(session("unknown.test")) == Route("web", "#2")
    assert picks.pick(session("192.0.2.9")) == Route("lan", "#1")
    assert names.asked == ["known.test", "unknown.test"]


def test_ip_on_demand_does_not_ask_for_a_rule_that_fails_anyway() -> None:
    picks = router(
        Rule(outbound_tag="a", ips=("192.0.2.0/24",), ports=((81, 81),)),
        Rule(outbound_tag="b", ports=((80, 80),)),
        strategy="IPOnDemand",
    )
    assert picks.pick(session("known.test")) == Route("b", "#2")


@pytest.mark.parametrize("strategy", ["IPIfNonMatch", "IPOnDemand"])
def test_without_ip_rules_nothing_is_asked(strategy: str) -> None:
    picks = router(Rule(outbound_tag="a", ports=((81, 81),)), strategy=strategy)
    assert not picks.needs_resolver
    assert picks.pick(session("known.test")) is None


def test_explain_says_which_condition_failed_and_with_what() -> None:
    picks = router(
        Rule(outbound_tag="a", inbound_tags=frozenset({"other"})),
        Rule(outbound_tag="b", ports=((81, 81),), ips=("10.0.0.0/8",)),
        Rule(outbound_tag="c", ips=("10.0.0.0/8",), name="lan"),
        Rule(outbound_tag="d", sources=("10.0.0.0/8",)),
        Rule(outbound_tag="e", attrs={"host": "x"}),
        Rule(outbound_tag="f", networks=frozenset({Network.UDP})),
        Rule(outbound_tag="g", domains=("full:example.com",)),
        Rule(outbound_tag="h", local_ports=((1, 2),)),
    )
    steps = picks.explain(session(attrs={"host": "y"}, resolved=("192.0.2.1", "::1"), local=None))
    assert steps == [
        Step(Route("a", "#1"), False, "inboundTag", "in"),
        Step(Route("b", "#2"), False, "port", "80"),
        Step(Route("c", "lan"), False, "ip", "192.0.2.1, ::1"),
        Step(Route("d", "#4"), False, "source", "198.51.100.7"),
        Step(Route("e", "#5"), False, "attrs", "host: y"),
        Step(Route("f", "#6"), False, "network", "tcp"),
        Step(Route("g", "#7"), True),
        Step(Route("h", "#8"), False, "localPort", ""),
    ]


@pytest.mark.parametrize("bad", [{"ips": ("geoip:cn",)}, {"domains": ("regexp:(",)}, {"attrs": {"a": "("}}])
def test_a_bad_condition_names_its_rule(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^rule lan: "):
        router(Rule(outbound_tag="x", name="lan", **bad))
