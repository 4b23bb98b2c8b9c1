"""Xray or v2ray JSON of a bridge as a share, where a share can say all that it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from xrgui.address import Network
from xrgui.config import model as c
from xrgui.links.outbound import join_early_data
from xrgui.profiles.compile import LOOPBACK, SERVICE_TAG, compile_profile
from xrgui.profiles.model import TUNNEL_DOMAIN, Dialect, Profile, Server, Service, new_id
from xrgui.profiles.problems import ProfileError

replace = msgspec.structs.replace
Target = Service | None
"""A service, or None: blocked."""


class Way(NamedTuple):
    """One rule of a bridge: what it matches, and where that goes."""

    networks: c.Networks
    domains: c.Text
    ips: c.Text
    ports: tuple[c.PortRange, ...]
    target: Target
    outbound_tag: str


class Link(NamedTuple):
    """How a bridge reaches its portal: the tag of what arrives, the outbound and the dialect."""

    tag: str
    outbound: c.Outbound
    dialect: Dialect
    domain: str


def recognise_share(config: c.Config, name: str) -> Profile | None:
    """A share that does the same as *config*; None if there is more to it, or less.

    Where *config* leaves the network open, as for most web servers, the service is one over TCP.
    """
    link = _link(config)
    if link is None or config.inbounds or not _plain(config):
        return None
    ways = _ways(config, link)
    server = _server(link.outbound)
    if ways is None or server is None:
        return None
    profile = Profile(
        id=new_id(),
        name=name,
        services=_services(config, ways),
        server=server,
        dialect=link.dialect,
        tunnel_domain=link.domain or TUNNEL_DOMAIN,
    )
    return profile if _does_the_same(profile, link, ways) else None


def _plain(config: c.Config) -> bool:
    """Nothing that a profile has no words for. What is logged is no matter."""
    return (
        config.dns == c.Dns()
        and config.policy == c.Policy()
        and config.limits == c.Limits()
        and config.routing.domain_strategy == "AsIs"
        and not config.reverse.portals
    )


def _link(config: c.Config) -> Link | None:
    bridges = config.reverse.bridges
    reverse = [
        (item.settings.reverse.tag, item)
        for item in config.outbounds
        if isinstance(item.settings, c.VlessOutbound) and item.settings.reverse is not None
    ]
    if len(reverse) == 1 and not bridges:
        return Link(*reverse[0], "vless-reverse", "")
    if len(bridges) != 1 or reverse:
        return None
    tag, domain = bridges[0].tag, bridges[0].domain
    if bridges[0] != c.ReverseEnd(tag=tag, domain=domain):
        return None
    to_server = next((rule.outbound_tag for rule in config.routing.rules if _is_control(rule, domain)), "")
    found = [item for item in config.outbounds if item.tag == to_server and to_server]
    return Link(tag, found[0], "classic", domain) if found else None


def _is_control(rule: c.Rule, domain: str) -> bool:
    return rule.domains in ((f"full:{domain}",), (domain,), (f"domain:{domain}",))


def _ways(config: c.Config, link: Link) -> list[Way] | None:
    """The rules for visitors up to the one that takes all; None if one has no equal in a profile."""
    ways: list[Way] = []
    for rule in config.routing.rules:
        bare = c.Rule(
            outbound_tag=rule.outbound_tag,
            name=rule.name,
            inbound_tags=frozenset({link.tag}),
            domains=rule.domains,
            ips=rule.ips,
            ports=rule.ports,
            networks=rule.networks,
        )
        if rule != bare:
            return None
        if link.dialect == "classic" and _is_control(rule, link.domain):
            continue
        target = _target(config, rule.outbound_tag, rule.networks)
        if target is _UNKNOWN:
            return None
        networks = _networks(rule, target)
        ways.append(Way(networks, rule.domains, rule.ips, rule.ports, target, rule.outbound_tag))
        if not (rule.domains or rule.ips or rule.ports or rule.networks):
            return ways
    first = config.outbounds[0]
    harmless = isinstance(first.settings, c.BlackholeOutbound) or _covers_all(ways)
    return ways if harmless else None


_UNKNOWN = Service(port=-1)


def _target(config: c.Config, tag: str, networks: c.Networks) -> Target:
    outbound = next((item for item in config.outbounds if item.tag == tag), None)
    if outbound is None or isinstance(outbound.settings, c.BlackholeOutbound):
        return None
    freedom = outbound.settings
    if not isinstance(freedom, c.FreedomOutbound) or not (freedom.redirect_host and freedom.redirect_port):
        return _UNKNOWN
    bare = c.FreedomOutbound(
        redirect_host=freedom.redirect_host,
        redirect_port=freedom.redirect_port,
        final_rules=freedom.final_rules,
        http=freedom.http,
    )
    if outbound != c.Outbound(tag=tag, settings=bare):
        return _UNKNOWN
    return Service(
        host=freedom.redirect_host,
        port=freedom.redirect_port,
        network=_network(networks, freedom.final_rules),
        name=tag.removeprefix(SERVICE_TAG) if tag.startswith(SERVICE_TAG) else "",
    )


def _network(networks: c.Networks, rules: tuple[c.FinalRule, ...]) -> Network:
    """What the rule says, else what freedom allows, else TCP."""
    allowed = next((rule.networks for rule in rules if rule.action == "allow"), frozenset())
    for known in (networks, allowed):
        if len(known) == 1:
            return next(iter(known))
    return Network.TCP


def _networks(rule: c.Rule, target: Target) -> c.Networks:
    return rule.networks if target is None else frozenset({target.network})


def _covers_all(ways: list[Way]) -> bool:
    return any(way.target is None and not (way.domains or way.ips or way.ports or way.networks) for way in ways)


def _services(config: c.Config, ways: list[Way]) -> tuple[Service, ...]:
    """Each once, in the order of their outbounds, with the public port where a rule tells it."""
    found: dict[Service, int] = {}
    places = {item.tag: number for number, item in enumerate(config.outbounds)}
    for way in sorted(ways, key=lambda way: places.get(way.outbound_tag, 0)):
        if way.target is not None:
            found[way.target] = found.get(way.target, 0) or _public_port(way, way.target)
    return tuple(replace(_unnamed(service), public_port=port) for service, port in found.items())


def _public_port(way: Way, service: Service) -> int:
    own = ((service.port, service.port),)
    if way.ips != LOOPBACK or not way.ports or (service.host.lower() == "localhost" and way.ports == own):
        return 0
    return way.ports[0][0]


def _unnamed(service: Service) -> Service:
    """A name that only repeats the address is none."""
    bare = replace(service, name="")
    return bare if service.name == bare.label else service


def _server(outbound: c.Outbound) -> Server | None:
    settings, stream = outbound.settings, outbound.stream
    if not isinstance(settings, c.VlessOutbound | c.VmessOutbound):
        return None
    vmess = isinstance(settings, c.VmessOutbound)
    ws = stream.ws if stream.network == "ws" else c.WebSocket(path="")
    return Server(
        address=settings.address,
        port=settings.port,
        protocol="vmess" if vmess else "vless",
        secret=str(settings.id),
        method=settings.security if isinstance(settings, c.VmessOutbound) and settings.security != "auto" else "",
        transport=stream.network,
        path=join_early_data(ws.path, ws.early_data),
        host=ws.host,
        tls=stream.security == "tls",
        sni=stream.tls.server_name or (settings.address if ws.host else ""),
        pins=tuple(pin.hex() for pin in stream.tls.pinned),
        verify_names=stream.tls.verify_names,
        alpn=stream.tls.alpn,
    )


def _does_the_same(profile: Profile, link: Link, ways: list[Way]) -> bool:
    """Compiles it and compares, so that nothing that was not understood is lost."""
    try:
        config = compile_profile(profile)
    except ProfileError:
        return False
    ours = _link(config)
    if ours is None or _nameless(ours.outbound) != _nameless(link.outbound):
        return False
    theirs = _ways(config, ours)
    return theirs is not None and list(_effect(theirs)) == list(_effect(ways))


def _nameless(outbound: c.Outbound) -> c.Outbound:
    """Without tags, and with the name that TLS asks for written out."""
    settings, stream = outbound.settings, outbound.stream
    if isinstance(settings, c.VlessOutbound | c.VmessOutbound) and stream.security == "tls":
        tls = replace(stream.tls, server_name=stream.tls.server_name or settings.address)
        stream = replace(stream, tls=tls)
    if isinstance(settings, c.VlessOutbound):
        reverse = settings.reverse and replace(settings.reverse, tag="")
        settings = replace(settings, email="", level=0, reverse=reverse)
    elif isinstance(settings, c.VmessOutbound):
        settings = replace(settings, email="", level=0)
    return replace(outbound, tag="", settings=settings, stream=stream)


def _effect(ways: list[Way]) -> Iterator[tuple[object, ...]]:
    """What visitors notice of the rules: names do not matter, nor what is blocked in the end."""
    last = max((number for number, way in enumerate(ways) if way.target is not None), default=-1)
    for way in ways[: last + 1]:
        place = way.target and (way.target.host, way.target.port, way.target.network)
        yield (way.networks, way.domains, way.ips, way.ports, place)
