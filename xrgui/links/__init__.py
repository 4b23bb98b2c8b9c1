"""Share links: ``vless://``, ``vmess://``, ``trojan://``, ``ss://`` and our own ``xrgui://``.

Liberal in what it reads (either spelling of everything, old forms, subscriptions), strict in what it writes.
"""

from xrgui.links.model import Link, LinkError
from xrgui.links.outbound import link_outbound, link_stream
from xrgui.links.text import Extracted, extract_links, format_link, parse_link

__all__ = [
    "Extracted",
    "Link",
    "LinkError",
    "extract_links",
    "format_link",
    "link_outbound",
    "link_stream",
    "parse_link",
]
