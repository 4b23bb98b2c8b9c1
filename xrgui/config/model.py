"""The typed configuration: Xray JSON after both spellings of everything were read into one.

Level 0: plain frozen data. `load` makes it from files, `check` judges it, `dump` writes it back
as JSON of either dialect.
"""

from __future__ import annotations

from typing import Any, Literal, dataclass_transform
from uuid import UUID

import msgspec

from xrgui.address import Network

PortRange = tuple[int, int]
"""First and last port, both included."""
Networks = frozenset[Network]
Text = tuple[str, ...]

LINKS, MOST_LINKS = 2, 8
"""Main connections that a bridge keeps ready where its configuration does not say, and how many it may ask for."""


_SECRET = frozenset({"id", "password", "key"})


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen, compared by value; its repr shows no secret."""

    def __repr__(self) -> str:
        fields = (f"{name}={self._shown(name)}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({', '.join(fields)})"

    def _shown(self, name: str) -> str:
        value: Any = getattr(self, name)
        return "***" if value and name in _SECRET else repr(value)


class Sniffing(Struct):
    enabled: bool = False
    dest_override: Text = ()
    domains_excluded: Text = ()
    route_only: bool = False
    metadata_only: bool = False


# Transports


class Certificate(Struct):
    """PEM text inline or the path of a file, for the chain and for the key."""

    certificate: str = ""
    certificate_file: str = ""
    key: str = ""
    key_file: str = ""
    usage: Literal["encipherment", "verify"] = "encipherment"


class Tls(Struct):
    server_name: str = ""
    alpn: Text = ()
    certificates: tuple[Certificate, ...] = ()
    pinned: tuple[bytes, ...] = ()
    """SHA-256 digests (32 bytes) of accepted leaf or CA certificates, DER."""
    verify_names: Text = ()
    disable_system_root: bool = False
    session_resumption: bool = False
    reject_unknown_sni: bool = False
    min_version: str = ""
    max_version: str = ""
    cipher_suites: Text = ()


class WebSocket(Struct):
    path: str = "/"
    host: str = ""
    headers: dict[str, str] = {}
    early_data: int = 0
    heartbeat: int = 0
    """Seconds between pings; 0 sends none."""


class SockOpt(Struct):
    accept_proxy_protocol: bool = False
    tcp_fast_open: int | None = None
    keep_alive_idle: int = 0
    keep_alive_interval: int = 0
    user_timeout: int = 0
    mark: int = 0
    interface: str = ""
    v6only: bool = False
    domain_strategy: str = "AsIs"
    trusted_forwarded_for: Text = ()


class Stream(Struct):
    network: Literal["raw", "ws"] = "raw"
    security: Literal["none", "tls"] = "none"
    tls: Tls = Tls()
    ws: WebSocket = WebSocket()
    sockopt: SockOpt = SockOpt()


# Inbounds


class VlessUser(Struct):
    id: UUID
    email: str = ""
    level: int = 0
    reverse_tag: str = ""
    """Not empty: the user is a bridge, and its links make up the outbound of this tag."""
    bridge_keys: Text | None = None
    """Public keys (base64) of the bridges that may join; None: any bridge that knows the id."""


class VmessUser(Struct):
    id: UUID
    email: str = ""
    level: int = 0


class Account(Struct):
    user: str
    password: str


class TunnelInbound(Struct, tag="tunnel"):
    address: str = ""
    port: int = 0
    networks: Networks = frozenset({Network.TCP})
    port_map: dict[str, str] = {}
    """Listening port -> host:port; an empty host or port 0 stays as it is."""
    follow_redirect: bool = False
    level: int = 0
    http: bool = False
    """A visitor who speaks HTTP and cannot be served gets an error page (xrgui's own)."""


class VlessInbound(Struct, tag="vless"):
    users: tuple[VlessUser, ...] = ()


class VmessInbound(Struct, tag="vmess"):
    users: tuple[VmessUser, ...] = ()


class SocksInbound(Struct, tag="socks"):
    accounts: tuple[Account, ...] = ()
    """Empty: no password is asked for."""
    udp: bool = False
    ip: str = ""
    level: int = 0
    accept_http: bool = True
    """Answer HTTP proxy requests on the same port, as Xray does."""


class HttpInbound(Struct, tag="http"):
    accounts: tuple[Account, ...] = ()
    allow_transparent: bool = False
    level: int = 0


class Inbound(Struct):
    settings: TunnelInbound | VlessInbound | VmessInbound | SocksInbound | HttpInbound
    tag: str = ""
    listen: str = ""
    """An IP address, a path or ``@name`` of a unix socket; empty: all addresses."""
    ports: tuple[PortRange, ...] = ()
    stream: Stream = Stream()
    sniffing: Sniffing = Sniffing()


# Outbounds


class FinalRule(Struct):
    action: Literal["allow", "block"]
    networks: Networks = frozenset()
    ports: tuple[PortRange, ...] = ()
    ips: Text = ()
    block_delay: tuple[float, float] = (30, 90)


class FreedomOutbound(Struct, tag="freedom"):
    domain_strategy: str = "AsIs"
    redirect_host: str = ""
    redirect_port: int = 0
    """0: the port stays as it is."""
    final_rules: tuple[FinalRule, ...] = ()
    proxy_protocol: Literal[0, 1, 2] = 0
    http: bool = False
    """A visitor who speaks HTTP and cannot be served gets an error page (xrgui's own)."""


class BlackholeOutbound(Struct, tag="blackhole"):
    response: Literal["none", "http"] = "none"


class ReverseLink(Struct):
    """A VLESS outbound with this is a bridge: what arrives has `tag` as its inbound tag."""

    tag: str
    sniffing: Sniffing = Sniffing()
    key: str = ""
    """File of the bridge's private key; empty: this machine's, if there is one."""
    visitors: bool = True
    """False: it only opens connections beside the portal, and asks an xrgui there to send no visitors."""
    links: int = LINKS
    """Main connections that it keeps ready, from 1 to `MOST_LINKS`."""


class VlessOutbound(Struct, tag="vless"):
    address: str
    port: int
    id: UUID
    email: str = ""
    level: int = 0
    reverse: ReverseLink | None = None


class VmessOutbound(Struct, tag="vmess"):
    address: str
    port: int
    id: UUID
    security: Literal["auto", "aes-128-gcm", "chacha20-poly1305", "none"] = "auto"
    email: str = ""
    level: int = 0


class SocksOutbound(Struct, tag="socks"):
    address: str
    port: int
    account: Account | None = None


class HttpOutbound(Struct, tag="http"):
    address: str
    port: int
    account: Account | None = None
    headers: dict[str, str] = {}


class Mux(Struct):
    enabled: bool = False
    concurrency: int = 8


class Outbound(Struct):
    settings: (
        FreedomOutbound | BlackholeOutbound | VlessOutbound | VmessOutbound | SocksOutbound | HttpOutbound
    )
    tag: str = ""
    send_through: str = ""
    stream: Stream = Stream()
    mux: Mux = Mux()
    proxy_tag: str = ""
    """Dial through the outbound of this tag (proxySettings.tag or sockopt.dialerProxy)."""


# The rest


class Rule(Struct):
    outbound_tag: str
    name: str = ""
    inbound_tags: frozenset[str] = frozenset()
    domains: Text = ()
    ips: Text = ()
    ports: tuple[PortRange, ...] = ()
    source_ports: tuple[PortRange, ...] = ()
    sources: Text = ()
    local_ips: Text = ()
    local_ports: tuple[PortRange, ...] = ()
    networks: Networks = frozenset()
    users: Text = ()
    protocols: Text = ()
    attrs: dict[str, str] = {}


class Routing(Struct):
    domain_strategy: Literal["AsIs", "IPIfNonMatch", "IPOnDemand"] = "AsIs"
    rules: tuple[Rule, ...] = ()


class ReverseEnd(Struct):
    """A classic bridge or portal: its tag, and the tunnel domain that both ends share."""

    tag: str
    domain: str
    key: str = ""
    """A bridge's, as in `ReverseLink`."""
    visitors: bool = True
    """A bridge's, as in `ReverseLink`."""
    links: int = LINKS
    """A bridge's, as in `ReverseLink`."""
    bridge_keys: Text | None = None
    """A portal's, as in `VlessUser`."""


class Reverse(Struct):
    bridges: tuple[ReverseEnd, ...] = ()
    portals: tuple[ReverseEnd, ...] = ()


class PolicyLevel(Struct):
    """Times in seconds, `buffer_size` in bytes (-1: no limit)."""

    handshake: float = 60
    conn_idle: float = 300
    uplink_only: float = 1
    downlink_only: float = 1
    buffer_size: int | None = None


class Policy(Struct):
    levels: dict[int, PolicyLevel] = {}

    def level(self, number: int) -> PolicyLevel:
        return self.levels.get(number, _default_level)


_default_level = PolicyLevel()


class Log(Struct):
    level: Literal["debug", "info", "warning", "error", "none"] = "warning"
    access: str = ""
    error: str = ""


class Dns(Struct):
    hosts: dict[str, Text] = {}
    query_strategy: Literal["UseIP", "UseIPv4", "UseIPv6"] = "UseIP"


class Limits(Struct):
    """What visitors may cost (xrgui's own; stock programs ignore it)."""

    per_address: int = 16384
    """Connections at once from one IPv4 address or one IPv6 /64 network."""
    connections: int = 65536
    """Connections at once in all."""
    handshakes: int = 1024
    """Handshakes at once at one inbound."""
    memory: int = 0
    """MiB that sub-connections of the process may hold; 0: a quarter of the machine's memory."""
    resume: int = 90
    """Seconds that sub-connections wait for another main connection when theirs is lost: more than a freeze of a
    minute, which TCP outlives too."""


class Config(Struct):
    inbounds: tuple[Inbound, ...] = ()
    outbounds: tuple[Outbound, ...] = ()
    routing: Routing = Routing()
    reverse: Reverse = Reverse()
    policy: Policy = Policy()
    log: Log = Log()
    dns: Dns = Dns()
    limits: Limits = Limits()
