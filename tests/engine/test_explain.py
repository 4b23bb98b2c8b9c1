"""The dry run of routing."""

from __future__ import annotations

from typing import Any

import pytest

from xrgui.address import Destination, Network
from xrgui.config.load import load_value
from xrgui.engine.explain import explain, outbound_tags, parse_target
from xrgui.rpc import Explain, Explanation

OUTBOUNDS = [{"tag": "first", "protocol": "blackhole"}, {"tag": "out", "protocol": "freedom"}]


class Names:
    """A resolver that knows one name."""

    async def resolve(self, host: str, strategy: str = "UseIP") -> tuple[str, ...]:
        if host == "known":
            return ("10.0.0.1",)
        raise OSError("unknown")


async def ask(routing: dict[str, Any], query: Explain, outbounds: list[dict[str, Any]] = OUTBOUNDS) -> Explanation:
    draft = load_value({"outbounds": outbounds, "routing": routing}).draft
    assert draft is not None
    return await explain(draft, query, Names())


async def test_the_first_rule_that_matches_and_those_before_it() -> None:
    rules = [
        {"ruleTag": "mail", "port": 25, "outboundTag": "first"},
        {"inboundTag": ["in"], "network": "tcp", "outboundTag": "out"},
        {"network": "tcp", "outboundTag": "first"},
    ]
    told = await ask({"rules": rules}, Explain("example.com:80", inbound="in"))
    assert (told.outbound, told.rule, told.why) == ("out", "#2", "Rule #2 takes it.")
    assert [(step.rule, step.matched, step.why) for step in told.steps] == [
        ("mail", False, "port is 80"),
        ("#2", True, "all of its conditions hold"),
    ]


async def test_no_rule_is_the_first_outbound() -> None:
    told = await ask({}, Explain("udp:h:1"))
    assert (told.outbound, told.rule) == ("first", "")
    assert (await ask({}, Explain("h:1"), [])).outbound == ""


async def test_an_outbound_that_is_not_there_drops_it() -> None:
    told = await ask({"rules": [{"network": "tcp", "outboundTag": "gone"}]}, Explain("h:1"))
    assert (told.outbound, told.rule) == ("", "#1")
    assert "'gone' is not there" in told.why


@pytest.mark.parametrize(("host", "outbound", "resolved"), [("known", "out", ("10.0.0.1",)), ("other", "first", ())])
async def test_names_are_looked_up_where_the_strategy_asks(host: str, outbound: str, resolved: tuple[str, ...]) -> None:
    routing = {"domainStrategy": "IPIfNonMatch", "rules": [{"ip": ["10.0.0.0/8"], "outboundTag": "out"}]}
    told = await ask(routing, Explain(f"{host}:1"))
    assert (told.outbound, told.resolved) == (outbound, resolved)


async def test_source_user_and_protocol_count() -> None:
    rules = [{"source": ["192.0.2.0/24"], "user": ["a@b"], "protocol": ["http"], "outboundTag": "out"}]
    query = Explain("h:1", source="192.0.2.9:5", user="a@b", protocol="http1")
    assert (await ask({"rules": rules}, query)).outbound == "out"
    query.user = "c@d"
    assert (await ask({"rules": rules}, query)).steps[0].why == "user is c@d"


def test_tags_of_portals_count_as_outbounds() -> None:
    user = {"id": "b831381d-6324-4d53-ad4f-8cda48b30811", "reverse": {"tag": "home"}}
    inbound = {"protocol": "vless", "port": 1, "settings": {"users": [user], "decryption": "none"}}
    draft = load_value(
        {"inbounds": [inbound], "outbounds": OUTBOUNDS, "reverse": {"portals": [{"tag": "p", "domain": "d"}]}}
    ).draft
    assert draft is not None
    assert outbound_tags(draft) == {"first", "out", "p", "home"}


def test_targets() -> None:
    assert parse_target("UDP:[::1]:53") == Destination(Network.UDP, "::1", 53)
    assert parse_target("h:1") == Destination(Network.TCP, "h", 1)
    for text in ("", "h", "tcp:", ":80", "h:99999"):
        with pytest.raises(ValueError, match="port"):
            parse_target(text)
