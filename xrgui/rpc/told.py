"""What an engine tells of itself: its state, its sessions, its log, and the events of the streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from xrgui.rpc.lines import Level, Struct


class Totals(Struct):
    """Payload bytes since the start, and how many sub-connections; `up` is from the visitors."""

    up: int = 0
    down: int = 0
    open: int = 0
    """Live now."""
    opened: int = 0
    """Ever, refused ones included."""
    refused: int = 0
    """By a rule, a limit, a missing outbound or a failed dial."""
    over_limit: int = 0
    """Those of them that a limit of the configuration left no room for."""


class InboundStatus(Struct):
    tag: str
    protocol: str
    """tunnel, vless, vmess, socks, http."""
    listen: str
    """Where it really listens, ``host:port`` with the port that the system chose for 0."""
    connections: int = 0


class OutboundStatus(Struct):
    tag: str
    protocol: str
    server: str = ""
    """``host:port`` of a proxy; empty for freedom and blackhole."""
    connections: int = 0


class BridgeStatus(Struct):
    """A desktop end: it dials the public server and serves what comes back."""

    tag: str
    dialect: Literal["classic", "vless"]
    state: Literal["connecting", "up", "waiting", "unapproved", "stopped"]
    """unapproved: its links stand, but the server's owner has yet to approve its key."""
    server: str = ""
    attempt: int = 0
    """Dials since the last success."""
    next_try_in: float = 0
    """Seconds to the next dial while `state` is waiting."""
    links: int = 0
    """Main connections that stand."""
    since: float = 0
    """Unix time at which `state` began."""
    error: str = ""
    """Why the last dial or link failed; empty while all is well."""
    fault: str = ""
    """What kind of failure that is: name, refused, unreachable, timeout, certificate, closed (the server
    ended the link, or never answered on it), protocol, unapproved, other."""
    rtt_ms: float | None = None
    public: tuple[str, ...] = ()
    """Where visitors come in, ``tcp:8080``, if the public server says so (an xrgui does)."""
    equal: bool = False
    """The public server is an xrgui that lets this end open connections too (`xrgui forward`)."""


class PendingBridge(Struct):
    """A link that carries nobody, since its bridge has proved no key that the portal lets in."""

    key: str
    """Its public key in base64, for `approve`; empty: it proved none."""
    fingerprint: str
    address: str
    since: float
    """Unix time."""
    xrgui: bool = True
    """It speaks our extension; Xray and v2ray do not, and have no keys."""

    @property
    def who(self) -> str:
        """What tells it from others: its key, or its host if it has none."""
        return self.key or self.address.rpartition(":")[0]


class PortalStatus(Struct):
    """A public end: bridges dial it, visitors are carried over their links."""

    tag: str
    dialect: Literal["classic", "vless"]
    links: int = 0
    visitors: int = 0
    since: float = 0
    """Unix time since when at least one link stands, or none does."""
    peers: tuple[str, ...] = ()
    """The bridges' addresses, one for each link; empty text where unknown."""
    rtt_ms: float | None = None
    pending: tuple[PendingBridge, ...] = ()
    forged: int = 0
    """Links refused since the signature of their bridge was wrong or from another link."""

    @property
    def waiting(self) -> tuple[PendingBridge, ...]:
        """The bridges that wait for approval, one each however many links it holds ready."""
        first: dict[str, PendingBridge] = {}
        for bridge in self.pending:
            first.setdefault(bridge.who, bridge)
        return tuple(first.values())


class EngineStatus(Struct):
    """One running configuration: what `Engine.status()` returns."""

    started_at: float = 0
    """Unix time."""
    inbounds: tuple[InboundStatus, ...] = ()
    outbounds: tuple[OutboundStatus, ...] = ()
    bridges: tuple[BridgeStatus, ...] = ()
    portals: tuple[PortalStatus, ...] = ()
    totals: Totals = msgspec.field(default_factory=Totals)


class ConfigStatus(EngineStatus, kw_only=True):
    name: str


class Status(Struct):
    version: str
    pid: int
    started_at: float
    memory: int
    """Resident bytes of the engine's process; 0 where the system does not tell."""
    totals: Totals
    """Of all configurations together."""
    configs: tuple[ConfigStatus, ...]
    tasks: int = 0
    """asyncio tasks of the engine's process."""


class SessionRow(Struct, array_like=True, gc=False):
    """One sub-connection. On the wire an array in this order; fields may be added at the end."""

    id: int
    """Unique within the engine's process, never used again."""
    config: str
    """The name of the configuration that it belongs to."""
    state: str
    """connecting, open, closed or failed."""
    inbound: str
    protocol: str
    """The inbound's: tunnel, vless, vmess, socks, http; bridge and vless-reverse came back over a bridge's link, portal
    was opened by a bridge."""
    user: str
    source: str
    """The visitor, ``host:port``; empty where the peer does not say."""
    target: str
    """As the visitor named it, ``tcp:host:port`` or ``udp:host:port``."""
    host: str
    """The name found in the payload; may be empty."""
    rule: str
    """Name or number of the rule that matched; empty: none did, the first outbound was taken."""
    outbound: str
    link: int
    """Number of the main connection; 0: none."""
    up: int
    down: int
    started_at: float
    ended_at: float
    """Unix times; `ended_at` is 0 while it lives."""
    reason: str
    """Why it ended; empty for an orderly end."""


class LogRecord(Struct, array_like=True):
    seq: int
    """Counts up by one; a hole means lost records."""
    at: float
    level: Level
    message: str


# Events


class TotalsEvent(Struct):
    at: float
    memory: int
    totals: Totals
    configs: dict[str, Totals]


class SessionsEvent(Struct):
    """Changes since the last one. Apply in the order `rows`, `counters`, `closed`, `gone`."""

    at: float
    rows: tuple[SessionRow, ...] = ()
    """New, or changed in more than their counters: put in place of what was known."""
    counters: tuple[tuple[int, int, int], ...] = ()
    """(id, up, down) of those that moved bytes."""
    closed: tuple[SessionRow, ...] = ()
    """Ended ones in the order of their end, also such as were never in `rows`."""
    gone: tuple[int, ...] = ()
    """Known ones that ended while the reader was too slow to be told how."""
    lost: int = 0
    """How many ended ones this reader was not told of (a lower bound); the gap notice."""
    more: bool = False
    """Another part of the same batch follows at once."""


class LogEvent(Struct):
    records: tuple[LogRecord, ...]
    lost: int = 0
    """Records that were dropped before these since the reader was too slow."""


Event = TotalsEvent | Status | SessionsEvent | LogEvent

EVENTS: Mapping[str, type[Event]] = {
    "totals": TotalsEvent,
    "status": Status,
    "sessions": SessionsEvent,
    "log": LogEvent,
}
