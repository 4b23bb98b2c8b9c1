"""Judges a profile field by field, before it is saved or started."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from xrgui import bridge_key
from xrgui.address import Network, parse_ip
from xrgui.config.check import judge
from xrgui.config.findings import is_public
from xrgui.config.ids import parse_id
from xrgui.config.load import load_text
from xrgui.links import LinkError, parse_link
from xrgui.links.model import VMESS_SECURITIES
from xrgui.profiles.certificates import CertificateError, expiry, pair_problem
from xrgui.profiles.model import Certificate, Listen, Profile, Server, is_reference
from xrgui.profiles.problems import Level, Problem, problem

MAX_NAME = 80
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


def validate(profile: Profile) -> dict[str, Problem]:
    """The first problem of every field that has one, errors before warnings. Empty: all is well.

    Secrets may be references: then only their presence is judged.
    """
    found: dict[str, Problem] = {}
    for item in sorted(_problems(profile), key=lambda item: not item.is_error):
        found.setdefault(item.field, item)
    return found


def errors(profile: Profile) -> tuple[Problem, ...]:
    return tuple(item for item in validate(profile).values() if item.is_error)


def _problems(profile: Profile) -> Iterator[Problem]:
    yield from _name("name", profile.name, required=True)
    if profile.link:
        yield from _link(profile.link)
    elif profile.role == "share":
        yield from _share(profile)
    elif profile.role == "server":
        yield from _serve(profile)
    elif not is_reference(profile.json):
        yield from _json(profile.json)
    if profile.public_url:
        yield from _url("public_url", profile.public_url)


def _name(field: str, name: str, required: bool = False) -> Iterator[Problem]:
    if required and not name.strip():
        yield problem(field, "name.missing")
    if _CONTROL.search(name):
        yield problem(field, "name.bad")
    if len(name) > MAX_NAME:
        yield problem(field, "name.long", limit=MAX_NAME)


def _link(text: str) -> Iterator[Problem]:
    if is_reference(text):
        return
    try:
        lacks = parse_link(text).lacks
    except LinkError as error:
        yield problem("link", "link.bad", reason=error)
        return
    if lacks:
        yield problem("link", "link.unsupported", lacks=", ".join(lacks))
    else:
        yield problem("link", "link.again")


def _json(text: str) -> Iterator[Problem]:
    """Every finding stands under a field of its own, ``json:inbounds[0].port``."""
    if not text.strip():
        yield problem("json", "json.missing")
        return
    for found in judge(load_text(text), probe_ports=False).problems:
        level: Level = "error" if found.is_error else "warning"
        yield problem(f"json:{found.place}", "json.bad", level, message=found)


# Role share


def _share(profile: Profile) -> Iterator[Problem]:
    if not profile.services:
        yield problem("services", "services.missing")
    yield from _services(profile)
    yield from _server(profile.server)
    if profile.dialect == "classic":
        yield from _domain("tunnel_domain", profile.tunnel_domain)
    elif profile.server.protocol == "vmess":
        yield problem("dialect", "dialect.vmess")


def _services(profile: Profile) -> Iterator[Problem]:
    places: set[tuple[Network, str, int]] = set()
    names: set[str] = set()
    public: set[tuple[Network, int]] = set()
    for number, service in enumerate(profile.services):
        field = f"services[{number}]"
        yield from _name(f"{field}.name", service.name)
        yield from _host(f"{field}.host", service.host, "host.missing")
        yield from _port(f"{field}.port", service.port)
        place = (service.network, _one_name(service.host), service.port)
        if place in places:
            yield problem(f"{field}.port", "services.twice", endpoint=service.endpoint)
        if service.label in names:
            yield problem(f"{field}.name", "services.same_name", name=service.label)
        if not 0 <= service.public_port <= 65535:
            yield problem(f"{field}.public_port", "public_port.range")
        if service.public_port and (service.network, service.public_port) in public:
            yield problem(f"{field}.public_port", "public_port.twice", port=service.public_port)
        places.add(place)
        names.add(service.label)
        public.add((service.network, service.public_port))


def _one_name(host: str) -> str:
    """Two spellings of one host as one text, as far as that is known without asking anybody."""
    return str(parse_ip(host) or host.lower().replace("localhost", "127.0.0.1"))


def _server(server: Server) -> Iterator[Problem]:
    yield from _host("server.address", server.address, "server.missing")
    yield from _port("server.port", server.port)
    yield from _id("server.secret", server.secret)
    if server.protocol == "vmess" and server.method not in ("", *VMESS_SECURITIES):
        yield problem("server.method", "method.bad", method=server.method)
    if server.transport == "ws":
        yield from _path("server.path", server.path)
    if server.host:
        yield from _host("server.host", server.host, "host.missing")
    if server.tls:
        yield from _client_tls(server)
    elif server.address and is_public(server.address):
        yield problem("server.tls", "tls.public", "warning")


def _client_tls(server: Server) -> Iterator[Problem]:
    if server.sni:
        yield from _host("server.sni", server.sni, "host.missing")
    for number, pin in enumerate(server.pins):
        if not re.fullmatch("[0-9a-f]{64}", pin):
            yield problem(f"server.pins[{number}]", "pin.bad")


# Role server


def _serve(profile: Profile) -> Iterator[Problem]:
    yield from _listen(profile.listen)
    if not profile.bridges:
        yield problem("bridges", "bridges.missing")
    yield from _bridges(profile)
    if not profile.entries:
        yield problem("entries", "entries.missing")
    yield from _entries(profile)
    if profile.dialect == "vless-reverse" and profile.listen.protocol == "vmess":
        yield problem("dialect", "dialect.vmess")


def _listen(listen: Listen) -> Iterator[Problem]:
    if listen.address and parse_ip(listen.address) is None:
        yield problem("listen.address", "listen.bad", address=listen.address)
    yield from _port("listen.port", listen.port)
    if listen.transport == "ws":
        yield from _path("listen.path", listen.path)
    if listen.host:
        yield from _host("listen.host", listen.host, "host.missing")
    if listen.tls:
        yield from _certificate("listen.certificate", listen.certificate)


def _certificate(field: str, certificate: Certificate) -> Iterator[Problem]:
    if not (certificate.chain or certificate.chain_file):
        yield problem(field, "certificate.missing")
    elif not (certificate.key or certificate.key_file):
        yield problem(f"{field}.key", "certificate.key_missing")
    elif certificate.chain:
        yield from _pem(field, certificate)


def _pem(field: str, certificate: Certificate) -> Iterator[Problem]:
    key = "" if is_reference(certificate.key) else certificate.key
    try:
        if code := pair_problem(certificate.chain, key):
            yield problem(f"{field}.key", code)
        until = expiry(certificate.chain)
    except CertificateError:
        yield problem(field, "certificate.bad")
        return
    if until < datetime.now(UTC):
        yield problem(field, "certificate.expired", "warning", date=until.date().isoformat())


def _bridges(profile: Profile) -> Iterator[Problem]:
    names: set[str] = set()
    ids: set[str] = set()
    domains: set[str] = set()
    used = {entry.bridge for entry in profile.entries}
    for number, bridge in enumerate(profile.bridges):
        field = f"bridges[{number}]"
        yield from _name(f"{field}.name", bridge.name, required=True)
        yield from _id(f"{field}.secret", bridge.secret)
        if bridge.name in names:
            yield problem(f"{field}.name", "bridges.same_name", name=bridge.name)
        if bridge.name and bridge.name not in used:
            yield problem(field, "bridges.unused", "warning")
        if bridge.secret and _same_id(bridge.secret) in ids:
            yield problem(f"{field}.secret", "bridges.same_id")
        for key in bridge.keys:
            yield from _key(f"{field}.keys", key.public)
        if profile.dialect == "classic":
            domain = bridge.domain or profile.tunnel_domain
            yield from _domain(f"{field}.domain", domain)
            if domain in domains:
                yield problem(f"{field}.domain", "domain.twice", domain=domain)
            domains.add(domain)
        names.add(bridge.name)
        ids.add(_same_id(bridge.secret))


def _key(field: str, text: str) -> Iterator[Problem]:
    try:
        bridge_key.decode(text)
    except ValueError:
        yield problem(field, "bridges.key")


def _same_id(text: str) -> str:
    """Two spellings of one id as one text."""
    try:
        return text if is_reference(text) else str(parse_id(text))
    except ValueError:
        return text


def _entries(profile: Profile) -> Iterator[Problem]:
    names = {bridge.name for bridge in profile.bridges}
    ports: set[tuple[Network, int]] = set()
    for number, entry in enumerate(profile.entries):
        field = f"entries[{number}]"
        yield from _port(f"{field}.port", entry.port)
        yield from _name(f"{field}.name", entry.name)
        if (entry.network, entry.port) in ports:
            yield problem(f"{field}.port", "public_port.twice", port=entry.port)
        if entry.network is Network.TCP and entry.port == profile.listen.port:
            yield problem(f"{field}.port", "public_port.bridges", port=entry.port)
        if entry.bridge not in names:
            yield problem(f"{field}.bridge", "entries.bridge", name=entry.bridge)
        if entry.listen and parse_ip(entry.listen) is None:
            yield problem(f"{field}.listen", "listen.bad", address=entry.listen)
        yield from _host(f"{field}.host", entry.host, "host.missing")
        if entry.target_port:
            yield from _port(f"{field}.target_port", entry.target_port)
        ports.add((entry.network, entry.port))


# Single fields


def is_host(text: str) -> bool:
    """An IP address or a host name in ASCII."""
    name = text.removesuffix(".")
    return parse_ip(text) is not None or (
        len(name) <= 253 and all(_LABEL.fullmatch(label) for label in name.split("."))
    )


def _host(field: str, host: str, missing: str) -> Iterator[Problem]:
    if not host:
        yield problem(field, missing)
    elif not is_host(host):
        yield problem(field, "host.bad", host=host)


def _port(field: str, port: int) -> Iterator[Problem]:
    if not 1 <= port <= 65535:
        yield problem(field, "port.range")


def _id(field: str, text: str) -> Iterator[Problem]:
    if not text:
        yield problem(field, "id.missing")
    elif not is_reference(text):
        try:
            parse_id(text)
        except ValueError:
            yield problem(field, "id.bad")


def _path(field: str, path: str) -> Iterator[Problem]:
    if path and not path.startswith("/"):
        yield problem(field, "path.slash")
    elif not path.isprintable() or " " in path:
        yield problem(field, "path.bad")


def _domain(field: str, domain: str) -> Iterator[Problem]:
    if not domain:
        yield problem(field, "domain.missing")
    elif not is_host(domain) or parse_ip(domain) is not None:
        yield problem(field, "domain.bad", domain=domain)


def _url(field: str, url: str) -> Iterator[Problem]:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https", "tcp", "udp") and bool(parts.hostname)
        good = good and parts.port != 0 and " " not in url
    except ValueError:
        good = False
    if not good:
        yield problem(field, "url.bad")
