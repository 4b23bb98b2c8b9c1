"""A share link as the server of a profile, and back; nothing is lost on the way."""

from __future__ import annotations

from typing import cast

from xrgui.links import Link
from xrgui.profiles.model import Server, Transport


def link_server(link: Link) -> Server:
    """The server that *link* describes. Raises ValueError for what the engine lacks."""
    if link.lacks or link.protocol not in ("vless", "vmess"):
        raise ValueError(f"xrgui lacks {', '.join(link.lacks) or 'a server in this link'}")
    kept = {"headerType": link.header, "insecure": "1" if link.insecure else ""}
    return Server(
        address=link.address,
        port=link.port,
        protocol=link.protocol,
        secret=link.secret,
        method="" if link.method == _usual(link.protocol) else link.method,
        transport=cast(Transport, link.transport),
        path=link.path,
        host=link.host,
        tls=link.security == "tls",
        sni=link.sni,
        pins=link.pins,
        verify_names=link.verify_names,
        alpn=link.alpn,
        fingerprint=link.fingerprint,
        extra=link.extra | {key: value for key, value in kept.items() if value},
    )


def server_link(server: Server, name: str = "") -> Link:
    """The link to *server*; it holds the secret if the server does."""
    extra = dict(server.extra)
    return Link(
        protocol=server.protocol,
        address=server.address,
        port=server.port,
        secret=server.secret,
        method=server.method or _usual(server.protocol),
        name=name,
        transport=server.transport,
        security="tls" if server.tls else "none",
        sni=server.sni,
        alpn=server.alpn,
        fingerprint=server.fingerprint,
        pins=server.pins,
        verify_names=server.verify_names,
        insecure=bool(extra.pop("insecure", "")),
        host=server.host,
        path=server.path,
        header=extra.pop("headerType", ""),
        extra=extra,
    )


def _usual(protocol: str) -> str:
    return "auto" if protocol == "vmess" else "none"


def place(server: Server) -> tuple[str, int, str, str]:
    """The same for all that name the same place, whatever the id. For telling duplicates."""
    return server.address.lower(), server.port, server.transport, server.path
