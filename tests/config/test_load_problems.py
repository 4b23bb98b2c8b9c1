"""What cannot be read, or what xrgui lacks, is told with its place and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.config.reading import ID, inbound, only_problem, outbound, read
from xrgui.config import model
from xrgui.config.load import load_value
from xrgui.config.problem import Severity


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        *(
            (inbound(protocol=name), "inbounds[0].protocol", ("has no", name))
            for name in ("trojan", "shadowsocks", "wireguard", "hysteria", "tun")
        ),
        *(
            (outbound(protocol=name), "outbounds[0].protocol", ("has no", name))
            for name in ("trojan", "shadowsocks", "loopback", "dns")
        ),
        *(
            (
                outbound(protocol="freedom", streamSettings={"network": name}),
                "outbounds[0].streamSettings.network",
                ("has no", "use"),
            )
            for name in ("grpc", "xhttp", "splithttp", "kcp", "httpupgrade", "quic", "h2", "hysteria")
        ),
        (
            inbound(protocol="http", streamSettings={"security": "reality"}),
            "inbounds[0].streamSettings.security",
            ("REALITY", "pinnedPeerCertSha256"),
        ),
        (
            inbound(protocol="http", streamSettings={"security": "xtls"}),
            "inbounds[0].streamSettings.security",
            ("XTLS", "tls"),
        ),
        (
            inbound(protocol="vless", settings={"decryption": "mlkem768x25519plus.native.600s.x"}),
            "inbounds[0].settings.decryption",
            ("VLESS Encryption", "none"),
        ),
        (
            inbound(protocol="vless", settings={"decryption": "none", "fallbacks": [{"dest": 80}]}),
            "inbounds[0].settings.fallbacks",
            ("fallbacks",),
        ),
        (
            inbound(
                protocol="vless",
                settings={"decryption": "none", "users": [{"id": ID, "flow": "xtls-rprx-vision"}]},
            ),
            "inbounds[0].settings.users[0].flow",
            ("xtls-rprx-vision", '"flow": ""'),
        ),
        (
            inbound(protocol="vless", settings={"decryption": "none", "flow": "xtls-rprx-vision"}),
            "inbounds[0].settings.flow",
            ("xtls-rprx-vision",),
        ),
        (
            outbound(
                protocol="vless",
                settings={
                    "address": "h",
                    "port": 1,
                    "id": ID,
                    "encryption": "none",
                    "flow": "xtls-rprx-vision",
                },
            ),
            "outbounds[0].settings.flow",
            ("xtls-rprx-vision",),
        ),
        (
            outbound(
                protocol="vless",
                settings={"address": "h", "port": 1, "id": ID, "encryption": "mlkem768x25519plus.x"},
            ),
            "outbounds[0].settings.encryption",
            ("VLESS Encryption",),
        ),
        (
            outbound(
                protocol="freedom",
                streamSettings={"security": "tls", "tlsSettings": {"allowInsecure": True}},
            ),
            "outbounds[0].streamSettings.tlsSettings.allowInsecure",
            ("pinnedPeerCertSha256",),
        ),
        (
            outbound(protocol="freedom", settings={"fragment": {"packets": "tlshello"}}),
            "outbounds[0].settings.fragment",
            ("has no",),
        ),
        ({"fakeDns": [{}]}, "fakeDns", ("fake DNS",)),
        ({"transport": {"wsSettings": {}}}, "transport", ("streamSettings",)),
        ({"routing": {"balancers": [{"tag": "b"}]}}, "routing.balancers", ("balancers",)),
        (
            {"routing": {"rules": [{"network": "tcp", "balancerTag": "b"}]}},
            "routing.rules[0].balancerTag",
            ("balancers", "outboundTag"),
        ),
        (
            {"routing": {"rules": [{"process": ["curl"], "outboundTag": "b"}]}},
            "routing.rules[0].process",
            ("process",),
        ),
    ],
)
def test_what_xrgui_lacks_is_said_with_the_nearest_thing(value: Any, path: str, words: tuple[str, ...]) -> None:
    found_path, text = only_problem(value)
    assert found_path == path
    assert all(word in text for word in words), text
    assert not text.endswith("()")


def test_a_link_needs_no_flow() -> None:
    settings = {
        "address": "h",
        "port": 1,
        "id": ID,
        "encryption": "none",
        "flow": "xtls-rprx-vision",
        "reverse": {"tag": "r"},
    }
    path, _ = only_problem(outbound(protocol="vless", settings=settings), Severity.WARNING)
    assert path == "outbounds[0].settings.flow"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (inbound(protocol="vless", settings={"users": []}), "inbounds[0].settings.decryption"),
        (
            outbound(protocol="vless", settings={"address": "h", "port": 1, "id": ID}),
            "outbounds[0].settings.encryption",
        ),
        (inbound(protocol="http", tagg="x"), "inbounds[0].tagg"),
        ({"inbound s": []}, "inbound s"),
        (
            inbound(protocol="socks", settings={"accounts": [{"user": "a", "pass": "b"}]}),
            "inbounds[0].settings.auth",
        ),
        ({"routing": {"domainStrategy": "sometimes"}}, "routing.domainStrategy"),
        ({"dns": {"servers": ["8.8.8.8"]}}, "dns.servers"),
        (
            outbound(
                protocol="freedom",
                streamSettings={"security": "tls", "tlsSettings": {"fingerprint": "chrome"}},
            ),
            "outbounds[0].streamSettings.tlsSettings.fingerprint",
        ),
    ],
)
def test_warnings(value: Any, path: str) -> None:
    assert only_problem(value, Severity.WARNING)[0] == path


def test_noauth_asks_for_no_password_and_says_so() -> None:
    settings = read(inbound(protocol="socks", settings={"accounts": [{"user": "a", "pass": "b"}]}))
    assert settings.inbounds[0].settings == model.SocksInbound()


def test_a_password_without_an_account_would_open_the_port() -> None:
    path, _ = only_problem(inbound(protocol="socks", settings={"auth": "password"}))
    assert path == "inbounds[0].settings.auth"


def test_an_unknown_key_gets_a_suggestion_and_comments_do_not() -> None:
    path, text = only_problem(inbound(protocol="http", streamSetings={}, _note="x"), Severity.WARNING)
    assert path == "inbounds[0].streamSetings"
    assert 'did you mean "streamSettings"?' in text


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"inbounds": {}}, "inbounds"),
        ({"inbounds": [5]}, "inbounds[0]"),
        (inbound(protocol=7), "inbounds[0].protocol"),
        (inbound(protocol="htp"), "inbounds[0].protocol"),
        ({"inbounds": [{"protocol": "http"}]}, "inbounds[0].port"),
        (inbound(protocol="http", listen="example.com"), "inbounds[0].listen"),
        (inbound(protocol="http", settings=[]), "inbounds[0].settings"),
        ({"routing": {"rules": [{"outboundTag": "x"}]}}, "routing.rules[0]"),
        ({"routing": {"rules": [{"network": "tcp"}]}}, "routing.rules[0].outboundTag"),
        (
            {"routing": {"rules": [{"network": "sctp", "ip": "::1", "outboundTag": "x"}]}},
            "routing.rules[0].network",
        ),
        ({"reverse": {"bridges": [{"tag": "b"}]}}, "reverse.bridges[0].domain"),
        ({"reverse": {"portals": [{"tag": "", "domain": "d"}]}}, "reverse.portals[0].tag"),
        ({"policy": {"levels": {"x": {}}}}, "policy.levels.x"),
        ({"log": {"loglevel": "loud"}}, "log.loglevel"),
        (outbound(protocol="freedom", settings={"redirect": "host"}), "outbounds[0].settings.redirect"),
        (outbound(protocol="freedom", sendThrough="eth0"), "outbounds[0].sendThrough"),
        (outbound(protocol="vmess", settings={"port": 1, "id": ID}), "outbounds[0].settings.address"),
        (
            outbound(
                protocol="vless",
                settings={"vnext": [{"address": "h", "port": 1, "users": [{"encryption": "none"}]}]},
            ),
            "outbounds[0].settings.vnext[0].users[0].id",
        ),
        (
            outbound(
                protocol="freedom",
                proxySettings={"tag": "a"},
                streamSettings={"sockopt": {"dialerProxy": "b"}},
            ),
            "outbounds[0].proxySettings",
        ),
    ],
)
def test_errors_carry_the_path(value: Any, path: str) -> None:
    problems = [problem for problem in load_value(value).problems if problem.is_error]
    assert path in [problem.path for problem in problems]


def test_all_problems_come_at_once_and_the_draft_stays_whole() -> None:
    value = {
        "inbounds": [
            {"protocol": "trojan", "port": 1, "tag": "a"},
            {"protocol": "http", "port": "x", "tag": "b"},
        ],
        "outbounds": [{"protocol": "dns", "tag": "c"}, {"protocol": "freedom", "tag": "d"}],
        "log": {"loglevel": 3},
    }
    loaded = load_value(value)
    assert loaded.config is None
    assert loaded.draft is not None
    assert [part.tag for part in (*loaded.draft.inbounds, *loaded.draft.outbounds)] == ["a", "b", "c", "d"]
    assert {problem.path for problem in loaded.problems} == {
        "inbounds[0].protocol",
        "inbounds[1].port",
        "outbounds[0].protocol",
        "log.loglevel",
    }
