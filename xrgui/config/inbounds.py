"""Readers for inbounds: one function for each protocol, and the one visible list of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from xrgui import bridge_key
from xrgui.address import Network, parse_endpoint
from xrgui.config.cursor import Cursor, did_you_mean
from xrgui.config.model import (
    Account,
    HttpInbound,
    Inbound,
    SocksInbound,
    Stream,
    TunnelInbound,
    VlessInbound,
    VlessUser,
    VmessInbound,
    VmessUser,
)
from xrgui.config.stream import read_sniffing, read_stream

T = TypeVar("T")
Settings = TunnelInbound | VlessInbound | VmessInbound | SocksInbound | HttpInbound

VISION = "xtls-rprx-vision"


def read_inbound(node: Cursor) -> Inbound:
    """The inbound at *node*; one of an unknown protocol keeps its tag and its port."""
    listen = _listen(node.get("listen"))
    port = node.get("port")
    ports = port.ports()
    if port.missing and not is_unix(listen):
        port.error("is missing", "every inbound needs a port to listen on")
    stream_node = node.get("streamSettings")
    stream = Stream() if stream_node.missing else read_stream(stream_node)
    sniffing = node.get("sniffing")
    if sniffing.missing and node.has("domainOverride"):
        sniffing = Cursor(
            {"enabled": True, "destOverride": node.get("domainOverride").value},
            node.report,
            file=node.file,
            path=node.path,
            name=f"{node.name}.sniffing",
        )
    strategy = node.get("allocate").get("strategy")
    if strategy.text("always").lower() not in ("", "always"):
        strategy.lacks("ports that change by themselves", 'use "always"')
    node.get("allocate").accept("refresh", "concurrency")
    found = Inbound(
        settings=_settings(node),
        tag=node.get("tag").text(),
        listen=listen,
        ports=ports,
        stream=stream,
        sniffing=read_sniffing(sniffing),
    )
    node.accept("domainOverride")
    node.done()
    return found


def is_unix(listen: str) -> bool:
    """Whether *listen* names a unix socket: a path, or ``@name``."""
    return listen.startswith(("/", "@"))


def _listen(node: Cursor) -> str:
    text = node.resolved(node.text()).strip()
    if text == "localhost":
        return "127.0.0.1"
    if is_unix(text) or not text:
        return text
    if re.search("[A-Za-z]", text) and ":" not in text:
        node.error("is a name; only an address of this machine can be listened on", 'for example "0.0.0.0"')
        return ""
    return node.address()


def _settings(node: Cursor) -> Settings:
    usual = "tunnel, vless, vmess, socks or http"
    return read_settings(node, PROTOCOLS, usual, LACKING, lambda name: f"{name} inbound") or HttpInbound()


def read_settings(
    node: Cursor,
    readers: Mapping[str, Callable[[Cursor], T]],
    usual: str,
    lacking: Mapping[str, str],
    lacks: Callable[[str], str],
) -> T | None:
    """What the `protocol` of an inbound or outbound makes of its `settings`; None for one that is not in *readers*.
    *lacking*: what to use in place of the ones that other programs have, and what *lacks* calls them."""
    protocol = node.get("protocol")
    name = protocol.text().lower()
    settings = node.get("settings")
    if name in readers:
        found = readers[name](settings)
        settings.done()
        return found
    if protocol.missing or not name:
        protocol.error("is missing", usual)
    elif name in lacking:
        protocol.lacks(lacks(name), lacking[name])
    else:
        protocol.error(f'"{name[:40]}" is no protocol', did_you_mean(name, readers))
    return None


def _read_tunnel(node: Cursor) -> TunnelInbound:
    node.ignore("timeout", "policy levels have connIdle")
    return TunnelInbound(
        address=node.get("address", "rewriteAddress").address(),
        port=_tunnel_port(node),
        networks=node.get("network", "allowedNetwork").networks(frozenset({Network.TCP})),
        port_map={port: _target(target) for port, target in node.get("portMap").entries()},
        follow_redirect=node.get("followRedirect").flag(),
        level=read_level(node.get("userLevel")),
        http=node.get("http").flag(),
    )


def _tunnel_port(node: Cursor) -> int:
    """`port`, unless it is 0, else `rewritePort`."""
    rewritten = node.get("rewritePort")
    if node.get("port").value in (None, 0, ""):
        return rewritten.port()
    return node.get("port").port()


def _target(node: Cursor) -> str:
    """``host:port`` with 0 for a port that stays as it is."""
    text = node.text()
    whole = f"{text}0" if text.endswith(":") else text
    try:
        _, port = parse_endpoint(whole)
    except ValueError:
        port = None
    if port is None:
        node.error("is no target", '"host:port"; an empty part stays as it is')
        return ""
    return whole


def _read_vless(node: Cursor) -> VlessInbound:
    decryption = node.get("decryption")
    if decryption.missing or decryption.text() == "":
        decryption.warn("is missing; xrgui takes it for none, Xray refuses it", 'write "decryption": "none"')
    elif decryption.text() != "none":
        decryption.lacks("VLESS Encryption", 'use "none", with tls in streamSettings')
    if node.get("fallbacks").value:
        node.get("fallbacks").lacks("fallbacks", "let a web server stand in front and hand the path of a ws inbound on")
    flow = node.get("flow")
    default_flow = flow.text()
    node.accept("testseed")
    users = tuple(_vless_user(item, default_flow) for item in node.get("clients", "users").items())
    if default_flow:
        _refuse_flow(flow)
    return VlessInbound(users=users)


def _vless_user(node: Cursor, default_flow: str) -> VlessUser:
    reverse = node.get("reverse")
    tag = ""
    keys = None
    if not reverse.missing:
        tag = required_text(reverse.get("tag"))
        keys = read_bridge_keys(reverse.get("bridgeKeys"))
        if reverse.has("sniffing"):
            reverse.get("sniffing").error("has no place here", "it belongs to the bridge's outbound")
        reverse.done()
    if node.get("encryption").value:
        node.get("encryption").error("has no place on this side", "remove it")
    if node.get("flow").text() and not default_flow:
        _refuse_flow(node.get("flow"))
    node.accept("testseed", "testpre", "seed", "security", "alterId")
    found = VlessUser(
        id=node.get("id").id(),
        email=node.get("email").text(),
        level=read_level(node.get("level")),
        reverse_tag=tag,
        bridge_keys=keys,
    )
    node.done()
    return found


def _refuse_flow(node: Cursor) -> None:
    if node.text().startswith(VISION):
        node.lacks(f"flow {VISION}", 'use "flow": "" on both sides, with tls in streamSettings')
    else:
        node.error(f'"{node.text()[:40]}" is no flow', 'use "flow": ""')


def _read_vmess(node: Cursor) -> VmessInbound:
    node.accept("default", "disableInsecureEncryption")
    if node.get("detour").value:
        node.get("detour").lacks("detours", "remove it")
    return VmessInbound(users=tuple(_vmess_user(item) for item in node.get("clients", "users").items()))


def _vmess_user(node: Cursor) -> VmessUser:
    warn_of_alter_id(node.get("alterId"))
    node.accept("security", "experiments")
    found = VmessUser(
        id=node.get("id").id(),
        email=node.get("email").text(),
        level=read_level(node.get("level")),
    )
    node.done()
    return found


def warn_of_alter_id(node: Cursor) -> None:
    if node.integer(0, 0, 65535):
        node.warn("is ignored: only the AEAD form is spoken", 'use "alterId": 0 on both sides')


def _read_socks(node: Cursor) -> SocksInbound:
    accounts = read_accounts(node)
    auth = node.get("auth")
    kind = auth.choice("noauth", {"": "noauth", "noauth": "noauth", "password": "password"})
    if kind == "password" and not accounts:
        auth.error("asks for a password, and there is no account", "add one to accounts")
    if kind == "noauth" and accounts:
        auth.warn("is noauth: accounts are not asked for", 'write "auth": "password" to protect this port')
        accounts = ()
    node.ignore("timeout", "policy levels have connIdle")
    return SocksInbound(
        accounts=accounts,
        udp=node.get("udp").flag(),
        ip=node.get("ip").address(),
        level=read_level(node.get("userLevel")),
    )


def _read_http(node: Cursor) -> HttpInbound:
    node.ignore("timeout", "policy levels have connIdle")
    return HttpInbound(
        accounts=read_accounts(node),
        allow_transparent=node.get("allowTransparent").flag(),
        level=read_level(node.get("userLevel")),
    )


def read_accounts(node: Cursor) -> tuple[Account, ...]:
    found = []
    for item in node.get("accounts", "users").items():
        found.append(Account(user=item.get("user").text(), password=item.get("pass").text()))
        item.accept("level", "email")
        item.done()
    return tuple(found)


def read_level(node: Cursor) -> int:
    return node.integer()


def read_bridge_keys(node: Cursor) -> tuple[str, ...] | None:
    """The public keys of a portal's bridges; None where the portal asks for none."""
    if node.missing:
        return None
    items = node.items()
    for item in items:
        try:
            bridge_key.decode(item.text())
        except ValueError as error:
            item.error(f"is {error}")
    return tuple(item.text() for item in items)


def required_text(node: Cursor) -> str:
    if not (text := node.text()) and (node.missing or node.value == ""):
        node.error("is missing" if node.missing else "is empty")
    return text


PROTOCOLS: dict[str, Callable[[Cursor], Settings]] = {
    "tunnel": _read_tunnel,
    "dokodemo-door": _read_tunnel,
    "vless": _read_vless,
    "vmess": _read_vmess,
    "socks": _read_socks,
    "mixed": _read_socks,
    "http": _read_http,
}
_nearest = "use vless with tls: it does the same with the same hiding"
LACKING = {
    "trojan": _nearest,
    "shadowsocks": "use vless with tls, or vmess where there is no certificate",
    "wireguard": "use socks or tunnel",
    "hysteria": _nearest,
    "tun": "use socks, and point programs or a tun2socks at it",
    "mtproto": "use socks; Telegram speaks it too",
}
