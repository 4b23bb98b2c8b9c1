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
from hypothesis import strategies as st

from xrgui.address import Network
from xrgui.config import model
from xrgui.config.dump import Dialect, dump
from xrgui.config.load import load_text, load_value
from xrgui.config.problem import Problem

# Any configuration

names = st.from_regex(r"[a-z][a-z0-9-]{0,6}", fullmatch=True)
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)
levels = st.integers(0, 3)
ports = st.integers(1, 65535)
ranges = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: (min(pair), max(pair)))
port_lists = st.lists(ranges, max_size=3).map(tuple)
texts = st.lists(names, max_size=2, unique=True).map(tuple)
networks = st.sets(st.sampled_from(list(Network))).map(frozenset)
strategies = st.sampled_from(["AsIs", "UseIP", "UseIPv4", "UseIPv6", "ForceIPv6v4"])
hosts = names | st.ip_addresses().map(str)
tables = st.dictionaries(names.map(lambda name: f"X-{name}"), words, max_size=2)


def maybe(strategy: st.SearchStrategy[Any], default: Any) -> st.SearchStrategy[Any]:
    return st.just(default) | strategy


sniffing = st.builds(
    model.Sniffing,
    enabled=st.booleans(),
    dest_override=st.lists(st.sampled_from(["http", "tls", "quic"]), unique=True).map(tuple),
    domains_excluded=texts,
    route_only=st.booleans(),
    metadata_only=st.booleans(),
)
certificates = st.builds(
    model.Certificate,
    certificate=st.sampled_from(["", "a\nb\n", "c"]),
    certificate_file=maybe(words, ""),
    key=st.sampled_from(["", "k\n"]),
    key_file=maybe(words, ""),
    usage=st.sampled_from(["encipherment", "verify"]),
)
versions = st.sampled_from(["", "1.0", "1.2", "1.3"])
tls = st.builds(
    model.Tls,
    server_name=maybe(names, ""),
    alpn=texts,
    certificates=st.lists(certificates, max_size=2).map(tuple),
    pinned=st.lists(st.binary(min_size=32, max_size=32), max_size=2).map(tuple),
    verify_names=texts,
    disable_system_root=st.booleans(),
    session_resumption=st.booleans(),
    reject_unknown_sni=st.booleans(),
    min_version=versions,
    max_version=versions,
    cipher_suites=texts,
)
ws = st.builds(
    model.WebSocket,
    path=st.sampled_from(["/", "/a", "/a?b=c", "/a/é"]),
    host=maybe(names, ""),
    headers=tables,
    early_data=st.integers(0, 4096),
    heartbeat=st.integers(0, 100),
)
int31 = st.integers(0, 0x7FFFFFFF)
sockopt = st.builds(
    model.SockOpt,
    accept_proxy_protocol=st.booleans(),
    tcp_fast_open=st.none() | st.sampled_from([-1, 1, 256]),
    keep_alive_idle=int31,
    keep_alive_interval=int31,
    user_timeout=int31,
    mark=int31,
    interface=maybe(names, ""),
    v6only=st.booleans(),
    domain_strategy=strategies,
    trusted_forwarded_for=texts,
)


@st.composite
def streams(draw: st.DrawFn) -> model.Stream:
    network = draw(st.sampled_from(["raw", "ws"]))
    security = draw(st.sampled_from(["none", "tls"]))
    return model.Stream(
        network=network,
        security=security,
        tls=draw(tls) if security == "tls" else model.Tls(),
        ws=draw(ws) if network == "ws" else model.WebSocket(),
        sockopt=draw(maybe(sockopt, model.SockOpt())),
    )


accounts = st.builds(model.Account, user=words, password=words)
inbound_settings = st.one_of(
    st.builds(
        model.TunnelInbound,
        address=maybe(hosts, ""),
        port=st.integers(0, 65535),
        networks=st.sets(st.sampled_from(list(Network)), min_size=1).map(frozenset),
        port_map=st.dictionaries(ports.map(str), st.sampled_from(["h:1", ":2", "h:0"]), max_size=2),
        follow_redirect=st.booleans(),
        level=levels,
    ),
    st.builds(
        model.VlessInbound,
        users=st.lists(
            st.builds(
                model.VlessUser,
                id=st.uuids(),
                email=maybe(words, ""),
                level=levels,
                reverse_tag=maybe(names, ""),
            ),
            max_size=2,
        ).map(tuple),
    ),
    st.builds(
        model.VmessInbound,
        users=st.lists(st.builds(model.VmessUser, id=st.uuids(), email=maybe(words, ""), level=levels), max_size=2).map(
            tuple
        ),
    ),
    st.builds(
        model.SocksInbound,
        accounts=st.lists(accounts, max_size=2).map(tuple),
        udp=st.booleans(),
        ip=maybe(st.ip_addresses(v=4).map(str), ""),
        level=levels,
        accept_http=st.just(True),
    ),
    st.builds(
        model.HttpInbound,
        accounts=st.lists(accounts, max_size=2).map(tuple),
        allow_transparent=st.booleans(),
        level=levels,
    ),
)
inbounds = st.builds(
    model.Inbound,
    settings=inbound_settings,
    tag=maybe(words, ""),
    listen=maybe(st.ip_addresses().map(str), ""),
    ports=st.lists(ranges, min_size=1, max_size=3).map(tuple),
    stream=streams(),
    sniffing=maybe(sniffing, model.Sniffing()),
) | st.builds(model.Inbound, settings=inbound_settings, listen=st.sampled_from(["/run/x.sock", "@x", "/x,0666"]))
final_rules = st.builds(
    model.FinalRule,
    action=st.sampled_from(["allow", "block"]),
    networks=networks,
    ports=port_lists,
    ips=texts,
    block_delay=maybe(st.tuples(st.integers(0, 9), st.integers(10, 99)), (30, 90)),
)
server: dict[str, st.SearchStrategy[Any]] = {"address": hosts, "port": ports}
outbound_settings = st.one_of(
    st.builds(
        model.FreedomOutbound,
        domain_strategy=strategies,
        redirect_host=maybe(hosts.filter(lambda host: host not in ("0.0.0.0", "::")), ""),
        redirect_port=st.integers(0, 65535),
        final_rules=st.lists(final_rules, max_size=2).map(tuple),
        proxy_protocol=st.sampled_from([0, 1, 2]),
    ),
    st.builds(model.BlackholeOutbound, response=st.sampled_from(["none", "http"])),
    st.builds(
        model.VlessOutbound,
        **server,
        id=st.uuids(),
        email=maybe(words, ""),
        level=levels,
        reverse=st.none() | st.builds(model.ReverseLink, tag=names, sniffing=sniffing),
    ),
    st.builds(
        model.VmessOutbound,
        **server,
        id=st.uuids(),
        security=st.sampled_from(["auto", "aes-128-gcm", "chacha20-poly1305", "none"]),
        email=maybe(words, ""),
        level=levels,
    ),
    st.builds(model.SocksOutbound, **server, account=st.none() | accounts),
    st.builds(model.HttpOutbound, **server, account=st.none() | accounts, headers=tables),
)
outbounds = st.builds(
    model.Outbound,
    settings=outbound_settings,
    tag=maybe(words, ""),
    send_through=maybe(st.ip_addresses().map(str), ""),
    stream=streams(),
    mux=st.builds(model.Mux, enabled=st.booleans(), concurrency=st.integers(1, 0x7FFF)),
    proxy_tag=maybe(names, ""),
)
rules = st.builds(
    model.Rule,
    outbound_tag=words,
    name=maybe(words, ""),
    inbound_tags=st.sets(names, min_size=1, max_size=2).map(frozenset),
    domains=texts,
    ips=st.lists(st.sampled_from(["1.1.1.1", "!::1", "geoip:private", "geoip:!private"]), max_size=2).map(tuple),
    ports=port_lists,
    source_ports=port_lists,
    sources=texts,
    local_ips=texts,
    local_ports=port_lists,
    networks=networks,
    users=st.lists(names | st.just("regexp:^a"), max_size=2).map(tuple),
    protocols=texts,
    attrs=tables,
)
ends = st.lists(st.builds(model.ReverseEnd, tag=words, domain=names), max_size=2).map(tuple)
seconds = st.integers(0, 1000)
configs = st.builds(
    model.Config,
    inbounds=st.lists(inbounds, max_size=2).map(tuple),
    outbounds=st.lists(outbounds, max_size=2).map(tuple),
    routing=st.builds(
        model.Routing,
        domain_strategy=st.sampled_from(["AsIs", "IPIfNonMatch", "IPOnDemand"]),
        rules=st.lists(rules, max_size=2).map(tuple),
    ),
    reverse=maybe(st.builds(model.Reverse, bridges=ends, portals=ends), model.Reverse()),
    policy=st.builds(
        model.Policy,
        levels=st.dictionaries(
            levels,
            st.builds(
                model.PolicyLevel,
                handshake=seconds,
                conn_idle=seconds,
                uplink_only=seconds,
                downlink_only=seconds,
                buffer_size=st.none() | st.just(-1) | st.integers(0, 100).map(lambda kib: kib * 1024),
            ),
            max_size=2,
        ),
    ),
    log=st.builds(
        model.Log,
        level=st.sampled_from(["debug", "info", "warning", "error", "none"]),
        access=maybe(words, ""),
        error=maybe(words, ""),
    ),
    dns=st.builds(
        model.Dns,
        hosts=st.dictionaries(names, st.lists(hosts, min_size=1, max_size=2).map(tuple), max_size=2),
        query_strategy=st.sampled_from(["UseIP", "UseIPv4", "UseIPv6"]),
    ),
)


thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


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
    limits=model.Limits(per_address=5, handshakes=9, memory=64),
)


def test_what_only_xrgui_knows_is_kept_for_xrgui() -> None:
    written, problems = dump(OURS, "xrgui")
    assert written["limits"] == {"perAddress": 5, "handshakes": 9, "memory": 64}
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
