"""Readers for `streamSettings` and `sniffing` (Xray infra/conf transport_*.go)."""

from __future__ import annotations

import re
from typing import Literal, cast

from xrgui.config.cursor import Cursor
from xrgui.config.model import Certificate, Sniffing, SockOpt, Stream, Text, Tls, WebSocket

_strategies = (
    "AsIs UseIP UseIPv4 UseIPv6 UseIPv4v6 UseIPv6v4 ForceIP ForceIPv4 ForceIPv6 ForceIPv4v6 ForceIPv6v4"
)
STRATEGIES = {name.lower(): name for name in _strategies.split()} | {
    "use_ip": "UseIP",
    "use_ip4": "UseIPv4",
    "use_ip6": "UseIPv6",
    "": "AsIs",
}

_networks = {"raw": "raw", "tcp": "raw", "": "raw", "ws": "ws", "websocket": "ws"}
_other_networks = {
    "xhttp": "use ws, which passes the same CDNs and reverse proxies",
    "splithttp": "use ws, which passes the same CDNs and reverse proxies",
    "grpc": "use ws, which passes the same CDNs and reverse proxies",
    "httpupgrade": "use ws: it differs in its framing alone",
    "h2": "use ws; Xray has dropped this transport too",
    "h3": "use ws; Xray has dropped this transport too",
    "http": "use ws; Xray has dropped this transport too",
    "quic": "use raw with TLS; Xray has dropped this transport too",
    "kcp": "use raw with TLS",
    "mkcp": "use raw with TLS",
    "hysteria": "use raw with TLS",
    "domainsocket": "use raw, and the socket's path as the inbound's listen",
}
_sniffed = {"http": "http", "tls": "tls", "https": "tls", "ssl": "tls", "quic": "quic"}


def read_sniffing(node: Cursor) -> Sniffing:
    override: list[str] = []
    for text in node.get("destOverride").texts():
        if text.lower() in _sniffed:
            override.append(_sniffed[text.lower()])
        elif text.lower() in ("fakedns", "fakedns+others"):
            node.get("destOverride").warn(f'"{text}" is ignored: xrgui has no fake DNS')
        else:
            node.get("destOverride").error(f'"{text[:40]}" is nothing to sniff', '"http", "tls" or "quic"')
    node.ignore("ipsExcluded", "xrgui sniffs whatever the address")
    found = Sniffing(
        enabled=node.get("enabled").flag(),
        dest_override=tuple(dict.fromkeys(override)),
        domains_excluded=node.get("domainsExcluded").texts(),
        route_only=node.get("routeOnly").flag(),
        metadata_only=node.get("metadataOnly").flag(),
    )
    node.done()
    return found


def read_stream(node: Cursor) -> Stream:
    network = _network(node.get("method", "network"))
    security = _security(node.get("security"))
    raw = node.get("rawSettings", "tcpSettings")
    ws = node.get("wsSettings")
    sockopt = node.get("sockopt")
    proxied = _accepts_proxy_protocol(sockopt)
    proxied |= network == "raw" and _accepts_proxy_protocol(raw)
    proxied |= network == "ws" and _accepts_proxy_protocol(ws)
    _read_raw(raw)
    tls_settings, ws_settings = _read_tls(node.get("tlsSettings")), _read_ws(ws)
    found = Stream(
        network=network,
        security=security,
        tls=tls_settings if security == "tls" else Tls(),
        ws=ws_settings if network == "ws" else WebSocket(),
        sockopt=_read_sockopt(sockopt, proxied),
    )
    if node.get("finalmask").value:
        node.get("finalmask").lacks("finalmask", "remove it on both sides")
    node.accept(
        "xhttpSettings",
        "splithttpSettings",
        "kcpSettings",
        "grpcSettings",
        "httpupgradeSettings",
        "httpSettings",
        "quicSettings",
        "dsSettings",
        "hysteriaSettings",
        "realitySettings",
        "xtlsSettings",
    )
    node.done()
    return found


def _network(node: Cursor) -> Literal["raw", "ws"]:
    text = node.text().lower()
    if text in _other_networks:
        node.lacks(f"{text} transport", _other_networks[text])
        return "raw"
    return cast(Literal["raw", "ws"], node.choice("raw", _networks))


def _security(node: Cursor) -> Literal["none", "tls"]:
    text = node.text().lower()
    if text == "reality":
        node.lacks("REALITY", "use tls with a certificate of your own, pinned by pinnedPeerCertSha256")
        return "none"
    if text == "xtls":
        node.error("XTLS is gone, from Xray too", "use tls")
        return "none"
    return cast(Literal["none", "tls"], node.choice("none", {"": "none", "none": "none", "tls": "tls"}))


def _accepts_proxy_protocol(node: Cursor) -> bool:
    return node.get("acceptProxyProtocol").flag()


def _read_raw(node: Cursor) -> None:
    header = node.get("header")
    kind = header.get("type")
    if kind.text("none").lower() not in ("none", ""):
        kind.lacks("disguise for raw connections", 'use "none", or ws to pass an HTTP proxy')
    header.accept("request", "response")
    header.done()
    node.done()


def _read_ws(node: Cursor) -> WebSocket:
    headers = node.get("headers").table()
    in_headers = [headers.pop(name) for name in list(headers) if name.lower() == "host"]
    path, early_data = _split_early_data(node.get("path").text())
    node.accept("acceptProxyProtocol")
    found = WebSocket(
        path=path if path.startswith("/") else f"/{path}",
        host=node.get("host").text() or (in_headers[0] if in_headers else ""),
        headers=headers,
        early_data=early_data,
        heartbeat=node.get("heartbeatPeriod").integer(),
    )
    node.done()
    return found


def _split_early_data(path: str) -> tuple[str, int]:
    """The path without ``ed=N`` in its query, and N (0 without)."""
    bare, question, query = path.partition("?")
    parts = query.split("&") if question else []
    sizes = [part[3:] for part in parts if part.startswith("ed=")]
    rest = "&".join(part for part in parts if not part.startswith("ed="))
    size = sizes[0] if sizes and re.fullmatch(r"[0-9]{1,9}", sizes[0]) else "0"
    return (f"{bare}?{rest}" if rest else bare), int(size)


def _read_tls(node: Cursor) -> Tls:
    node.accept("serverName", "enableSessionResumption", "disableSessionResumption")
    if node.get("allowInsecure").flag():
        node.get("allowInsecure").error(
            "would accept any certificate, an attacker's too; neither xrgui nor Xray does that any more",
            "put the certificate's SHA-256 into pinnedPeerCertSha256 (`xrgui cert` prints it)",
        )
    if node.get("fingerprint").text().lower() not in ("", "unsafe"):
        node.get("fingerprint").warn("is ignored: xrgui says hello in its own way, not as a browser")
    for key in ("pinnedPeerCertificateChainSha256", "pinnedPeerCertificatePublicKeySha256"):
        if node.get(key).value:
            node.get(key).lacks("pin of this kind", "use pinnedPeerCertSha256")
    for key in ("echServerKeys", "echConfigList"):
        if node.get(key).value:
            node.get(key).lacks("ECH", "remove it: the server name is then visible on the way")
    node.ignore("curvePreferences", "the TLS library chooses the curves")
    node.ignore("masterKeyLog", "xrgui writes no keys to files")
    node.accept("echSockopt", "echForceQuery")
    versions = {"": "", "1.0": "1.0", "1.1": "1.1", "1.2": "1.2", "1.3": "1.3"}
    found = Tls(
        server_name=node.get("serverName").text(),
        alpn=node.get("alpn").texts(),
        certificates=tuple(_read_certificate(item) for item in node.get("certificates").items()),
        pinned=_pins(node.get("pinnedPeerCertSha256")),
        verify_names=node.get("verifyPeerCertByName", "verifyPeerCertInNames").texts(),
        disable_system_root=node.get("disableSystemRoot").flag(),
        session_resumption=node.get("enableSessionResumption").flag(),
        reject_unknown_sni=node.get("rejectUnknownSni").flag(),
        min_version=node.get("minVersion").choice("", versions),
        max_version=node.get("maxVersion").choice("", versions),
        cipher_suites=tuple(filter(None, node.get("cipherSuites").text().split(":"))),
    )
    node.done()
    return found


def _pins(node: Cursor) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for text in node.texts():
        try:
            digest = bytes.fromhex(text.replace(":", ""))
        except ValueError:
            digest = b""
        if len(digest) == 32:
            found.append(digest)
        else:
            node.error(
                "holds something that is no SHA-256", "64 hexadecimal digits (`xrgui cert` prints them)"
            )
    return tuple(found)


def _read_certificate(node: Cursor) -> Certificate:
    usages = {"": "encipherment", "encipherment": "encipherment", "verify": "verify", "issue": "issue"}
    usage = node.get("usage").choice("encipherment", usages)
    if usage == "issue":
        node.get("usage").lacks("certificates made on the fly", "make one with `xrgui cert`")
        usage = "encipherment"
    node.accept("ocspStapling", "oneTimeLoading", "buildChain")
    found = Certificate(
        certificate=_pem(node.get("certificate")),
        certificate_file=node.get("certificateFile").text(),
        key=_pem(node.get("key")),
        key_file=node.get("keyFile").text(),
        usage=cast(Literal["encipherment", "verify"], usage),
    )
    node.done()
    return found


def _pem(node: Cursor) -> str:
    """PEM as a list of lines, or as one text."""
    if isinstance(node.value, str):
        return node.value
    return "\n".join(item.text() for item in node.items())


def _read_sockopt(node: Cursor, accept_proxy_protocol: bool) -> SockOpt:
    if node.get("tproxy").text().lower() == "tproxy":
        node.get("tproxy").lacks("TPROXY", 'use "redirect" with followRedirect')
    for key in ("tcpCongestion", "tcpWindowClamp", "tcpMaxSeg", "tcpMptcp", "customSockopt", "happyEyeballs"):
        node.ignore(key, "xrgui leaves it to the system")
    node.ignore("addressPortStrategy", "xrgui asks for no SRV or TXT records")
    node.ignore("penetrate", "xrgui has no such option")
    node.accept("dialerProxy")
    low = -0x80000000
    found = SockOpt(
        accept_proxy_protocol=accept_proxy_protocol,
        tcp_fast_open=_fast_open(node.get("tcpFastOpen")),
        keep_alive_idle=node.get("tcpKeepAliveIdle").integer(0, low, 0x7FFFFFFF),
        keep_alive_interval=node.get("tcpKeepAliveInterval").integer(0, low, 0x7FFFFFFF),
        user_timeout=node.get("tcpUserTimeout").integer(0, 0, 0x7FFFFFFF),
        mark=node.get("mark").integer(0, low, 0x7FFFFFFF),
        interface=node.get("interface").text(),
        v6only=node.get("v6only").flag(),
        domain_strategy=node.get("domainStrategy").choice("AsIs", STRATEGIES),
        trusted_forwarded_for=_names(node.get("trustedXForwardedFor")),
    )
    if found.keep_alive_idle * found.keep_alive_interval < 0:
        node.error("tcpKeepAliveIdle and tcpKeepAliveInterval have different signs", "both negative: off")
    node.done()
    return found


def _names(node: Cursor) -> Text:
    return tuple(filter(None, (item.text() for item in node.items())))


def _fast_open(node: Cursor) -> int | None:
    """Queue length, -1 for off, None for as the system has it (Xray transport_sockopt.go)."""
    if isinstance(node.value, bool):
        return 256 if node.value else -1
    return node.integer(0, -0x80000000, 0x7FFFFFFF) or None
