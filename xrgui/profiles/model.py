"""What a person edits: one profile is one tunnel, or the public end of several."""

from __future__ import annotations

import re
import secrets
from typing import Any, Literal, dataclass_transform
from urllib.parse import urlsplit

import msgspec

from xrgui.address import Network, format_endpoint

Role = Literal["share", "server", "custom"]
"""share from this computer (bridge), be the public server (portal), or raw Xray JSON."""
Dialect = Literal["vless-reverse", "classic"]
Protocol = Literal["vless", "vmess"]
Transport = Literal["raw", "ws"]
Restart = Literal["always", "on-failure", "never"]

TUNNEL_DOMAIN = "reverse.xrgui.internal"
"""The label that joins both ends of the classic dialect unless another one is set."""
REFERENCE = "keyring:"
"""What a secret begins with that lies in a secret store: ``keyring:<profile>/<place>``."""

_SECRET = frozenset({"key", "json", "link", "secret"})


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Frozen, compared by value; its repr shows no secret, only a reference to one."""

    def __repr__(self) -> str:
        fields = (f"{name}={self._shown(name)}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({', '.join(fields)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, self._shown(name)) for name in self.__struct_fields__]

    def _shown(self, name: str) -> str:
        value: Any = getattr(self, name)
        hidden = name in _SECRET and value and not is_reference(value)
        return "***" if hidden else repr(value)


def is_reference(text: str) -> bool:
    return text.startswith(REFERENCE)


class Service(Struct):
    """Something on this computer or beside it that visitors shall reach."""

    port: int
    host: str = "127.0.0.1"
    network: Network = Network.TCP
    name: str = ""
    public_port: int = 0
    """Where visitors reach it on the public server; 0: not known here."""

    @property
    def endpoint(self) -> str:
        return format_endpoint(self.host, self.port)

    @property
    def label(self) -> str:
        """Its name, or its address where it has none."""
        return self.name or f"{self.endpoint}{'/udp' if self.network is Network.UDP else ''}"


class Server(Struct):
    """The public server that a share dials, with all that a link says about it."""

    address: str = ""
    port: int = 443
    protocol: Protocol = "vless"
    secret: str = ""
    """The user id: a UUID, or free text of 1 to 30 bytes; or a reference."""
    method: str = ""
    """VMess security; empty: auto."""
    transport: Transport = "raw"
    path: str = ""
    host: str = ""
    """Host name that the WebSocket asks for."""
    tls: bool = True
    sni: str = ""
    pins: tuple[str, ...] = ()
    """SHA-256 of accepted certificates, 64 hex digits each."""
    verify_names: tuple[str, ...] = ()
    alpn: tuple[str, ...] = ()
    fingerprint: str = ""
    extra: dict[str, str] = {}
    """Keys of the link that mean nothing to us, kept for its export."""

    @property
    def endpoint(self) -> str:
        return format_endpoint(self.address, self.port)


class Certificate(Struct):
    """PEM text inline or the path of a file, for the chain and for the key."""

    chain: str = ""
    chain_file: str = ""
    key: str = ""
    key_file: str = ""


class Listen(Struct):
    """Where and how a public server waits for bridges."""

    address: str = ""
    """An IP address; empty: all of this computer's."""
    port: int = 443
    protocol: Protocol = "vless"
    transport: Transport = "raw"
    path: str = ""
    host: str = ""
    tls: bool = True
    certificate: Certificate = Certificate()


class ApprovedKey(Struct):
    """A key by which a computer proves that it is the one that was approved."""

    public: str
    """32 bytes in base64, as `xrgui key` prints them."""
    name: str = ""
    """For people."""


class Bridge(Struct):
    """One computer that may share through a public server."""

    name: str
    secret: str = ""
    """The user id that it shows."""
    domain: str = ""
    """Its tunnel domain in the classic dialect; empty: the profile's."""
    keys: tuple[ApprovedKey, ...] = ()
    """Who may show this id, where the profile asks for approval."""
    keyless: bool = False
    """Approved without a key: this id alone is enough, as Xray and v2ray have nothing else to show."""


class Entry(Struct):
    """One public port, and what visitors of it reach."""

    port: int
    bridge: str
    """Name of the bridge that serves it."""
    network: Network = Network.TCP
    listen: str = ""
    name: str = ""
    """Name of the service, for people."""
    host: str = "127.0.0.1"
    """Target as the bridge's computer sees it; a bridge with one service serves that whatever stands here."""
    target_port: int = 0
    """0: the same as `port`."""


class Profile(Struct):
    id: str
    name: str
    role: Role = "share"
    services: tuple[Service, ...] = ()
    server: Server = Server()
    dialect: Dialect = "vless-reverse"
    tunnel_domain: str = TUNNEL_DOMAIN
    public_url: str = ""
    """What visitors type; empty: made from the server's address and the public port."""
    start_with_program: bool = False
    restart: Restart = "always"
    listen: Listen = Listen()
    approval: bool = False
    """Knowing an id is not enough: a computer joins with an approved key only, unless it is `keyless`."""
    bridges: tuple[Bridge, ...] = ()
    entries: tuple[Entry, ...] = ()
    json: str = ""
    """Role custom: the configuration's text, comments included."""
    link: str = ""
    """An imported link that the engine cannot use yet, kept word for word."""


def new_id() -> str:
    """Names a profile and its file: 12 hex digits."""
    return secrets.token_hex(6)


def is_id(text: str) -> bool:
    """False for whatever could leave a folder when used as a file's name."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text) is not None


def public_urls(profile: Profile) -> tuple[tuple[str, str], ...]:
    """Label and address of each thing that visitors can reach, as far as both are known.

    ``http://`` for TCP, ``udp://`` for UDP; `public_url` stands for the first one.
    """
    found = [(label, _url(host, port, network)) for label, host, port, network in _public(profile)]
    if profile.public_url:
        label = found[0][0] if found else profile.name
        return ((label, profile.public_url), *found[1:])
    return tuple(found)


def _public(profile: Profile) -> list[tuple[str, str, int, Network]]:
    if profile.role == "server":
        host = public_host(profile)
        return [(entry.name or str(entry.port), host, entry.port, entry.network) for entry in profile.entries if host]
    host = profile.server.address
    services = profile.services if profile.role == "share" and host else ()
    return [(item.label, host, item.public_port, item.network) for item in services if item.public_port]


def _url(host: str, port: int, network: Network) -> str:
    scheme = "udp" if network is Network.UDP else "http"
    if network is Network.TCP and port in (80, 443):
        scheme, shown = ("http" if port == 80 else "https"), format_endpoint(host, port).rpartition(":")[0]
        return f"{scheme}://{shown}/"
    return f"{scheme}://{format_endpoint(host, port)}/"


def public_host(profile: Profile) -> str:
    """The host in `public_url`, without brackets; empty if there is none."""
    try:
        return urlsplit(profile.public_url).hostname or ""
    except ValueError:
        return ""
