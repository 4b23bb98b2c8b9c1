"""Configurations of stock programs, and our own, as plain profiles where those say all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.profiles.samples import ID, OTHER_ID, server, servers, share, shares
from xrgui.address import Network
from xrgui.config.load import load_text
from xrgui.profiles.compile import compile_profile
from xrgui.profiles.export import Target, export_json
from xrgui.profiles.model import ApprovedKey, Dialect, Profile, Service
from xrgui.profiles.recognise_server import recognise_server
from xrgui.profiles.recognise_share import recognise_share

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
slow = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
replace = msgspec.structs.replace

VLESS_BRIDGE = """{
  "routing": {"rules": [{"inboundTag": ["reverse-in"], "outboundTag": "reverse-direct"}]},
  "outbounds": [
    {"protocol": "freedom"},
    {"protocol": "freedom", "tag": "reverse-direct", "settings": {"redirect": "192.168.1.123:8888",
      "finalRules": [{"action": "allow", "network": "tcp", "ip": "192.168.1.123", "port": "8888"}]}},
    {"protocol": "vless", "settings": {"address": "10.0.0.1", "port": 8443, "encryption": "none",
      "id": "b831381d-6324-4d53-ad4f-8cda48b30811", "flow": "", "reverse": {"tag": "reverse-in"}}}
  ]
}"""

VLESS_PORTAL = """{
  "inbounds": [
    {"listen": "0.0.0.0", "port": 8443, "protocol": "vless", "settings": {"decryption": "none",
      "clients": [{"id": "b831381d-6324-4d53-ad4f-8cda48b30811", "reverse": {"tag": "reverse-out"}}]}},
    {"listen": "0.0.0.0", "port": 443, "protocol": "tunnel", "tag": "portal"}
  ],
  "routing": {"rules": [{"inboundTag": ["portal"], "outboundTag": "reverse-out"}]},
  "outbounds": [{"protocol": "freedom"}]
}"""

CLASSIC_BRIDGE = """{
  "reverse": {"bridges": [{"tag": "bridge", "domain": "reverse-proxy.xray.internal"}]},
  "outbounds": [
    {"tag": "out", "protocol": "freedom", "settings": {"redirect": "127.0.0.1:80", "finalRules": [
      {"action": "allow", "network": "tcp", "port": 80, "ip": ["127.0.0.1/32"]}, {"action": "block"}]}},
    {"protocol": "vmess", "tag": "interconn", "settings": {"address": "1.2.3.4", "port": 1024,
      "id": "5783a3e7-e373-51cd-8642-c83782b807c5"}}
  ],
  "routing": {"rules": [
    {"inboundTag": ["bridge"], "domain": ["full:reverse-proxy.xray.internal"], "outboundTag": "interconn"},
    {"inboundTag": ["bridge"], "outboundTag": "out"}]}
}"""

CLASSIC_PORTAL = """{
  "reverse": {"portals": [{"tag": "portal", "domain": "reverse-proxy.xray.internal"}]},
  "inbounds": [
    {"tag": "external", "port": 80, "protocol": "tunnel",
      "settings": {"allowedNetwork": "tcp", "rewriteAddress": "127.0.0.1", "rewritePort": 80}},
    {"tag": "interconn", "port": 1024, "protocol": "vmess",
      "settings": {"users": [{"id": "5783a3e7-e373-51cd-8642-c83782b807c5"}]}}
  ],
  "outbounds": [{"protocol": "blackhole"}],
  "routing": {"rules": [
    {"inboundTag": ["external"], "outboundTag": "portal"},
    {"inboundTag": ["interconn"], "outboundTag": "portal"}]}
}"""


def share_in(text: str) -> Profile | None:
    config = load_text(text).config
    assert config is not None
    return recognise_share(config, "x")


def server_in(text: str) -> Profile | None:
    config = load_text(text).config
    assert config is not None
    return recognise_server(config, "x")


def test_the_bridge_of_the_official_vless_page():
    profile = share_in(VLESS_BRIDGE)
    assert profile is not None
    assert profile.services == (Service(port=8888, host="192.168.1.123"),)
    assert (profile.dialect, profile.server.address, profile.server.port) == (
        "vless-reverse",
        "10.0.0.1",
        8443,
    )
    assert (profile.server.secret, profile.server.tls) == (ID, False)


def test_the_portal_of_the_official_vless_page():
    profile = server_in(VLESS_PORTAL)
    assert profile is not None
    (entry,) = profile.entries
    assert (entry.port, entry.bridge, entry.host, entry.target_port) == (443, "reverse-out", "127.0.0.1", 0)
    assert (profile.listen.port, profile.listen.address, profile.listen.tls) == (8443, "0.0.0.0", False)


def test_the_bridge_of_the_official_classic_page():
    profile = share_in(CLASSIC_BRIDGE)
    assert profile is not None
    assert (profile.dialect, profile.tunnel_domain) == ("classic", "reverse-proxy.xray.internal")
    assert profile.server.protocol == "vmess"
    assert [(item.host, item.port) for item in profile.services] == [("127.0.0.1", 80)]


def test_the_portal_of_the_official_classic_page():
    """Its rule takes all that comes by that inbound to the portal, not the tunnel alone."""
    assert server_in(CLASSIC_PORTAL) is None
    narrow = CLASSIC_PORTAL.replace(
        '{"inboundTag": ["interconn"],',
        '{"inboundTag": ["interconn"], "domain": ["full:reverse-proxy.xray.internal"],',
    )
    profile = server_in(narrow)
    assert profile is not None
    assert (profile.dialect, profile.tunnel_domain) == ("classic", "reverse-proxy.xray.internal")
    assert (profile.listen.protocol, profile.entries[0].port) == ("vmess", 80)


@pytest.mark.parametrize("own", [{"links": 4}, {"key": "/k"}, {"visitors": False}])
def test_what_is_set_for_a_classic_bridge_is_not_lost(own: dict[str, Any]):
    assert share_in(CLASSIC_BRIDGE) is not None
    for name, value in own.items():
        loaded = load_text(changed(CLASSIC_BRIDGE, "reverse", "bridges", 0, name, value=value))
        assert loaded.config is not None
        assert recognise_share(loaded.config, "x") is None


def test_keys_that_a_classic_portal_asks_for_are_not_lost():
    narrow = CLASSIC_PORTAL.replace(
        '{"inboundTag": ["interconn"],',
        '{"inboundTag": ["interconn"], "domain": ["full:reverse-proxy.xray.internal"],',
    )
    assert server_in(narrow) is not None
    loaded = load_text(changed(narrow, "reverse", "portals", 0, "bridgeKeys", value=[KEY]))
    assert loaded.config is not None
    profile = recognise_server(loaded.config, "x")
    assert profile is not None
    assert profile.approval
    assert profile.bridges[0].keys == (ApprovedKey(public=KEY),)


@pytest.mark.parametrize("dialect", ["vless-reverse", "classic"])
def test_one_of_two_that_needs_no_key_is_told_from_the_other(dialect: Dialect):
    two = server(dialect=dialect, approval=True)
    keyless = msgspec.structs.replace(two.bridges[0], keyless=True)
    two = msgspec.structs.replace(two, bridges=(keyless, *two.bridges[1:]))
    profile = recognise_server(compile_profile(two), two.name)
    assert profile is not None
    assert profile.approval
    assert [bridge.keyless for bridge in profile.bridges] == [True, False]


def changed(text: str, *path: str | int, value: Any) -> str:
    data = json.loads(text)
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("inbounds",), [{"port": 1080, "protocol": "socks", "listen": "127.0.0.1"}]),
        (("dns",), {"hosts": {"a.test": "1.2.3.4"}}),
        (("policy",), {"levels": {"0": {"connIdle": 5}}}),
        (("limits",), {"resume": 10}),
        (("routing", "domainStrategy"), "IPIfNonMatch"),
        (("routing", "rules", 0, "source"), ["10.0.0.0/8"]),
        (("routing", "rules", 0, "outboundTag"), "open"),
        (("routing", "rules"), []),
        (("outbounds", 1, "settings", "redirect"), ":8888"),
        (("outbounds", 1, "settings", "proxyProtocol"), 2),
        (("outbounds", 1, "sendThrough"), "127.0.0.1"),
        (("outbounds", 2, "mux"), {"enabled": True}),
        (("outbounds", 2, "streamSettings"), {"sockopt": {"mark": 5}}),
        (("outbounds", 2, "streamSettings"), {"security": "tls", "tlsSettings": {"minVersion": "1.3"}}),
        (("outbounds", 2, "settings", "reverse", "sniffing"), {"enabled": True, "destOverride": ["http"]}),
        (("outbounds", 2, "settings", "reverse", "links"), 4),
    ],
)
def test_what_a_share_cannot_say_is_not_one(path: tuple[str | int, ...], value: Any):
    text = changed(VLESS_BRIDGE, "outbounds", 0, value={"protocol": "freedom", "tag": "open"})
    assert share_in(text) is not None
    loaded = load_text(changed(text, *path, value=value))
    assert loaded.draft is not None
    assert recognise_share(loaded.draft, "x") is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("inbounds", 0, "settings", "clients"), [{"id": ID, "reverse": {"tag": "r"}}, {"id": OTHER_ID}]),
        (("inbounds", 0, "sniffing"), {"enabled": True}),
        (("inbounds", 1, "settings"), {"followRedirect": True}),
        (("inbounds", 1, "settings"), {"portMap": {"443": "h:1"}}),
        (("inbounds", 1, "port"), "443-445"),
        (("limits",), {"perAddress": 10}),
        (("routing", "rules", 0, "source"), ["10.0.0.0/8"]),
        (("routing", "rules", 0, "outboundTag"), "elsewhere"),
        (("outbounds",), [{"protocol": "socks", "settings": {"address": "h", "port": 1}}]),
    ],
)
def test_what_a_server_cannot_say_is_not_one(path: tuple[str | int, ...], value: Any):
    loaded = load_text(changed(VLESS_PORTAL, *path, value=value))
    assert loaded.draft is not None
    assert recognise_server(loaded.draft, "x") is None


def test_a_port_for_both_networks_becomes_two_entries():
    text = changed(VLESS_PORTAL, "inbounds", 1, "settings", value={"allowedNetwork": "tcp,udp"})
    profile = server_in(text)
    assert profile is not None
    assert [entry.network for entry in profile.entries] == [Network.TCP, Network.UDP]


def test_websocket_without_a_name_for_tls_asks_for_the_address():
    stream = {"network": "ws", "security": "tls", "wsSettings": {"host": "cdn.test", "path": "/p"}}
    profile = share_in(changed(VLESS_BRIDGE, "outbounds", 2, "streamSettings", value=stream))
    assert profile is not None
    assert profile.server.sni == "10.0.0.1"


def essence(profile: Profile) -> object:
    """All that a configuration can carry of a profile."""
    config = compile_profile(profile)
    tags = {rule.outbound_tag for rule in config.routing.rules}
    kept = [item for item in config.outbounds if item.tag in tags or item.tag == "server"]
    return replace(config, outbounds=tuple(kept), routing=replace(config.routing, rules=()))


@pytest.mark.parametrize("target", ["xrgui", "xray", "v2ray"])
@slow
@given(data=st.data())
def test_our_own_exports_come_back(target: Target, data: st.DataObject):
    dialects = {"xray": ["vless-reverse"], "v2ray": ["classic"], "xrgui": ["vless-reverse", "classic"]}
    profile = data.draw((shares() | servers()).filter(lambda item: item.dialect in dialects[target]))
    if target == "v2ray":
        bare = replace(profile.server, pins=(), verify_names=(), path=profile.server.path.partition("?")[0])
        profile = replace(profile, server=bare)
    if profile.role == "server":
        used = {entry.bridge for entry in profile.entries}
        profile = replace(profile, bridges=tuple(bridge for bridge in profile.bridges if bridge.name in used))
    text = export_json(profile, target, secrets=True).text
    back = share_in(text) if profile.role == "share" else server_in(text)
    assert back is not None
    assert (back.role, back.dialect) == (profile.role, profile.dialect)
    if target == "xrgui":
        assert essence(back) == essence(replace(profile, public_url=""))


def test_services_keep_their_names_and_order():
    services = (
        Service(port=3000, name="web", public_port=8080),
        Service(port=80, host="nas.lan", name="nas", public_port=8081),
        Service(port=53, name="dns", network=Network.UDP),
    )
    profile = share(services=services)
    back = share_in(export_json(profile, "xray", secrets=True).text)
    assert back is not None
    assert back.services == services


@pytest.mark.parametrize("file", sorted(Path("resources/examples").glob("*.json")), ids=lambda file: file.name)
def test_examples_are_read_one_way_or_the_other(file: Path):
    loaded = load_text(file.read_text(), file.name)
    assert loaded.config is not None
    for recognise in (recognise_share, recognise_server):
        profile = recognise(loaded.config, file.stem)
        assert profile is None or profile.name == file.stem
