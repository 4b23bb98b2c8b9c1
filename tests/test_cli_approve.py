"""A portal without a window asks for keys: `xrgui expose` waits there until `xrgui approve` lets it in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import pick_port
from tests.engine.pair import portal_config
from tests.programs import Xrgui

USER = "b831381d-6324-4d53-ad4f-8cda48b30811"


@pytest.fixture
def xrgui(tmp_path: Path) -> Iterator[Xrgui]:
    program = Xrgui(tmp_path)
    yield program
    program.end()


def run_portal(xrgui: Xrgui, *keys: str) -> str:
    """The link to it."""
    config, port = portal_config(USER, 9, {}, {}), pick_port()
    config["inbounds"][1] |= {"listen": "127.0.0.1", "port": port}
    config["inbounds"][1]["settings"]["users"][0]["reverse"]["bridgeKeys"] = list(keys)
    file = xrgui.home / "server.json"
    file.write_text(json.dumps(config))
    xrgui.until(xrgui.status, xrgui.start("run", "-c", file))
    return f"vless://{USER}@127.0.0.1:{port}?encryption=none&security=none&type=raw"


def status_lines(xrgui: Xrgui) -> list[str]:
    return xrgui("status").stdout.splitlines()


def test_who_waits_is_listed_and_let_in(xrgui: Xrgui) -> None:
    link = run_portal(xrgui)
    assert xrgui("approve").stdout == "Nobody waits for approval.\n"
    xrgui.start("expose", "9", "--via", link)
    listed = xrgui.until(lambda: "SHA256" in (said := xrgui("approve")).stdout and said)
    key, fingerprint = xrgui("key").stdout.split()
    head, row = listed.stdout.splitlines()
    assert head.split() == ["key", "portal", "address", "since"]
    assert row.split()[:2] == [fingerprint, "server/portal"]
    assert "xrgui approve KEY" in listed.stderr
    assert any(line.split()[:4] == ["waits", "for", "approval", fingerprint] for line in status_lines(xrgui))

    assert xrgui("approve", fingerprint[:-1], code=1).stderr.startswith("error: No bridge with this key waits.")
    done = xrgui("approve", fingerprint)
    assert json.loads(f"{{{done.stdout}}}") == {"bridgeKeys": [key]}
    assert "It is let in at server, portal portal." in done.stderr
    xrgui.until(lambda: "2 links" in xrgui("status").stdout)
    assert xrgui("approve").stdout == "Nobody waits for approval.\n"


def test_what_it_prints_makes_it_last(xrgui: Xrgui) -> None:
    key = xrgui("key").stdout.splitlines()[0]
    xrgui.start("expose", "9", "--via", run_portal(xrgui, key))
    xrgui.until(lambda: "2 links" in xrgui("status").stdout)
