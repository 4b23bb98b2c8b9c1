"""A profile as a configuration that the engine, Xray or v2ray can run."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from xrgui.address import Network, parse_ip
from xrgui.config import model as c
from xrgui.config.ids import parse_id
from xrgui.config.load import load_text
from xrgui.links.outbound import link_outbound, split_early_data
from xrgui.profiles.model import REFERENCE, Bridge, Entry, Listen, Profile, Service, is_reference
from xrgui.profiles.problems import ProfileError, problem
from xrgui.profiles.servers import server_link
from xrgui.profiles.validate import errors

BRIDGE_TAG = "bridge"
"""Inbound tag of what arrives from the public server."""
SERVER_TAG = "server"
BLOCKED_TAG = "blocked"
BRIDGES_TAG = "bridges"
"""Inbound tag of the port where bridges dial in."""
SERVICE_TAG = "service "
PUBLIC_TAG = "public "
LOOPBACK = ("127.0.0.0/8", "::1")
BLOCKED = c.Outbound(tag=BLOCKED_TAG, settings=c.BlackholeOutbound())


def compile_profile(profile: Profile) -> c.Config:
    """The configuration of a profile whose secrets are in place.

    The first outbound, where everything goes that no rule names, is a blackhole on both ends: a bridge
    reaches its own services and nothing else, a public server leads to its bridges and nowhere else.
    Raises ProfileError.
    """
    if found := errors(profile):
        raise ProfileError(found)
    if _has_references(profile):
        raise ValueError("the profile's secrets are still references: fetch them first")
    if profile.role == "custom":
        return _custom(profile.json)
    return _share(profile) if profile.role == "share" else _serve(profile)


def _has_references(profile: Profile) -> bool:
    secrets = [profile.server.secret, profile.listen.certificate.key, profile.json]
    secrets += [bridge.secret for bridge in profile.bridges]
    return any(is_reference(text) for text in secrets) or f'"{REFERENCE}' in profile.json


def _custom(text: str) -> c.Config:
    loaded = load_text(text)
    if loaded.config is None:
        first = next(item for item in loaded.problems if item.is_error)
        raise ProfileError((problem("json", "json.bad", message=first),))
    return loaded.config


# The private end


def _share(profile: Profile) -> c.Config:
    reverse = profile.dialect == "vless-reverse"
    server = link_outbound(server_link(profile.server), BRIDGE_TAG if reverse else "", SERVER_TAG)
    return share_through(server, profile.services, "" if reverse else profile.tunnel_domain)


def share_through(server: c.Outbound, services: tuple[Service, ...], tunnel_domain: str = "") -> c.Config:
    """A bridge that reaches *services* and nothing else. *server* has the tag `SERVER_TAG`; without a
    *tunnel_domain* it is a VLESS outbound whose `reverse` has the tag `BRIDGE_TAG`."""
    control = [_tunnel_rule(BRIDGE_TAG, tunnel_domain, SERVER_TAG)] if tunnel_domain else []
    rules = (*control, *_service_rules(services), _block_rule(BRIDGE_TAG))
    ends = (c.ReverseEnd(tag=BRIDGE_TAG, domain=tunnel_domain),) if tunnel_domain else ()
    return c.Config(
        outbounds=(BLOCKED, server, *map(_service_outbound, services)),
        routing=c.Routing(rules=rules),
        reverse=c.Reverse(bridges=ends),
    )


def _tunnel_rule(inbound: str, domain: str, outbound: str, users: c.Text = ()) -> c.Rule:
    """The control connection of the classic dialect asks for the tunnel domain."""
    return c.Rule(
        outbound_tag=outbound,
        name=f"(tunnel {domain})",
        inbound_tags=frozenset({inbound}),
        domains=(f"full:{domain}",),
        users=users,
    )


def _block_rule(inbound: str) -> c.Rule:
    """Says in the log and the window why, where the first outbound would do the same without a word."""
    return c.Rule(outbound_tag=BLOCKED_TAG, name="(not shared)", inbound_tags=frozenset({inbound}))


def _service_outbound(service: Service) -> c.Outbound:
    """Whatever address the public server asked for, this reaches the service and nothing else."""
    allowed = c.FinalRule(
        action="allow",
        networks=frozenset({service.network}),
        ports=_one(service.port),
        ips=_addresses(service.host),
    )
    freedom = c.FreedomOutbound(
        redirect_host=service.host,
        redirect_port=service.port,
        final_rules=(allowed, c.FinalRule(action="block")),
        http=service.network is Network.TCP,
    )
    return c.Outbound(tag=service_tag(service), settings=freedom)


def service_tag(service: Service) -> str:
    return SERVICE_TAG + service.label


def _addresses(host: str) -> c.Text:
    """What *host* may resolve to; nothing if only the resolver knows."""
    if host.lower() == "localhost":
        return LOOPBACK
    return (host,) if parse_ip(host) is not None and "%" not in host else ()


def _service_rules(services: tuple[Service, ...]) -> Iterator[c.Rule]:
    """Which target means which service.

    A service that is alone in its network takes every target. Several are told apart by the target that
    the public server writes for each public port: the service's own address, or, as Xray's `tunnel`
    does without an address, a loopback address with the public port.
    """
    for network in Network:
        mine = [service for service in services if service.network is network]
        if len(mine) == 1:
            yield _service_rule(mine[0])
        else:
            yield from _rules_by_target(mine)


def _rules_by_target(services: list[Service]) -> Iterator[c.Rule]:
    for service in services:
        ports = _one(service.port)
        if ips := _addresses(service.host):
            yield _service_rule(service, ips=ips, ports=ports)
        if parse_ip(service.host) is None:
            name = (f"full:{service.host.lower()}",)
            yield _service_rule(service, "by name", domains=name, ports=ports)
    taken = {service.port for service in services if _is_local(service.host)}
    for service in services:
        if service.public_port and service.public_port not in taken:
            yield _service_rule(service, "by public port", ips=LOOPBACK, ports=_one(service.public_port))


def _is_local(host: str) -> bool:
    address = parse_ip(host)
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def _service_rule(
    service: Service,
    how: str = "",
    domains: c.Text = (),
    ips: c.Text = (),
    ports: tuple[c.PortRange, ...] = (),
) -> c.Rule:
    """Xray wants the names of rules to differ."""
    return c.Rule(
        outbound_tag=service_tag(service),
        name=f"{service.label} ({how})" if how else service.label,
        inbound_tags=frozenset({BRIDGE_TAG}),
        networks=frozenset({service.network}),
        domains=domains,
        ips=ips,
        ports=ports,
    )


def _one(port: int) -> tuple[c.PortRange, ...]:
    return ((port, port),)


# The public end


def _serve(profile: Profile) -> c.Config:
    """Bridges that no public port leads to are left out: the portal would be one that nobody reaches."""
    used = {entry.bridge for entry in profile.entries}
    bridges = tuple(bridge for bridge in profile.bridges if bridge.name in used)
    profile = msgspec.structs.replace(profile, bridges=bridges)
    classic = profile.dialect == "classic"
    ends = tuple(
        c.ReverseEnd(
            tag=bridge_tag(bridge.name),
            domain=bridge.domain or profile.tunnel_domain,
            bridge_keys=_keys(profile, bridge),
        )
        for bridge in profile.bridges
    )
    tunnels = [_tunnel_rule(BRIDGES_TAG, end.domain, end.tag, users=(end.tag,)) for end in ends]
    rules = (*(tunnels if classic else ()), *map(_entry_rule, profile.entries), _block_rule(BRIDGES_TAG))
    return c.Config(
        inbounds=(_bridges_inbound(profile), *map(_entry_inbound, profile.entries)),
        outbounds=(BLOCKED,),
        routing=c.Routing(rules=rules),
        reverse=c.Reverse(portals=ends if classic else ()),
    )


def bridge_tag(name: str) -> str:
    return f"{BRIDGE_TAG} {name}"


def _keys(profile: Profile, bridge: Bridge) -> c.Text | None:
    asks = profile.approval and not bridge.keyless
    return tuple(key.public for key in bridge.keys) if asks else None


def entry_tag(entry: Entry) -> str:
    return f"{PUBLIC_TAG}{entry.port}{'/udp' if entry.network is Network.UDP else ''}"


def _bridges_inbound(profile: Profile) -> c.Inbound:
    listen = profile.listen
    return c.Inbound(
        tag=BRIDGES_TAG,
        listen=listen.address,
        ports=_one(listen.port),
        settings=_vmess_users(profile) if listen.protocol == "vmess" else _vless_users(profile),
        stream=_server_stream(listen),
    )


def _vless_users(profile: Profile) -> c.VlessInbound:
    reverse = profile.dialect == "vless-reverse"
    return c.VlessInbound(
        users=tuple(
            c.VlessUser(
                id=parse_id(bridge.secret),
                email=bridge_tag(bridge.name),
                reverse_tag=bridge_tag(bridge.name) if reverse else "",
                bridge_keys=_keys(profile, bridge) if reverse else None,
            )
            for bridge in profile.bridges
        )
    )


def _vmess_users(profile: Profile) -> c.VmessInbound:
    return c.VmessInbound(
        users=tuple(
            c.VmessUser(id=parse_id(bridge.secret), email=bridge_tag(bridge.name)) for bridge in profile.bridges
        )
    )


def _server_stream(listen: Listen) -> c.Stream:
    path, early_data = split_early_data(listen.path or "/")
    certificate = listen.certificate
    pem = c.Certificate(
        certificate=certificate.chain,
        certificate_file=certificate.chain_file,
        key=certificate.key,
        key_file=certificate.key_file,
    )
    return c.Stream(
        network=listen.transport,
        security="tls" if listen.tls else "none",
        tls=c.Tls(certificates=(pem,)) if listen.tls else c.Tls(),
        ws=c.WebSocket(path=path, host=listen.host, early_data=early_data)
        if listen.transport == "ws"
        else c.WebSocket(),
    )


def _entry_inbound(entry: Entry) -> c.Inbound:
    target = c.TunnelInbound(
        address=entry.host,
        port=entry.target_port or entry.port,
        networks=frozenset({entry.network}),
        http=entry.network is Network.TCP,
    )
    return c.Inbound(tag=entry_tag(entry), listen=entry.listen, ports=_one(entry.port), settings=target)


def _entry_rule(entry: Entry) -> c.Rule:
    return c.Rule(
        outbound_tag=bridge_tag(entry.bridge),
        name=entry_tag(entry),
        inbound_tags=frozenset({entry_tag(entry)}),
    )
