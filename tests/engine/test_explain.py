"""The dry run of routing."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.config.load import load_value
from xrgui.config.naming import name_everything
from xrgui.engine.dispatcher import Dispatcher
from xrgui.engine.errors import RefusedError
from xrgui.engine.explain import explain, outbound_tags, parse_target
from xrgui.engine.outbound.freedom import FreedomOutbound
from xrgui.engine.router import Router
from xrgui.engine.session import Session
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


# The same as the engine does

TAGS = ["in", "p", "b", "r"]
PROTOCOLS = {"in": "tunnel", "p": "portal", "b": "bridge", "r": "vless-reverse"}
rules = st.fixed_dictionaries(
    {"outboundTag": st.sampled_from(["free", "other", "none", "p", "b", "gone"])},
    optional={
        "inboundTag": st.lists(st.sampled_from(TAGS), min_size=1, max_size=2, unique=True),
        "port": st.sampled_from(["80", "1-100", "443"]),
        "ip": st.sampled_from([["10.0.0.0/8"], ["geoip:private"]]),
        "domain": st.just(["full:known"]),
        "network": st.sampled_from(["tcp", "udp"]),
    },
)
final_rules = st.lists(
    st.fixed_dictionaries(
        {"action": st.sampled_from(["allow", "block"])},
        optional={"port": st.sampled_from(["80", "443"]), "ip": st.just(["10.0.0.0/8"])},
    ),
    max_size=2,
)


class Taker:
    """In the place of an outbound that would dial."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> None:
        protocol.connection_lost(None)


class Dialled(FreedomOutbound):
    """Dials nobody."""

    async def _dial(self, target: Destination, allowed: Any, factory: Any) -> None:
        factory().connection_lost(None)


class Verdict(asyncio.Protocol):
    def __init__(self) -> None:
        self.refused: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        self.refused.set_result(isinstance(exc, RefusedError))


def whole_config(strategy: str, routing: list[dict[str, Any]], final: list[dict[str, Any]]) -> model.Config:
    server = {"address": "192.0.2.1", "port": 1, "id": str(uuid4()), "encryption": "none", "reverse": {"tag": "r"}}
    draft = load_value(
        {
            "inbounds": [{"tag": "in", "protocol": "tunnel", "listen": "127.0.0.1", "port": 1, "settings": {}}],
            "outbounds": [
                {"protocol": "freedom", "settings": {"finalRules": final}},
                {"tag": "free", "protocol": "freedom"},
                {"tag": "other", "protocol": "freedom", "settings": {"redirect": ":443", "finalRules": final}},
                {"tag": "none", "protocol": "blackhole"},
                {"tag": "links", "protocol": "vless", "settings": server},
            ],
            "reverse": {"portals": [{"tag": "p", "domain": "p.test"}], "bridges": [{"tag": "b", "domain": "b.test"}]},
            "routing": {"domainStrategy": strategy, "rules": routing},
        }
    ).draft
    assert draft is not None
    return draft


async def engine_says(config: model.Config, session: Session) -> str:
    """The outbound to which the engine gives *session*; empty where it is refused."""
    config = name_everything(config)
    dispatcher = Dispatcher(Router(config.routing, Names()))
    try:
        for outbound in config.outbounds:
            free = isinstance(outbound.settings, model.FreedomOutbound)
            dispatcher.outbounds[outbound.tag] = Dialled(outbound, Names()) if free else Taker(outbound.tag)
        dispatcher.outbounds |= {tag: Taker(tag) for tag in ("p", "b", "r")}
        dispatcher.default = dispatcher.outbounds[config.outbounds[0].tag]
        verdict = Verdict()
        dispatcher.connect(session, verdict)
        return "" if await verdict.refused else session.outbound_tag
    finally:
        dispatcher.close()


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(["AsIs", "IPIfNonMatch", "IPOnDemand"]),
    st.lists(rules, max_size=4),
    final_rules,
    st.sampled_from(TAGS),
    st.sampled_from(["known:80", "known:443", "10.0.0.1:80", "192.0.2.7:443", "unknown:80"]),
)
async def test_the_dry_run_and_the_engine_agree(
    strategy: str, routing: list[dict[str, Any]], final: list[dict[str, Any]], tag: str, target: str
) -> None:
    config = whole_config(strategy, routing, final)
    told = await explain(config, Explain(target, inbound=tag), Names())
    assert told.outbound == await engine_says(config, Session(tag, PROTOCOLS[tag], parse_target(target)))
    assert bool(told.rule) == any(step.matched for step in told.steps)


async def test_what_a_bridge_opens_needs_a_rule_that_names_the_portal() -> None:
    open_to_all = {"outboundTag": "free", "port": "80"}
    told = await explain(whole_config("AsIs", [open_to_all], []), Explain("10.0.0.1:80", inbound="p"), Names())
    assert (told.outbound, told.rule) == ("", "")
    assert "No rule that names this portal takes it" in told.why
    assert told.steps[0].why == "inboundTag is missing, so it takes nothing that a bridge opens"
    named = {"outboundTag": "free", "inboundTag": ["p"]}
    told = await explain(whole_config("AsIs", [named], []), Explain("10.0.0.1:80", inbound="p"), Names())
    assert (told.outbound, told.rule) == ("", "#1")
    assert "no finalRules entry allows it" in told.why
