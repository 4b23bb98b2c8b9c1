import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from tests.profiles.samples import (
    ID,
    PIN,
    custom,
    self_signed,
    server,
    servers,
    share,
    shares,
)
from xrgui.address import Network
from xrgui.certificate import make
from xrgui.profiles.model import (
    ApprovedKey,
    Bridge,
    Certificate,
    Entry,
    Listen,
    Profile,
    Server,
    Service,
    public_urls,
)
from xrgui.profiles.problems import TEXTS
from xrgui.profiles.validate import is_host, validate

replace = msgspec.structs.replace


def codes(profile: Profile) -> dict[str, str]:
    found = validate(profile)
    assert all(field == item.field for field, item in found.items())
    assert all(item.text for item in found.values())
    return {field: item.code for field, item in found.items()}


def at(**changes: object) -> Profile:
    """A share whose server differs."""
    return share(server=replace(share().server, **changes))


def serving(**changes: object) -> Profile:
    return server(listen=replace(server().listen, **changes))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(shares() | servers())
def test_good_profiles_have_no_errors(profile: Profile):
    assert [item for item in validate(profile).values() if item.is_error] == []


def test_a_new_profile_says_what_is_missing_in_plain_words():
    found = validate(Profile(id="x", name=""))
    assert {field: item.text for field, item in found.items()} == {
        "name": "Give it a name.",
        "services": "Add at least one service to share.",
        "server.address": "Say which public server to use: its host name or IP address, or paste a link.",
        "server.secret": "The user id is missing. The public server gives it out; a link holds it.",
    }


@pytest.mark.parametrize(
    ("profile", "field", "code"),
    [
        (share(name="x" * 81), "name", "name.long"),
        (share(name="a\nb"), "name", "name.bad"),
        (share(link=f"vless://{ID}@h:1"), "link", "link.again"),
        (share(link="vless://"), "link", "link.bad"),
        (share(services=(Service(port=0),)), "services[0].port", "port.range"),
        (share(services=(Service(port=1, host=""),)), "services[0].host", "host.missing"),
        (share(services=(Service(port=1, host="a b"),)), "services[0].host", "host.bad"),
        (share(services=(Service(port=1, public_port=70000),)), "services[0].public_port",
         "public_port.range"),
        (share(services=(Service(port=1), Service(port=1, host="localhost"))), "services[1].port",
         "services.twice"),
        (share(services=(Service(port=1, name="a"), Service(port=2, name="a"))), "services[1].name",
         "services.same_name"),
        (share(services=(Service(port=1, public_port=9), Service(port=2, public_port=9))),
         "services[1].public_port", "public_port.twice"),
        (at(address="http://x/"), "server.address", "host.bad"),
        (at(port=-1), "server.port", "port.range"),
        (at(secret="x" * 31), "server.secret", "id.bad"),
        (at(transport="ws", path="rev"), "server.path", "path.slash"),
        (at(transport="ws", path="/a b"), "server.path", "path.bad"),
        (at(host="a/b"), "server.host", "host.bad"),
        (at(sni="a b"), "server.sni", "host.bad"),
        (at(pins=(PIN, "x")), "server.pins[1]", "pin.bad"),
        (at(tls=False, address="example.com"), "server.tls", "tls.public"),
        (at(protocol="vmess"), "dialect", "dialect.vmess"),
        (at(protocol="vmess", method="zero"), "server.method", "method.bad"),
        (share(dialect="classic", tunnel_domain=""), "tunnel_domain", "domain.missing"),
        (share(dialect="classic", tunnel_domain="1.2.3.4"), "tunnel_domain", "domain.bad"),
        (share(public_url="example.com"), "public_url", "url.bad"),
        (share(public_url="https://[::1/"), "public_url", "url.bad"),
        (share(public_url="https://h:99999/"), "public_url", "url.bad"),
        (share(link="trojan://pw@h:1"), "link", "link.unsupported"),
        (serving(address="here"), "listen.address", "listen.bad"),
        (serving(port=0), "listen.port", "port.range"),
        (serving(transport="ws", path="x"), "listen.path", "path.slash"),
        (serving(certificate=Certificate()), "listen.certificate", "certificate.missing"),
        (serving(certificate=Certificate(chain="x")), "listen.certificate.key", "certificate.key_missing"),
        (serving(certificate=Certificate(chain="x", key="y")), "listen.certificate", "certificate.bad"),
        (serving(certificate=Certificate(chain=self_signed().chain, key="y")), "listen.certificate.key",
         "certificate.key_bad"),
        (serving(certificate=Certificate(chain=self_signed().chain, key=make(["a"]).key)),
         "listen.certificate.key", "certificate.mismatch"),
        (serving(protocol="vmess"), "dialect", "dialect.vmess"),
        (server(bridges=()), "bridges", "bridges.missing"),
        (server(bridges=(Bridge(name="home", secret=ID), Bridge(name="home", secret="b"))), "bridges[1].name",
         "bridges.same_name"),
        (server(bridges=(Bridge(name="home", secret=ID), Bridge(name="b", secret=ID.replace("-", "")))),
         "bridges[1].secret", "bridges.same_id"),
        (server(bridges=(Bridge(name="home", secret=ID, keys=(ApprovedKey(public="AAAA"),)),)), "bridges[0].keys",
         "bridges.key"),
        (server(dialect="classic", bridges=(Bridge(name="home", secret=ID), Bridge(name="lab", secret="b"))),
         "bridges[1].domain", "domain.twice"),
        (server(entries=()), "entries", "entries.missing"),
        (server(entries=(Entry(port=443, bridge="home"),)), "entries[0].port", "public_port.bridges"),
        (server(entries=(Entry(port=1, bridge="home"), Entry(port=1, bridge="lab"))), "entries[1].port",
         "public_port.twice"),
        (server(entries=(Entry(port=1, bridge="nobody"),)), "entries[0].bridge", "entries.bridge"),
        (server(entries=(Entry(port=1, bridge="home", listen="x"),)), "entries[0].listen", "listen.bad"),
        (server(entries=(Entry(port=1, bridge="home", target_port=-5),)), "entries[0].target_port",
         "port.range"),
        (server(entries=(Entry(port=1, bridge="home"),)), "bridges[1]", "bridges.unused"),
        (custom(json=" "), "json", "json.missing"),
    ],
)  # fmt: skip
def test_each_field_is_judged(profile: Profile, field: str, code: str):
    assert codes(profile).get(field) == code


def test_an_expired_certificate_is_a_warning():
    old = make(["a.test"], days=-1)
    found = validate(serving(certificate=Certificate(chain=old.chain, key=old.key)))
    assert found["listen.certificate"].code == "certificate.expired"
    assert not found["listen.certificate"].is_error


def test_one_port_may_carry_tcp_and_udp():
    services = (Service(port=53, public_port=53), Service(port=53, public_port=53, network=Network.UDP))
    assert codes(share(services=services)) == {}


def test_custom_json_is_checked_by_the_engines_rules():
    found = validate(custom(json='{"outbounds": [{"protocol": "vless"}]}'))
    assert {item.code for item in found.values()} == {"json.bad"}
    assert any("outbounds[0]" in field for field in found)
    assert "json:1:2" in codes(custom(json="{x")) or any("1:" in field for field in codes(custom(json="{x")))


def test_references_count_as_secrets_that_are_there():
    assert codes(at(secret="keyring:share1/server-1")) == {}
    pem = Certificate(chain=self_signed().chain, key="keyring:server1/certificate-1")
    assert codes(serving(certificate=pem)) == {}
    assert codes(custom(json="keyring:custom1/json-1")) == {}
    assert codes(share(link="keyring:share1/link-1")) == {}


def test_every_text_can_be_filled():
    class Any(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return key

    assert all(text.format_map(Any()) for text in TEXTS.values())


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("example.com", True),
        ("example.com.", True),
        ("a_b.test", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("localhost", True),
        ("", False),
        ("a..b", False),
        ("-a.test", False),
        ("пример.рф", False),
        ("a" * 64, False),
        ("example.com:80", False),
    ],
)
def test_hosts(host: str, good: bool):
    assert is_host(host) is good


def test_public_addresses_for_people():
    services = (
        Service(port=3000, name="web", public_port=8080),
        Service(port=22, name="ssh"),
        Service(port=53, name="dns", public_port=53, network=Network.UDP),
    )
    assert public_urls(share(services=services)) == (
        ("web", "http://tunnel.example:8080/"),
        ("dns", "udp://tunnel.example:53/"),
    )
    assert public_urls(share(public_url="https://me.example/")) == (("web", "https://me.example/"),)
    assert public_urls(server(entries=(Entry(port=443, bridge="home"),), listen=Listen(port=1))) == (
        ("443", "https://tunnel.example/"),
    )
    assert public_urls(at(address="::1")) == (("web", "http://[::1]:8080/"),)
    assert public_urls(share(server=Server())) == ()


def test_secrets_stay_out_of_repr():
    for profile in (
        at(secret="very-secret"),
        server(),
        custom(json="very-secret"),
        share(link="very-secret"),
    ):
        shown = repr(profile) + repr(profile.__rich_repr__()) + repr(validate(profile))
        assert "very-secret" not in shown
        assert "PRIVATE KEY" not in shown
    assert "keyring:a/b" in repr(at(secret="keyring:a/b"))
