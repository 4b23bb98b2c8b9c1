from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings

from tests.config.any_config import configs
from xrgui.address import Network
from xrgui.config import model
from xrgui.config.dump import Dialect, dump
from xrgui.config.load import load_text, load_value
from xrgui.config.problem import Problem

thorough = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("dialect", ["xray", "v2ray"])
@thorough
@given(config=configs)
def test_what_is_written_is_read_back_the_same(dialect: Dialect, config: model.Config) -> None:
    written, problems = dump(config, dialect)
    loaded = load_text(json.dumps(written), "f.json")
    assert [str(problem) for problem in loaded.problems] == []
    if not problems:
        assert loaded.draft == config


@thorough
@given(configs)
def test_what_a_dialect_cannot_say_is_the_only_difference(config: model.Config) -> None:
    """Xray says all but classic reverse, VMess without encryption, and VLESS in clear to the world."""
    written, problems = dump(config, "xray")
    unsayable = {"reverse"}
    for number in range(len(config.outbounds)):
        unsayable |= {f"outbounds[{number}].{key}.security" for key in ("settings", "streamSettings")}
    assert {problem.path for problem in problems} <= unsayable
    assert load_value(written).draft is not None


@thorough
@given(configs)
def test_xrgui_itself_says_everything(config: model.Config) -> None:
    written, problems = dump(config, "xrgui")
    assert problems == []
    assert load_text(json.dumps(written)).draft == config


OURS = model.Config(
    inbounds=(
        model.Inbound(ports=((18080, 18080),), settings=model.TunnelInbound(address="127.0.0.1", port=80, http=True)),
    ),
    outbounds=(model.Outbound(settings=model.FreedomOutbound(http=True)),),
    limits=model.Limits(per_address=5, handshakes=9, memory=64, resume=30),
)


def test_what_only_xrgui_knows_is_kept_for_xrgui() -> None:
    written, problems = dump(OURS, "xrgui")
    assert written["limits"] == {"perAddress": 5, "handshakes": 9, "memory": 64, "resume": 30}
    assert problems == []
    assert load_value(written).config == OURS


@pytest.mark.parametrize("dialect", ["xray", "v2ray"])
def test_others_get_none_of_it(dialect: Dialect) -> None:
    written, problems = dump(OURS, dialect)
    assert [problem.path for problem in problems] == ["limits"]
    assert not problems[0].is_error
    assert "limits" not in written
    assert "http" not in written["inbounds"][0]["settings"]
    assert "http" not in written["outbounds"][0].get("settings", {})


@thorough
@given(configs)
def test_no_problem_tells_a_secret(config: model.Config) -> None:
    for dialect in ("xray", "v2ray"):
        _, problems = dump(config, dialect)
        text = " ".join(map(str, problems)) + repr(config)
        assert not any(str(identity) in text for identity in _ids(config))


def _ids(config: model.Config) -> list[UUID]:
    parts = [part.settings for part in (*config.inbounds, *config.outbounds)]
    users = [user for part in parts for user in getattr(part, "users", ())]
    return [found for found in (getattr(thing, "id", None) for thing in (*parts, *users)) if found]


# The two dialects

ID = UUID("b831381d-6324-4d53-ad4f-8cda48b30811")
OTHER = UUID("7d9b6a02-3c41-4f5e-9a8d-5b1c20e7f346")
TLS = model.Stream(
    network="ws",
    security="tls",
    tls=model.Tls(server_name="portal.test", alpn=("http/1.1",)),
    ws=model.WebSocket(path="/x", host="portal.test", headers={"X-A": "b"}),
    sockopt=model.SockOpt(mark=0, accept_proxy_protocol=False, tcp_fast_open=256),
)
COMMON = model.Config(
    inbounds=(
        model.Inbound(
            tag="visitors",
            listen="127.0.0.1",
            ports=((18080, 18081),),
            settings=model.TunnelInbound(address="127.0.0.1", port=80, networks=frozenset(Network), level=1),
            sniffing=model.Sniffing(enabled=True, dest_override=("http", "tls")),
        ),
        model.Inbound(
            tag="links",
            ports=((18082, 18082),),
            settings=model.VlessInbound(users=(model.VlessUser(id=ID, email="a@b", level=1),)),
            stream=model.Stream(network="ws", ws=model.WebSocket(path="/y")),
        ),
        model.Inbound(
            tag="vm",
            ports=((18083, 18083),),
            settings=model.VmessInbound(users=(model.VmessUser(id=ID),)),
        ),
        model.Inbound(
            tag="s",
            ports=((18084, 18084),),
            settings=model.SocksInbound(accounts=(model.Account(user="u", password="p"),), udp=True, ip="127.0.0.1"),
        ),
        model.Inbound(
            tag="h",
            ports=((18085, 18085),),
            settings=model.HttpInbound(accounts=(model.Account(user="u", password="p"),)),
        ),
    ),
    outbounds=(
        model.Outbound(
            tag="free",
            settings=model.FreedomOutbound(domain_strategy="UseIPv4", redirect_host="127.0.0.1", redirect_port=80),
        ),
        model.Outbound(tag="none", settings=model.BlackholeOutbound(response="http")),
        model.Outbound(
            tag="out",
            settings=model.VlessOutbound(address="portal.test", port=443, id=ID, level=1),
            stream=TLS,
            mux=model.Mux(enabled=True, concurrency=4),
        ),
        model.Outbound(
            tag="vmess",
            settings=model.VmessOutbound(address="portal.test", port=1, id=ID, security="aes-128-gcm"),
            send_through="127.0.0.1",
        ),
        model.Outbound(
            tag="socks",
            settings=model.SocksOutbound(address="::1", port=1, account=model.Account(user="u", password="p")),
            proxy_tag="vmess",
        ),
        model.Outbound(tag="http", settings=model.HttpOutbound(address="127.0.0.1", port=1)),
    ),
    routing=model.Routing(
        domain_strategy="IPIfNonMatch",
        rules=(
            model.Rule(
                outbound_tag="out",
                inbound_tags=frozenset({"visitors", "s"}),
                domains=("full:a.test", "regexp:x.*"),
                ports=((1, 2), (80, 80)),
                source_ports=((5, 5),),
                sources=("10.0.0.0/8", "::1"),
                networks=frozenset({Network.TCP}),
                users=("a@b",),
                protocols=("http",),
            ),
            model.Rule(outbound_tag="none", ips=("1.1.1.1", "2001:db8::/32")),
        ),
    ),
    policy=model.Policy(levels={1: model.PolicyLevel(conn_idle=7, uplink_only=0, buffer_size=8192)}),
    log=model.Log(level="info", access="none"),
    dns=model.Dns(hosts={"a.test": ("127.0.0.1",), "domain:b.test": ("c.test",)}, query_strategy="UseIPv4"),
)
CLASSIC = model.Reverse(
    bridges=(model.ReverseEnd(tag="b", domain="d.test"),), portals=(model.ReverseEnd(tag="p", domain="d"),)
)
VLESS_REVERSE = model.Config(
    inbounds=(
        model.Inbound(
            tag="links",
            ports=((18082, 18082),),
            settings=model.VlessInbound(
                users=(
                    model.VlessUser(id=ID, reverse_tag="home"),
                    model.VlessUser(id=OTHER, email="someone"),
                )
            ),
        ),
        model.Inbound(
            tag="visitors",
            ports=((18080, 18080), (18090, 18095)),
            settings=model.TunnelInbound(port_map={"18080": "127.0.0.1:80"}),
        ),
        model.Inbound(listen="/tmp/xrgui-test.sock", settings=model.HttpInbound()),
    ),
    outbounds=(
        model.Outbound(
            tag="web",
            settings=model.FreedomOutbound(
                redirect_host="::1",
                redirect_port=80,
                proxy_protocol=2,
                final_rules=(
                    model.FinalRule(
                        action="allow",
                        networks=frozenset({Network.TCP}),
                        ports=((80, 80),),
                        ips=("127.0.0.1", "!10.0.0.0/8"),
                    ),
                    model.FinalRule(action="block", block_delay=(1, 2)),
                ),
            ),
        ),
        model.Outbound(
            tag="link",
            settings=model.VlessOutbound(
                address="portal.test",
                port=443,
                id=ID,
                reverse=model.ReverseLink(
                    tag="in",
                    sniffing=model.Sniffing(
                        enabled=True,
                        dest_override=("http", "quic"),
                        route_only=True,
                        domains_excluded=("x.test",),
                    ),
                ),
            ),
            stream=model.Stream(
                security="tls",
                tls=model.Tls(
                    pinned=(bytes(32),),
                    verify_names=("a.test", "b.test"),
                    min_version="1.3",
                    max_version="1.3",
                    session_resumption=True,
                ),
                sockopt=model.SockOpt(
                    keep_alive_idle=30,
                    keep_alive_interval=10,
                    user_timeout=1000,
                    tcp_fast_open=-1,
                    domain_strategy="UseIPv4v6",
                ),
            ),
        ),
        model.Outbound(
            tag="through",
            settings=model.HttpOutbound(address="127.0.0.1", port=1, headers={"X-A": "b"}),
            stream=model.Stream(network="ws", ws=model.WebSocket(path="/p", early_data=2048, heartbeat=9)),
            proxy_tag="web",
        ),
    ),
    routing=model.Routing(
        rules=(
            model.Rule(outbound_tag="home", name="in", inbound_tags=frozenset({"visitors"})),
            model.Rule(
                outbound_tag="web",
                inbound_tags=frozenset({"in"}),
                local_ips=("127.0.0.1",),
                local_ports=((80, 90),),
                attrs={":method": "GET"},
                users=("regexp:^a",),
                sources=("!192.168.0.0/16",),
            ),
        )
    ),
    dns=model.Dns(hosts={"a.test": ("127.0.0.1", "::1")}),
)


def test_common_ground_is_written_without_loss_in_both_dialects() -> None:
    for dialect in ("xray", "v2ray"):
        written, problems = dump(COMMON, dialect)
        assert problems == []
        assert load_value(written).config == COMMON


def test_what_xray_wants_stands_in_what_is_written() -> None:
    written, problems = dump(VLESS_REVERSE, "xray")
    assert problems == []
    link = written["outbounds"][1]
    assert {"address", "port", "id", "reverse"} <= set(link["settings"])
    assert (link["settings"]["encryption"], link["settings"]["flow"]) == ("none", "")
    assert link["streamSettings"]["tlsSettings"]["pinnedPeerCertSha256"] == "00" * 32
    assert written["outbounds"][0]["settings"]["finalRules"][0]["action"] == "allow"
    assert written["inbounds"][0]["settings"]["decryption"] == "none"
    assert written["inbounds"][0]["settings"]["users"][0]["reverse"] == {"tag": "home"}
    assert written["inbounds"][1]["protocol"] == "tunnel"


def test_what_v2ray_wants_stands_in_what_is_written() -> None:
    written, _ = dump(COMMON, "v2ray")
    assert written["inbounds"][0]["protocol"] == "dokodemo-door"
    assert "vnext" in written["outbounds"][2]["settings"]
    assert all(rule["type"] == "field" for rule in written["routing"]["rules"])


def serious(problems: list[Problem]) -> set[str]:
    return {problem.path for problem in problems if problem.is_error}


def test_classic_reverse_is_v2rays_alone() -> None:
    config = model.Config(reverse=CLASSIC)
    written, problems = dump(config, "v2ray")
    assert (load_value(written).config, problems) == (config, [])
    written, problems = dump(config, "xray")
    assert written == {}
    assert serious(problems) == {"reverse"}


def test_xray_refuses_vless_in_clear_to_the_world() -> None:
    def problems(address: str, stream: model.Stream) -> set[str]:
        settings = model.VlessOutbound(address=address, port=1, id=ID)
        config = model.Config(outbounds=(model.Outbound(settings=settings, stream=stream),))
        return serious(dump(config, "xray")[1])

    refused = {"outbounds[0].streamSettings.security"}
    for public in ("example.com", "8.8.8.8", "2001:4860::1"):
        assert problems(public, model.Stream()) == refused
        assert problems(public, TLS) == set()
    for private in ("nas", "nas.local.", "a.home.arpa", "10.1.2.3", "::1", "100.64.0.1"):
        assert problems(private, model.Stream()) == set()


def test_what_v2ray_lacks_is_named_and_a_bridge_gets_no_wider_rights() -> None:
    written, problems = dump(VLESS_REVERSE, "v2ray")
    assert serious(problems) == {
        "inbounds[0].settings.clients[0].reverse",
        "inbounds[1].port",
        "inbounds[1].settings.portMap",
        "inbounds[1].settings.address",
        "outbounds[0].settings.proxyProtocol",
        "outbounds[1].settings.reverse",
        "outbounds[1].streamSettings.tlsSettings.pinnedPeerCertSha256",
        "outbounds[1].streamSettings.tlsSettings.verifyPeerCertByName",
        "outbounds[2].proxySettings",
        "routing.rules[1]",
    }
    assert [user["id"] for user in written["inbounds"][0]["settings"]["clients"]] == [str(OTHER)]


# Real peers


def accepted(binary: str, arguments: list[str], written: dict[str, Any], folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(written), encoding="utf-8")
    done = subprocess.run([binary, *arguments, str(path)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.peer
@pytest.mark.parametrize("config", [COMMON, VLESS_REVERSE, model.Config(reverse=CLASSIC)])
def test_v2ray_loads_what_is_written_for_it(config: model.Config, tmp_path: Path) -> None:
    if (binary := shutil.which("v2ray")) is None:
        pytest.skip("v2ray is not installed")
    accepted(binary, ["-test", "-config"], dump(config, "v2ray")[0], tmp_path)


@pytest.mark.peer
@pytest.mark.parametrize("config", [COMMON, VLESS_REVERSE, model.Config(reverse=CLASSIC)])
def test_xray_loads_what_is_written_for_it(config: model.Config, tmp_path: Path) -> None:
    if not (binary := os.environ.get("XRAY_BIN", "")):
        pytest.skip("XRAY_BIN names no Xray")
    accepted(binary, ["run", "-test", "-c"], dump(config, "xray")[0], tmp_path)
