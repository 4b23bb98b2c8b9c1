"""What is written is what is meant, in old and new spellings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.config.reading import ID, TCP, clean, inbound, only_problem, outbound, read
from xrgui.config import model
from xrgui.config.load import load_value
from xrgui.config.problem import Severity

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


def test_how_long_visitors_wait_for_a_link_is_an_hour_at_most() -> None:
    assert clean({"limits": {"resume": 0}}).limits.resume == 0
    path, text = only_problem({"limits": {"resume": 3601}})
    assert path == "limits.resume"
    assert "3600" in text


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
