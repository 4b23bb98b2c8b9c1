"""One tunnel as the window shows it: who takes part, and how it stands right now. No Qt here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    """The states that are told apart by shape, word and colour."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    UP = "up"
    TROUBLE = "trouble"
    UNKNOWN = "unknown"
    """It was to run, and its engine does not say how it does."""


class Role(StrEnum):
    SHARE = "share"
    """This computer shares something (bridge)."""
    SERVE = "serve"
    """This computer is the public server (portal)."""
    CUSTOM = "custom"


class Trouble(StrEnum):
    """Why a tunnel needs a person; `words.explain` says it and offers the next step."""

    NONE = ""
    REFUSED_ID = "refused id"
    CERTIFICATE = "certificate"
    UNREACHABLE = "unreachable"
    NAME = "name"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    DROPPED = "dropped"
    PROTOCOL = "protocol"
    PORT_TAKEN = "port taken"
    UNAPPROVED = "unapproved"
    SERVICE = "service"
    CONFIG = "config"
    SECRETS = "secrets"
    SECRET_MISSING = "secret missing"
    ENGINE = "engine"
    OTHER = "other"


@dataclass(slots=True)
class Service:
    """A local service and its health light."""

    host: str
    port: int
    network: str = "tcp"
    answers: bool | None = None
    """None: not known, or UDP, which cannot be asked."""
    round_trip: float | None = None
    """Milliseconds."""

    @property
    def label(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A computer that knows the id of one that may share, and waits for a person to let it in."""

    portal: str
    """The portal's tag."""
    key: str
    """In base64; empty: it shows none."""
    fingerprint: str
    address: str
    since: float
    """Unix time."""
    who: str
    """Its key, or its host if it has none."""
    xrgui: bool = True
    """Or else Xray or v2ray."""


@dataclass(slots=True)
class Happening:
    at: float
    """Unix time."""
    text: str


@dataclass(slots=True)
class Tunnel:
    id: str
    name: str
    role: Role = Role.SHARE
    server: str = ""
    """``host:port`` of the public server; of our own listener when this computer is it."""
    public: tuple[str, ...] = ()
    """What visitors type."""
    services: tuple[Service, ...] = ()
    link: str = ""
    """Protocol and transport in short: ``VLESS, WebSocket, TLS``."""
    unsupported: str = ""
    """What the engine lacks for this profile; then it cannot start."""

    foreign: bool = False
    """It runs in the engine but is no profile of ours: it can be watched and stopped."""

    phase: Phase = Phase.STOPPED
    since: float = 0
    """Unix time at which `phase` began."""
    attempt: int = 0
    retry_at: float = 0
    """Unix time of the next dial; 0: none is due."""
    trouble: Trouble = Trouble.NONE
    detail: str = ""
    """What was seen, in the engine's words."""
    key: str = ""
    """The public key, in base64, by which servers know this computer."""
    links: int = 0
    peers: tuple[str, ...] = ()
    newcomers: tuple[Newcomer, ...] = ()
    ignored: set[tuple[str, str]] = field(default_factory=set)
    """Portal and `who` of newcomers that the person does not want to hear of."""
    visitors: int = 0
    refused: int = 0
    """Connections turned away since the engine runs it: no rule for them, or over a limit."""
    forged: int = 0
    """Links ended for a false signature."""
    round_trip: float | None = None
    """Milliseconds to the public server and back."""
    down_rate: float = 0
    up_rate: float = 0
    happenings: deque[Happening] = field(default_factory=lambda: deque(maxlen=50))

    @property
    def running(self) -> bool:
        return self.phase is not Phase.STOPPED

    @property
    def server_host(self) -> str:
        return self.server.rpartition(":")[0].strip("[]") or self.server

    def happened(self, at: float, text: str) -> None:
        if not self.happenings or self.happenings[-1].text != text:
            self.happenings.append(Happening(at, text))
