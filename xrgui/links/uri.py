"""``scheme://secret@host:port?query#name``: vless, trojan, ss, xrgui and the newer form of vmess."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from xrgui.address import format_endpoint
from xrgui.links import base64text
from xrgui.links.model import (
    Link,
    LinkError,
    Protocol,
    decode_percent,
    read_flag,
    read_host,
    read_pins,
    read_port,
    read_transport,
    split_list,
)

_INSECURE_KEYS = ("insecure", "allowInsecure", "allow_insecure")
KNOWN_KEYS = frozenset((
    "type", "security", "encryption", "flow", "sni", "peer", "alpn", "fp", "pcs", "vcn", "host", "path",
    "headerType", *_INSECURE_KEYS,
))  # fmt: skip


class Parts(NamedTuple):
    """A link cut into its pieces: user and address as they stand, query and name decoded."""

    user: str
    address: str
    query: dict[str, str]
    name: str


def split(body: str) -> Parts:
    """*body* is the link after ``scheme://``. Raises LinkError."""
    rest, _, fragment = body.partition("#")
    rest, _, query = rest.partition("?")
    user, _, address = rest.rpartition("@")
    return Parts(user, address, parse_query(query), decode_percent("name", fragment))


def parse_query(text: str) -> dict[str, str]:
    """Raises LinkError for a key that appears twice with different values."""
    values: dict[str, str] = {}
    for item in text.split("&"):
        raw_key, _, raw_value = item.partition("=")
        key = decode_percent("query", raw_key)
        value = decode_percent(key, raw_value)
        if key and values.setdefault(key, value) != value:
            raise LinkError(key, "appears twice with different values")
    return values


def parse_vless(body: str) -> Link:
    parts = split(body)
    method = parts.query.get("encryption") or "none"
    return _link("vless", parts, _secret("id", parts.user), method)


def parse_vmess_uri(body: str) -> Link:
    parts = split(body)
    method = parts.query.get("encryption") or "auto"
    return _link("vmess", parts, _secret("id", parts.user), method)


def parse_trojan(body: str) -> Link:
    """A link that does not name its security means TLS."""
    parts = split(body)
    parts.query.setdefault("security", "tls")
    return _link("trojan", parts, _secret("password", parts.user), "")


def parse_ss(body: str) -> Link:
    """SIP002, or all of method, password and address in one base64 text (the older form)."""
    parts = split(body)
    if not parts.user:
        legacy = _base64("server", parts.address)
        user, _, address = legacy.rpartition("@")
        parts = parts._replace(user=user, address=address)
    else:
        user = decode_percent("password", parts.user)
        if ":" not in user:
            user = _base64("password", user)
    method, colon, password = user.partition(":")
    if not (method and colon and password):
        raise LinkError("password", "the part before @ must hold method:password")
    return _link("ss", parts, password, method)


def parse_own(body: str) -> Link:
    """``xrgui://import?v=1&profile=…`` or ``&sealed=…``; the profile itself stays packed."""
    parts = split(body)
    if parts.address.strip("/") != "import" or parts.user:
        raise LinkError("action", "only xrgui://import?… is known")
    if parts.query.get("v") != "1":
        raise LinkError("v", "this link needs a newer xrgui (only version 1 is known)")
    if not parts.query.get("profile") and not parts.query.get("sealed"):
        raise LinkError("profile", "is missing")
    return Link(protocol="xrgui", name=parts.name, extra=parts.query)


def _secret(part: str, text: str) -> str:
    secret = decode_percent(part, text)
    if not secret:
        raise LinkError(part, "is missing (the part before @)")
    return secret


def _base64(part: str, text: str) -> str:
    try:
        return base64text.decode(text)
    except ValueError:
        raise LinkError(part, "is not base64 of readable text") from None


def split_address(text: str) -> tuple[str, int]:
    """``host:port`` with an optional path behind, which is dropped. Raises LinkError."""
    address = text.partition("/")[0]
    host, colon, port = address.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        raise LinkError("port", "is missing (host:port is needed)")
    return read_host(host), read_port(port)


def _link(protocol: Protocol, parts: Parts, secret: str, method: str) -> Link:
    query = parts.query
    address, port = split_address(parts.address)
    unknown = {key: value for key, value in query.items() if key not in KNOWN_KEYS}
    if protocol in ("trojan", "ss") and "encryption" in query:
        unknown["encryption"] = query["encryption"]
    return Link(
        protocol=protocol,
        address=address,
        port=port,
        secret=secret,
        method=method,
        flow=query.get("flow", ""),
        name=parts.name,
        transport=read_transport(query.get("type", "")),
        security=query.get("security", "").lower() or "none",
        sni=query.get("sni") or query.get("peer", ""),
        alpn=split_list(query.get("alpn", "")),
        fingerprint=query.get("fp", ""),
        pins=read_pins(query.get("pcs", "")),
        verify_names=split_list(query.get("vcn", "")),
        insecure=any(read_flag(query.get(key, "")) for key in _INSECURE_KEYS),
        host=query.get("host", ""),
        path=query.get("path", ""),
        header=_header(query.get("headerType", "")),
        extra=unknown,
    )


def _header(text: str) -> str:
    return "" if text == "none" else text


def format_uri(link: Link) -> str:
    """The link as an address; every value percent-encoded. Shadowsocks as SIP002."""
    if link.protocol == "xrgui":
        return f"xrgui://import{_query_text(link.extra)}{_fragment(link.name)}"
    user = _ss_user(link) if link.protocol == "ss" else quote(link.secret, safe="")
    query = _query_text(_query(link) | link.extra)
    host = link.address.replace("%", "%25")
    return f"{link.protocol}://{user}@{format_endpoint(host, link.port)}{query}{_fragment(link.name)}"


def _ss_user(link: Link) -> str:
    plain = f"{link.method}:{link.secret}"
    if link.method.startswith("2022-"):
        return f"{link.method}:{quote(link.secret, safe='')}"
    return base64text.encode_url(plain.encode())


def _query(link: Link) -> dict[str, str]:
    """What the link says, in the order that v2rayN writes it."""
    values = {
        "encryption": link.method if link.protocol in ("vless", "vmess") else "",
        "flow": link.flow,
        "security": link.security,
        "sni": link.sni,
        "alpn": ",".join(link.alpn),
        "fp": link.fingerprint,
        "pcs": ",".join(link.pins),
        "vcn": ",".join(link.verify_names),
        "insecure": "1" if link.insecure else "",
        "type": "tcp" if link.transport == "raw" else link.transport,
        "headerType": link.header,
        "host": link.host,
        "path": link.path,
    }
    if link.protocol == "ss":
        values = _without_defaults(values)
    return {key: value for key, value in values.items() if value}


def _without_defaults(values: dict[str, str]) -> dict[str, str]:
    """Plain Shadowsocks links carry no query: not every app reads one."""
    defaults = {"security": "none", "type": "tcp"}
    return {key: value for key, value in values.items() if defaults.get(key) != value}


def _query_text(values: dict[str, str]) -> str:
    text = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in values.items())
    return f"?{text}" if text else ""


def _fragment(name: str) -> str:
    return f"#{quote(name, safe='')}" if name else ""
