"""`xrgui forward` and `xrgui key`, without a process."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from xrgui import bridge_key
from xrgui.commands.forward import Forward, forward_through, parse_forward
from xrgui.commands.make import key
from xrgui.commands.via import read_via
from xrgui.config.check import check

LINK = "vless://b831381d-6324-4d53-ad4f-8cda48b30811@127.0.0.1:443?encryption=none&type=tcp"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("5432:db.internal:5432", Forward("127.0.0.1", 5432, "db.internal", 5432)),
        ("0:db:1", Forward("127.0.0.1", 0, "db", 1)),
        ("0.0.0.0:80:web:8080", Forward("0.0.0.0", 80, "web", 8080)),
        ("[::1]:80:[2001:db8::1]:8080", Forward("::1", 80, "2001:db8::1", 8080)),
        ("80:[::1]:8080", Forward("127.0.0.1", 80, "::1", 8080)),
    ],
)
def test_forwards(text: str, wanted: Forward) -> None:
    assert parse_forward(text) == wanted


@pytest.mark.parametrize("text", ["", "80", "80:web", "web:80", "80:web:0", "80:web:65536", "65536:web:80", "a:b:c:d:e",
                                  "80::80", "8 0:web:80", "80:2001:db8::1:80", "٣:web:80"])  # fmt: skip
def test_what_is_no_forward(text: str) -> None:
    with pytest.raises(ValueError, match="LOCAL:HOST:PORT"):
        parse_forward(text)


@pytest.mark.parametrize("domain", ["", "t.test"])
def test_its_configuration_is_sound_and_takes_no_visitors(domain: str) -> None:
    config = forward_through(read_via(LINK, domain=domain), parse_forward("0:db:5432"))
    assert not [problem for problem in check(config, probe_ports=False) if problem.is_error]
    reverse = config.reverse.bridges[0] if domain else config.outbounds[1].settings.reverse  # type: ignore[union-attr]
    assert reverse is not None
    assert not reverse.visitors
    assert config.routing.rules[0].outbound_tag == reverse.tag


def test_the_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "k"
    first, again = (CliRunner().invoke(key, ["--file", str(path)]) for _ in range(2))
    assert first.output == again.output
    public, fingerprint = first.output.split()
    assert bridge_key.decode(public) == bridge_key.load(path).public
    assert fingerprint == bridge_key.fingerprint(bridge_key.decode(public))


def test_a_file_that_is_no_key_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "k"
    path.write_text("precious")
    assert CliRunner().invoke(key, ["--file", str(path)]).exit_code != 0
    assert path.read_text() == "precious"
