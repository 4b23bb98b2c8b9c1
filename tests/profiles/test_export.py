"""What leaves for other programs; the peers themselves judge it where they are installed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.interop.peers import Running, binary, missing, start
from tests.profiles.samples import (
    ID,
    OTHER_ID,
    PIN,
    custom,
    self_signed,
    server,
    servers,
    share,
    shares,
)
from xrgui.address import Network
from xrgui.config.load import load_text
from xrgui.links import parse_link
from xrgui.profiles.compile import compile_profile
from xrgui.profiles.export import Target, export_json, export_link, other_end
from xrgui.profiles.model import Bridge, Certificate, Entry, Listen, Profile, Server, Service
from xrgui.profiles.otherend import private_end, public_end
from xrgui.profiles.problems import ProfileError

slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
replace = msgspec.structs.replace
DIALECTS: dict[str, Target] = {"vless-reverse": "xray", "classic": "v2ray"}


def needs(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(bool(missing(*names)), reason=missing(*names))


# Secrets


def secret_parts(profile: Profile) -> list[str]:
    ids = [profile.server.secret, *(bridge.secret for bridge in profile.bridges)]
    return [text for text in (*ids, *profile.listen.certificate.key.splitlines()[1:-1]) if text]


@slow
@given(shares() | servers())
def test_no_secret_leaves_unless_asked_for(profile: Profile):
    text, notes = export_json(profile, DIALECTS[profile.dialect])
    for secret in secret_parts(profile):
        assert secret not in text
    assert "it is a secret and was left out" in text
    assert "other.secrets" in [note.code for note in notes]
    assert load_text(text).config is None, "it must not start with placeholders"


def test_a_custom_text_keeps_its_comments_and_loses_its_secrets():
    text = export_json(custom(), "xrgui").text
    assert "// what a person wrote" in text
    assert "pass-word-1" not in text
    assert ID not in text
    assert export_json(custom(), "xrgui", secrets=True).text == custom().json


def test_a_custom_text_can_be_rewritten_for_another_program():
    written = json.loads(export_json(custom(), "v2ray", secrets=True).text)
    assert written["outbounds"][0]["settings"]["vnext"][0]["users"][0]["id"] == ID


# Round trips


@slow
@given(shares() | servers())
def test_the_engine_reads_back_what_was_written(profile: Profile):
    text = export_json(profile, "xrgui", secrets=True).text
    loaded = load_text(text)
    assert loaded.config == compile_profile(profile)


@slow
@given(shares())
def test_the_other_end_of_the_other_end_is_the_share(profile: Profile):
    public = public_end(profile).profile
    back = private_end(public).profile
    assert back.dialect == profile.dialect
    assert back.tunnel_domain == profile.tunnel_domain
    same = ("port", "protocol", "secret", "transport", "path", "host", "tls")
    assert [getattr(back.server, name) for name in same] == [getattr(profile.server, name) for name in same]
    for ours, theirs in zip(profile.services, back.services, strict=True):
        local = "127.0.0.1" if ours.host == "localhost" else ours.host
        assert (theirs.host, theirs.port, theirs.network, theirs.name) == (
            local,
            ours.port,
            ours.network,
            ours.name,
        )


# The other end


def test_services_without_a_public_port_get_a_free_one():
    services = (
        Service(port=443, name="tls"),
        Service(port=3000, name="web"),
        Service(port=3000, host="192.168.1.2", name="nas"),
    )
    other = public_end(share(services=services))
    assert [entry.port for entry in other.profile.entries] == [8080, 3000, 8081]
    assert [note.params["port"] for note in other.notes if note.code == "other.public_port"] == [
        "8080",
        "3000",
        "8081",
    ]


def test_a_certificate_that_is_missing_is_asked_for():
    certificate = public_end(share()).profile.listen.certificate
    assert (certificate.chain_file, certificate.key_file) == (
        "/etc/ssl/xrgui/fullchain.pem",
        "/etc/ssl/xrgui/privkey.pem",
    )
    codes = [note.code for note in public_end(share(server=replace(share().server, pins=(PIN,)))).notes]
    assert "other.pinned_certificate" in codes


def test_a_server_that_asks_nobody_for_approval_is_warned_of():
    other = public_end(share())
    assert not other.profile.approval
    assert "other.approval" in [note.code for note in other.notes]


def test_the_share_of_a_server_pins_its_certificate():
    other = private_end(server(public_url="https://1.2.3.4/"), "lab")
    assert other.profile.server.address == "1.2.3.4"
    assert other.profile.server.pins == (self_signed().pin,)
    assert other.profile.server.sni == "tunnel.example"
    assert other.profile.server.secret == OTHER_ID
    assert [(item.port, item.network) for item in other.profile.services] == [(5353, Network.UDP)]
    assert other.profile.tunnel_domain == "lab.internal"


def test_a_server_without_a_public_address_says_so():
    other = private_end(server(public_url=""))
    assert other.profile.server.address == "your-server.example"
    assert [note.code for note in other.notes] == ["other.address"]


@pytest.mark.parametrize(
    ("profile", "target", "code"),
    [
        (share(dialect="classic"), "xray", "other.vless_reverse"),
        (share(), "v2ray", "other.classic"),
    ],
)
def test_another_dialect_is_explained(profile: Profile, target: Target, code: str):
    exported = other_end(profile, target)
    assert code in [note.code for note in exported.notes]
    assert all(note.text for note in exported.notes)


def test_what_cannot_be_is_refused_with_a_reason():
    vmess = Server(address="h.test", secret=ID, protocol="vmess")
    with pytest.raises(ProfileError, match="VLESS reverse needs VLESS"):
        other_end(share(server=vmess, dialect="classic"), "xray")
    with pytest.raises(ProfileError, match="custom"):
        other_end(custom(), "xray")
    with pytest.raises(ProfileError, match="no classic reverse"):
        export_json(share(dialect="classic"), "xray")
    with pytest.raises(ProfileError, match="no VLESS reverse"):
        export_json(share(), "v2ray")
    with pytest.raises(ProfileError, match="Only a tunnel"):
        export_link(server())


def test_the_link_of_a_share():
    link = parse_link(export_link(share()))
    assert (link.address, link.secret, link.security, link.name) == ("tunnel.example", ID, "tls", "Home")
    kept = share(link="trojan://pw@h:1")
    assert export_link(kept) == "trojan://pw@h:1"


def test_the_command_for_xrgui_holds_a_whole_configuration():
    text = other_end(share(), "xrgui", secrets=True).text
    first, *lines, last, _ = text.split("\n")
    assert (first, last) == ("xrgui run -c - <<'END'", "END")
    assert load_text("\n".join(lines)).config is not None


@needs("xrgui")
@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
@pytest.mark.parametrize("profile", [share(), share(dialect="classic"), server(), server(dialect="classic")])
def test_the_command_for_xrgui_runs_in_a_shell(profile: Profile):
    certificate = Certificate(chain=self_signed().chain, key=self_signed().key)
    text = other_end(profile, "xrgui", secrets=True, certificate=certificate).text
    command = text.replace("xrgui run", f"'{binary('xrgui')}' check", 1)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


# Stock programs


def judge(target: Target, text: str, directory: Path) -> None:
    file = directory / "config.json"
    file.write_text(text)
    argv = {"v2ray": ["-test", "-config"], "xray": ["run", "-test", "-c"]}[target]
    program = str(shutil.which(os.environ.get(f"{target.upper()}_BIN", target)))
    done = subprocess.run([program, *argv, str(file)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, f"{done.stdout[-1500:]}{done.stderr[-500:]}\n{text}"


def with_inline_certificate(profile: Profile) -> Profile:
    if profile.role != "server" or not profile.listen.tls:
        return profile
    certificate = Certificate(chain=self_signed().chain, key=self_signed().key)
    return replace(profile, listen=replace(profile.listen, certificate=certificate))


@pytest.mark.peer
@pytest.mark.parametrize(
    "target", [pytest.param("v2ray", marks=needs("v2ray")), pytest.param("xray", marks=needs("xray"))]
)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    derandomize=True,
)
@given(data=st.data())
def test_stock_programs_take_both_ends(target: Target, tmp_path: Path, data: st.DataObject):
    dialect = "classic" if target == "v2ray" else "vless-reverse"
    profile = with_inline_certificate(data.draw((shares() | servers()).filter(lambda p: p.dialect == dialect)))
    certificate = Certificate(chain=self_signed().chain, key=self_signed().key)
    for exported in (
        export_json(profile, target, secrets=True),
        other_end(profile, target, secrets=True, certificate=certificate),
    ):
        if target == "v2ray" or "tls.public" not in [note.code for note in exported.notes]:
            judge(target, exported.text, tmp_path)


class Named(BaseHTTPRequestHandler):
    name = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.name)))
        self.end_headers()
        self.wfile.write(self.name.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Callable[[str], int]]:
    """Starts a web server that answers with its name; returns its port."""
    servers: list[ThreadingHTTPServer] = []

    def begin(name: str) -> int:
        made = ThreadingHTTPServer(("127.0.0.1", 0), type("Site", (Named,), {"name": name}))
        servers.append(made)
        threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
        return int(made.server_address[1])

    yield begin
    for made in servers:
        made.shutdown()
        made.server_close()


@pytest.fixture
def udp_echo() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inner:
        inner.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, peer = inner.recvfrom(2048)
                if not data:
                    return
                inner.sendto(b"echo " + data, peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = inner.getsockname()[1]
        yield port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", ("127.0.0.1", port))
        thread.join(2)


def fetch(port: int, within: float = 20) -> str:
    """The page behind *port*, as soon as there is one."""
    deadline = time.monotonic() + within
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def ask(port: int, text: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as visitor:
        visitor.settimeout(5)
        visitor.sendto(text, ("127.0.0.1", port))
        return visitor.recv(2048)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("private", "public", "dialect"),
    [
        pytest.param(private, public, dialect, marks=needs(private, public), id=f"{private}-{public}-{dialect}")
        for private, public, dialect in [
            ("xray", "xray", "vless-reverse"),
            ("v2ray", "v2ray", "classic"),
            ("xrgui", "xray", "vless-reverse"),
            ("xrgui", "v2ray", "classic"),
            ("xray", "xrgui", "vless-reverse"),
            ("v2ray", "xrgui", "classic"),
            ("xrgui", "xrgui", "vless-reverse"),
            ("xrgui", "xrgui", "classic"),
        ]
    ],
)
def test_visitors_of_each_port_reach_its_service(
    private: Target,
    public: Target,
    dialect: str,
    tmp_path: Path,
    site: Callable[[str], int],
    udp_echo: int,
    free_port: Callable[[], int],
):
    """A share as exported, and its other end as exported, run by stock programs or by us."""
    listen, one, two, alone, udp = (free_port() for _ in range(5))
    transport = "ws" if dialect == "classic" else "raw"
    profile = Profile(
        id="live",
        name="Live",
        dialect=dialect,  # type: ignore[arg-type]
        server=Server(address="127.0.0.1", port=listen, secret=ID, tls=False, transport=transport),  # type: ignore[arg-type]
        services=(
            Service(port=site("one"), name="one", public_port=one),
            Service(port=site("two"), name="two", host="localhost", public_port=two),
            Service(port=udp_echo, network=Network.UDP, name="echo", public_port=udp),
        ),
    )
    secret = site("not shared")
    other = public_end(profile).profile
    stray = Entry(port=alone, bridge="Live", host="127.0.0.1", target_port=secret)
    other = replace(other, entries=(*other.entries, stray))
    running: list[Running] = []
    try:
        for program, end, role in ((public, other, "public"), (private, profile, "private")):
            config = json.loads(export_json(end, program, secrets=True).text)
            running.append(start(program, config, tmp_path, role))
        assert fetch(one) == "one"
        assert fetch(two) == "two"
        assert ask(udp, b"hello") == b"echo hello"
        with pytest.raises(OSError, match=r"."):
            urlopen(f"http://127.0.0.1:{alone}/", timeout=2)
    finally:
        for process in running:
            process.stop()


def test_a_public_server_without_tls_is_warned_of():
    profile = share(server=Server(address="tunnel.example.com", secret=ID, tls=False))
    assert "tls.public" in [note.code for note in export_json(profile, "xray", secrets=True).notes]


def test_a_bridge_that_no_port_leads_to_has_no_share():
    with pytest.raises(ProfileError, match="No public port"):
        private_end(server(entries=(Entry(port=1, bridge="home"),)), "lab")


def test_two_bridges_need_their_own_ports():
    profile = server(
        listen=Listen(tls=False),
        bridges=(Bridge(name="a", secret=ID), Bridge(name="b", secret=OTHER_ID)),
        entries=(Entry(port=1, bridge="a"),),
    )
    config = compile_profile(profile)
    assert len(config.inbounds[0].settings.users) == 1  # type: ignore[union-attr]
