from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.address import Network
from xrgui.config import model
from xrgui.config.check import check
from xrgui.config.load import Loaded, load_files, load_text, load_value
from xrgui.config.problem import Severity

ID = "b831381d-6324-4d53-ad4f-8cda48b30811"
TCP = frozenset({Network.TCP})


def inbound(**fields: Any) -> dict[str, Any]:
    return {"inbounds": [{"port": 1, **fields}]}


def outbound(**fields: Any) -> dict[str, Any]:
    return {"outbounds": [fields]}


def read(value: Any) -> model.Config:
    loaded = load_value(value)
    assert loaded.config is not None, [str(problem) for problem in loaded.problems]
    return loaded.config


def clean(value: Any) -> model.Config:
    loaded = load_value(value)
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.config is not None
    return loaded.config


def only_problem(value: Any, severity: Severity = Severity.ERROR) -> tuple[str, str]:
    """Path and text of the single problem, which has this severity."""
    problems = load_value(value).problems
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert problems[0].severity is severity
    return problems[0].path, f"{problems[0].message} ({problems[0].hint})"


# Both spellings


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            inbound(
                protocol="dokodemo-door",
                settings={"address": "127.0.0.1", "port": 80, "network": "tcp,udp", "userLevel": 1},
            ),
            inbound(
                protocol="tunnel",
                settings={
                    "rewriteAddress": "127.0.0.1",
                    "rewritePort": 80,
                    "allowedNetwork": ["tcp", "udp"],
                    "userLevel": 1,
                },
            ),
        ),
        (
            inbound(protocol="vmess", settings={"clients": [{"id": ID, "alterId": 0}]}),
            inbound(protocol="VMess", settings={"Users": [{"ID": ID}]}),
        ),
        (
            inbound(protocol="socks", settings={"auth": "password", "accounts": [{"user": "a", "pass": "b"}]}),
            inbound(protocol="mixed", settings={"auth": "password", "users": [{"user": "a", "pass": "b"}]}),
        ),
        (
            inbound(
                protocol="http",
                streamSettings={"network": "tcp", "tcpSettings": {"acceptProxyProtocol": True}},
            ),
            inbound(protocol="http", streamSettings={"method": "raw", "sockopt": {"acceptProxyProtocol": True}}),
        ),
        (
            outbound(
                protocol="vless",
                settings={
                    "vnext": [
                        {
                            "address": "h",
                            "port": 1,
                            "users": [{"id": ID, "encryption": "none", "level": 2, "email": "e"}],
                        }
                    ]
                },
            ),
            outbound(
                protocol="vless",
                settings={
                    "address": "h",
                    "port": 1,
                    "id": ID,
                    "encryption": "none",
                    "flow": "",
                    "level": 2,
                    "email": "e",
                },
            ),
        ),
        (
            outbound(
                protocol="vmess",
                settings={"vnext": [{"address": "h", "port": 1, "users": [{"id": ID, "security": "aes-128-gcm"}]}]},
            ),
            outbound(
                protocol="vmess",
                settings={"address": "h", "port": "1", "id": ID, "security": "AES-128-GCM"},
            ),
        ),
        (
            outbound(
                protocol="socks",
                settings={"servers": [{"address": "h", "port": 1, "users": [{"user": "a", "pass": "b"}]}]},
            ),
            outbound(protocol="socks", settings={"address": "h", "port": 1, "user": "a", "pass": "b"}),
        ),
        (
            outbound(protocol="freedom", settings={"domainStrategy": "UseIPv4"}),
            outbound(protocol="direct", settings={"targetStrategy": "useipv4"}),
        ),
        (
            outbound(protocol="blackhole", settings={"response": {"type": "http"}}),
            outbound(protocol="block", settings={"response": {"type": "HTTP"}}),
        ),
        (
            outbound(
                protocol="freedom",
                streamSettings={"network": "ws", "wsSettings": {"path": "p", "headers": {"host": "h"}}},
            ),
            outbound(
                protocol="freedom",
                streamSettings={"network": "websocket", "wsSettings": {"path": "/p", "host": "h"}},
            ),
        ),
        (
            outbound(protocol="freedom", proxySettings={"tag": "t"}),
            outbound(protocol="freedom", streamSettings={"sockopt": {"dialerProxy": "t"}}),
        ),
        (
            {
                "inbound": {"protocol": "http"},
                "port": 8,
                "inboundDetour": [{"protocol": "socks", "port": "9"}],
                "outbound": {"protocol": "freedom"},
                "outboundDetour": [{"protocol": "blackhole"}],
            },
            {
                "inbounds": [{"protocol": "http", "port": 8}, {"protocol": "socks", "port": 9}],
                "outbounds": [{"protocol": "freedom"}, {"protocol": "blackhole"}],
            },
        ),
        (
            {
                "routing": {
                    "settings": {
                        "domainStrategy": "IPOnDemand",
                        "rules": [
                            {
                                "type": "field",
                                "domain": "full:a,b",
                                "source": ["1.1.1.1"],
                                "outboundTag": "t",
                            }
                        ],
                    }
                }
            },
            {
                "routing": {
                    "domainStrategy": "ipondemand",
                    "rules": [{"domains": ["full:a", "b"], "sourceIP": "1.1.1.1", "outboundTag": "t"}],
                }
            },
        ),
    ],
)
def test_old_and_new_spellings_mean_the_same(old: Any, new: Any) -> None:
    assert clean(old) == clean(new)


@pytest.mark.parametrize(
    ("settings", "winner"),
    [
        ({"address": "old", "rewriteAddress": "new"}, model.TunnelInbound(address="old")),
        ({"port": 1, "rewritePort": 2}, model.TunnelInbound(port=1)),
        ({"port": 0, "rewritePort": 2}, model.TunnelInbound(port=2)),
        ({"network": "tcp", "allowedNetwork": "udp"}, model.TunnelInbound(networks=TCP)),
    ],
)
def test_the_old_spelling_of_a_tunnel_wins(settings: Any, winner: model.TunnelInbound) -> None:
    assert read(inbound(protocol="tunnel", settings=settings)).inbounds[0].settings == winner


def test_which_of_two_spellings_wins_and_that_it_is_said() -> None:
    users = {"clients": [{"id": ID}], "users": []}
    loaded = load_value(inbound(protocol="vmess", settings=users))
    assert loaded.config is not None
    assert loaded.config.inbounds[0].settings == model.VmessInbound(users=(model.VmessUser(id=UUID(ID)),))
    assert [str(problem) for problem in loaded.problems] == [
        'inbounds[0].settings: "users" is ignored, since "clients" is there too (keep one of the two)'
    ]
    stream = read(inbound(protocol="http", streamSettings={"network": "ws", "method": "raw"})).inbounds[0]
    assert stream.stream.network == "raw"
    flat = {"address": "flat", "port": 1, "id": ID, "vnext": [{"address": "nested"}]}
    settings = read(outbound(protocol="vmess", settings=flat)).outbounds[0].settings
    assert isinstance(settings, model.VmessOutbound)
    assert settings.address == "flat"


# Single values


def test_everything_left_out_is_the_default() -> None:
    assert clean({}) == model.Config()
    assert clean({"inbounds": None, "routing": {}, "log": None, "stats": {}}) == model.Config()


@pytest.mark.parametrize(
    ("port", "ranges"),
    [
        (80, ((80, 80),)),
        (0, ((0, 0),)),
        ("80", ((80, 80),)),
        ("53, 443 ,1000-2000", ((53, 53), (443, 443), (1000, 2000))),
        ("env:XRGUI_TEST_PORT,7", ((8000, 8001), (7, 7))),
        ("env:xrgui.test.port", ((8000, 8001),)),
    ],
)
def test_ports(port: Any, ranges: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRGUI_TEST_PORT", "8000-8001")
    assert clean({"inbounds": [{"port": port, "protocol": "http"}]}).inbounds[0].ports == ranges


@pytest.mark.parametrize("port", [-1, 65536, 1.5, True, "80-70", "x", "1-", "70000", [80], {}])
def test_what_is_no_port(port: Any) -> None:
    problems = load_value({"inbounds": [{"port": port, "protocol": "http"}]}).problems
    assert problems[0].path == "inbounds[0].port"
    assert problems[0].is_error


def test_addresses_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRGUI_TEST_HOST", "[2001:db8::1]")
    settings = {"address": "env:XRGUI_TEST_HOST", "port": "env:XRGUI_TEST_PORT"}
    monkeypatch.setenv("XRGUI_TEST_PORT", "99")
    found = clean(outbound(protocol="socks", settings=settings)).outbounds[0].settings
    assert found == model.SocksOutbound(address="2001:db8::1", port=99)
    monkeypatch.delenv("XRGUI_TEST_PORT")
    path, text = only_problem(outbound(protocol="socks", settings=settings))
    assert path == "outbounds[0].settings.port"
    assert "XRGUI_TEST_PORT" in text


@pytest.mark.parametrize("address", ["a b", "http://x", "h:80", "x" * 256, ""])
def test_what_is_no_address(address: str) -> None:
    path, _ = only_problem(outbound(protocol="socks", settings={"address": address, "port": 1}))
    assert path == "outbounds[0].settings.address"


@pytest.mark.parametrize(
    ("listen", "found"),
    [("localhost", "127.0.0.1"), ("[::1]", "::1"), ("/run/x,0666", "/run/x,0666"), ("@x", "@x"), ("", "")],
)
def test_where_to_listen(listen: str, found: str) -> None:
    assert clean(inbound(protocol="http", listen=listen)).inbounds[0].listen == found


def test_free_text_is_an_id() -> None:
    users = {"decryption": "none", "users": [{"id": "我爱🍉老师1314", "reverse": {"tag": "r"}}]}
    settings = clean(inbound(protocol="vless", settings=users)).inbounds[0].settings
    user = model.VlessUser(id=UUID("5783a3e7-e373-51cd-8642-c83782b807c5"), reverse_tag="r")
    assert settings == model.VlessInbound(users=(user,))


def test_the_path_of_a_bad_id_and_no_word_of_it() -> None:
    secret = "0123456789abcdef0123456789abcdefX"
    users = {"clients": [{"id": ID}, {"id": secret}]}
    path, text = only_problem(inbound(protocol="vmess", settings=users))
    assert path == "inbounds[0].settings.clients[1].id"
    assert secret not in text


def test_limits() -> None:
    assert clean({"limits": {"connections": 10}}).limits == model.Limits(connections=10)
    assert clean({}).limits == model.Limits()


@pytest.mark.parametrize("key", ["perAddress", "connections", "handshakes"])
def test_a_limit_that_lets_nobody_in_is_refused(key: str) -> None:
    path, text = only_problem({"limits": {key: 0}})
    assert path == f"limits.{key}"
    assert "from 1 to" in text


def test_an_unknown_limit_is_named() -> None:
    assert only_problem({"limits": {"perAdress": 1}}, Severity.WARNING)[0] == "limits.perAdress"


def test_policy_counts_in_kib_and_the_model_in_bytes() -> None:
    levels = {"0": {"bufferSize": 4, "connIdle": 7}, "1": {"bufferSize": -3}, "2": {"bufferSize": 0}}
    policy = clean({"policy": {"levels": levels, "system": {"statsInboundUplink": True}}}).policy
    assert policy.level(0) == model.PolicyLevel(buffer_size=4096, conn_idle=7)
    assert [policy.level(number).buffer_size for number in (1, 2, 3)] == [-1, 0, None]


def test_pins_with_and_without_colons() -> None:
    digest = bytes(range(32))
    tls = {"pinnedPeerCertSha256": f"{digest.hex()}, {digest.hex(':').upper()}"}
    stream = {"security": "tls", "tlsSettings": tls}
    found = clean(outbound(protocol="freedom", streamSettings=stream)).outbounds[0].stream
    assert found.tls.pinned == (digest, digest)
    tls["pinnedPeerCertSha256"] = digest.hex()[2:]
    path, _ = only_problem(outbound(protocol="freedom", streamSettings=stream))
    assert path == "outbounds[0].streamSettings.tlsSettings.pinnedPeerCertSha256"


@pytest.mark.parametrize(
    ("path", "clean_path", "size"),
    [
        ("", "/", 0),
        ("x?ed=2048", "/x", 2048),
        ("/x?a=b&ed=10&c=d", "/x?a=b&c=d", 10),
        ("/x?ed=many", "/x", 0),
        ("/x?", "/x", 0),
    ],
)
def test_early_data_stands_in_the_path(path: str, clean_path: str, size: int) -> None:
    stream = {"network": "ws", "wsSettings": {"path": path}}
    found = clean(outbound(protocol="freedom", streamSettings=stream)).outbounds[0].stream.ws
    assert (found.path, found.early_data) == (clean_path, size)


@pytest.mark.parametrize(
    ("redirect", "host", "port"),
    [
        ("127.0.0.1:80", "127.0.0.1", 80),
        (":80", "", 80),
        ("host:0", "host", 0),
        ("[::1]:8", "::1", 8),
        ("0.0.0.0:5", "", 5),
        ("[::]:5", "", 5),
    ],
)
def test_redirect(redirect: str, host: str, port: int) -> None:
    found = clean(outbound(protocol="freedom", settings={"redirect": redirect})).outbounds[0].settings
    assert found == model.FreedomOutbound(redirect_host=host, redirect_port=port)


def test_ports_of_a_tunnel_mapped_to_targets() -> None:
    settings = {"portMap": {"80": "h:", "81": ":82", "83": "[::1]:84"}}
    found = clean(inbound(protocol="tunnel", settings=settings)).inbounds[0].settings
    assert found == model.TunnelInbound(port_map={"80": "h:0", "81": ":82", "83": "[::1]:84"})
    path, _ = only_problem(inbound(protocol="tunnel", settings={"portMap": {"80": "h"}}))
    assert path == "inbounds[0].settings.portMap.80"


def test_final_rules() -> None:
    rules = [
        {"action": "Allow", "network": "tcp", "port": 80, "ip": "127.0.0.1/32"},
        {"action": "block", "blockDelay": "9-3"},
        {"action": "block", "blockDelay": 5},
    ]
    found = clean(outbound(protocol="freedom", settings={"finalRules": rules})).outbounds[0].settings
    assert isinstance(found, model.FreedomOutbound)
    assert found.final_rules == (
        model.FinalRule(action="allow", networks=TCP, ports=((80, 80),), ips=("127.0.0.1/32",)),
        model.FinalRule(action="block", block_delay=(3, 9)),
        model.FinalRule(action="block", block_delay=(5, 5)),
    )


def test_hosts_of_the_dns() -> None:
    hosts = {"a.b": "1.2.3.4", "domain:c": ["1.1.1.1", "::1"], "d": "e.f"}
    dns = clean({"dns": {"hosts": hosts, "servers": ["localhost"], "queryStrategy": "UseIPv4"}}).dns
    assert dns.hosts == {"a.b": ("1.2.3.4",), "domain:c": ("1.1.1.1", "::1"), "d": ("e.f",)}
    assert dns.query_strategy == "UseIPv4"


def test_the_api_becomes_an_outbound_that_drops() -> None:
    api = {"tag": "api", "services": ["StatsService"]}
    loaded = load_value({"api": api, "outbounds": [{"protocol": "freedom"}]})
    assert loaded.config is not None
    assert loaded.config.outbounds[1] == model.Outbound(settings=model.BlackholeOutbound(), tag="api")
    assert [problem.severity for problem in loaded.problems] == [Severity.WARNING]


# What xrgui lacks


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


# Files


def write(folder: Path, name: str, value: Any) -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def tags(loaded: Loaded) -> tuple[list[str], list[str]]:
    assert loaded.draft is not None
    return [i.tag for i in loaded.draft.inbounds], [o.tag for o in loaded.draft.outbounds]


def test_several_files_are_merged_as_xray_does(tmp_path: Path) -> None:
    def part(tag: str, port: int = 1) -> dict[str, Any]:
        return {"tag": tag, "port": port, "protocol": "http"}

    def exits(*names: str, protocol: str = "freedom") -> list[dict[str, Any]]:
        return [{"tag": name, "protocol": protocol} for name in names]

    first = {"inbounds": [part("a"), part("b")], "outbounds": exits("x", "y"), "log": {"loglevel": "info"}}
    second = {
        "inbounds": [part("c"), part("a", 2)],
        "outbounds": [*exits("p", "q"), *exits("y", protocol="blackhole")],
        "log": {"access": "none"},
    }
    third = {"outbounds": exits("z")}
    loaded = load_files(
        [
            write(tmp_path, "a.json", first),
            write(tmp_path, "b.json", second),
            write(tmp_path, "03_Tail.json", third),
        ]
    )
    assert loaded.problems == ()
    assert tags(loaded) == (["a", "b", "c"], ["p", "q", "x", "y", "z"])
    assert loaded.config is not None
    assert loaded.config.inbounds[0].ports == ((2, 2),)
    assert isinstance(loaded.config.outbounds[3].settings, model.BlackholeOutbound)
    assert loaded.config.log == model.Log(access="none")


def test_problems_name_the_file_and_the_path_in_that_file(tmp_path: Path) -> None:
    first = write(tmp_path, "a.json", {"inbounds": [{"tag": "a", "port": 1, "protocol": "http"}]})
    second = write(tmp_path, "b.json", {"inbounds": [{"tag": "b", "port": "x", "protocol": "http"}]})
    (problem,) = load_files([first, second]).problems
    assert (problem.file, problem.path) == (str(second), "inbounds[0].port")


def test_untagged_parts_replace_one_another_with_a_warning(tmp_path: Path) -> None:
    files = [write(tmp_path, f"{n}.json", {"inbounds": [{"port": n, "protocol": "http"}]}) for n in (1, 2)]
    loaded = load_files(files)
    assert loaded.config is not None
    assert [inbound.ports for inbound in loaded.config.inbounds] == [((2, 2),)]
    assert [problem.severity for problem in loaded.problems] == [Severity.WARNING]


def test_files_that_cannot_be_read_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    bad = write(tmp_path, "bad.json", '{\n  "a": 1,\n}')
    loaded = load_files([tmp_path / "none.json", tmp_path, tmp_path / "binary.json", bad, "a\0b"])
    assert loaded.draft is None
    assert loaded.config is None
    assert len(loaded.problems) == 5
    assert any("No such file" in problem.message for problem in loaded.problems)
    assert str(loaded.problems[-1]).startswith(f"{bad}:2:9: ")


def test_no_file_at_all_is_an_error() -> None:
    assert load_files([]).config is None


def test_a_configuration_is_an_object() -> None:
    for text in ("[]", "5", '"x"', "null"):
        loaded = load_text(text, "f.json")
        assert loaded.config is None
        assert "object" in loaded.problems[0].hint


# Whatever comes

KEYS = re.findall(
    r"\S+",
    """
    inbounds outbounds routing reverse policy log dns api transport tag port listen protocol settings
    streamSettings sniffing users clients id email level domain rules outboundTag inboundTag ip network
    address vnext servers tlsSettings certificates certificate wsSettings path headers sockopt finalRules
    action blockDelay redirect mux enabled concurrency proxySettings hosts levels 0 bufferSize portMap
    accounts user pass attrs pinnedPeerCertSha256 destOverride security tcpFastOpen allocate
    """,
)
TEXTS = re.findall(
    r"\S+",
    f"""
    tunnel vless vmess socks http freedom blackhole trojan ws raw grpc tls reality tcp udp 80 1-2 env:X
    none password UseIP 127.0.0.1 ::1 full:x geoip:private !1.1.1.1 {ID} allow
    """,
)
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(TEXTS)
    | st.text(max_size=8)
)
json_values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=40,
)
shaped = st.fixed_dictionaries(
    {},
    optional={
        "inbounds": st.lists(
            st.fixed_dictionaries(
                {"protocol": st.sampled_from(TEXTS)},
                optional={
                    "port": plain,
                    "settings": json_values,
                    "streamSettings": json_values,
                    "sniffing": json_values,
                    "listen": plain,
                    "allocate": json_values,
                },
            ),
            max_size=2,
        ),
        "outbounds": st.lists(
            st.fixed_dictionaries(
                {"protocol": st.sampled_from(TEXTS)},
                optional={
                    "settings": json_values,
                    "streamSettings": json_values,
                    "mux": json_values,
                    "proxySettings": json_values,
                },
            ),
            max_size=2,
        ),
        "routing": st.fixed_dictionaries({"rules": st.lists(json_values, max_size=2)}) | json_values,
        "reverse": json_values,
        "policy": json_values,
        "dns": json_values,
        "log": json_values,
        "api": json_values,
    },
)


def judged(loaded: Loaded) -> None:
    assert (loaded.config is None) == any(problem.is_error for problem in loaded.problems)
    found = check(loaded.draft, probe_ports=False) if loaded.draft is not None else []
    for problem in (*loaded.problems, *map(loaded.locate, found)):
        assert problem.message
        assert str(problem)


@given(json_values | shaped)
def test_any_json_gives_problems_never_an_exception(value: Any) -> None:
    judged(load_value(value))


@given(shaped)
def test_the_value_and_its_text_are_read_alike(value: Any) -> None:
    text = load_text(json.dumps(value))
    assert text.draft == load_value(value).draft


@given(st.text() | st.text(alphabet='{}[]":,/*# \n1a'))
def test_any_text_gives_problems_never_an_exception(text: str) -> None:
    judged(load_text(text, "f.json"))
