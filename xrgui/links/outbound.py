"""A link as an outbound of the configuration, and back."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from xrgui.config.ids import parse_id
from xrgui.config.model import Outbound, ReverseLink, Stream, Tls, VlessOutbound, VmessOutbound, WebSocket
from xrgui.links.model import VMESS_SECURITIES, Link, LinkError


def link_outbound(link: Link, reverse_tag: str = "", tag: str = "server") -> Outbound:
    """The outbound that dials the server of *link*.

    A `reverse_tag` makes it a bridge of the VLESS reverse dialect: what arrives through it has that tag as
    its inbound tag. Without one it is an ordinary outbound, which a classic bridge dials through. Raises
    LinkError for what the engine cannot do.
    """
    if link.protocol == "xrgui":
        raise LinkError("link", "carries a whole profile, not one server: import it instead")
    if link.lacks:
        raise LinkError("link", f"needs what xrgui lacks: {', '.join(link.lacks)}")
    return Outbound(tag=tag, settings=_settings(link, reverse_tag), stream=link_stream(link))


def _settings(link: Link, reverse_tag: str) -> VlessOutbound | VmessOutbound:
    try:
        user = parse_id(link.secret)
    except ValueError as error:
        raise LinkError("id", str(error)) from None
    if link.protocol == "vless":
        reverse = ReverseLink(tag=reverse_tag) if reverse_tag else None
        return VlessOutbound(address=link.address, port=link.port, id=user, reverse=reverse)
    if reverse_tag:
        raise LinkError("link", "VMess cannot carry VLESS reverse: use the classic dialect with a tunnel domain")
    security = next(name for name in VMESS_SECURITIES if name == (link.method or "auto"))
    return VmessOutbound(address=link.address, port=link.port, id=user, security=security)


def link_stream(link: Link) -> Stream:
    """Transport and TLS of a link whose `lacks` is empty.

    With WebSocket and no sni the host is the name to ask for, as v2rayN has it: behind a CDN the address is
    often a bare IP address.
    """
    name = link.sni or (link.host if link.transport == "ws" else "")
    tls = Tls(
        server_name=name,
        alpn=() if link.transport == "ws" else link.alpn,
        pinned=tuple(bytes.fromhex(pin) for pin in link.pins),
        verify_names=link.verify_names,
    )
    path, early_data = split_early_data(link.path or "/")
    return Stream(
        network="ws" if link.transport == "ws" else "raw",
        security="tls" if link.security == "tls" else "none",
        tls=tls if link.security == "tls" else Tls(),
        ws=WebSocket(path=path, host=link.host, early_data=early_data) if link.transport == "ws" else WebSocket(),
    )


def split_early_data(path: str) -> tuple[str, int]:
    """``/p?ed=2048`` as ``/p`` and 2048; other query keys stay in the path (Xray ``infra/conf``)."""
    bare, question, query = path.partition("?")
    if not question:
        return path, 0
    items = parse_qsl(query, keep_blank_values=True)
    early = next((value for key, value in items if key == "ed"), "")
    if not (early.isascii() and early.isdigit()):
        return path, 0
    rest = urlencode([(key, value) for key, value in items if key != "ed"])
    return (f"{bare}?{rest}" if rest else bare), int(early)


def join_early_data(path: str, early_data: int) -> str:
    if not early_data:
        return path
    return f"{path}{'&' if '?' in path else '?'}ed={early_data}"
