from __future__ import annotations

from typing import Any

import pytest

from tests.config.reading import ID, errors, judge, warnings

OTHER = "7d9b6a02-3c41-4f5e-9a8d-5b1c20e7f346"
WEB = {"tag": "web", "protocol": "freedom", "settings": {"redirect": "127.0.0.1:80"}}
ALLOWED = {"tag": "web", "protocol": "freedom", "settings": {"finalRules": [{"action": "allow"}]}}
DIAL = {"tag": "dial", "protocol": "vmess", "settings": {"address": "portal.test", "port": 1, "id": ID}}
LINK_RULE = {"inboundTag": ["b"], "domain": ["full:d.test"], "outboundTag": "dial"}
VISITOR_RULE = {"inboundTag": ["b"], "outboundTag": "web"}


# The classic bridge


def bridge(*rules: dict[str, Any], outbounds: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "reverse": {"bridges": [{"tag": "b", "domain": "d.test"}]},
        "outbounds": [WEB, DIAL] if outbounds is None else outbounds,
        "routing": {"rules": list(rules)},
    }


def test_a_bridge_as_it_should_be() -> None:
    assert judge(bridge(LINK_RULE, VISITOR_RULE)) == []
    assert judge(bridge(LINK_RULE)) == []
    assert judge(bridge({**LINK_RULE, "network": "tcp", "port": "0-65535"}, VISITOR_RULE)) == []


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (VISITOR_RULE, LINK_RULE),
        ({**LINK_RULE, "domain": ["full:other.test"]}, VISITOR_RULE),
        ({**LINK_RULE, "port": 80}, VISITOR_RULE),
        ({**LINK_RULE, "network": "udp"}, VISITOR_RULE),
        ({**LINK_RULE, "user": ["someone"]}, VISITOR_RULE),
        ({**LINK_RULE, "ip": ["0.0.0.0/0"]}, VISITOR_RULE),
        ({**LINK_RULE, "inboundTag": ["b2"]}, VISITOR_RULE),
    ],
)
def test_a_bridge_whose_domain_no_rule_sends_to_the_portal(rules: tuple[dict[str, Any], ...]) -> None:
    found = errors(bridge(*rules))
    assert set(found) == {"reverse.bridges[0]"}
    assert "freedom" in found["reverse.bridges[0]"]
    assert '"domain": ["full:d.test"]' in found["reverse.bridges[0]"]
    assert '"outboundTag": "dial"' in found["reverse.bridges[0]"]


def test_a_bridge_that_leads_into_nothing() -> None:
    blackhole = {"tag": "dial", "protocol": "blackhole"}
    assert "blackhole" in errors(bridge(LINK_RULE, outbounds=[WEB, blackhole]))["reverse.bridges[0]"]
    assert "no rule" in errors(bridge(outbounds=[]))["reverse.bridges[0]"]
    missing = errors(bridge({**LINK_RULE, "outboundTag": "x"}, VISITOR_RULE))
    assert set(missing) == {"routing.rules[0].outboundTag"}


def test_mux_under_a_bridge() -> None:
    muxed = {**DIAL, "mux": {"enabled": True}}
    found = errors(bridge(LINK_RULE, VISITOR_RULE, outbounds=[WEB, muxed]))
    assert set(found) == {"outbounds[1].mux"}
    assert 'bridge "b"' in found["outbounds[1].mux"]


def test_visitors_who_would_go_back_through_the_link() -> None:
    all_to_link = {"inboundTag": ["b"], "outboundTag": "dial"}
    assert set(errors(bridge(all_to_link))) == {"reverse.bridges[0]"}
    some = {"inboundTag": ["b"], "port": 80, "outboundTag": "web"}
    assert errors(bridge(some, all_to_link)) == {}
    assert set(warnings(bridge(some, all_to_link))) == {"reverse.bridges[0]"}


def test_a_bridge_whose_portal_is_in_the_same_process() -> None:
    def value(domain: str) -> dict[str, Any]:
        return {
            "reverse": {
                "bridges": [{"tag": "b", "domain": "d.test"}],
                "portals": [{"tag": "p", "domain": domain}],
            },
            "inbounds": [{"tag": "in", "protocol": "tunnel", "port": 1}],
            "outbounds": [WEB],
            "routing": {
                "rules": [
                    {**LINK_RULE, "outboundTag": "p"},
                    VISITOR_RULE,
                    {"inboundTag": "in", "outboundTag": "p"},
                ]
            },
        }

    assert judge(value("d.test")) == []
    assert "reverse.bridges[0]" in errors(value("other.test"))


# The classic portal


def portal(*rules: dict[str, Any], users: Any = ({"id": ID},), protocol: str = "vmess") -> dict[str, Any]:
    settings = {"users": list(users)} | ({"decryption": "none"} if protocol == "vless" else {})
    return {
        "reverse": {"portals": [{"tag": "p", "domain": "d.test"}]},
        "inbounds": [
            {"tag": "ext", "protocol": "tunnel", "port": 1},
            {"tag": "int", "protocol": protocol, "port": 2, "settings": settings},
        ],
        "routing": {"rules": list(rules)},
    }


EXTERNAL = {"inboundTag": ["ext"], "outboundTag": "p"}
INTERNAL = {"inboundTag": ["int"], "outboundTag": "p"}
LABELLED = {"inboundTag": ["int"], "domain": ["full:d.test"], "outboundTag": "p"}


@pytest.mark.parametrize(
    "rules",
    [(EXTERNAL, INTERNAL), (EXTERNAL, LABELLED), (INTERNAL,), ({"network": "tcp", "outboundTag": "p"},)],
)
def test_a_portal_as_it_should_be(rules: tuple[dict[str, Any], ...]) -> None:
    assert judge(portal(*rules)) == []


def test_a_portal_that_nobody_reaches() -> None:
    found = errors(portal())
    assert set(found) == {"reverse.portals[0]"}
    assert len([p for p in judge(portal()) if "nobody reaches it" in p.message]) == 1
    assert "for visitors" in errors(portal(LABELLED))["reverse.portals[0]"]
    assert '"inboundTag": ["ext"]' in errors(portal(LABELLED))["reverse.portals[0]"]


def test_a_portal_that_no_bridge_can_join() -> None:
    for rules in ((EXTERNAL,), (EXTERNAL, {**LABELLED, "domain": ["full:other"]})):
        found = errors(portal(*rules))
        assert "no bridge can join" in found["reverse.portals[0]"]
        assert '"inboundTag": ["int"]' in found["reverse.portals[0]"]


def test_rules_by_user_may_bring_the_bridge() -> None:
    by_user = {"user": ["home"], "outboundTag": "p"}
    assert judge(portal(EXTERNAL, by_user, users=[{"id": ID, "email": "home"}])) == []
    assert set(errors(portal(EXTERNAL, by_user))) == {"reverse.portals[0]"}


def test_a_vless_reverse_user_cannot_carry_a_classic_link() -> None:
    users = [{"id": ID, "reverse": {"tag": "r"}}]
    other = {"inboundTag": ["ext"], "port": 5, "outboundTag": "r"}
    assert "reverse.portals[0]" in errors(portal(other, EXTERNAL, INTERNAL, users=users, protocol="vless"))
    users.append({"id": OTHER})
    assert errors(portal(other, EXTERNAL, INTERNAL, users=users, protocol="vless")) == {}


# VLESS reverse


def inside(*outbounds: dict[str, Any], rules: Any = (), **link: Any) -> dict[str, Any]:
    settings = {"address": "portal.test", "port": 1, "id": ID, "encryption": "none", "reverse": {"tag": "r"}}
    return {
        "outbounds": [*outbounds, {"tag": "link", "protocol": "vless", "settings": settings, **link}],
        "routing": {"rules": list(rules)},
    }


ARRIVALS = {"inboundTag": ["r"], "outboundTag": "web"}


def test_a_vless_bridge_as_it_should_be() -> None:
    assert judge(inside(ALLOWED, rules=[ARRIVALS])) == []
    assert judge(inside({"protocol": "blackhole"}, ALLOWED, rules=[ARRIVALS])) == []


def test_freedom_denies_what_comes_over_a_link_unless_told() -> None:
    path = "outbounds[0].settings.finalRules"
    found = warnings(inside(WEB, rules=[ARRIVALS]))
    assert set(found) == {path}
    assert '{"action": "allow", "network": "tcp", "ip": ["127.0.0.1"], "port": 80}' in found[path]
    assert set(warnings(inside({"protocol": "freedom"}))) == {path}
    blocked = {"tag": "web", "protocol": "freedom", "settings": {"finalRules": [{"action": "block"}]}}
    assert set(warnings(inside(blocked, rules=[ARRIVALS]))) == {path}
    assert warnings(inside(WEB, {**ALLOWED, "tag": "w"}, rules=[{**ARRIVALS, "outboundTag": "w"}])) == {}


def test_mux_under_a_reverse_link() -> None:
    assert set(errors(inside(ALLOWED, rules=[ARRIVALS], mux={"enabled": True}))) == {"outbounds[1].mux"}
    assert errors(inside(ALLOWED, rules=[ARRIVALS], mux={"enabled": True, "concurrency": -1})) == {}


def test_what_arrives_must_not_leave_through_the_link() -> None:
    assert set(errors(inside())) == {"outbounds[0].settings.reverse"}


def test_a_link_carries_nothing_else() -> None:
    other = {"network": "tcp", "outboundTag": "link"}
    assert set(errors(inside(ALLOWED, rules=[ARRIVALS, other]))) == {"routing.rules[1].outboundTag"}


def outside(*rules: dict[str, Any], outbounds: Any = (WEB,)) -> dict[str, Any]:
    users = [{"id": ID, "reverse": {"tag": "home"}}]
    return {
        "inbounds": [
            {"protocol": "vless", "port": 1, "settings": {"decryption": "none", "users": users}},
            {"tag": "ext", "protocol": "tunnel", "port": 2},
        ],
        "outbounds": list(outbounds),
        "routing": {"rules": list(rules)},
    }


def test_a_vless_portal() -> None:
    rule = {"inboundTag": ["ext"], "outboundTag": "home"}
    assert judge(outside(rule)) == []
    found = errors(outside())
    assert set(found) == {"inbounds[0].settings.clients[0].reverse.tag"}
    assert '{"inboundTag": ["ext"], "outboundTag": "home"}' in next(iter(found.values()))
    assert set(warnings(outside(rule, outbounds=()))) == {"outbounds"}
