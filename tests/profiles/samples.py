"""Profiles to test with: a few fixed ones, and strategies that make any."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from hypothesis import strategies as st

from xrgui.address import Network
from xrgui.bridge_key import encode
from xrgui.certificate import SelfSigned, make
from xrgui.profiles.model import (
    ApprovedKey,
    Bridge,
    Certificate,
    Entry,
    Listen,
    Profile,
    Server,
    Service,
    new_id,
)

ID = "b831381d-6324-4d53-ad4f-8cda48b30811"
OTHER_ID = "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0"
PIN = "ab" * 32


@cache
def self_signed() -> SelfSigned:
    return make(["tunnel.example", "127.0.0.1"])


def share(**changes: object) -> Profile:
    fields: dict[str, object] = {
        "id": "share1",
        "name": "Home",
        "services": (Service(port=3000, name="web", public_port=8080),),
        "server": Server(address="tunnel.example", port=443, secret=ID),
    }
    return Profile(**(fields | changes))  # type: ignore[arg-type]


def server(**changes: object) -> Profile:
    certificate = Certificate(chain=self_signed().chain, key=self_signed().key)
    fields: dict[str, object] = {
        "id": "server1",
        "name": "Office",
        "role": "server",
        "public_url": "https://tunnel.example/",
        "listen": Listen(certificate=certificate),
        "bridges": (
            Bridge(name="home", secret=ID),
            Bridge(name="lab", secret=OTHER_ID, domain="lab.internal"),
        ),
        "entries": (
            Entry(port=8080, bridge="home", name="web", target_port=3000),
            Entry(port=8081, bridge="home", name="nas", host="192.168.1.2", target_port=80),
            Entry(port=5353, bridge="lab", name="dns", network=Network.UDP),
        ),
    }
    return Profile(**(fields | changes))  # type: ignore[arg-type]


CUSTOM_JSON = """{
  // what a person wrote, with comments
  "inbounds": [{"tag": "in", "listen": "127.0.0.1", "port": 1080, "protocol": "socks",
    "settings": {"auth": "password", "accounts": [{"user": "me", "pass": "pass-word-1"}]}}],
  "outbounds": [{"tag": "out", "protocol": "vless", "settings": {
    "address": "10.0.0.1", "port": 443, "encryption": "none", "id": "b831381d-6324-4d53-ad4f-8cda48b30811"}}]
}
"""


def custom(**changes: object) -> Profile:
    fields: dict[str, object] = {"id": "custom1", "name": "Own", "role": "custom", "json": CUSTOM_JSON}
    return Profile(**(fields | changes))  # type: ignore[arg-type]


# Strategies

labels = st.text("abcdefghij0123456789", min_size=1, max_size=8)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
ports = st.integers(1, 65535)
ids = st.uuids().map(str) | st.integers(0, 10**12).map(lambda number: str(UUID(int=number)))
domains = st.lists(labels, min_size=2, max_size=3).map(".".join)
hosts = st.sampled_from(["127.0.0.1", "localhost", "nas.lan", "::1", "192.168.1.2", "2001:db8::1"]) | domains
networks = st.sampled_from(Network)
paths = st.text("abc/", max_size=8).map("/{}".format)
keys = st.lists(
    st.builds(ApprovedKey, public=st.binary(min_size=32, max_size=32).map(encode), name=st.just("") | names),
    max_size=2,
    unique_by=lambda key: key.public,
).map(tuple)
pins = st.lists(st.binary(min_size=32, max_size=32).map(bytes.hex), max_size=2).map(tuple)

services = st.lists(
    st.builds(Service, port=ports, host=hosts, network=networks, name=names, public_port=st.integers(0, 65535)),
    min_size=1,
    max_size=4,
    unique_by=(lambda s: s.name, lambda s: (s.network, s.port), lambda s: s.public_port or s.name),
).map(tuple)


@st.composite
def shares(draw: st.DrawFn) -> Profile:
    """Shares in which `validate` finds no error."""
    protocol = draw(st.sampled_from(["vless", "vmess"]))
    transport = draw(st.sampled_from(["raw", "ws"]))
    made = Server(
        address=draw(domains | st.just("10.0.0.1") | st.just("2001:db8::1")),
        port=draw(ports),
        protocol=protocol,
        secret=draw(ids),
        method=draw(st.sampled_from(["", "auto", "aes-128-gcm"])) if protocol == "vmess" else "",
        transport=transport,
        path=draw(paths) if transport == "ws" else "",
        host=draw(st.just("") | domains) if transport == "ws" else "",
        tls=draw(st.booleans()),
        sni=draw(st.just("") | domains),
        pins=draw(pins),
        verify_names=draw(st.just(()) | domains.map(lambda name: (name,))),
        alpn=draw(st.sampled_from([(), ("h2", "http/1.1")])),
        fingerprint=draw(st.sampled_from(["", "chrome"])),
        extra=draw(st.dictionaries(labels.map("x-{}".format), labels, max_size=2)),
    )
    return Profile(
        id=new_id(),
        name=draw(names),
        services=draw(services),
        server=made,
        dialect="classic" if protocol == "vmess" else draw(st.sampled_from(["vless-reverse", "classic"])),
        tunnel_domain=draw(domains),
        public_url=draw(st.just("") | domains.map("https://{}/".format)),
        start_with_program=draw(st.booleans()),
        restart=draw(st.sampled_from(["always", "on-failure", "never"])),
    )


@st.composite
def servers(draw: st.DrawFn) -> Profile:
    """Public servers in which `validate` finds no error."""
    protocol = draw(st.sampled_from(["vless", "vmess"]))
    transport = draw(st.sampled_from(["raw", "ws"]))
    tls = draw(st.booleans())
    pem = self_signed()
    certificate = draw(
        st.sampled_from(
            [
                Certificate(chain=pem.chain, key=pem.key),
                Certificate(chain_file="/chain.pem", key_file="/key.pem"),
            ]
        )
    )
    bridges = draw(
        st.lists(
            st.builds(Bridge, name=names, secret=ids, domain=domains, keys=keys, keyless=st.booleans()),
            min_size=1,
            max_size=3,
            unique_by=(lambda b: b.name, lambda b: b.secret, lambda b: b.domain),
        )
    )
    entry = st.builds(
        Entry,
        port=ports.filter(lambda port: port != 443),
        bridge=st.sampled_from([bridge.name for bridge in bridges]),
        network=networks,
        listen=st.sampled_from(["", "127.0.0.1"]),
        name=st.just("") | names,
        host=hosts,
        target_port=st.just(0) | ports,
    )
    entries = draw(st.lists(entry, min_size=1, max_size=4, unique_by=lambda e: (e.network, e.port)))
    return Profile(
        id=new_id(),
        name=draw(names),
        role="server",
        dialect="classic" if protocol == "vmess" else draw(st.sampled_from(["vless-reverse", "classic"])),
        public_url=draw(st.just("") | domains.map("https://{}/".format)),
        listen=Listen(
            address=draw(st.sampled_from(["", "0.0.0.0", "10.0.0.1"])),
            protocol=protocol,
            transport=transport,
            path=draw(paths) if transport == "ws" else "",
            tls=tls,
            certificate=certificate if tls else Certificate(),
        ),
        approval=draw(st.booleans()),
        bridges=tuple(bridges),
        entries=tuple(entries),
    )
