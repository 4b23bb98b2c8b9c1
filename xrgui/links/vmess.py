"""``vmess://`` and base64 of a JSON object, the form that v2rayN made common."""

from __future__ import annotations

from typing import Any

import msgspec

from xrgui.links import base64text
from xrgui.links.model import (
    Link,
    LinkError,
    decode_percent,
    read_flag,
    read_host,
    read_pins,
    read_port,
    read_transport,
    split_list,
)
from xrgui.links.uri import format_uri, parse_vmess_uri

_JSON_KEYS = frozenset((
    "v", "ps", "add", "port", "id", "aid", "scy", "net", "type", "host", "path", "tls", "sni", "alpn", "fp",
    "pcs", "vcn", "flow", "insecure", "allowInsecure",
))  # fmt: skip
_RENAMED = {
    "grpc": {"type": "mode", "path": "serviceName", "host": "authority"},
    "xhttp": {"type": "mode"},
    "kcp": {"path": "seed"},
    "quic": {"path": "key", "host": "quicSecurity"},
}
"""Transport -> JSON key -> name of the same thing in a query."""


def parse_vmess(body: str) -> Link:
    """Either form. Raises LinkError."""
    text, _, fragment = body.partition("#")
    if "@" in text:
        return parse_vmess_uri(body)
    values = _decode(text)
    if fragment and not values.get("ps"):
        values["ps"] = decode_percent("name", fragment)
    return _link(values)


def _decode(text: str) -> dict[str, str]:
    try:
        data: Any = msgspec.json.decode(base64text.decode(text))
    except (ValueError, RecursionError):
        raise LinkError("vmess", "is neither base64 of JSON nor id@host:port") from None
    if not isinstance(data, dict):
        raise LinkError("vmess", "its base64 text holds no JSON object")
    return {key: _text(value) for key, value in data.items()}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else msgspec.json.encode(value).decode()


def _link(values: dict[str, str]) -> Link:
    transport = read_transport(values.get("net", ""))
    host, path = values.get("host", ""), values.get("path", "")
    if transport == "ws" and values.get("v") != "2" and ";" in host:
        path, _, host = host.partition(";")
    values = values | {"host": host, "path": path}
    header = values.get("type", "")
    values["type"] = "" if header == "none" else header
    extra = {key: value for key, value in values.items() if key not in _JSON_KEYS}
    for key, name in _RENAMED.get(transport, {}).items():
        if value := values.pop(key, ""):
            extra[name] = value
    if values.get("aid", "") not in ("", "0"):
        extra["aid"] = values["aid"]
    if not values.get("id"):
        raise LinkError("id", "is missing")
    return Link(
        protocol="vmess",
        address=read_host(values.get("add", "").replace("%", "%25")),
        port=read_port(values.get("port", "").strip()),
        secret=values["id"],
        method=values.get("scy") or "auto",
        flow=values.get("flow", ""),
        name=values.get("ps", ""),
        transport=transport,
        security=_security(values.get("tls", "")),
        sni=values.get("sni", ""),
        alpn=split_list(values.get("alpn", "")),
        fingerprint=values.get("fp", ""),
        pins=read_pins(values.get("pcs", "")),
        verify_names=split_list(values.get("vcn", "")),
        insecure=read_flag(values.get("insecure", "")) or read_flag(values.get("allowInsecure", "")),
        host=values.get("host", ""),
        path=values.get("path", ""),
        header=values.get("type", ""),
        extra=extra,
    )


def _security(text: str) -> str:
    text = text.lower()
    return {"": "none", "0": "none", "false": "none", "1": "tls", "true": "tls"}.get(text, text)


def format_vmess(link: Link) -> str:
    """Base64 of JSON, which every app reads; as an address where JSON has no key for what it says."""
    values = _values(link)
    if values is None:
        return format_uri(link)
    return "vmess://" + base64text.encode(msgspec.json.encode(values))


def _values(link: Link) -> dict[str, str] | None:
    """None if a key of `extra` would take the place of another one."""
    renamed = _RENAMED.get(link.transport, {})
    own = {"type": link.header, "host": link.host, "path": link.path}
    extra = dict(link.extra)
    for key, name in renamed.items():
        if own[key]:
            return None
        own[key] = extra.pop(name, "")
    aid = extra.pop("aid", "0")
    if link.extra.get("aid") in ("", "0") or _JSON_KEYS & extra.keys():
        return None
    values = {
        "v": "2",
        "ps": link.name,
        "add": link.address,
        "port": str(link.port),
        "id": link.secret,
        "aid": aid,
        "scy": link.method,
        "net": "tcp" if link.transport == "raw" else link.transport,
        "type": own["type"] or "none",
        "host": own["host"],
        "path": own["path"],
        "tls": "" if link.security == "none" else link.security,
        "sni": link.sni,
        "alpn": ",".join(link.alpn),
        "fp": link.fingerprint,
    }
    optional = {
        "pcs": ",".join(link.pins),
        "vcn": ",".join(link.verify_names),
        "flow": link.flow,
        "insecure": "1" if link.insecure else "",
    }
    return values | {key: value for key, value in optional.items() if value} | extra
