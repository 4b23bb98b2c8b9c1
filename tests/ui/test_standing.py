from __future__ import annotations

import pytest

from xrgui import rpc
from xrgui.profiles.model import Profile
from xrgui.ui import profile_view, standing, words
from xrgui.ui.tunnel import Phase, Role, Service, Trouble, Tunnel

NOW = 1_800_000_000.0


def status(**parts: object) -> rpc.ConfigStatus:
    return rpc.ConfigStatus(name="t", started_at=NOW - 60, **parts)


def bridge(state: str, **fields: object) -> rpc.BridgeStatus:
    return rpc.BridgeStatus("bridge", "vless", state, "box.example.net:443", since=NOW - 3, **fields)


def read(tunnel: Tunnel, found: rpc.ConfigStatus) -> Phase:
    phase, _ = standing.read(tunnel, found, NOW)
    tunnel.phase = phase
    return phase


def test_a_bridge_goes_up_and_down() -> None:
    tunnel = Tunnel("t", "T")
    assert read(tunnel, status(bridges=(bridge("connecting", attempt=1),))) is Phase.CONNECTING
    assert read(tunnel, status(bridges=(bridge("up", links=2, rtt_ms=38.0),))) is Phase.UP
    assert (tunnel.links, tunnel.round_trip, tunnel.trouble) == (2, 38.0, Trouble.NONE)
    assert [item.text for item in tunnel.happenings] == ["connected to box.example.net:443"]


@pytest.mark.parametrize(
    ("fault", "trouble", "phase"),
    [
        ("closed", Trouble.REFUSED_ID, Phase.TROUBLE),
        ("certificate", Trouble.CERTIFICATE, Phase.TROUBLE),
        ("name", Trouble.NAME, Phase.TROUBLE),
        ("protocol", Trouble.PROTOCOL, Phase.TROUBLE),
        ("refused", Trouble.REFUSED, Phase.CONNECTING),
        ("timeout", Trouble.TIMEOUT, Phase.CONNECTING),
        ("unreachable", Trouble.UNREACHABLE, Phase.CONNECTING),
        ("what is new", Trouble.OTHER, Phase.TROUBLE),
    ],
)
def test_what_may_pass_is_waited_for_and_what_will_not_is_told(fault: str, trouble: Trouble, phase: Phase) -> None:
    tunnel = Tunnel("t", "T")
    waiting = bridge("waiting", attempt=3, next_try_in=7.4, error="some reason", fault=fault)
    assert read(tunnel, status(bridges=(waiting,))) is phase
    assert (tunnel.trouble, tunnel.retry_at) == (trouble, NOW + 7.4)
    assert words.attempt(tunnel, NOW) == "Attempt 3, again in 8\u00a0s"
    assert tunnel.happenings[-1].text == "attempt 3: some reason; next in 8\u00a0s"
    waiting.since = NOW - 60
    assert read(tunnel, status(bridges=(waiting,))) is Phase.TROUBLE


def test_trouble_does_not_flicker_while_it_dials_again() -> None:
    tunnel = Tunnel("t", "T")
    read(tunnel, status(bridges=(bridge("waiting", attempt=1, error="no", fault="closed", next_try_in=1),)))
    again = bridge("connecting", attempt=2, error="no", fault="closed")
    assert read(tunnel, status(bridges=(again,))) is Phase.TROUBLE


def test_a_portal_waits_for_its_bridge() -> None:
    tunnel = Tunnel("t", "T", Role.SERVE)
    assert read(tunnel, status(portals=(rpc.PortalStatus("p", "vless"),))) is Phase.CONNECTING
    assert words.phase(tunnel) == "Waiting for a computer"
    portal = rpc.PortalStatus("p", "vless", links=2, peers=("203.0.113.8:1", "203.0.113.8:2"))
    assert read(tunnel, status(portals=(portal,))) is Phase.UP
    assert tunnel.peers == ("203.0.113.8:1", "203.0.113.8:2")


def test_a_configuration_without_ends_is_up() -> None:
    assert read(Tunnel("t", "T", Role.CUSTOM), status()) is Phase.UP


def test_an_xrgui_on_the_server_tells_the_public_address() -> None:
    tunnel = Tunnel("t", "T")
    read(tunnel, status(bridges=(bridge("up", links=1, public=("tcp:8443", "udp:5353")),)))
    assert tunnel.public == ("http://box.example.net:8443", "udp://box.example.net:5353")


@pytest.mark.parametrize(
    ("answers", "phase"),
    [((True,), Phase.UP), ((True, False), Phase.UP), ((False, False), Phase.TROUBLE), ((None,), Phase.UP)],
)
def test_no_service_that_answers_is_trouble(answers: tuple[bool | None, ...], phase: Phase) -> None:
    services = tuple(Service("127.0.0.1", 3000 + n, answers=a) for n, a in enumerate(answers))
    assert standing.with_services(Tunnel("t", "T", services=services), Phase.UP) is phase


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_has_words_and_a_step(trouble: Trouble) -> None:
    advice = words.advice(Tunnel("t", "T", server="box.example.net:443", trouble=trouble))
    assert advice.title
    assert advice.text.endswith(".")
    assert all(words.step(step, trouble) for step in advice.steps)
    assert advice.steps


def test_a_profile_in_the_list() -> None:
    from tests.ui.samples import LINK, serve, share

    tunnel = profile_view.fill(Tunnel("blog", ""), share())
    assert (tunnel.name, tunnel.role, tunnel.server) == ("Blog", Role.SHARE, "box.example.net:443")
    assert tunnel.public == ("https://box.example.net:8443",)
    assert tunnel.link == "VLESS, WebSocket, TLS"
    tunnel.services[0].answers = True
    profile_view.fill(tunnel, share(name="Other"))
    assert tunnel.services[0].answers, "an edit forgets no health"
    assert profile_view.fill(Tunnel("s", ""), serve()).server == "0.0.0.0:443"
    lacking = Profile(id="x", name="x", link=LINK.replace("type=ws", "type=grpc"))
    assert profile_view.fill(Tunnel("x", ""), lacking).unsupported == "transport gRPC"
