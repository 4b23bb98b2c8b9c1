"""What the engine and those who steer it say to each other: JSON lines over a local socket.

docs/rpc.md describes the wire; these are its shapes. Every call is a `Call[Result]`: its fields are
the parameters. The client is in xrgui.client, the server in xrgui.engine.control.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Literal, TypeVar

import msgspec

from xrgui.config.problem import Problem

PROTOCOL = 1
"""Raised when an old client could misread a new engine; new fields and methods do not raise it."""
MAX_LINE = 16 * 1024 * 1024
"""The longest request, answer or event in bytes, its line feed included."""
MIN_INTERVAL = 0.2
MAX_INTERVAL = 60.0

Stream = Literal["totals", "status", "sessions", "log"]
Level = Literal["debug", "info", "warning", "error"]
ErrorCode = Literal[
    "bad_request",
    "unknown_method",
    "unauthorized",
    "bad_config",
    "failed",
    "not_found",
    "too_large",
    "internal",
]

R = TypeVar("R")


class Struct(msgspec.Struct):
    """Unknown fields are ignored, so that a newer engine may say more."""


# Envelopes


class Request(Struct):
    id: int
    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")


class Error(Struct, omit_defaults=True):
    code: ErrorCode
    message: str
    """One sentence for a person."""
    hint: str = ""
    """The way out; may be empty."""


class Answer(Struct, omit_defaults=True):
    """What a client reads from a line: an answer (`id`) or an event (`event`)."""

    id: int | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: Error | None = None
    event: str = ""
    """Of a stream that this client may not know."""
    data: msgspec.Raw = msgspec.Raw()


class RpcError(Exception):
    """The engine refused a call, or the connection to it is gone (code "failed")."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.message)
        self.code = error.code
        self.message = error.message
        self.hint = error.hint


# What is told


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
    """The inbound's: tunnel, vless, vmess, socks, http, bridge, vless-reverse."""
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


# Calls


class Done(Struct):
    """A result that has nothing to tell."""


class Call(Struct, Generic[R], omit_defaults=True):
    method: ClassVar[str]
    result: ClassVar[type[Any]] = Done


class Welcome(Struct):
    protocol: int
    version: str
    pid: int
    started_at: float
    configs: tuple[str, ...]


class Hello(Call[Welcome]):
    """First on TCP, where `token` is needed; elsewhere it may be left out."""

    method = "hello"
    result = Welcome
    protocol: int = PROTOCOL
    token: str = ""

    def __repr__(self) -> str:
        return f"Hello(protocol={self.protocol})"


class NamedConfig(Struct):
    name: str
    config: dict[str, Any]
    """A whole Xray configuration."""

    def __repr__(self) -> str:
        return f"NamedConfig({self.name!r})"


class Applied(Struct, omit_defaults=True):
    """What became of one configuration; the lists hold texts like ``inbound NAME``."""

    name: str
    started: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Warnings; with `error` also what is wrong."""
    error: Error | None = None
    """Not applied: what ran under this name before runs on."""


class AppliedAll(Struct):
    configs: tuple[Applied, ...]
    removed: tuple[str, ...] = ()


class Apply(Call[AppliedAll]):
    """Start or change configurations. One that fails leaves the others alone."""

    method = "apply"
    result = AppliedAll
    configs: tuple[NamedConfig, ...]
    replace: bool = False
    """Stop those that are not named here."""


class Remove(Call[AppliedAll]):
    method = "remove"
    result = AppliedAll
    names: tuple[str, ...]


class Checked(Struct):
    name: str
    problems: tuple[Problem, ...]


class CheckedAll(Struct):
    configs: tuple[Checked, ...]


class Check(Call[CheckedAll]):
    method = "check"
    result = CheckedAll
    configs: tuple[NamedConfig, ...]
    probe_ports: bool = False
    """Also try whether the ports can be listened on."""


class GetStatus(Call[Status]):
    method = "status"
    result = Status


class RuleStep(Struct):
    rule: str
    """Name or number."""
    matched: bool
    why: str


class Explanation(Struct):
    outbound: str
    """Empty: the connection would be dropped."""
    rule: str
    """Name or number of the rule that takes it; empty: no rule does."""
    why: str
    """One sentence."""
    steps: tuple[RuleStep, ...] = ()
    resolved: tuple[str, ...] = ()
    """Addresses that were looked up, if a rule asked for them."""


class Explain(Call[Explanation]):
    """A dry run of routing: in the running configuration `name`, or in `config`."""

    method = "explain"
    result = Explanation
    target: str
    """``host:port``, ``tcp:host:port`` or ``udp:host:port``."""
    inbound: str = ""
    name: str = ""
    config: dict[str, Any] | None = None
    source: str = ""
    user: str = ""
    protocol: str = ""
    """Sniffed: http1, tls, …"""

    def __repr__(self) -> str:
        return f"Explain({self.target!r})"


class SessionList(Struct):
    at: float
    open: int
    rows: tuple[SessionRow, ...]
    closed: tuple[SessionRow, ...]


class GetSessions(Call[SessionList]):
    """A snapshot: live ones by id, and the last that ended, newest last."""

    method = "sessions"
    result = SessionList
    limit: int = 10_000
    closed: int = 0


class Closed(Struct):
    closed: int


class CloseSessions(Call[Closed]):
    method = "close_sessions"
    result = Closed
    ids: tuple[int, ...]
    reason: str = "closed by the user"


class Retried(Struct):
    retried: tuple[str, ...]


class Retry(Call[Retried]):
    """Dial waiting bridges now: that of `tag`, or all."""

    method = "retry"
    result = Retried
    name: str = ""
    tag: str = ""


class Approve(Call[Done]):
    """Let the bridge with this public key (base64) join the portal `tag` from now on, until the configuration says
    otherwise."""

    method = "approve"
    name: str
    tag: str
    key: str


class LogList(Struct):
    records: tuple[LogRecord, ...]


class GetLog(Call[LogList]):
    method = "log"
    result = LogList
    level: Level = "debug"
    limit: int = 2_000


class Subscribe(Call[Done]):
    """Events of these streams from now on, at most one batch each in `interval` seconds."""

    method = "subscribe"
    streams: tuple[Stream, ...]
    interval: float = 1.0
    level: Level = "info"
    """Log: the least level."""
    backlog: int = 0
    """Log: how many past records come first."""


class Unsubscribe(Call[Done]):
    method = "unsubscribe"
    streams: tuple[Stream, ...] = ("totals", "status", "sessions", "log")


class Shutdown(Call[Done]):
    method = "shutdown"
    grace: float = 1.0
    """Seconds that live sub-connections may go on."""


CALLS: Mapping[str, type[Call[Any]]] = {
    call.method: call
    for call in (
        Hello,
        Apply,
        Remove,
        Check,
        GetStatus,
        Explain,
        GetSessions,
        CloseSessions,
        Retry,
        Approve,
        GetLog,
        Subscribe,
        Unsubscribe,
        Shutdown,
    )
}


# Where it listens


class TcpEndpoint(Struct):
    """What a ``.tcp`` file holds, for systems without unix sockets."""

    port: int
    token: str

    def __repr__(self) -> str:
        return f"TcpEndpoint(port={self.port})"
