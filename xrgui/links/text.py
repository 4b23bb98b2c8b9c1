"""Links out of whatever a person pastes: prose, lists, subscriptions, SIP008."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from xrgui.links import base64text, uri, vmess
from xrgui.links.model import SCHEMES, Link, LinkError

MAX_LINK = 256 * 1024
_PARSERS = {
    "vless": uri.parse_vless,
    "vmess": vmess.parse_vmess,
    "trojan": uri.parse_trojan,
    "ss": uri.parse_ss,
    "xrgui": uri.parse_own,
}
_SCHEME = re.compile(rf"(?<![A-Za-z0-9+.-])(?:{'|'.join(SCHEMES)})://", re.IGNORECASE)


class Extracted(NamedTuple):
    """The links of a text in their order, and for each that cannot be read its start and the reason."""

    links: list[Link]
    failures: list[tuple[str, LinkError]]


def parse_link(text: str) -> Link:
    """One link, strictly that. Raises LinkError (a ValueError), which names the part that is wrong."""
    text = text.strip()
    scheme, separator, body = text.partition("://")
    parser = _PARSERS.get(scheme.lower())
    if parser is None or not separator:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise LinkError("link", f"does not begin with one of {known}")
    if len(body) > MAX_LINK:
        raise LinkError("link", f"is longer than {MAX_LINK // 1024} KiB")
    try:
        body.encode()
    except UnicodeEncodeError:
        raise LinkError("link", "holds characters that are no valid text") from None
    return parser(body)


def format_link(link: Link) -> str:
    """The link as text that other apps read. It holds the secret."""
    return vmess.format_vmess(link) if link.protocol == "vmess" else uri.format_uri(link)


def extract_links(text: str) -> Extracted:
    """Every link in *text*: among other words, one a line, as base64 of such a list, or as SIP008 JSON."""
    candidates = list(_candidates(text)) or list(_candidates(_unpacked(text)))
    found = Extracted([], [])
    for candidate in candidates or _sip008(text):
        try:
            found.links.append(parse_link(candidate))
        except LinkError as error:
            found.failures.append((_shown(candidate), error))
    return found


def _candidates(text: str) -> list[str]:
    """A link that begins its line goes to the line's end (names hold spaces), others to the next blank."""
    found = []
    for line in text.splitlines():
        starts = [match.start() for match in _SCHEME.finditer(line)]
        for start, end in pairwise([*starts, len(line)]):
            piece = line[start:end].strip()
            alone = len(starts) == 1 and not line[:start].strip()
            found.append(piece if alone else piece.split()[0].rstrip("\"'`.,;)>]"))
    return found


def _unpacked(text: str) -> str:
    try:
        return base64text.decode(text)
    except ValueError:
        return ""


def _sip008(text: str) -> list[str]:
    """The servers of a SIP008 document as ss links."""
    try:
        data: Any = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return []
    servers = data.get("servers") if isinstance(data, dict) else data
    if not isinstance(servers, list):
        return []
    return [_sip008_link(server) for server in servers if isinstance(server, dict) and "method" in server]


def _sip008_link(server: dict[str, Any]) -> str:
    def value(key: str) -> str:
        return str(server.get(key) or "")

    user = base64text.encode_url(f"{value('method')}:{value('password')}".encode())
    host = f"[{value('server')}]" if ":" in value("server") else value("server")
    plugin = ";".join(part for key in ("plugin", "plugin_opts") if (part := value(key)))
    query = f"?plugin={quote(plugin, safe='')}" if plugin else ""
    return f"ss://{user}@{host}:{value('server_port')}{query}#{quote(value('remarks'), safe='')}"


def _shown(text: str) -> str:
    """The scheme and the host at most: what stands before @ is secret."""
    scheme, _, body = text.partition("://")
    host = body.partition("#")[0].partition("?")[0].rpartition("@")[2] if "@" in body else "…"
    return f"{scheme}://{host[:80]}"
