"""Readers for outbounds: one function for each protocol, and the one visible list of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, cast

from xrgui.address import parse_endpoint, parse_ip
from xrgui.config.cursor import Cursor
from xrgui.config.inbounds import VISION, read_level, read_settings, required_text, warn_of_alter_id
from xrgui.config.model import (
    LINKS,
    MOST_LINKS,
    Account,
    BlackholeOutbound,
    FinalRule,
    FreedomOutbound,
    HttpOutbound,
    Mux,
    Outbound,
    ReverseLink,
    SocksOutbound,
    Stream,
    VlessOutbound,
    VmessOutbound,
)
from xrgui.config.stream import STRATEGIES, read_sniffing, read_stream

Settings = FreedomOutbound | BlackholeOutbound | VlessOutbound | VmessOutbound | SocksOutbound | HttpOutbound


def read_outbound(node: Cursor) -> Outbound:
    """The outbound at *node*; one of an unknown protocol keeps its tag."""
    stream_node = node.get("streamSettings")
    stream = Stream() if stream_node.missing else read_stream(stream_node)
    found = Outbound(
        settings=_settings(node),
        tag=node.get("tag").text(),
        send_through=_send_through(node.get("sendThrough")),
        stream=stream,
        mux=_read_mux(node.get("mux")),
        proxy_tag=_proxy_tag(node),
    )
    strategy = node.get("targetStrategy")
    if strategy.choice("AsIs", STRATEGIES) != "AsIs":
        strategy.warn("is ignored: the far end resolves names", "freedom has a domainStrategy of its own")
    node.done()
    return found


def _send_through(node: Cursor) -> str:
    text = node.text()
    if not text or parse_ip(text) is not None:
        return text
    if text in ("origin", "srcip") or "/" in text:
        node.lacks("random or borrowed source addresses", "write one IP address of this machine")
    else:
        node.error("is no IP address", "write one IP address of this machine")
    return ""


def _proxy_tag(node: Cursor) -> str:
    proxy = node.get("proxySettings")
    dialer = node.get("streamSettings").get("sockopt").get("dialerProxy").text()
    tag = proxy.get("tag").text()
    proxy.accept("transportLayer", "transportLayerProxy")
    proxy.done()
    if tag and dialer:
        proxy.error("and sockopt.dialerProxy are both set", "keep one of the two")
    return dialer or tag


def _read_mux(node: Cursor) -> Mux:
    concurrency = node.get("concurrency").integer(8, -0x8000, 0x7FFF) or 8
    enabled = node.get("enabled").flag() and concurrency > 0
    node.accept("xudpConcurrency", "xudpProxyUDP443")
    node.done()
    return Mux(enabled=enabled, concurrency=concurrency if concurrency > 0 else 8)


def _settings(node: Cursor) -> Settings:
    usual = "freedom, blackhole, vless, vmess, socks or http"
    found = read_settings(node, PROTOCOLS, usual, LACKING, lambda name: f"{name} outbound")
    return found or SocksOutbound(address="", port=0)


# Freedom and blackhole


def _read_freedom(node: Cursor) -> FreedomOutbound:
    host, port = _redirect(node.get("redirect"))
    for key in ("fragment", "noises", "noise"):
        if node.get(key).value:
            node.get(key).lacks(key, "remove it; traffic then leaves undisguised")
    node.ignore("ipsBlocked", "finalRules took its place")
    node.ignore("timeout", "policy levels have connIdle")
    node.accept("userLevel")
    version = node.get("proxyProtocol").integer()
    return FreedomOutbound(
        domain_strategy=node.get("targetStrategy", "domainStrategy").choice("AsIs", STRATEGIES),
        redirect_host=host,
        redirect_port=port,
        final_rules=tuple(_final_rule(item) for item in node.get("finalRules").items()),
        proxy_protocol=cast(Literal[0, 1, 2], version if version in (1, 2) else 0),
        http=node.get("http").flag(),
    )


def _redirect(node: Cursor) -> tuple[str, int]:
    if not (text := node.text().strip()):
        return "", 0
    try:
        host, port = parse_endpoint(text)
    except ValueError:
        host, port = "", None
    if port is None:
        node.error("is no target", '"host:port", or ":port" to keep the host')
        return "", 0
    unset = host in ("0.0.0.0", "::")
    return "" if unset else host, port


def _final_rule(node: Cursor) -> FinalRule:
    action = node.get("action")
    if action.missing:
        action.error("is missing", '"allow" or "block"')
    kind = action.choice("block", {"allow": "allow", "block": "block"})
    found = FinalRule(
        action=cast(Literal["allow", "block"], kind),
        networks=node.get("network").networks(frozenset()),
        ports=node.get("port").ports(),
        ips=node.get("ip").texts(),
        block_delay=_seconds(node.get("blockDelay"), (30, 90)),
    )
    node.done()
    return found


def _seconds(node: Cursor, default: tuple[float, float]) -> tuple[float, float]:
    """A number of seconds, or a range ``"30-90"``."""
    if not isinstance(node.value, str):
        return default if node.missing else (number := node.integer(), number)
    match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", node.value.strip())
    if match is None:
        node.error("is no range of seconds", 'for example "30-90"')
        return default
    ends = sorted((int(match[1]), int(match[2] or match[1])))
    return ends[0], ends[1]


def _read_blackhole(node: Cursor) -> BlackholeOutbound:
    response = node.get("response")
    kind = response.get("type").choice("none", {"none": "none", "http": "http"})
    response.done()
    return BlackholeOutbound(response=cast(Literal["none", "http"], kind))


# Outbounds that dial a server


def _server(node: Cursor, list_key: str) -> Cursor:
    """Where address and port stand: in *node* itself, else in the one element of *list_key*."""
    if node.has("address"):
        node.accept(list_key)
        return node
    servers = node.get(list_key)
    elements = servers.items()
    if not elements:
        node.get("address").error("is missing", "the host name or IP address of the server")
        return node
    if len(elements) > 1:
        servers.error("names several servers", "write one outbound for each")
    return elements[0]


def _user(node: Cursor, server: Cursor, *, required: bool) -> Cursor:
    """Where the user stands: in *node* itself for the flat form, else in the server's `users`."""
    if server is node:
        return node
    users = server.get("users")
    elements = users.items()
    if len(elements) > 1:
        users.error("names several users", "write one outbound for each")
    if required and not elements:
        users.error("is empty", "one user with its id")
    return elements[0] if elements else Cursor({}, node.report, file=node.file, path=users.path)


def _endpoint(server: Cursor) -> tuple[str, int]:
    address, port = server.get("address"), server.get("port")
    host = address.address()
    if not host and not isinstance(address.value, (int, list, dict, bool)):
        address.error("is missing", "the host name or IP address of the server")
    if (number := port.port()) == 0 and (port.missing or port.value == 0):
        port.error("is missing", "the port of the server, 1 to 65535")
    return host, number


def _close(node: Cursor, server: Cursor, user: Cursor) -> None:
    """Warn of unknown keys in the nested form; the flat one is closed by the caller."""
    for part in (server, user):
        if part is not node:
            part.done()


def _read_vless(node: Cursor) -> VlessOutbound:
    server = _server(node, "vnext")
    user = _user(node, server, required=True)
    host, port = _endpoint(server)
    reverse = _reverse(node.get("reverse"))
    if server is not node and reverse is not None:
        node.get("reverse").warn("stands beside vnext, where Xray ignores it", "use the flat form")
    if user is not node and user.has("reverse"):
        user.get("reverse").error("has no place here", "write the flat form: address, port, id, reverse")
    _check_encryption(user.get("encryption"))
    _check_flow(user.get("flow"), reverse is not None)
    user.accept("testpre", "testseed", "seed", "security", "alterId")
    found = VlessOutbound(
        address=host,
        port=port,
        id=user.get("id").id(),
        email=user.get("email").text(),
        level=read_level(user.get("level")),
        reverse=reverse,
    )
    _close(node, server, user)
    return found


def _reverse(node: Cursor) -> ReverseLink | None:
    if node.missing:
        return None
    found = ReverseLink(
        tag=required_text(node.get("tag")),
        sniffing=read_sniffing(node.get("sniffing")),
        key=node.get("key").text(),
        visitors=node.get("visitors").flag(True),
        links=read_links(node.get("links")),
    )
    node.done()
    return found


def read_links(node: Cursor) -> int:
    """How many main connections a bridge keeps ready."""
    return node.integer(LINKS, 1, MOST_LINKS)


def _check_encryption(node: Cursor) -> None:
    if node.missing or node.text() == "":
        node.warn("is missing; xrgui takes it for none, Xray refuses it", 'write "encryption": "none"')
    elif node.text() != "none":
        node.lacks("VLESS Encryption", 'use "none", with tls in streamSettings')


def _check_flow(node: Cursor, carries_link: bool) -> None:
    if not (flow := node.text()):
        return
    if flow not in (VISION, f"{VISION}-udp443"):
        node.error(f'"{flow[:40]}" is no flow', 'use "flow": ""')
    elif carries_link:
        node.warn("is not sent: a portal takes a link without it", 'use "flow": ""')
    else:
        node.lacks(f"flow {VISION}", 'use "flow": "" on both sides, with tls in streamSettings')


_vmess_securities = {
    "": "auto",
    "auto": "auto",
    "aes-128-gcm": "aes-128-gcm",
    "chacha20-poly1305": "chacha20-poly1305",
    "none": "none",
}


def _read_vmess(node: Cursor) -> VmessOutbound:
    server = _server(node, "vnext")
    user = _user(node, server, required=True)
    host, port = _endpoint(server)
    warn_of_alter_id(user.get("alterId"))
    user.accept("experiments")
    security = user.get("security").choice("auto", _vmess_securities)
    found = VmessOutbound(
        address=host,
        port=port,
        id=user.get("id").id(),
        security=cast(Literal["auto", "aes-128-gcm", "chacha20-poly1305", "none"], security),
        email=user.get("email").text(),
        level=read_level(user.get("level")),
    )
    _close(node, server, user)
    return found


def _read_socks(node: Cursor) -> SocksOutbound:
    server = _server(node, "servers")
    host, port = _endpoint(server)
    account = _account(node, server)
    return SocksOutbound(address=host, port=port, account=account)


def _read_http(node: Cursor) -> HttpOutbound:
    server = _server(node, "servers")
    host, port = _endpoint(server)
    account = _account(node, server)
    headers = node.get("headers")
    for _, value in headers.entries():
        if "{{" in value.text():
            value.lacks("templates in headers", "write the value itself")
    return HttpOutbound(address=host, port=port, account=account, headers=headers.table())


def _account(node: Cursor, server: Cursor) -> Account | None:
    user = _user(node, server, required=False)
    name, password = user.get("user").text(), user.get("pass").text()
    user.accept("level", "email")
    _close(node, server, user)
    return Account(user=name, password=password) if name else None


PROTOCOLS: dict[str, Callable[[Cursor], Settings]] = {
    "freedom": _read_freedom,
    "direct": _read_freedom,
    "blackhole": _read_blackhole,
    "block": _read_blackhole,
    "vless": _read_vless,
    "vmess": _read_vmess,
    "socks": _read_socks,
    "http": _read_http,
}
_nearest = "use vless with tls"
LACKING = {
    "trojan": _nearest,
    "shadowsocks": "use vless with tls, or vmess where there is no certificate",
    "wireguard": _nearest,
    "hysteria": _nearest,
    "mtproto": "use socks",
    "loopback": "let a rule name the other outbound directly",
    "dns": "let names be resolved by the system; dns.hosts sets single ones",
}
