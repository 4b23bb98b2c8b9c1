"""What only xrgui has beside the tags of bridges and portals: read, judged, written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xrgui.config.check import judge
from xrgui.config.dump import Dialect, dump
from xrgui.config.load import load_value

ID = "b831381d-6324-4d53-ad4f-8cda48b30811"
KEY = "TnZ6gkIOTrQDAHHnKtE1oBe6YjEC+D0wFJu2iHC3Cf0="


def portal(keys: Any, classic: bool = False) -> dict[str, Any]:
    asked = {} if keys is None else {"bridgeKeys": keys}
    user = {"id": ID} | ({} if classic else {"reverse": {"tag": "portal"} | asked})
    link = {"tag": "link", "listen": "127.0.0.1", "port": 1, "protocol": "vless"}
    link["settings"] = {"clients": [user], "decryption": "none"}  # type: ignore[assignment]
    reverse = {"portals": [{"tag": "portal", "domain": "t.test"} | asked]} if classic else {}
    return {"inbounds": [link], "reverse": reverse, "outbounds": [{"protocol": "freedom", "tag": "free"}]}


def bridge(classic: bool = False, **own: Any) -> dict[str, Any]:
    server = {"address": "127.0.0.1", "port": 1, "id": ID, "encryption": "none"}
    if not classic:
        server["reverse"] = {"tag": "bridge"} | own
    return {
        "outbounds": [
            {"protocol": "freedom", "tag": "free"},
            {"protocol": "vless", "tag": "server", "settings": server},
        ],
        "reverse": {"bridges": [{"tag": "bridge", "domain": "t.test"} | own]} if classic else {},
        "routing": {"rules": [{"inboundTag": ["bridge"], "outboundTag": "free"}]},
    }


def written(config: dict[str, Any], dialect: Dialect) -> tuple[str, list[str]]:
    loaded = load_value(config)
    assert loaded.draft is not None
    made, problems = dump(loaded.draft, dialect)
    return str(made), [problem.message for problem in problems if not problem.is_error]


@pytest.mark.parametrize("classic", [False, True])
@pytest.mark.parametrize("keys", [None, [], [KEY]])
def test_a_portals_keys_come_back(keys: Any, classic: bool) -> None:
    loaded = load_value(portal(keys, classic))
    assert not [problem for problem in loaded.problems if problem.is_error]
    assert loaded.config is not None
    user, ends = loaded.config.inbounds[0].settings.users[0], loaded.config.reverse.portals  # type: ignore[union-attr]
    wanted = None if keys is None else tuple(keys)
    assert (ends[0].bridge_keys if classic else user.bridge_keys) == wanted  # type: ignore[union-attr]
    again = load_value(dump(loaded.config, "xrgui")[0])
    assert again.config == loaded.config


@pytest.mark.parametrize("classic", [False, True])
def test_a_bridges_own_come_back(classic: bool) -> None:
    loaded = load_value(bridge(classic, key="/k", visitors=False, links=4))
    assert loaded.config is not None
    end = loaded.config.reverse.bridges[0] if classic else loaded.config.outbounds[1].settings.reverse  # type: ignore[union-attr]
    assert end is not None
    assert end.links == 4
    assert load_value(dump(loaded.config, "xrgui")[0]).config == loaded.config


@pytest.mark.parametrize("classic", [False, True])
def test_stock_dialects_leave_them_out_and_say_so(classic: bool) -> None:
    dialect: Dialect = "v2ray" if classic else "xray"
    text, said = written(portal([KEY], classic), dialect)
    assert "bridgeKeys" not in text
    assert any("no bridge keys; any bridge that knows the id may join" in message for message in said)
    text, said = written(bridge(classic, key="/k", visitors=False, links=1), dialect)
    assert "/k" not in text
    assert "visitors" not in text
    assert any("has no bridge keys" in message for message in said)
    assert any("has no bridges without visitors" in message for message in said)
    assert "links" not in text
    assert any("has no choice of how many links" in message for message in said)


@pytest.mark.parametrize("classic", [False, True])
@pytest.mark.parametrize("links", [0, 9, -1, "2", 1.5])
def test_a_number_of_links_that_cannot_be(classic: bool, links: Any) -> None:
    (found,) = [problem for problem in load_value(bridge(classic, links=links)).problems if problem.is_error]
    assert found.path.endswith(".links")
    assert "should be a whole number" in found.message


@pytest.mark.parametrize("key", ["", "abc", KEY[:-4], 5])
def test_what_is_no_key_is_named(key: Any) -> None:
    problems = [problem for problem in load_value(portal([KEY, key])).problems if problem.is_error]
    assert problems
    assert problems[0].path == "inbounds[0].settings.clients[0].reverse.bridgeKeys[1]"


def test_a_key_file_that_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "bridge.key"
    problems = judge(load_value(bridge(key=str(missing))), probe_ports=False).problems
    (found,) = [problem for problem in problems if "is not there" in problem.message]
    assert found.path == "outbounds[1].settings.reverse.key"
    missing.touch()
    problems = judge(load_value(bridge(key=str(missing))), probe_ports=False).problems
    assert not [problem for problem in problems if "is not there" in problem.message]


def test_tags_count_both_ways() -> None:
    config = bridge()
    config["inbounds"] = [
        {"tag": "in", "listen": "127.0.0.1", "port": 2, "protocol": "tunnel", "settings": {"address": "h", "port": 1}}
    ]
    config["routing"]["rules"].append({"inboundTag": ["in"], "outboundTag": "bridge"})
    assert not [p for p in judge(load_value(config), probe_ports=False).problems if "has the tag" in p.message]
    config = portal(None)
    config["routing"] = {"rules": [{"inboundTag": ["portal"], "outboundTag": "free"}]}
    assert not [p for p in judge(load_value(config), probe_ports=False).problems if "never matches" in p.message]
