"""Any configuration at all, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from xrgui.address import Network
from xrgui.config import model

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
