"""The files under resources/examples, run as they stand but for addresses, ports and certificates."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import pick_port
from tests.interop import peers
from tests.interop.link import wait_answer
from tests.interop.topologies import LOOPBACK, Certificates

pytestmark = pytest.mark.peer
EXAMPLES = Path(__file__).parents[2] / "resources" / "examples"
NO_PIN = "0" * 64
XRAY_LACKS = {
    "classic": "Xray has dropped the classic dialect",
    "home-line": "geoip:private needs a geoip.dat beside Xray",
}


class Example(NamedTuple):
    """*front* is the file and the port in it at which the page is asked for; *link* the bridge's."""

    name: str
    files: tuple[str, ...]
    link: int
    front: tuple[str, int]
    target: str
    changes: dict[str, str] = {}
    proxy: bool = False

    def __str__(self) -> str:
        return self.name


PIECES = ("portal", "bridge", "user")
LAN = {'"192.168.1.0/24"': f'"{LOOPBACK}/32"'}
WORLD = {
    '"!geoip:private"': f'"{LOOPBACK}"',
    '"domain:example.org"': '"full:localhost"',
    '"full:localhost"': '"full:nearby"',
}
WEB = {'"192.168.1.20"': f'"{LOOPBACK}"', '"8080"': '"PAGE"'}
LOCAL_WEB = {'"port": 80 }': '"port": PAGE }'}
FOUND = [
    Example("classic", PIECES[:2], 1024, ("portal", 80), f"{LOOPBACK}:80", LOCAL_WEB),
    Example("public-port", PIECES[:2], 8443, ("portal", 443), "192.168.1.20:8080", WEB),
    Example("coming-home", PIECES, 8443, ("user", 1080), LOOPBACK, LAN, proxy=True),
    Example("home-line", PIECES, 8443, ("user", 1080), "localhost", WORLD, proxy=True),
]


def patched(example: Example, piece: str, link: int, front: int, page: int, certificates: Certificates) -> str:
    """The file's text for this machine. Fails if a change finds nothing in any file of the example."""
    text = (EXAMPLES / f"{example.name}-{piece}.json").read_text()
    marks = {old: f"\0{number}\0" for number, old in enumerate(example.changes)}
    for old, mark in marks.items():
        text = text.replace(old, mark)
    for old, mark in marks.items():
        text = text.replace(mark, example.changes[old].replace("PAGE", str(page)))
    text = text.replace(f'"redirect": "{example.target}"', f'"redirect": "{LOOPBACK}:{page}"')
    text = text.replace('"address": "portal.example.com"', f'"address": "{LOOPBACK}"')
    inbound = "" if piece == "bridge" else f'"listen": "{LOOPBACK}", '
    text = text.replace(f'"port": {example.link},', f'{inbound if piece == "portal" else ""}"port": {link},')
    if piece == example.front[0]:
        text = text.replace(f'"port": {example.front[1]},', f'{inbound}"port": {front},')
        text = text.replace(f'"listen": "{LOOPBACK}",\n      {inbound}', inbound)
    for file, path in (("portal.crt", certificates.leaf), ("portal.key", certificates.key)):
        text = text.replace(f'"{file}"', f'"{path}"')
    return text.replace(NO_PIN, certificates.pin)


@contextlib.contextmanager
def running(program: str, example: Example, page: int, certificates: Certificates, directory: Path) -> Iterator[int]:
    """All programs of the example, up; the port at which to ask."""
    link, front = pick_port(), pick_port()
    with contextlib.ExitStack() as stack:
        started = []
        for piece in example.files:
            file = directory / f"{piece}.json"
            file.write_text(patched(example, piece, link, front, page, certificates))
            argv = [peers.binary(program) or program, "run", "-c", str(file)]
            running = peers.Running(f"{piece} {program}", argv, file.with_suffix(".log"))
            stack.callback(running.stop)
            running.wait_listening(link)
            started.append(running)
        if example.proxy:
            started[-1].wait_listening(front)
        else:
            wait_answer(front, 15, started)
        yield front


@pytest.mark.parametrize("example", FOUND, ids=str)
@pytest.mark.parametrize("program", ["xrgui", "xray"])
def test_example(
    program: str, example: Example, pages: Path, page_port: int, certificates: Certificates, tmp_path: Path
) -> None:
    if absent := peers.missing(program):
        pytest.skip(absent)
    if not page_port:
        pytest.skip("nginx is not installed")
    if program == "xray" and example.name in XRAY_LACKS:
        pytest.skip(XRAY_LACKS[example.name])
    with running(program, example, page_port, certificates, tmp_path) as front:
        curl = [
            "curl",
            "-sS",
            "--max-time",
            "10",
            "--retry",
            "20",
            "--retry-all-errors",
            "--retry-delay",
            "1",
        ]
        where = f"http://{LOOPBACK}:{front}/large"
        if example.proxy:
            curl += ["--socks5-hostname", f"{LOOPBACK}:{front}"]
            where = f"http://{example.target}:{page_port}/large"
        got = subprocess.run([*curl, where], capture_output=True, check=False)
        logs = "\n".join(f"--- {log.name}\n{log.read_text()}" for log in sorted(tmp_path.glob("*.log")))
        assert got.stdout == (pages / "large").read_bytes(), got.stderr.decode() + logs


@pytest.mark.parametrize("example", FOUND, ids=str)
def test_every_change_is_needed(example: Example) -> None:
    """The examples and the changes that this test makes in them belong together."""
    texts = "".join((EXAMPLES / f"{example.name}-{piece}.json").read_text() for piece in example.files)
    assert all(old in texts for old in example.changes)
