import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.config.model import VlessOutbound, VmessOutbound
from xrgui.links import (
    Link,
    LinkError,
    extract_links,
    format_link,
    link_outbound,
    parse_link,
)
from xrgui.links.outbound import join_early_data, split_early_data

ID = "b831381d-6324-4d53-ad4f-8cda48b30811"
PIN = "ab" * 32
VLESS_WS = (
    f"vless://{ID}@example.com:443?encryption=none&security=tls&sni=example.com&fp=chrome&type=ws"
    "&host=example.com&path=%2Frev%3Fed%3D2048#home"
)
REALITY = (
    f"vless://{ID}@[2001:db8::1]:443?encryption=none&flow=xtls-rprx-vision&security=reality"
    "&sni=www.example.com&fp=chrome&pbk=KEY&sid=0123abcd&spx=%2F&type=tcp&headerType=none#r"
)
VMESS_JSON = {
    "v": "2",
    "ps": "n",
    "add": "example.com",
    "port": "443",
    "id": ID,
    "aid": "0",
    "scy": "auto",
    "net": "ws",
    "type": "none",
    "host": "example.com",
    "path": "/ws",
    "tls": "tls",
    "sni": "",
    "alpn": "",
    "fp": "",
}


def vmess(**changes: object) -> str:
    text = json.dumps(VMESS_JSON | changes)
    return "vmess://" + base64.b64encode(text.encode()).decode()


def test_vless_over_websocket_and_tls():
    link = parse_link(VLESS_WS)
    assert (link.protocol, link.address, link.port, link.secret) == ("vless", "example.com", 443, ID)
    assert (link.transport, link.host, link.path) == ("ws", "example.com", "/rev?ed=2048")
    assert (link.security, link.sni, link.fingerprint) == ("tls", "example.com", "chrome")
    assert link.name == "home"
    assert link.lacks == []
    assert format_link(link) == VLESS_WS


def test_reality_parses_and_says_what_is_missing():
    link = parse_link(REALITY)
    assert (link.address, link.flow, link.transport) == ("2001:db8::1", "xtls-rprx-vision", "raw")
    assert link.extra == {"pbk": "KEY", "sid": "0123abcd", "spx": "/"}
    assert link.lacks == ["flow xtls-rprx-vision", "REALITY"]
    assert parse_link(format_link(link)) == link


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        (f"vless://{ID}@h:1?type=grpc&serviceName=s", "transport gRPC"),
        (f"vless://{ID}@h:1?type=splithttp", "transport XHTTP"),
        (f"vless://{ID}@h:1?type=carrier-pigeon", "transport carrier-pigeon"),
        (f"vless://{ID}@h:1?encryption=mlkem768x25519plus.native.0rtt.KEY", "VLESS Encryption"),
        (f"vless://{ID}@h:1?headerType=http", "header type http"),
        (
            f"vless://{ID}@h:1?security=tls&allowInsecure=1",
            "TLS without checking the certificate (pin it instead)",
        ),
        (f"vless://{ID}@h:1?security=tls&ech=AAAA", "Encrypted Client Hello"),
        ("trojan://pw@h:1", "Trojan"),
        ("ss://YWVzLTEyOC1nY206cHc@h:1", "Shadowsocks"),
        (vmess(scy="zero"), "VMess security 'zero'"),
        (vmess(net="quic"), "transport QUIC"),
    ],
)
def test_what_the_engine_lacks_is_named(text, lacks):
    link = parse_link(text)
    assert link.lacks == [lacks]
    with pytest.raises(LinkError, match="lacks"):
        link_outbound(link)


def test_insecure_with_a_pin_is_fine():
    assert parse_link(f"vless://{ID}@h:1?security=tls&insecure=1&pcs={PIN}").lacks == []


def test_vmess_json():
    link = parse_link(vmess())
    assert (link.protocol, link.address, link.port, link.secret) == ("vmess", "example.com", 443, ID)
    assert (link.method, link.transport, link.security, link.path) == ("auto", "ws", "tls", "/ws")
    decoded = json.loads(base64.b64decode(format_link(link).removeprefix("vmess://")))
    assert decoded == VMESS_JSON


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"v": 2, "port": 8443}, "port", 8443),
        ({"port": 443.0}, "port", 443),
        ({"aid": 64}, "extra", {"aid": "64"}),
        ({"net": "kcp", "path": "seed", "host": "", "type": "srtp"}, "extra", {"seed": "seed"}),
        ({"net": "kcp", "path": "", "host": "", "type": "srtp"}, "header", "srtp"),
        ({"net": "grpc", "path": "svc", "host": "a", "type": "multi"}, "extra",
         {"mode": "multi", "serviceName": "svc", "authority": "a"}),
        ({"scy": ""}, "method", "auto"),
        ({"tls": ""}, "security", "none"),
        ({"insecure": 1}, "insecure", True),
        ({"note": {"a": [1]}}, "extra", {"note": '{"a":[1]}'}),
        ({"add": "2001:db8::1"}, "address", "2001:db8::1"),
    ],
)  # fmt: skip
def test_vmess_json_variants(changes, field, value):
    link = parse_link(vmess(**changes))
    assert getattr(link, field) == value
    assert parse_link(format_link(link)) == link


def test_vmess_before_version_2_packs_path_into_host():
    link = parse_link(vmess(v="1", host="/old;cdn.example.com", path=""))
    assert (link.path, link.host) == ("/old", "cdn.example.com")


def test_vmess_url_safe_without_padding_and_with_a_fragment():
    data = json.dumps(VMESS_JSON | {"ps": "", "path": "/???"}).encode()
    link = parse_link("vmess://" + base64.urlsafe_b64encode(data).decode().rstrip("=") + "#my%20name")
    assert (link.name, link.path) == ("my name", "/???")


def test_vmess_uri_form():
    link = parse_link(f"vmess://{ID}@h:443?encryption=chacha20-poly1305&security=tls&type=ws&path=%2Fa#x")
    assert (link.method, link.transport, link.path) == ("chacha20-poly1305", "ws", "/a")
    assert format_link(link).startswith("vmess://ey")
    assert parse_link(format_link(link)) == link


def test_vmess_uri_with_keys_that_json_uses_otherwise_stays_a_uri():
    link = parse_link(f"vmess://{ID}@h:443?ps=x&aid=0")
    assert link.extra == {"ps": "x", "aid": "0"}
    assert parse_link(format_link(link)) == link


def test_trojan_assumes_tls_and_always_says_it():
    link = parse_link("trojan://p%40ss%2Fw@example.com:443?peer=name.example#t")
    assert (link.secret, link.security, link.sni) == ("p@ss/w", "tls", "name.example")
    assert "security=tls" in format_link(link)
    assert parse_link("trojan://p@h:1?security=none").security == "none"


@pytest.mark.parametrize(
    ("text", "method", "password"),
    [
        ("ss://YWVzLTEyOC1nY206cHc@example.com:8388#ss", "aes-128-gcm", "pw"),
        ("ss://YWVzLTEyOC1nY206cEA6d0BleGFtcGxlLmNvbTo4Mzg4#ss", "aes-128-gcm", "p@:w"),
        ("ss://2022-blake3-aes-128-gcm:a%2Bb%3D%3D%3Ac%3D%3D@example.com:8388/?#ss",
         "2022-blake3-aes-128-gcm", "a+b==:c=="),
    ],
)  # fmt: skip
def test_shadowsocks_forms(text, method, password):
    link = parse_link(text)
    assert (link.method, link.secret, link.endpoint) == (method, password, "example.com:8388")
    assert parse_link(format_link(link)) == link


def test_shadowsocks_plugin_is_kept():
    link = parse_link("ss://YWVzLTEyOC1nY206cHc@h:1/?plugin=obfs-local%3Bobfs%3Dhttp")
    assert link.extra == {"plugin": "obfs-local;obfs=http"}
    assert link.lacks == ["Shadowsocks", "Shadowsocks plugins"]


def test_own_link_keeps_its_payload_closed():
    link = parse_link("xrgui://import?v=1&profile=eyJ9#Home")
    assert (link.protocol, link.name, link.extra["profile"]) == ("xrgui", "Home", "eyJ9")
    assert parse_link(format_link(link)) == link
    with pytest.raises(LinkError, match="import it instead"):
        link_outbound(link)


def test_plus_is_a_plus_and_unicode_hosts_become_ascii():
    link = parse_link(f"VLESS://{ID}@пример.рф:443?host=a+b&x=%2B#дом")
    assert (link.host, link.extra, link.name) == ("a+b", {"x": "+"}, "дом")
    assert link.address == "xn--e1afmkfd.xn--p1ai"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "link"),
        ("http://example.com", "link"),
        (f"vless://{ID}@example.com", "port"),
        (f"vless://{ID}@example.com:0", "port"),
        (f"vless://{ID}@example.com:65536", "port"),
        (f"vless://{ID}@example.com:４４３", "port"),
        (f"vless://{ID}@2001:db8::1:443", "port"),
        ("vless://@example.com:443", "id"),
        ("vless://example.com:443", "id"),
        (f"vless://{ID}@exa mple.com:443", "address"),
        (f"vless://{ID}@:443", "address"),
        (f"vless://{ID}@h:443?pcs=abc", "pcs"),
        (f"vless://{ID}@h:443?sni=a&sni=b", "sni"),
        (f"vless://{ID}@h:443?sni=%FF", "sni"),
        (f"vless://{ID}@h:443#\ud800", "link"),
        ("vmess://!!!", "vmess"),
        ("vmess://W10=", "vmess"),
        ("vmess://" + base64.b64encode(b"[" * 100_000).decode(), "vmess"),
        (vmess(id=""), "id"),
        (vmess(port="x"), "port"),
        ("trojan://@h:1", "password"),
        ("ss://bm8@h:1", "password"),
        ("ss://%%%", "server"),
        ("xrgui://start?v=1&profile=x", "action"),
        ("xrgui://import?v=2&profile=x", "v"),
        ("xrgui://import?v=1", "profile"),
        ("vless://" + "a" * 300_000, "link"),
    ],
)
def test_a_bad_link_names_the_part_that_is_wrong(text, part):
    with pytest.raises(LinkError) as caught:
        parse_link(text)
    assert caught.value.part == part
    assert str(caught.value).startswith(f"{part}: ")


def test_secrets_stay_out_of_repr():
    link = parse_link("trojan://very-secret@h:1?seed=also-secret")
    assert "secret" not in repr(link) + str(link.__rich_repr__())


texts = st.text(max_size=20)
words = st.text("abcdefghij0123456789-_.", min_size=1, max_size=12)
hosts = st.one_of(
    st.ip_addresses().map(str),
    st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{0,8}){0,2}", fullmatch=True),
)
names_list = st.lists(words, max_size=3).map(tuple)
extras = st.dictionaries(words.map("x-{}".format), texts, max_size=3)


@st.composite
def links(draw: st.DrawFn) -> Link:
    protocol = draw(st.sampled_from(["vless", "vmess", "trojan", "ss"]))
    default = {"vless": "none", "vmess": "auto", "trojan": "", "ss": "aes-256-gcm"}[protocol]
    return Link(
        protocol=protocol,
        address=draw(hosts),
        port=draw(st.integers(1, 65535)),
        secret=draw(st.text(min_size=1, max_size=20)),
        method=draw(words) if default and draw(st.booleans()) else default,
        flow=draw(texts),
        name=draw(texts),
        transport=draw(st.sampled_from(["raw", "ws", "grpc", "httpupgrade", "xhttp", "kcp", "http", "quic"])),
        security=draw(st.sampled_from(["none", "tls", "reality"])),
        sni=draw(texts),
        alpn=draw(names_list),
        fingerprint=draw(texts),
        pins=draw(st.lists(st.binary(min_size=32, max_size=32).map(bytes.hex), max_size=2).map(tuple)),
        verify_names=draw(names_list),
        insecure=draw(st.booleans()),
        host=draw(texts),
        path=draw(texts),
        header=draw(st.sampled_from(["", "http", "srtp"])),
        extra=draw(extras),
    )


@given(links())
def test_nothing_is_lost_on_the_way_out_and_in(link: Link):
    assert parse_link(format_link(link)) == link


@given(links(), texts)
def test_the_name_never_breaks_a_link(link: Link, name: str):
    renamed = Link(**{field: getattr(link, field) for field in link.__struct_fields__} | {"name": name})
    assert parse_link(format_link(renamed)).name == name


@given(st.sampled_from(["vless", "vmess", "trojan", "ss", "xrgui"]), st.text(st.characters()))
def test_garbage_raises_only_our_error(scheme: str, body: str):
    try:
        link = parse_link(f"{scheme}://{body}")
    except LinkError:
        return
    assert parse_link(format_link(link)) == link


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(VMESS_JSON)) | words, json_values))
def test_garbage_inside_vmess_json_raises_only_our_error(changes: dict[str, object]):
    try:
        parse_link(vmess(**changes))
    except LinkError:
        return


@given(st.text())
def test_extraction_never_fails(text: str):
    extract_links(text)


def test_extraction_from_prose_and_lists():
    found = extract_links(
        f'Take this: "{VLESS_WS}", or that one (trojan://pw@h:1).\n'
        f"vless://{ID}@h:2#a name with blanks\n\n# comment\nvless://broken\n{vmess()} {vmess(ps='m')}"
    )
    assert [link.name for link in found.links] == ["home", "", "a name with blanks", "n", "m"]
    assert found.links[1].port == 1
    assert [(shown, error.part) for shown, error in found.failures] == [("vless://…", "id")]


def test_failures_do_not_show_secrets():
    found = extract_links(f"vless://{ID}@example.com:99999?x=hidden#n")
    assert found.failures[0][0] == "vless://example.com:99999"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes])
def test_extraction_from_a_subscription(encode):
    body = encode(f"{VLESS_WS}\r\n\r\n{vmess()}\r\n".encode()).decode()
    assert [link.protocol for link in extract_links(body).links] == ["vless", "vmess"]


def test_extraction_from_sip008():
    server = {
        "server": "2001:db8::1",
        "server_port": 8388,
        "method": "aes-128-gcm",
        "password": "p@",
        "remarks": "s",
    }
    for document in ({"version": 1, "servers": [server]}, [server]):
        found = extract_links(json.dumps(document))
        assert [(link.endpoint, link.secret, link.name) for link in found.links] == [("[2001:db8::1]:8388", "p@", "s")]
    assert extract_links(json.dumps([server | {"server_port": "x"}])).failures[0][1].part == "port"


def test_outbound_of_a_vless_link():
    outbound = link_outbound(parse_link(VLESS_WS), "r-in")
    assert isinstance(outbound.settings, VlessOutbound)
    assert outbound.settings.reverse is not None
    assert outbound.settings.reverse.tag == "r-in"
    assert str(outbound.settings.id) == ID
    assert (outbound.stream.network, outbound.stream.security) == ("ws", "tls")
    assert (outbound.stream.ws.path, outbound.stream.ws.early_data) == ("/rev", 2048)
    assert outbound.stream.tls.server_name == "example.com"


def test_outbound_of_a_pinned_link_and_of_vmess():
    stream = link_outbound(parse_link(f"vless://{ID}@h:1?security=tls&pcs={PIN}&alpn=h2")).stream
    assert (stream.tls.pinned, stream.tls.alpn) == ((bytes.fromhex(PIN),), ("h2",))
    outbound = link_outbound(parse_link(vmess()))
    assert isinstance(outbound.settings, VmessOutbound)
    with pytest.raises(LinkError, match="classic"):
        link_outbound(parse_link(vmess()), "r-in")


def test_an_id_that_is_none_is_refused_when_used():
    with pytest.raises(LinkError, match="UUID"):
        link_outbound(parse_link(f"vless://{'x' * 31}@h:1"))


@pytest.mark.parametrize(
    ("path", "bare", "early"),
    [
        ("/p?ed=2048", "/p", 2048),
        ("/p?a=b&ed=1", "/p?a=b", 1),
        ("/p?a=b", "/p?a=b", 0),
        ("/p?ed=x", "/p?ed=x", 0),
        ("/p", "/p", 0),
    ],
)
def test_early_data_in_a_path(path, bare, early):
    assert split_early_data(path) == (bare, early)
    assert split_early_data(join_early_data(bare, early)) == (bare, early)


def test_an_address_may_be_quoted():
    zone = quote("fe80::1%eth0", safe="")
    link = parse_link(f"vless://{ID}@[{zone}]:1")
    assert link.address == "fe80::1%eth0"
    assert parse_link(format_link(link)) == link
