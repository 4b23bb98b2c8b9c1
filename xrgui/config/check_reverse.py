"""Do bridges and portals, of both dialects, find each other and their visitors?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from xrgui.config.findings import Findings, Visit, target, ways
from xrgui.config.model import (
    BlackholeOutbound,
    Config,
    FreedomOutbound,
    HttpInbound,
    Inbound,
    ReverseEnd,
    SocksInbound,
    TunnelInbound,
    VlessInbound,
    VlessOutbound,
    VmessInbound,
)


def check_reverse(config: Config, found: Findings) -> None:
    for index, bridge in enumerate(config.reverse.bridges):
        _check_bridge(config, bridge, f"reverse.bridges[{index}]", found)
        _check_key(bridge.key, f"reverse.bridges[{index}].key", found)
    for index, portal in enumerate(config.reverse.portals):
        _check_portal(config, portal, f"reverse.portals[{index}]", found)
    for tag, path in _reverse_users(config).items():
        _check_vless_portal(config, tag, path, found)
    for index, outbound in enumerate(config.outbounds):
        settings = outbound.settings
        if isinstance(settings, VlessOutbound) and settings.reverse is not None:
            _check_vless_bridge(config, index, settings.reverse.tag, found)
            _check_key(settings.reverse.key, f"outbounds[{index}].settings.reverse.key", found)
    _check_denied(config, found)


def _rule(**conditions: object) -> str:
    return f"add the rule {json.dumps(conditions, ensure_ascii=False)}"


def _check_key(file: str, path: str, found: Findings) -> None:
    if file and not Path(file).is_file():
        found.error(path, f"{file} is not there", f"`xrgui key --file {file}` makes one")


# Classic


def _check_bridge(config: Config, bridge: ReverseEnd, path: str, found: Findings) -> None:
    if not bridge.tag or not bridge.domain:
        return
    link = ways(config, Visit(bridge.tag, bridge.domain, 0, own=True))
    hint = _rule(inboundTag=[bridge.tag], domain=[f"full:{bridge.domain}"], outboundTag=_dialling_tag(config))
    if not link:
        found.error(path, f'no rule sends "{bridge.domain}" to an outbound', hint)
        return
    index = target(config, link[-1])
    if index is None:
        portal = next((end for end in config.reverse.portals if end.tag == link[-1].tag), None)
        if portal is not None and portal.domain != bridge.domain:
            found.error(path, f'its link goes to portal "{portal.tag}", whose domain is another', hint)
        return
    outbound = config.outbounds[index]
    if isinstance(outbound.settings, FreedomOutbound | BlackholeOutbound):
        kind = "freedom" if isinstance(outbound.settings, FreedomOutbound) else "blackhole"
        found.error(path, f'its domain "{bridge.domain}" is routed to {kind}, which reaches no portal', hint)
        return
    if isinstance(outbound.settings, VlessOutbound) and outbound.settings.reverse is not None:
        found.error(path, "its link goes through a VLESS reverse outbound, which carries nothing else", hint)
    if outbound.mux.enabled:
        _refuse_mux(f"outbounds[{index}].mux", f'the link of bridge "{bridge.tag}"', found)
    _check_visitors_of(config, bridge, index, path, found)


def _check_visitors_of(config: Config, bridge: ReverseEnd, link: int, path: str, found: Findings) -> None:
    visitors = ways(config, Visit(bridge.tag))
    if target(config, visitors[-1]) != link:
        return
    message = "what visitors send goes back through its own link"
    hint = _rule(inboundTag=[bridge.tag], outboundTag="the tag of a freedom outbound")
    others = [way for way in visitors[:-1] if target(config, way) != link]
    (found.warn if others else found.error)(path, message, hint)


def _check_portal(config: Config, portal: ReverseEnd, path: str, found: Findings) -> None:
    if not portal.tag or not portal.domain:
        return
    rules = [rule for rule in config.routing.rules if rule.outbound_tag == portal.tag]
    own_domain = {portal.domain, f"full:{portal.domain}", f"domain:{portal.domain}"}
    if all(rule.domains and set(rule.domains) <= own_domain for rule in rules):
        which = "no rule" if not rules else "no rule for visitors"
        visitors = _rule(inboundTag=[_tunnel_tag(config)], outboundTag=portal.tag)
        found.error(path, f"nobody reaches it: {which} leads to it", visitors)
    if not any(way.tag == portal.tag for visit in _carriers(config, portal) for way in ways(config, visit)):
        carrier = next((i.tag for i in config.inbounds if i.tag and _takes_any_target(i)), "interconn")
        hint = _rule(inboundTag=[carrier], domain=[f"full:{portal.domain}"], outboundTag=portal.tag)
        found.error(path, f'no bridge can join: no inbound brings "{portal.domain}" here', hint)


def _carriers(config: Config, portal: ReverseEnd) -> Iterator[Visit]:
    """The ways in which a bridge's link may come in."""
    for inbound in config.inbounds:
        if _takes_any_target(inbound) or (
            isinstance(inbound.settings, TunnelInbound) and inbound.settings.address == portal.domain
        ):
            yield Visit(inbound.tag, portal.domain, 0, _emails(inbound))
    for bridge in config.reverse.bridges:
        if bridge.domain == portal.domain:
            yield Visit(bridge.tag, portal.domain, 0, own=True)


def _takes_any_target(inbound: Inbound) -> bool:
    settings = inbound.settings
    if isinstance(settings, VlessInbound):
        return any(not user.reverse_tag for user in settings.users)
    return isinstance(settings, VmessInbound | SocksInbound | HttpInbound)


def _emails(inbound: Inbound) -> frozenset[str]:
    settings = inbound.settings
    if isinstance(settings, VlessInbound):
        return frozenset(user.email for user in settings.users if not user.reverse_tag)
    if isinstance(settings, VmessInbound):
        return frozenset(user.email for user in settings.users)
    if isinstance(settings, SocksInbound | HttpInbound):
        return frozenset(account.user for account in settings.accounts)
    return frozenset()


def _dialling_tag(config: Config) -> str:
    passive = FreedomOutbound | BlackholeOutbound
    tags = (o.tag for o in config.outbounds if o.tag and not isinstance(o.settings, passive))
    return next(tags, "the tag of the outbound to the portal")


def _tunnel_tag(config: Config) -> str:
    tags = (i.tag for i in config.inbounds if i.tag and isinstance(i.settings, TunnelInbound))
    return next(tags, "the tag of the visitors' inbound")


# VLESS reverse


def _reverse_users(config: Config) -> dict[str, str]:
    """Each reverse tag of a VLESS user, and the path of the first one."""
    tags: dict[str, str] = {}
    for index, inbound in enumerate(config.inbounds):
        if isinstance(inbound.settings, VlessInbound):
            for number, user in enumerate(inbound.settings.users):
                if user.reverse_tag:
                    path = f"inbounds[{index}].settings.clients[{number}].reverse.tag"
                    tags.setdefault(user.reverse_tag, path)
    return tags


def _check_vless_portal(config: Config, tag: str, path: str, found: Findings) -> None:
    if not any(rule.outbound_tag == tag for rule in config.routing.rules):
        hint = _rule(inboundTag=[_tunnel_tag(config)], outboundTag=tag)
        found.error(path, f'nobody reaches it: no rule leads to "{tag}"', hint)
    if not config.outbounds:
        found.warn(
            "outbounds", "is empty, and Xray opens no reverse link then", 'add {"protocol": "freedom"}'
        )


def _check_vless_bridge(config: Config, index: int, tag: str, found: Findings) -> None:
    outbound, path = config.outbounds[index], f"outbounds[{index}]"
    if outbound.mux.enabled:
        _refuse_mux(f"{path}.mux", "a reverse link", found)
    for number, rule in enumerate(config.routing.rules):
        if outbound.tag and rule.outbound_tag == outbound.tag:
            found.error(
                f"routing.rules[{number}].outboundTag",
                f'"{outbound.tag}" carries a reverse link and nothing else: the server refuses the rest',
                "add an outbound with another user's id",
            )
    arrivals = ways(config, Visit(tag))
    if tag and arrivals and arrivals[-1].rule is None and target(config, arrivals[-1]) == index:
        found.error(
            f"{path}.settings.reverse",
            f'what arrives as "{tag}" goes back through the link: no rule takes it elsewhere',
            _rule(inboundTag=[tag], outboundTag="the tag of a freedom outbound"),
        )


def _check_denied(config: Config, found: Findings) -> None:
    """Freedom denies everything that comes over a VLESS reverse link unless finalRules allow it."""
    denied: dict[int, str] = {}
    for outbound in config.outbounds:
        settings = outbound.settings
        if isinstance(settings, VlessOutbound) and settings.reverse is not None:
            tag = settings.reverse.tag
            for way in ways(config, Visit(tag)):
                if (index := target(config, way)) is not None and _allows_nothing(config, index):
                    denied.setdefault(index, tag)
    for index, tag in denied.items():
        found.warn(
            f"outbounds[{index}].settings.finalRules",
            f'allow nothing, so everything that arrives as "{tag}" is denied here, by Xray too',
            f'add "finalRules": {_allowance(config, index)}',
        )


def _allows_nothing(config: Config, index: int) -> bool:
    settings = config.outbounds[index].settings
    return isinstance(settings, FreedomOutbound) and all(r.action != "allow" for r in settings.final_rules)


def _allowance(config: Config, index: int) -> str:
    settings = config.outbounds[index].settings
    rule: dict[str, object] = {"action": "allow"}
    if isinstance(settings, FreedomOutbound) and settings.redirect_host:
        rule |= {"network": "tcp", "ip": [settings.redirect_host], "port": settings.redirect_port}
    return json.dumps([rule])


def _refuse_mux(path: str, what: str, found: Findings) -> None:
    found.error(path, f"is switched on under {what}, which is Mux.cool already", 'write "enabled": false')
