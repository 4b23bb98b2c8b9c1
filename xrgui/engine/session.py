"""One proxied connection, from a visitor (or a bridge) to where routing sends it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Protocol

from xrgui.address import Destination

_ids = count(1)


class Session:
    """What routing, the log and the window know of one connection. Passed explicitly, never ambient.

    `up` and `down` are payload bytes from and to the inbound side. Times are seconds of the
    event loop's clock, except `started_at` and `ended_at`, which are Unix time.
    """

    __slots__ = (
        "abort",
        "attrs",
        "destination",
        "down",
        "ended_at",
        "error",
        "http",
        "id",
        "inbound_protocol",
        "inbound_tag",
        "link",
        "local",
        "outbound_tag",
        "resolved",
        "rule",
        "sniffed_host",
        "sniffed_protocol",
        "source",
        "started",
        "started_at",
        "state",
        "up",
        "user",
    )

    def __init__(
        self,
        inbound_tag: str,
        inbound_protocol: str,
        destination: Destination,
        *,
        source: Destination | None = None,
        local: Destination | None = None,
        user: str = "",
    ) -> None:
        self.id = next(_ids)
        self.inbound_tag = inbound_tag
        self.inbound_protocol = inbound_protocol
        """Names as Xray's: tunnel, vless, vmess, socks, http, bridge, vless-reverse, portal (opened by a bridge)."""
        self.destination = destination
        self.source = source
        """The visitor; None where the peer does not say."""
        self.local = local
        """The address at which the visitor came in; None where the peer does not say."""
        self.user = user
        """The e-mail of the inbound user."""
        self.sniffed_host = ""
        self.sniffed_protocol = ""
        self.attrs: dict[str, str] = {}
        self.resolved: tuple[str, ...] = ()
        """Addresses of the destination's name, where routing had to ask for them."""
        self.outbound_tag = ""
        self.rule = ""
        """The rule that matched: its name or its number; empty where none did."""
        self.link = 0
        """The number of the main connection that carries this session; 0 for none."""
        self.up = 0
        self.down = 0
        self.started = 0.0
        self.started_at = 0.0
        self.ended_at = 0.0
        self.state: str = "connecting"
        """connecting, open, closed or failed."""
        self.error = ""
        self.http = False
        """A visitor who speaks HTTP gets a page where nobody else answers."""
        self.abort: Callable[[str], None] | None = None
        """Ends the session at once, for the reason given; None before it is relayed."""

    @property
    def target(self) -> str:
        """The destination as the visitor named it, for logs and tables."""
        return str(self.destination)


class Cancellable(Protocol):
    """A dial under way. An asyncio.Task is one."""

    def cancel(self) -> object: ...
