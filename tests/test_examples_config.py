"""The example configurations load, check and, where they are meant to, run in Xray and v2ray."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from xrgui import certificate
from xrgui.config import jsonc, model
from xrgui.config.check import check_files
from xrgui.config.dump import dump

FOLDER = Path(__file__).parent.parent / "resources" / "examples"
CLASSIC = ("classic-bridge", "classic-portal")
ROLES = {
    "public-port": ("portal", "bridge"),
    "coming-home": ("portal", "bridge", "user"),
    "home-line": ("portal", "bridge", "user"),
}
REVERSE = tuple(f"{use}-{role}" for use, roles in ROLES.items() for role in roles)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples with a certificate of this test in the place of portal.crt, and its pin."""
    folder = tmp_path_factory.mktemp("examples")
    made = certificate.make(["portal.example.com"])
    (folder / "portal.crt").write_text(made.chain)
    (folder / "portal.key").write_text(made.key)
    for path in FOLDER.glob("*.json"):
        text = path.read_text(encoding="utf-8").replace("0" * 64, made.pin)
        for name in ("portal.crt", "portal.key"):
            text = text.replace(name, str(folder / name))
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


def example(folder: Path, name: str) -> model.Config:
    checked = check_files([folder / f"{name}.json"], probe_ports=False)
    assert checked.config is not None, [str(problem) for problem in checked.problems]
    return checked.config


def test_every_example_is_named_here() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*CLASSIC, *REVERSE}


@pytest.mark.parametrize("name", [*CLASSIC, *REVERSE])
def test_an_example_has_no_problem_once_filled_in(filled: Path, name: str) -> None:
    assert check_files([filled / f"{name}.json"], probe_ports=False).problems == ()


@pytest.mark.parametrize("name", [*CLASSIC, *REVERSE])
def test_only_the_certificate_is_left_to_the_reader(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    problems = check_files([FOLDER / f"{name}.json"], probe_ports=False).problems
    assert all(problem.path.endswith(("certificateFile", "keyFile")) for problem in problems)
    assert bool(problems) == (name in REVERSE and name.endswith("-portal"))


def test_the_two_ends_of_the_classic_tunnel_fit(filled: Path) -> None:
    bridge, portal = (example(filled, name) for name in CLASSIC)
    assert bridge.reverse.bridges[0].domain == portal.reverse.portals[0].domain
    link, taker = bridge.outbounds[1].settings, portal.inbounds[1].settings
    assert isinstance(link, model.VmessOutbound)
    assert isinstance(taker, model.VmessInbound)
    assert link.id == taker.users[0].id
    assert portal.inbounds[1].ports == ((link.port, link.port),)


@pytest.mark.parametrize("use", ROLES)
def test_the_ends_of_a_reverse_tunnel_fit(filled: Path, use: str) -> None:
    ends = {role: example(filled, f"{use}-{role}") for role in ROLES[use]}
    links = ends["portal"].inbounds[0]
    assert isinstance(links.settings, model.VlessInbound)
    users = {bool(user.reverse_tag): user.id for user in links.settings.users}
    for role in ROLES[use][1:]:
        dials = [o.settings for o in ends[role].outbounds if isinstance(o.settings, model.VlessOutbound)]
        assert [(dial.id, dial.port) for dial in dials] == [(users[role == "bridge"], links.ports[0][0])]
        assert (dials[0].reverse is not None) == (role == "bridge")


@pytest.mark.peer
@pytest.mark.parametrize("name", REVERSE)
def test_xray_loads_the_reverse_examples_as_they_stand(filled: Path, name: str, tmp_path: Path) -> None:
    if not (binary := os.environ.get("XRAY_BIN", "")):
        pytest.skip("XRAY_BIN names no Xray")
    path = filled / f"{name}.json"
    if "geoip:" in path.read_text(encoding="utf-8"):
        path = without_lists(path, tmp_path)
    loads(binary, "run", "-test", "-c", str(path))


def without_lists(path: Path, folder: Path) -> Path:
    """A copy without `geoip:`, which needs a data file that may not be installed."""
    text = path.read_text(encoding="utf-8").replace("geoip:private", "10.0.0.0/8")
    copy = folder / path.name
    copy.write_text(text, encoding="utf-8")
    return copy


@pytest.mark.peer
@pytest.mark.parametrize("name", CLASSIC)
def test_v2ray_loads_the_classic_examples_in_its_dialect(filled: Path, name: str, tmp_path: Path) -> None:
    if (binary := shutil.which("v2ray")) is None:
        pytest.skip("v2ray is not installed")
    written, problems = dump(example(filled, name), "v2ray")
    assert not any(problem.is_error for problem in problems)
    path = tmp_path / "v2ray.json"
    path.write_text(json.dumps(written), encoding="utf-8")
    loads(binary, "-test", "-config", str(path))


def loads(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_example_says_what_it_is_for() -> None:
    for path in FOLDER.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("// ")
        assert jsonc.parse(text, path.name)[1] is None
