"""Writes a configuration as JSON that current Xray, or v2ray 4.34, loads.

What a dialect cannot say is left out and comes back as a problem: a warning where the result
still does its job, an error where it does not.
"""

from __future__ import annotations

from math import ceil
from typing import Any, Literal

from xrgui.config.dump_stream import dump_sniffing, dump_stream
from xrgui.config.findings import Findings, is_public
from xrgui.config.model import (
    LINKS,
    Account,
    BlackholeOutbound,
    Config,
    Dns,
    FinalRule,
    FreedomOutbound,
    HttpInbound,
    HttpOutbound,
    Inbound,
    Limits,
    Log,
    Outbound,
    Policy,
    PolicyLevel,
    Reverse,
    ReverseEnd,
    ReverseLink,
    Rule,
    SocksInbound,
    SocksOutbound,
    Text,
    TunnelInbound,
    VlessInbound,
    VlessOutbound,
    VmessInbound,
    VmessOutbound,
)
from xrgui.config.problem import Problem
from xrgui.config.written import Dialect, Json, Writer, network_list, port_list, set_only

__all__ = ["Dialect", "dump"]

_OLD_STRATEGIES = ("AsIs", "UseIP", "UseIPv4", "UseIPv6")
_MOST_MUX = 1024


def dump(config: Config, dialect: Dialect = "xray") -> tuple[Json, list[Problem]]:
    out = Writer(dialect, Findings())
    written = set_only(
        log=_log(config.log),
        inbounds=[_inbound(i, f"inbounds[{n}]", out) for n, i in enumerate(config.inbounds)],
        outbounds=[_outbound(o, f"outbounds[{n}]", out) for n, o in enumerate(config.outbounds)],
        routing=_routing(config, out),
        reverse=_reverse(config.reverse, out),
        policy=_policy(config.policy, out),
        dns=_dns(config.dns, out),
        limits=_limits(config.limits, out),
    )
    return written, list(out.found)


# Inbounds


def _inbound(inbound: Inbound, path: str, out: Writer) -> Json:
    ports = inbound.ports
    if out.old and len(ports) > 1:
        out.lacks(f"{path}.port", "lists of ports; all but the first are left out", serious=True)
        ports = ports[:1]
    protocol, settings = _inbound_settings(inbound, f"{path}.settings", out)
    return set_only(
        tag=inbound.tag,
        listen=inbound.listen,
        port=port_list(ports),
        protocol=protocol,
        settings=settings,
        streamSettings=dump_stream(inbound.stream, f"{path}.streamSettings", out),
        sniffing=dump_sniffing(inbound.sniffing, f"{path}.sniffing", out),
    )


def _inbound_settings(inbound: Inbound, path: str, out: Writer) -> tuple[str, Json]:
    settings = inbound.settings
    users = "clients" if out.old else "users"
    accounts = "accounts" if out.old else "users"
    match settings:
        case TunnelInbound():
            return out.pick("dokodemo-door", "tunnel"), _tunnel(settings, path, out)
        case VlessInbound():
            return "vless", {"decryption": "none", users: _vless_users(settings, path, out)}
        case VmessInbound():
            return "vmess", {
                users: [
                    set_only(id=str(user.id), email=user.email, level=user.level) for user in settings.users
                ]
            }
        case SocksInbound():
            return "socks", set_only(
                auth="password" if settings.accounts else "noauth",
                udp=settings.udp,
                ip=settings.ip,
                userLevel=settings.level,
            ) | set_only(**{accounts: _accounts(settings.accounts)})
        case HttpInbound():
            return "http", set_only(
                allowTransparent=settings.allow_transparent, userLevel=settings.level
            ) | set_only(**{accounts: _accounts(settings.accounts)})


def _tunnel(settings: TunnelInbound, path: str, out: Writer) -> Json:
    own = settings.http and out.dialect == "xrgui"
    common = set_only(followRedirect=settings.follow_redirect, userLevel=settings.level, http=own)
    networks = network_list(settings.networks)
    if not out.old:
        return common | set_only(
            rewriteAddress=settings.address,
            rewritePort=settings.port,
            allowedNetwork=networks,
            portMap=settings.port_map,
        )
    if settings.port_map:
        out.lacks(f"{path}.portMap", "portMap", serious=True)
    if not settings.address and not settings.follow_redirect:
        out.lacks(f"{path}.address", "tunnel inbounds without an address", serious=True)
    return common | set_only(address=settings.address, port=settings.port, network=networks)


def _vless_users(settings: VlessInbound, path: str, out: Writer) -> list[Json]:
    written = []
    for number, user in enumerate(settings.users):
        if out.old and user.reverse_tag:
            out.lacks(
                f"{path}.clients[{number}].reverse", "VLESS reverse; the user is left out", serious=True
            )
            continue
        written.append(
            {"id": str(user.id)}
            | ({} if out.old else {"flow": ""})
            | set_only(
                email=user.email,
                level=user.level,
                reverse=set_only(tag=user.reverse_tag)
                | _keys(user.bridge_keys, f"{path}.clients[{number}].reverse", out),
            )
        )
    return written


def _accounts(accounts: tuple[Account, ...]) -> list[Json]:
    return [{"user": account.user, "pass": account.password} for account in accounts]


# Outbounds


def _outbound(outbound: Outbound, path: str, out: Writer) -> Json:
    protocol, settings = _outbound_settings(outbound, path, out)
    stream = dump_stream(outbound.stream, f"{path}.streamSettings", out)
    proxy: Json = {}
    if outbound.proxy_tag and out.old:
        proxy = {"tag": outbound.proxy_tag}
        if outbound.stream.network == "ws":
            out.lacks(f"{path}.proxySettings", "WebSocket through another outbound", serious=True)
    elif outbound.proxy_tag:
        stream.setdefault("sockopt", {})["dialerProxy"] = outbound.proxy_tag
    return set_only(
        tag=outbound.tag,
        protocol=protocol,
        sendThrough=outbound.send_through,
        settings=settings,
        streamSettings=stream,
        proxySettings=proxy,
        mux=_mux(outbound, path, out),
    )


def _mux(outbound: Outbound, path: str, out: Writer) -> Json:
    mux = outbound.mux
    concurrency = mux.concurrency
    if out.old and concurrency > _MOST_MUX:
        out.lacks(f"{path}.mux.concurrency", f"more than {_MOST_MUX}; that is written")
        concurrency = _MOST_MUX
    return set_only(enabled=mux.enabled, concurrency=concurrency if concurrency != 8 else 0)


def _outbound_settings(outbound: Outbound, path: str, out: Writer) -> tuple[str, Json]:
    settings = outbound.settings
    where = f"{path}.settings"
    match settings:
        case FreedomOutbound():
            return "freedom", _freedom(settings, where, out)
        case BlackholeOutbound():
            response = {"type": settings.response} if settings.response != "none" else None
            return "blackhole", set_only(response=response)
        case VlessOutbound():
            in_clear = outbound.stream.security == "none" and is_public(settings.address)
            if out.dialect == "xray" and in_clear:
                why = "Xray refuses VLESS without TLS to a public address"
                out.found.error(f"{path}.streamSettings.security", why, 'use "tls"')
            return "vless", _vless(settings, where, out)
        case VmessOutbound():
            security = settings.security
            if security == "none" and out.dialect == "xray":
                out.lacks(f"{where}.security", 'VMess without encryption; "auto" is written')
                security = "auto"
            user = {"id": str(settings.id), "security": security}
            return "vmess", _with_server(settings, user, out)
        case SocksOutbound():
            return "socks", _with_account(settings, out)
        case HttpOutbound():
            if settings.headers and out.old:
                out.lacks(f"{where}.headers", "headers of its own for a proxy")
            headers = set_only(headers=None if out.old else settings.headers)
            return "http", _with_account(settings, out) | headers


def _vless(settings: VlessOutbound, path: str, out: Writer) -> Json:
    user: Json = {"id": str(settings.id), "encryption": "none"}
    if not out.old:
        user["flow"] = ""
    written = _with_server(settings, user, out)
    if settings.reverse is None:
        return written
    if out.old:
        out.lacks(f"{path}.reverse", "VLESS reverse", serious=True)
        return written
    sniffing = dump_sniffing(settings.reverse.sniffing, f"{path}.reverse.sniffing", out)
    own = _bridges_own(settings.reverse, f"{path}.reverse", out)
    return written | {"reverse": set_only(tag=settings.reverse.tag, sniffing=sniffing) | own}


def _bridges_own(end: ReverseLink | ReverseEnd, path: str, out: Writer) -> Json:
    """What only xrgui has: a bridge's key, whether it takes visitors, how many links it keeps."""
    if out.dialect != "xrgui":
        if end.key:
            out.lacks(f"{path}.key", "bridge keys")
        if not end.visitors:
            out.lacks(f"{path}.visitors", "bridges without visitors")
        if end.links != LINKS:
            out.lacks(f"{path}.links", "choice of how many links")
        return {}
    return (
        set_only(key=end.key)
        | ({} if end.visitors else {"visitors": False})
        | ({} if end.links == LINKS else {"links": end.links})
    )


def _keys(keys: Text | None, path: str, out: Writer) -> Json:
    """Those that a portal lets in; an empty list lets in none."""
    if keys is None:
        return {}
    if out.dialect != "xrgui":
        out.lacks(f"{path}.bridgeKeys", "bridge keys; any bridge that knows the id may join")
        return {}
    return {"bridgeKeys": list(keys)}


def _with_server(settings: VlessOutbound | VmessOutbound, user: Json, out: Writer) -> Json:
    user = user | set_only(email=settings.email, level=settings.level)
    server: Json = {"address": settings.address, "port": settings.port}
    return {"vnext": [server | {"users": [user]}]} if out.old else server | user


def _with_account(settings: SocksOutbound | HttpOutbound, out: Writer) -> Json:
    server: Json = {"address": settings.address, "port": settings.port}
    users = _accounts((settings.account,)) if settings.account else []
    if out.old:
        return {"servers": [server | set_only(users=users)]}
    return server | (users[0] if users else {})


def _freedom(settings: FreedomOutbound, path: str, out: Writer) -> Json:
    strategy = settings.domain_strategy
    redirect = ""
    if settings.redirect_host or settings.redirect_port:
        host = f"[{settings.redirect_host}]" if ":" in settings.redirect_host else settings.redirect_host
        redirect = f"{host}:{settings.redirect_port}"
    common = set_only(redirect=redirect, finalRules=[_final_rule(rule) for rule in settings.final_rules])
    if not out.old:
        return common | set_only(
            domainStrategy=strategy if strategy != "AsIs" else "",
            proxyProtocol=settings.proxy_protocol,
            http=settings.http and out.dialect == "xrgui",
        )
    if strategy not in _OLD_STRATEGIES:
        strategy = strategy.replace("Force", "Use").replace("v4v6", "").replace("v6v4", "")
        out.lacks(f"{path}.domainStrategy", f'{settings.domain_strategy}; "{strategy}" is written')
    if settings.proxy_protocol:
        out.lacks(f"{path}.proxyProtocol", "the PROXY protocol on freedom", serious=True)
    if any(rule != FinalRule(action="allow") for rule in settings.final_rules):
        what = "finalRules: it dials whatever it is asked for"
        out.lacks(f"{path}.finalRules", what, serious=not settings.redirect_host)
    return common | set_only(domainStrategy=strategy if strategy != "AsIs" else "")


def _final_rule(rule: FinalRule) -> Json:
    first, last = (ceil(seconds) for seconds in rule.block_delay)
    return set_only(
        action=rule.action,
        network=network_list(rule.networks),
        port=port_list(rule.ports),
        ip=list(rule.ips),
        blockDelay=f"{first}-{last}" if rule.block_delay != (30, 90) else "",
    )


# Routing and the rest


def _routing(config: Config, out: Writer) -> Json:
    strategy = config.routing.domain_strategy
    rules = [_rule(rule, f"routing.rules[{n}]", out) for n, rule in enumerate(config.routing.rules)]
    return set_only(
        domainStrategy=strategy if strategy != "AsIs" else "", rules=[rule for rule in rules if rule]
    )


def _rule(rule: Rule, path: str, out: Writer) -> Json | None:
    if out.old:
        lacking = [what for what, there in _lacking_conditions(rule) if there]
        if lacking:
            out.lacks(path, f"{' and '.join(lacking)}; the rule is left out", serious=True)
            return None
    kind = {"type": "field"} if out.old else {}
    source = "source" if out.old else "sourceIP"
    return (
        kind
        | set_only(
            ruleTag=rule.name,
            inboundTag=sorted(rule.inbound_tags),
            domain=list(rule.domains),
            ip=list(rule.ips),
            port=port_list(rule.ports),
            sourcePort=port_list(rule.source_ports),
            localIP=list(rule.local_ips),
            localPort=port_list(rule.local_ports),
            network=network_list(rule.networks),
            user=list(rule.users),
            protocol=list(rule.protocols),
            attrs=rule.attrs,
        )
        | set_only(**{source: list(rule.sources)})
        | {"outboundTag": rule.outbound_tag}
    )


def _lacking_conditions(rule: Rule) -> list[tuple[str, bool]]:
    negated = any(text.startswith("!") or ":!" in text for text in (*rule.ips, *rule.sources))
    return [
        ("negated addresses", negated),
        ("rules by local address", bool(rule.local_ips or rule.local_ports)),
        ("rules by HTTP header", bool(rule.attrs)),
        ("patterns for users", any(user.startswith("regexp:") for user in rule.users)),
    ]


def _reverse(reverse: Reverse, out: Writer) -> Json:
    if out.dialect == "xray" and reverse != Reverse():
        out.lacks("reverse", "classic bridges and portals (v26.4.25 dropped them)", serious=True)
        return {}
    return set_only(bridges=_ends(reverse.bridges, "bridges", out), portals=_ends(reverse.portals, "portals", out))


def _ends(ends: tuple[ReverseEnd, ...], kind: str, out: Writer) -> list[Json]:
    return [
        {"tag": end.tag, "domain": end.domain}
        | _bridges_own(end, f"reverse.{kind}[{number}]", out)
        | _keys(end.bridge_keys, f"reverse.{kind}[{number}]", out)
        for number, end in enumerate(ends)
    ]


def _policy(policy: Policy, out: Writer) -> Json:
    levels = {
        str(number): _policy_level(level, f"policy.levels.{number}", out)
        for number, level in sorted(policy.levels.items())
    }
    return set_only(levels=levels)


def _policy_level(level: PolicyLevel, path: str, out: Writer) -> Json:
    seconds = {
        "handshake": level.handshake,
        "connIdle": level.conn_idle,
        "uplinkOnly": level.uplink_only,
        "downlinkOnly": level.downlink_only,
    }
    written: Json = {}
    for key, value in seconds.items():
        written[key] = ceil(value)
        if written[key] != value:
            out.lacks(f"{path}.{key}", f"parts of seconds; {written[key]} is written")
    size = level.buffer_size
    if size is not None:
        written["bufferSize"] = -1 if size < 0 else size // 1024
        if size > 0 and size % 1024:
            out.lacks(f"{path}.bufferSize", f"parts of KiB; {written['bufferSize']} is written")
    return written


def _limits(limits: Limits, out: Writer) -> Json:
    default = Limits()
    if limits == default:
        return {}
    if out.dialect != "xrgui":
        out.lacks("limits", "limits; they are left out")
        return {}
    values = {
        "perAddress": (limits.per_address, default.per_address),
        "connections": (limits.connections, default.connections),
        "handshakes": (limits.handshakes, default.handshakes),
        "memory": (limits.memory, default.memory),
        "resume": (limits.resume, default.resume),
    }
    return {key: value for key, (value, usual) in values.items() if value != usual}


def _log(log: Log) -> Json:
    level: Literal["", "debug", "info", "warning", "error", "none"] = log.level
    return set_only(loglevel="" if level == "warning" else level, access=log.access, error=log.error)


def _dns(dns: Dns, out: Writer) -> Json:
    hosts: dict[str, Any] = {}
    for name, targets in dns.hosts.items():
        if out.old and len(targets) > 1:
            out.lacks(f"dns.hosts.{name}", "several addresses for a name; the first is written")
        hosts[name] = targets[0] if out.old or len(targets) == 1 else list(targets)
    strategy = dns.query_strategy
    return set_only(hosts=hosts, queryStrategy=strategy if strategy != "UseIP" else "")
