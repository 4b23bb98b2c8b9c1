"""`xrgui expose`: what it shares and through whom, without a process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xrgui import certificate
from xrgui.commands.errors import CommandError
from xrgui.commands.expose import Target, _told_url, parse_target, public_url
from xrgui.commands.link import judge
from xrgui.commands.via import Via, read_via
from xrgui.config import model
from xrgui.profiles.compile import share_through
from xrgui.profiles.model import TUNNEL_DOMAIN, Service
from xrgui.rpc import BridgeStatus

ID = "b831381d-6324-4d53-ad4f-8cda48b30811"
EXAMPLES = Path(__file__).parents[1] / "resources" / "examples"


@pytest.mark.parametrize(
    ("text", "scheme", "where"),
    [
        ("3000", "http", "tcp 127.0.0.1:3000"),
        ("nas:80", "http", "tcp nas:80"),
        ("[::1]:8080", "http", "tcp [::1]:8080"),
        (":5000", "http", "tcp 127.0.0.1:5000"),
        ("https://nas/", "https", "tcp nas:443"),
        ("http://nas:81", "http", "tcp nas:81"),
        ("tcp:22", "tcp", "tcp 127.0.0.1:22"),
        ("TCP://nas:22", "tcp", "tcp nas:22"),
        ("udp:53", "udp", "udp 127.0.0.1:53"),
        ("udp:[2001:db8::1]:53", "udp", "udp [2001:db8::1]:53"),
    ],
)
def test_targets(text: str, scheme: str, where: str) -> None:
    target = parse_target(text)
    assert target.scheme == scheme
    assert f"{target.network} {target}" == where


@pytest.mark.parametrize("text", ["", "web", "tcp:", "70000", "host:", "udp:nas", "a:b", "[::1", "http:"])
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(ValueError, match="port"):
        parse_target(text)


@pytest.mark.parametrize(
    ("target", "port", "url"),
    [
        ("3000", 8080, "http://example.com:8080/"),
        ("3000", 80, "http://example.com/"),
        ("https://nas", 443, "https://example.com/"),
        ("tcp:22", 80, "tcp://example.com:80"),
        ("udp:53", 53, "udp://example.com:53"),
    ],
)
def test_urls(target: str, port: int, url: str) -> None:
    assert public_url(parse_target(target), "example.com", port) == url


class TestToldUrl:
    target = parse_target("3000")

    def told(self, *ports: str, known: tuple[str, ...] = ()) -> str:
        via = Via(model.Outbound(settings=model.BlackholeOutbound()), "2001:db8::1", "", known)
        return _told_url(BridgeStatus("b", "vless", "up", public=ports), self.target, via)

    def test_the_first_of_the_right_network(self) -> None:
        assert self.told("udp:53", "tcp:0", "tcp:8080", "tcp:9") == "http://[2001:db8::1]:8080/"

    def test_the_file_comes_first(self) -> None:
        assert self.told("tcp:9", known=("tcp:80",)) == "http://[2001:db8::1]/"

    @pytest.mark.parametrize("told", ["", "tcp", "tcp:x", "udp:8080", "tcp:٣"])
    def test_nonsense_is_passed_over(self, told: str) -> None:
        assert self.told(told) == ""


def write(path: Path, value: object) -> str:
    path.write_text(json.dumps(value))
    return str(path)


def shares_only(via: Via, target: Target) -> model.Config:
    config = share_through(via.server, (Service(port=target.port),), via.tunnel_domain)
    judge(config)
    assert isinstance(config.outbounds[0].settings, model.BlackholeOutbound)
    return config


class TestVia:
    target = parse_target("3000")

    def test_a_vless_link_is_vless_reverse(self) -> None:
        via = read_via(f"vless://{ID}@example.com:443?encryption=none&security=tls&type=ws&path=%2Fx#n")
        config = shares_only(via, self.target)
        server = config.outbounds[1]
        assert isinstance(server.settings, model.VlessOutbound)
        assert server.settings.reverse is not None
        assert (via.host, via.tunnel_domain, server.stream.network) == ("example.com", "", "ws")

    @pytest.mark.parametrize("domain", ["", "my.tunnel"])
    def test_a_vmess_link_is_classic(self, domain: str) -> None:
        via = read_via(f"vmess://{ID}@10.0.0.1:443?encryption=auto&security=tls", domain=domain)
        config = shares_only(via, self.target)
        assert config.reverse.bridges[0].domain == (domain or TUNNEL_DOMAIN)

    def test_a_domain_makes_vless_classic(self) -> None:
        via = read_via(f"vless://{ID}@10.0.0.1:443?encryption=none&security=tls", domain="my.tunnel")
        assert isinstance(via.server.settings, model.VlessOutbound)
        assert via.server.settings.reverse is None
        assert shares_only(via, self.target).reverse.bridges[0].domain == "my.tunnel"

    @pytest.mark.parametrize("name", ["public-port-bridge", "classic-bridge"])
    def test_a_bridges_own_configuration(self, name: str) -> None:
        via = read_via(str(EXAMPLES / f"{name}.json"))
        assert bool(via.tunnel_domain) == name.startswith("classic")
        shares_only(via, self.target)

    @pytest.mark.parametrize("name", ["public-port-portal", "classic-portal"])
    def test_a_portals_own_configuration(self, name: str) -> None:
        via = read_via(str(EXAMPLES / f"{name}.json"), server="example.com")
        bridge = read_via(str(EXAMPLES / f"{name.replace('portal', 'bridge')}.json"))
        assert via.host == "example.com"
        assert via.tunnel_domain == bridge.tunnel_domain
        assert type(via.server.settings) is type(bridge.server.settings)
        assert via.server.settings.id == bridge.server.settings.id  # type: ignore[union-attr]
        assert via.server.settings.port == bridge.server.settings.port  # type: ignore[union-attr]
        assert via.public
        shares_only(via, self.target)

    def test_the_portals_certificate_is_pinned(self, tmp_path: Path) -> None:
        made = certificate.make(["a.example"])
        chain = {"certificate": made.chain.splitlines(), "key": made.key.splitlines()}
        via = read_via(write(tmp_path / "p.json", portal({"certificates": [chain]})))
        assert via.server.stream.tls.pinned == (bytes.fromhex(made.pin),)
        assert via.public == ("tcp:8080",)

    def test_a_certificate_that_is_not_here_must_come_from_an_authority(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        files = {"certificateFile": "/nowhere/c.pem", "keyFile": "/nowhere/k.pem"}
        via = read_via(write(tmp_path / "p.json", portal({"certificates": [files]})))
        assert via.server.stream.security == "tls"
        assert via.server.stream.tls.pinned == ()
        assert "/nowhere/c.pem cannot be read here" in capsys.readouterr().err

    @pytest.mark.parametrize("text", ["{", "[]", "3", "", "plain words"])
    def test_nonsense_is_one_sentence(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "x.json"
        file.write_text(text)
        with pytest.raises(CommandError) as caught:
            read_via(str(file))
        assert "\n" not in caught.value.message

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(CommandError, match="no text in UTF-8"):
            read_via(str(tmp_path / "x"))


def test_a_link_without_tls_to_a_public_address_is_doubted(capsys: pytest.CaptureFixture[str]) -> None:
    shares_only(read_via(f"vless://{ID}@example.com:443?encryption=none"), parse_target("3000"))
    assert "The public server: " in capsys.readouterr().err


def portal(tls: dict[str, Any]) -> dict[str, Any]:
    door = {
        "tag": "door",
        "listen": "192.0.2.7",
        "port": 8443,
        "protocol": "vless",
        "settings": {"users": [{"id": ID, "reverse": {"tag": "home"}}], "decryption": "none"},
        "streamSettings": {"security": "tls", "tlsSettings": tls},
    }
    return {
        "inbounds": [door, {"tag": "public", "port": 8080, "protocol": "tunnel", "settings": {}}],
        "outbounds": [{"protocol": "blackhole"}],
        "routing": {"rules": [{"inboundTag": ["public"], "outboundTag": "home"}]},
    }
