"""Reader for `routing` (Xray infra/conf/router.go)."""

from __future__ import annotations

from typing import Literal, cast

from xrgui.config.cursor import Cursor
from xrgui.config.model import Routing, Rule

_strategies = {
    "": "AsIs",
    "asis": "AsIs",
    "alwaysip": "IPOnDemand",
    "ipifnonmatch": "IPIfNonMatch",
    "ipondemand": "IPOnDemand",
}
_conditions_lacking = {
    "process": "rule by local process",
    "localOS": "rule by operating system",
    "vlessRoute": "rule by the route bytes of a VLESS id",
    "sourceGeoip": "rule of this kind",
    "geoip": "rule of this kind",
    "geosite": "rule of this kind",
}


def read_routing(node: Cursor) -> Routing:
    wrapper = node.get("settings")
    rules = [*node.get("rules").items(), *wrapper.get("rules").items()]
    strategy = node.get("domainStrategy")
    if strategy.missing:
        strategy = wrapper.get("domainStrategy")
    if node.get("balancers").value:
        node.get("balancers").lacks(
            "balancers", "give several bridges one reverse tag or portal: the least loaded link is taken"
        )
    node.accept("domainMatcher", "strategy")
    wrapper.accept("domainMatcher")
    wrapper.done()
    node.done()
    return Routing(domain_strategy=_strategy(strategy), rules=tuple(_read_rule(rule) for rule in rules))


def _strategy(node: Cursor) -> Literal["AsIs", "IPIfNonMatch", "IPOnDemand"]:
    text = node.text().lower().replace("_", "").replace("-", "")
    if text not in _strategies:
        node.warn("is no strategy that is known; taken for AsIs", '"AsIs", "IPIfNonMatch" or "IPOnDemand"')
    return cast(Literal["AsIs", "IPIfNonMatch", "IPOnDemand"], _strategies.get(text, "AsIs"))


def _read_rule(node: Cursor) -> Rule:
    found = Rule(
        outbound_tag=_outbound_tag(node),
        name=node.get("ruleTag").text(),
        inbound_tags=frozenset(node.get("inboundTag").texts()),
        domains=node.get("domains", "domain").texts(),
        ips=node.get("ip").texts(),
        ports=node.get("port").ports(),
        source_ports=node.get("sourcePort").ports(),
        sources=node.get("sourceIP", "source").texts(),
        local_ips=node.get("localIP").texts(),
        local_ports=node.get("localPort").ports(),
        networks=node.get("network").networks(frozenset()),
        users=node.get("user").texts(),
        protocols=node.get("protocol").texts(),
        attrs=_attributes(node.get("attrs")),
    )
    lacking = [node.get(key) for key in _conditions_lacking if node.get(key).value]
    for condition in lacking:
        condition.lacks(
            _conditions_lacking[condition.name.rpartition(".")[2]],
            "remove it, or sort by inboundTag, user, ip or domain",
        )
    if not lacking and not _has_condition(found):
        node.error("has no condition", 'to match everything write "network": "tcp,udp"')
    node.ignore("webhook", "xrgui sends no notifications over HTTP")
    kind = node.get("type")
    if kind.text("field").lower() not in ("field", ""):
        kind.error(f'"{kind.text()[:40]}" is no kind of rule', 'use "field"')
    node.accept("domainMatcher")
    node.done()
    return found


def _outbound_tag(node: Cursor) -> str:
    tag = node.get("outboundTag").text()
    balancer = node.get("balancerTag")
    if not tag and balancer.text():
        balancer.lacks("balancers", "name one outbound in outboundTag")
    elif not tag:
        node.get("outboundTag").error("is missing", "the tag of the outbound that takes what matches")
    return tag


def _attributes(node: Cursor) -> dict[str, str]:
    if isinstance(node.value, str) and node.value:
        node.lacks("rules in Starlark", 'write an object: {":method": "GET"}')
        return {}
    return node.table()


def _has_condition(rule: Rule) -> bool:
    return bool(
        rule.inbound_tags
        or rule.domains
        or rule.ips
        or rule.ports
        or rule.source_ports
        or rule.sources
        or rule.local_ips
        or rule.local_ports
        or rule.networks
        or rule.users
        or rule.protocols
        or rule.attrs
    )
