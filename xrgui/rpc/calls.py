"""The calls: each is a `Call[Result]` whose fields are the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from xrgui.config.problem import Problem
from xrgui.rpc.lines import PROTOCOL, Error, Level, Stream, Struct
from xrgui.rpc.told import LogRecord, SessionRow, Status

R = TypeVar("R")


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
    otherwise; empty: every bridge that knows the id, as if the portal asked for no keys."""

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
