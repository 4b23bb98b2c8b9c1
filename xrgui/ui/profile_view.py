"""A profile as the window shows it, before anything is known of how it runs."""

from __future__ import annotations

from xrgui.address import format_endpoint
from xrgui.links import LinkError, parse_link
from xrgui.profiles.model import Listen, Profile, Server, is_reference, public_urls
from xrgui.ui.engine_words import engine_words
from xrgui.ui.tunnel import Role, Service, Tunnel

ROLES = {"share": Role.SHARE, "server": Role.SERVE, "custom": Role.CUSTOM}
_PROTOCOLS = {"vless": "VLESS", "vmess": "VMess"}


def fill(tunnel: Tunnel, profile: Profile) -> Tunnel:
    """Take over what *profile* says; how the tunnel stands stays as it is."""
    known = {(s.host, s.port, s.network): s for s in tunnel.services}
    services = [Service(s.host, s.port, s.network.value) for s in profile.services]
    tunnel.name = profile.name
    tunnel.role = ROLES[profile.role]
    tunnel.server = server_of(profile)
    tunnel.public = tuple(shown_address(url) for _, url in public_urls(profile))
    tunnel.services = tuple(known.get((s.host, s.port, s.network), s) for s in services)
    tunnel.link = link_words(profile)
    tunnel.unsupported = unsupported(profile)
    return tunnel


def server_of(profile: Profile) -> str:
    if profile.role == "share":
        return profile.server.endpoint if profile.server.address else ""
    if profile.role == "server":
        return format_endpoint(profile.listen.address or "0.0.0.0", profile.listen.port)
    return ""


def shown_address(url: str) -> str:
    """``http://host:port/`` as a person writes it: without the last slash."""
    return url[:-1] if url.count("/") == 3 and url.endswith("/") else url


def link_words(profile: Profile) -> str:
    if profile.role == "custom":
        return "Xray JSON"
    end: Server | Listen = profile.server if profile.role == "share" else profile.listen
    parts = [_PROTOCOLS.get(end.protocol, end.protocol)]
    if end.transport == "ws":
        parts.append("WebSocket")
    if end.tls:
        parts.append("TLS")
    return ", ".join(parts)


def unsupported(profile: Profile) -> str:
    """What an imported link needs and the engine lacks."""
    if not profile.link or is_reference(profile.link):
        return "" if not profile.link else "?"
    try:
        return ", ".join(map(engine_words, parse_link(profile.link).lacks))
    except LinkError as error:
        return engine_words(error)
