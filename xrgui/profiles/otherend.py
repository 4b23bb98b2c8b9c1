"""The end that fits: a public server for a share, a share for a public server."""

from __future__ import annotations

import msgspec

from xrgui.address import Network, parse_ip
from xrgui.profiles import certificates
from xrgui.profiles.model import (
    Bridge,
    Certificate,
    Entry,
    Listen,
    Profile,
    Server,
    Service,
    new_id,
    public_host,
)
from xrgui.profiles.problems import Problem, ProfileError, problem
from xrgui.profiles.validate import is_host

PLACEHOLDER_CHAIN = "/etc/ssl/xrgui/fullchain.pem"
PLACEHOLDER_KEY = "/etc/ssl/xrgui/privkey.pem"
PLACEHOLDER_HOST = "your-server.example"

replace = msgspec.structs.replace


class Other(msgspec.Struct, frozen=True):
    """A profile for the other computer, and what its owner has to know or to fill in."""

    profile: Profile
    notes: tuple[Problem, ...]


def _note(code: str, **params: object) -> Problem:
    return problem("", code, "warning", **params)


def public_end(share: Profile, certificate: Certificate | None = None) -> Other:
    """The public server that this share can dial.

    With TLS and without a *certificate* there are paths to be filled in. Services without a public port get
    one that is free.
    """
    server = share.server
    notes: list[Problem] = []
    if server.tls and certificate is None:
        certificate = Certificate(chain_file=PLACEHOLDER_CHAIN, key_file=PLACEHOLDER_KEY)
        name = server.sni or server.address
        code = "other.pinned_certificate" if server.pins else "other.certificate"
        notes.append(_note(code, chain=PLACEHOLDER_CHAIN, key=PLACEHOLDER_KEY, name=name))
    name = share.name or "bridge"
    profile = Profile(
        id=new_id(),
        name=share.name,
        role="server",
        dialect=share.dialect,
        tunnel_domain=share.tunnel_domain,
        public_url=share.public_url,
        listen=Listen(
            port=server.port,
            protocol=server.protocol,
            transport=server.transport,
            path=server.path,
            host=server.host,
            tls=server.tls,
            certificate=certificate if server.tls and certificate else Certificate(),
        ),
        bridges=(Bridge(name=name, secret=server.secret),),
        entries=_entries(share, name, notes),
    )
    notes.append(_note("other.approval"))
    return Other(profile, tuple(notes))


def _entries(share: Profile, bridge: str, notes: list[Problem]) -> tuple[Entry, ...]:
    taken = {(Network.TCP, share.server.port)}
    found = []
    for service in share.services:
        wanted = service.public_port or service.port
        port = next(n for n in _from(wanted) if (service.network, n) not in taken)
        taken.add((service.network, port))
        if port != service.public_port:
            notes.append(_note("other.public_port", name=service.label, port=port))
        found.append(_entry(service, bridge, port))
    return tuple(found)


def _from(port: int) -> list[int]:
    """*port* and what to try if it is taken."""
    return [port, *range(8080, 65536), *range(1024, 8080)]


def _entry(service: Service, bridge: str, port: int) -> Entry:
    return Entry(
        port=port,
        bridge=bridge,
        network=service.network,
        name=service.name,
        host="127.0.0.1" if service.host.lower() == "localhost" else service.host,
        target_port=0 if service.port == port else service.port,
    )


def private_end(server: Profile, bridge_name: str = "") -> Other:
    """The share for one of the server's bridges, by default the first that a public port leads to.

    Raises ProfileError if there is none.
    """
    used = {entry.bridge for entry in server.entries}
    wanted = [bridge_name] if bridge_name else [item.name for item in server.bridges if item.name in used]
    bridge = next((item for item in server.bridges if item.name in wanted), None)
    if bridge is None or bridge.name not in used:
        raise ProfileError((problem("bridges", "bridges.unused"),))
    notes: list[Problem] = []
    address = _public_address(server)
    if not address:
        notes.append(_note("other.address", host=PLACEHOLDER_HOST))
    mine = [entry for entry in server.entries if entry.bridge == bridge.name]
    profile = Profile(
        id=new_id(),
        name=bridge.name,
        role="share",
        dialect=server.dialect,
        tunnel_domain=bridge.domain or server.tunnel_domain,
        public_url=server.public_url,
        server=_dialled(server.listen, address or PLACEHOLDER_HOST, bridge.secret, notes),
        services=tuple(_service(entry) for entry in mine),
    )
    return Other(profile, tuple(notes))


def _public_address(server: Profile) -> str:
    host = public_host(server)
    if host and is_host(host):
        return host
    bound = parse_ip(server.listen.address) if server.listen.address else None
    return server.listen.address if bound is not None and not bound.is_unspecified else ""


def _service(entry: Entry) -> Service:
    return Service(
        port=entry.target_port or entry.port,
        host=entry.host,
        network=entry.network,
        name=entry.name,
        public_port=entry.port,
    )


def _dialled(listen: Listen, address: str, secret: str, notes: list[Problem]) -> Server:
    server = Server(
        address=address,
        port=listen.port,
        protocol=listen.protocol,
        secret=secret,
        transport=listen.transport,
        path=listen.path,
        host=listen.host,
        tls=listen.tls,
    )
    chain = listen.certificate.chain
    if not listen.tls:
        return server
    if not chain:
        notes.append(_note("other.pin", file=listen.certificate.chain_file))
        return server
    named = certificates.names(chain)
    sni = next((name for name in named if parse_ip(name) is None and "*" not in name), "")
    if certificates.is_self_signed(chain):
        server = replace(server, pins=(certificates.pin(chain),))
    return server if address in named else replace(server, sni=sni)
