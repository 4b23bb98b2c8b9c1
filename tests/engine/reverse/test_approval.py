"""A bridge whose key has yet to be approved says so, at both ends, until a person has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.pair import apply, bridge_config, listening, portal_config, until
from xrgui import bridge_key, rpc
from xrgui.bridge_key import BridgeKey
from xrgui.commands.attached import _bridge_text
from xrgui.config.load import load_value
from xrgui.engine.engine import Engine

USER = "b831381d-6324-4d53-ad4f-8cda48b30811"


def bridge_of(engine: Engine) -> rpc.BridgeStatus:
    (bridge,) = engine.status().bridges
    return bridge


def config(port: int, key: Path) -> dict[str, object]:
    made = bridge_config(USER, port, {})
    made["outbounds"][1]["settings"]["reverse"]["key"] = str(key)
    return made


@pytest.fixture
def keyed(tmp_path: Path) -> tuple[Path, BridgeKey]:
    path = tmp_path / "bridge.key"
    return path, bridge_key.ensure(path)


async def test_it_waits_for_approval_and_comes_up(
    keyed: tuple[Path, BridgeKey], caplog: pytest.LogCaptureFixture
) -> None:
    path, key = keyed
    portal, bridge = Engine(), Engine()
    settings = portal_config(USER, 9, {}, {})
    settings["inbounds"][1]["settings"]["users"][0]["reverse"]["bridgeKeys"] = []
    try:
        await apply(portal, settings)
        await apply(bridge, config(listening(portal, "links"), path))
        await until(lambda: bridge_of(bridge).state == "unapproved")
        status = bridge_of(bridge)
        assert status.fault == "unapproved"
        assert bridge_key.fingerprint(key.public) in status.error
        assert _bridge_text(status) == f"waits for approval: {status.error}"
        await until(lambda: len(portal.status().portals[0].pending) == 2)
        assert sum("carries nobody yet" in record.getMessage() for record in caplog.records) == 1
        portal.approve("portal", key.public)
        await until(lambda: bridge_of(bridge).state == "up")
        await until(lambda: bridge_of(bridge).links == 2)
        assert (bridge_of(bridge).error, bridge_of(bridge).fault) == ("", "")
        for link in list(bridge._bridges["bridge"][1].links):
            link.worker.abort(ConnectionResetError("for the test"))
        await until(lambda: bridge_of(bridge).state != "up")
        await until(lambda: bridge_of(bridge).state == "up")
    finally:
        await bridge.close(0)
        await portal.close(0)


async def test_one_without_a_key_is_told_what_it_lacks(tmp_path: Path) -> None:
    portal, bridge = Engine(), Engine()
    settings = portal_config(USER, 9, {}, {})
    settings["inbounds"][1]["settings"]["users"][0]["reverse"]["bridgeKeys"] = []
    try:
        await apply(portal, settings)
        entry = config(listening(portal, "links"), tmp_path / "none.key")
        draft = load_value(entry).draft
        assert draft is not None
        await bridge.apply(draft)
        await until(lambda: bridge_of(bridge).state == "unapproved")
        assert "there is none here" in bridge_of(bridge).error
    finally:
        await bridge.close(0)
        await portal.close(0)


async def test_a_portal_that_asks_for_nothing_says_nothing(keyed: tuple[Path, BridgeKey]) -> None:
    portal, bridge = Engine(), Engine()
    try:
        await apply(portal, portal_config(USER, 9, {}, {}))
        await apply(bridge, config(listening(portal, "links"), keyed[0]))
        await until(lambda: bridge_of(bridge).links == 2)
        assert [link.worker.approved for link in bridge._bridges["bridge"][1].links] == [None, None]
        assert bridge_of(bridge).state == "up"
    finally:
        await bridge.close(0)
        await portal.close(0)
