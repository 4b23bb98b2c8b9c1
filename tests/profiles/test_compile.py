import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from tests.profiles.samples import ID, PIN, custom, server, servers, share, shares
from xrgui.address import Network
from xrgui.config.check import check
from xrgui.config.model import (
    BlackholeOutbound,
    Config,
    FinalRule,
    FreedomOutbound,
    ReverseEnd,
    TunnelInbound,
    VlessInbound,
    VlessOutbound,
    VmessInbound,
    VmessOutbound,
)
from xrgui.profiles.compile import compile_profile
from xrgui.profiles.model import ApprovedKey, Bridge, Dialect, Listen, Profile, Server, Service
from xrgui.profiles.problems import ProfileError
from xrgui.profiles.secrets import MemorySecrets
from xrgui.profiles.vault import put_away

slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def outbound(config: Config, tag: str):
    return next(item.settings for item in config.outbounds if item.tag == tag)


def rules(config: Config):
    return [
        (rule.outbound_tag, rule.domains or rule.ips, rule.ports, "".join(sorted(rule.networks)))
        for rule in config.routing.rules
    ]


def test_a_share_dials_out_and_reaches_its_service_alone():
    config = compile_profile(share())
    dialled = outbound(config, "server")
    assert isinstance(dialled, VlessOutbound)
    assert dialled.reverse is not None
    assert dialled.reverse.tag == "bridge"
    assert str(dialled.id) == ID
    reached = outbound(config, "service web")
    assert isinstance(reached, FreedomOutbound)
    assert (reached.redirect_host, reached.redirect_port) == ("127.0.0.1", 3000)
    allowed, rest = reached.final_rules
    assert (allowed.ips, allowed.ports) == (("127.0.0.1",), ((3000, 3000),))
    assert rest == FinalRule(action="block")
    assert rules(config) == [("service web", (), (), "tcp"), ("blocked", (), (), "")]
    assert config.inbounds == ()


@pytest.mark.parametrize("network", list(Network))
def test_who_speaks_http_over_tcp_gets_error_pages(network: Network):
    shared = compile_profile(share(services=(Service(port=3000, network=network),)))
    (freedom,) = (item.settings for item in shared.outbounds if isinstance(item.settings, FreedomOutbound))
    entry = replace(server().entries[0], network=network)
    served = compile_profile(replace(server(), entries=(entry,)))
    (tunnel,) = (item.settings for item in served.inbounds if isinstance(item.settings, TunnelInbound))
    assert freedom.http is tunnel.http is (network is Network.TCP)


@pytest.mark.parametrize("profile", [share(), share(dialect="classic"), server(), server(dialect="classic")])
def test_what_no_rule_names_goes_nowhere(profile: Profile):
    config = compile_profile(profile)
    assert isinstance(config.outbounds[0].settings, BlackholeOutbound)
    assert config.routing.rules[-1].outbound_tag == config.outbounds[0].tag


def test_several_services_are_told_apart_by_their_target():
    services = (
        Service(port=3000, name="web", public_port=8080),
        Service(port=80, host="nas.lan", name="nas", public_port=3000),
        Service(port=22, host="localhost", name="ssh"),
        Service(port=53, network=Network.UDP, name="dns"),
    )
    loopback = ("127.0.0.0/8", "::1")
    assert rules(compile_profile(share(services=services))) == [
        ("service web", ("127.0.0.1",), ((3000, 3000),), "tcp"),
        ("service nas", ("full:nas.lan",), ((80, 80),), "tcp"),
        ("service ssh", loopback, ((22, 22),), "tcp"),
        ("service ssh", ("full:localhost",), ((22, 22),), "tcp"),
        ("service web", loopback, ((8080, 8080),), "tcp"),
        ("service dns", (), (), "udp"),
        ("blocked", (), (), ""),
    ]


def test_the_classic_dialect_sends_its_tunnel_to_the_server():
    profile = share(
        dialect="classic",
        tunnel_domain="t.internal",
        server=Server(address="h.test", secret=ID, protocol="vmess"),
    )
    config = compile_profile(profile)
    assert isinstance(outbound(config, "server"), VmessOutbound)
    assert config.reverse.bridges == (ReverseEnd(tag="bridge", domain="t.internal"),)
    assert rules(config)[0] == ("server", ("full:t.internal",), (), "")


def test_websocket_tls_and_pins_reach_the_stream():
    profile = share(
        server=Server(address="1.2.3.4", secret=ID, transport="ws", path="/r?ed=2048", host="cdn.test", pins=(PIN,))
    )
    stream = compile_profile(profile).outbounds[1].stream
    assert (stream.network, stream.security) == ("ws", "tls")
    assert (stream.ws.path, stream.ws.early_data, stream.ws.host) == ("/r", 2048, "cdn.test")
    assert stream.tls.server_name == "cdn.test"
    assert stream.tls.pinned == (bytes.fromhex(PIN),)


def test_a_public_server_leads_each_port_to_its_bridge():
    config = compile_profile(server())
    bridges, web, nas, dns = config.inbounds
    assert isinstance(bridges.settings, VlessInbound)
    assert [user.reverse_tag for user in bridges.settings.users] == ["bridge home", "bridge lab"]
    assert bridges.stream.tls.certificates[0].key.startswith("-----BEGIN")
    targets = [item.settings for item in (web, nas, dns)]
    assert all(isinstance(item, TunnelInbound) for item in targets)
    assert [(t.address, t.port, *t.networks) for t in targets] == [
        ("127.0.0.1", 3000, "tcp"),
        ("192.168.1.2", 80, "tcp"),
        ("127.0.0.1", 5353, "udp"),
    ]
    assert [(sorted(rule.inbound_tags), rule.outbound_tag) for rule in config.routing.rules] == [
        (["public 8080"], "bridge home"),
        (["public 8081"], "bridge home"),
        (["public 5353/udp"], "bridge lab"),
        (["bridges"], "blocked"),
    ]


def test_a_classic_server_keeps_its_bridges_apart():
    profile = server(dialect="classic", listen=Listen(protocol="vmess", tls=False))
    config = compile_profile(profile)
    assert isinstance(config.inbounds[0].settings, VmessInbound)
    assert {end.tag: end.domain for end in config.reverse.portals} == {
        "bridge home": "reverse.xrgui.internal",
        "bridge lab": "lab.internal",
    }
    tunnels = [rule for rule in config.routing.rules if rule.domains]
    assert [(rule.users, rule.domains, rule.outbound_tag) for rule in tunnels] == [
        (("bridge home",), ("full:reverse.xrgui.internal",), "bridge home"),
        (("bridge lab",), ("full:lab.internal",), "bridge lab"),
    ]


@pytest.mark.parametrize("dialect", ["vless-reverse", "classic"])
def test_approved_keys_are_asked_for(dialect: Dialect):
    key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    bridge = Bridge(name="home", secret=ID, keys=(ApprovedKey(public=key, name="laptop"),))
    profile = server(dialect=dialect, bridges=(bridge, *server().bridges[1:]))
    assert asked_keys(compile_profile(profile)) == {None}
    asking = replace(profile, approval=True)
    assert asked_keys(compile_profile(asking)) == {(key,), ()}
    bridges = (replace(bridge, keyless=True), *profile.bridges[1:])
    assert asked_keys(compile_profile(replace(asking, bridges=bridges))) == {None, ()}


def asked_keys(config: Config) -> set[object]:
    settings = config.inbounds[0].settings
    assert isinstance(settings, VlessInbound)
    reverse = {user.bridge_keys for user in settings.users if user.reverse_tag}
    return reverse or {end.bridge_keys for end in config.reverse.portals}


def test_a_custom_profile_is_its_json():
    config = compile_profile(custom())
    assert [item.tag for item in config.inbounds] == ["in"]


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        (share(services=()), "services"),
        (custom(json="{"), "json:"),
        (share(link="trojan://pw@h:1"), "link"),
    ],
)
def test_a_wrong_profile_does_not_compile(profile: Profile, field: str):
    with pytest.raises(ProfileError) as caught:
        compile_profile(profile)
    assert caught.value.problems[0].field.startswith(field)


@pytest.mark.parametrize("profile", [share(), server(), custom(), custom(json='{"id": "x')])
def test_references_do_not_compile(profile: Profile):
    with pytest.raises(ValueError, match="fetch them first"):
        compile_profile(put_away(profile, MemorySecrets()))


def test_the_key_of_a_certificate_alone_is_noticed():
    pem = replace(server().listen.certificate, key="keyring:server1/certificate-00")
    with pytest.raises(ValueError, match="fetch them first"):
        compile_profile(server(listen=replace(server().listen, certificate=pem)))


@slow
@given(shares() | servers())
def test_what_compiles_stands_up_to_the_engines_own_checks(profile: Profile):
    found = [item for item in check(compile_profile(profile), probe_ports=False) if item.is_error]
    assert [str(item) for item in found if "cannot be read" not in item.message] == []


@slow
@given(shares())
def test_names_of_rules_and_tags_differ(profile: Profile):
    config = compile_profile(profile)
    for texts in ([rule.name for rule in config.routing.rules], [item.tag for item in config.outbounds]):
        assert len(set(texts)) == len(texts)
