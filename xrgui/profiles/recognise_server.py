"""Xray or v2ray JSON of a portal as a public server, where such a profile can say all that it does."""

from __future__ import annotations

import msgspec

from xrgui.config import model as c
from xrgui.links.outbound import join_early_data
from xrgui.profiles.compile import BRIDGE_TAG, compile_profile
from xrgui.profiles.model import TUNNEL_DOMAIN, ApprovedKey, Bridge, Certificate, Entry, Listen, Profile, new_id
from xrgui.profiles.problems import ProfileError

replace = msgspec.structs.replace
Carrier = c.VlessInbound | c.VmessInbound


def recognise_server(config: c.Config, name: str) -> Profile | None:
    """A public server that does the same as *config*; None if there is more to it, or less.

    What bridges ask for besides their tunnel goes nowhere then, whatever the first outbound was.
    """
    carriers = [item for item in config.inbounds if isinstance(item.settings, Carrier)]
    tunnels = [item for item in config.inbounds if isinstance(item.settings, c.TunnelInbound)]
    if len(carriers) != 1 or len(tunnels) + 1 != len(config.inbounds) or not _plain(config):
        return None
    approval = _asks_for_keys(config, carriers[0])
    bridges = _bridges(config, carriers[0], approval)
    listen = _listen(carriers[0])
    entries = [entry for item in tunnels for entry in _entries(config, item)]
    if bridges is None or listen is None or any(entry.bridge not in bridges for entry in entries):
        return None
    profile = Profile(
        id=new_id(),
        name=name,
        role="server",
        dialect="classic" if config.reverse.portals else "vless-reverse",
        tunnel_domain=next(iter(bridges.values())).domain or TUNNEL_DOMAIN,
        listen=listen,
        approval=approval,
        bridges=tuple(bridges.values()),
        entries=tuple(replace(entry, bridge=bridges[entry.bridge].name) for entry in entries),
    )
    return profile if _does_the_same(profile, config, carriers[0]) else None


def _plain(config: c.Config) -> bool:
    idle = (c.FreedomOutbound, c.BlackholeOutbound)
    return (
        config.dns == c.Dns()
        and config.policy == c.Policy()
        and config.limits == c.Limits()
        and config.routing.domain_strategy == "AsIs"
        and not config.reverse.bridges
        and all(isinstance(item.settings, idle) for item in config.outbounds)
    )


def _bridges(config: c.Config, carrier: c.Inbound, approval: bool) -> dict[str, Bridge] | None:
    """By the tag under which rules lead to each; None if one of the users is anything else."""
    found: dict[str, Bridge] = {}
    users = carrier.settings.users if isinstance(carrier.settings, Carrier) else ()
    for user in users:
        end = _portal(config, carrier, user.email, len(users))
        tag = user.reverse_tag if isinstance(user, c.VlessUser) and user.reverse_tag else (end.tag if end else "")
        if not tag or tag in found or (end and _lacks_a_place(end)):
            return None
        keys = end.bridge_keys if end else user.bridge_keys if isinstance(user, c.VlessUser) else None
        found[tag] = Bridge(
            name=tag.removeprefix(f"{BRIDGE_TAG} "),
            secret=str(user.id),
            domain=end.domain if end else "",
            keys=tuple(ApprovedKey(public=key) for key in keys or ()),
            keyless=approval and keys is None,
        )
    return found or None


def _asks_for_keys(config: c.Config, carrier: c.Inbound) -> bool:
    """Whether any portal asks bridges for their keys; the computers of the others are `keyless`."""
    users = carrier.settings.users if isinstance(carrier.settings, c.VlessInbound) else ()
    asked = [user.bridge_keys for user in users if user.reverse_tag]
    asked += [end.bridge_keys for end in config.reverse.portals]
    return any(keys is not None for keys in asked)


def _lacks_a_place(end: c.ReverseEnd) -> bool:
    """It says more than a profile can."""
    return end != c.ReverseEnd(tag=end.tag, domain=end.domain, bridge_keys=end.bridge_keys)


def _portal(config: c.Config, carrier: c.Inbound, email: str, users: int) -> c.ReverseEnd | None:
    """The classic portal whose tunnel rule names the user, or the only one for the only user."""
    portals = config.reverse.portals
    for end in portals:
        for rule in config.routing.rules:
            mine = rule.users == (email,) or (not rule.users and users == len(portals) == 1)
            if mine and _is_tunnel_rule(rule, carrier, end):
                return end
    return None


def _is_tunnel_rule(rule: c.Rule, carrier: c.Inbound, end: c.ReverseEnd) -> bool:
    domains = ((f"full:{end.domain}",), (end.domain,), (f"domain:{end.domain}",))
    known = c.Rule(
        outbound_tag=end.tag,
        name=rule.name,
        inbound_tags=frozenset({carrier.tag}),
        domains=rule.domains,
        users=rule.users,
    )
    return rule == known and rule.domains in domains


def _listen(carrier: c.Inbound) -> Listen | None:
    stream = carrier.stream
    ws = stream.ws if stream.network == "ws" else c.WebSocket(path="")
    if len(carrier.ports) != 1 or len(stream.tls.certificates) > 1 or carrier.listen.startswith(("/", "@")):
        return None
    pem = next(iter(stream.tls.certificates), c.Certificate())
    return Listen(
        address=carrier.listen,
        port=carrier.ports[0][0],
        protocol="vmess" if isinstance(carrier.settings, c.VmessInbound) else "vless",
        transport=stream.network,
        path=join_early_data(ws.path, ws.early_data),
        host=ws.host,
        tls=stream.security == "tls",
        certificate=Certificate(
            chain=pem.certificate, chain_file=pem.certificate_file, key=pem.key, key_file=pem.key_file
        ),
    )


def _entries(config: c.Config, inbound: c.Inbound) -> tuple[Entry, ...]:
    """One for each network, with the tag of its bridge in place of the name; none if there is more to it."""
    settings = inbound.settings
    rule = next((rule for rule in config.routing.rules if inbound.tag in rule.inbound_tags), None)
    if not isinstance(settings, c.TunnelInbound) or rule is None or not inbound.tag:
        return ()
    only = c.Rule(outbound_tag=rule.outbound_tag, name=rule.name, inbound_tags=rule.inbound_tags)
    bare = c.TunnelInbound(
        address=settings.address, port=settings.port, networks=settings.networks, http=settings.http
    )
    plain = c.Inbound(settings=bare, tag=inbound.tag, listen=inbound.listen, ports=inbound.ports)
    if rule != only or inbound != plain or len(inbound.ports) != 1 or inbound.listen.startswith(("/", "@")):
        return ()
    first, last = inbound.ports[0]
    networks = sorted(settings.networks) if first == last else []
    return tuple(
        Entry(
            port=first,
            bridge=rule.outbound_tag,
            network=network,
            listen=inbound.listen,
            host=settings.address or "127.0.0.1",
            target_port=0 if settings.port in (0, first) else settings.port,
        )
        for network in networks
    )


def _does_the_same(profile: Profile, config: c.Config, carrier: c.Inbound) -> bool:
    """Compiles it and compares, so that nothing that was not understood is lost."""
    ports = {item.ports for item in config.inbounds if item is not carrier}
    if len({entry.port for entry in profile.entries}) != len(ports) or not _rules_are_known(config, carrier):
        return False
    try:
        compiled = compile_profile(profile)
    except ProfileError:
        return False
    return _nameless(compiled.inbounds[0]) == _nameless(carrier)


def _rules_are_known(config: c.Config, carrier: c.Inbound) -> bool:
    """All rules are for a tunnel, for visitors of a port, or block."""
    blocked = {item.tag for item in config.outbounds if isinstance(item.settings, c.BlackholeOutbound)}
    tunnels = {item.tag for item in config.inbounds if item is not carrier}
    return all(
        any(_is_tunnel_rule(rule, carrier, end) for end in config.reverse.portals)
        or (bool(rule.inbound_tags) and rule.inbound_tags <= tunnels)
        or rule.outbound_tag in blocked
        for rule in config.routing.rules
    )


def _nameless(carrier: c.Inbound) -> c.Inbound:
    settings = carrier.settings
    if isinstance(settings, c.VlessInbound):
        users = tuple(replace(user, email="", reverse_tag="x" if user.reverse_tag else "") for user in settings.users)
        settings = replace(settings, users=users)
    elif isinstance(settings, c.VmessInbound):
        settings = replace(settings, users=tuple(replace(user, email="") for user in settings.users))
    return replace(carrier, tag="", settings=settings)
