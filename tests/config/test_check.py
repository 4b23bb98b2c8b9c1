from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.config.reading import ID, errors, judge, warnings
from xrgui.config.check import check_files

OTHER = "7d9b6a02-3c41-4f5e-9a8d-5b1c20e7f346"
FREEDOM = {"tag": "free", "protocol": "freedom"}


def http(port: Any, **fields: Any) -> dict[str, Any]:
    return {"protocol": "http", "port": port, **fields}


def rules(*found: dict[str, Any]) -> dict[str, Any]:
    return {"rules": list(found)}


# Tags


def test_a_rule_to_nowhere() -> None:
    value = {
        "inbounds": [http(1, tag="visitors")],
        "outbounds": [FREEDOM],
        "routing": rules(
            {"inboundTag": ["visitors"], "outboundTag": "fre"},
            {"inboundTag": ["vistors"], "outboundTag": "free"},
            {"network": "tcp", "outboundTag": "zzz"},
        ),
    }
    found = errors(value)
    assert set(found) == {"routing.rules[0].outboundTag", "routing.rules[2].outboundTag"}
    assert 'did you mean "free"?' in found["routing.rules[0].outboundTag"]
    assert 'there are "free"' in found["routing.rules[2].outboundTag"]
    assert 'did you mean "visitors"?' in warnings(value)["routing.rules[1].inboundTag"]


def test_tags_stand_once_on_each_side() -> None:
    value = {
        "inbounds": [http(1, tag="x"), http(2, tag="y"), http(3, tag="x"), http(4), http(5)],
        "outbounds": [FREEDOM, {**FREEDOM, "tag": "x"}, FREEDOM],
        "reverse": {
            "bridges": [{"tag": "y", "domain": "d"}],
            "portals": [{"tag": "free", "domain": "d"}],
        },
    }
    found = errors(value)
    assert {"inbounds[2].tag", "outbounds[2].tag", "reverse.bridges[0].tag", "reverse.portals[0].tag"} <= set(found)
    assert "inbounds[0] too" in found["inbounds[2].tag"]
    assert "outbounds[1].tag" not in found


def test_several_links_may_share_a_tag_but_not_with_an_outbound() -> None:
    def users(*tags: str) -> list[dict[str, Any]]:
        return [{"id": f"user {number}", "reverse": {"tag": tag}} for number, tag in enumerate(tags)]

    def value(*tags: str) -> dict[str, Any]:
        settings = {"decryption": "none", "users": users(*tags)}
        return {
            "inbounds": [{"protocol": "vless", "port": 1, "settings": settings}, http(2, tag="in")],
            "outbounds": [FREEDOM],
            "routing": rules({"inboundTag": ["in"], "outboundTag": tags[0]}),
        }

    assert errors(value("home", "home")) == {}
    assert set(errors(value("free"))) == {"inbounds[0].settings.clients[0].reverse.tag"}


@pytest.mark.parametrize(
    ("through", "paths"),
    [
        ({"a": "b"}, set()),
        ({"a": "nobody"}, {0}),
        ({"a": "a"}, {0}),
        ({"a": "b", "b": "c", "c": "a"}, {0, 1, 2}),
        ({"a": "b", "b": "b"}, {1}),
    ],
)
def test_outbounds_that_dial_through_others(through: dict[str, str], paths: set[int]) -> None:
    server = {"address": "127.0.0.1", "port": 1080}
    outbounds = [
        {"tag": tag, "protocol": "socks", "settings": server, "proxySettings": {"tag": through.get(tag, "")}}
        for tag in "abc"
    ]
    assert set(errors({"outbounds": outbounds})) == {f"outbounds[{n}].proxySettings.tag" for n in paths}


# Rules


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ({"domain": ["geosite:cn"]}, "domains"),
        ({"domain": ["regexp:("]}, "domains"),
        ({"ip": ["geoip:cn"]}, "ip"),
        ({"ip": ["1.2.3.4/33"]}, "ip"),
        ({"source": ["nonsense"]}, "sourceIP"),
        ({"localIP": ["1.1.1"]}, "localIP"),
        ({"user": ["regexp:["]}, "user"),
        ({"attrs": {":method": "("}}, "attrs.:method"),
    ],
)
def test_lists_that_cannot_be_read(rule: dict[str, Any], key: str) -> None:
    value = {"outbounds": [FREEDOM], "routing": rules({**rule, "outboundTag": "free"})}
    assert set(errors(value)) == {f"routing.rules[0].{key}"}


def test_lists_in_other_places() -> None:
    settings = {"finalRules": [{"action": "allow", "ip": ["geoip:us"]}]}
    value = {
        "inbounds": [http(1, sniffing={"domainsExcluded": ["geosite:x"]})],
        "outbounds": [{"protocol": "freedom", "settings": settings}],
        "dns": {"hosts": {"geosite:x": "1.1.1.1"}},
    }
    assert set(errors(value)) == {
        "inbounds[0].sniffing.domainsExcluded",
        "outbounds[0].settings.finalRules[0].ip",
        "dns.hosts.geosite:x",
    }


# Users and clear text


def test_users_are_told_apart_by_id_and_by_name() -> None:
    users = [{"id": ID, "email": "A"}, {"id": OTHER, "email": "a"}, {"id": ID}]
    value = {"inbounds": [{"protocol": "vmess", "port": 1, "settings": {"users": users}}]}
    assert set(errors(value)) == {"inbounds[0].settings.clients[2].id"}
    assert set(warnings(value)) == {"inbounds[0].settings.clients[1].email"}
    assert ID not in str(judge(value))


def test_two_bytes_of_a_vless_id_do_not_count() -> None:
    users = [{"id": ID}, {"id": ID.replace("4d53", "ffff")}]

    def value(protocol: str) -> dict[str, Any]:
        settings = {"users": users, "decryption": "none"} if protocol == "vless" else {"users": users}
        return {"inbounds": [{"protocol": protocol, "port": 1, "settings": settings}]}

    assert set(errors(value("vless"))) == {"inbounds[0].settings.clients[1].id"}
    assert errors(value("vmess")) == {}


def test_an_inbound_without_users_lets_nobody_in() -> None:
    value = {"inbounds": [{"protocol": "vmess", "port": 1, "settings": {"users": []}}]}
    assert set(warnings(value)) == {"inbounds[0].settings.clients"}


def vless_to(address: str, **fields: Any) -> dict[str, Any]:
    settings = {"address": address, "port": 1, "id": ID, "encryption": "none"}
    return {"outbounds": [{"protocol": "vless", "settings": settings, **fields}]}


def test_vless_in_clear_over_the_internet_is_warned_of() -> None:
    assert set(warnings(vless_to("example.com"))) == {"outbounds[0].streamSettings.security"}
    assert warnings(vless_to("nas.lan")) == {}
    assert warnings(vless_to("example.com", streamSettings={"security": "tls"})) == {}


# Several files


def test_problems_are_found_in_the_file_and_under_the_name_that_the_user_wrote(tmp_path: Path) -> None:
    user = {"id": ID}
    parts = [
        {"inbounds": [http(1, tag="a")], "outbounds": [FREEDOM]},
        {
            "inbounds": [
                http(2, tag="b"),
                {"tag": "c", "protocol": "vmess", "port": 1, "settings": {"users": [user, user]}},
            ],
            "outbounds": [{"tag": "d", "protocol": "freedom", "proxySettings": {"tag": "e"}}],
        },
        {"routing": rules({"domain": ["regexp:("], "outboundTag": "x"})},
    ]
    paths = [tmp_path / f"{number}.json" for number in range(3)]
    for path, part in zip(paths, parts, strict=True):
        path.write_text(json.dumps(part), encoding="utf-8")
    checked = check_files(paths, probe_ports=False)
    assert checked.config is None
    assert {(Path(problem.file).name, problem.path) for problem in checked.problems} == {
        ("1.json", "inbounds[1].port"),
        ("1.json", "inbounds[1].settings.users[1].id"),
        ("1.json", "outbounds[0].proxySettings.tag"),
        ("2.json", "routing.rules[0].domain"),
        ("2.json", "routing.rules[0].outboundTag"),
    }


def test_what_reading_and_judging_find_comes_together(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    value = {
        "inbounds": [{"protocol": "trojan", "port": 1, "tag": "t"}],
        "routing": rules({"inboundTag": "t", "outboundTag": "x"}),
    }
    path.write_text(json.dumps(value), encoding="utf-8")
    checked = check_files([path], probe_ports=False)
    assert [problem.path for problem in checked.problems] == [
        "inbounds[0].protocol",
        "routing.rules[0].outboundTag",
    ]


def test_a_good_file_gives_its_configuration(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"outbounds": [{"protocol": "freedom"}]} // good', encoding="utf-8")
    checked = check_files([path], probe_ports=True)
    assert checked.problems == ()
    assert checked.config is not None
    assert check_files([tmp_path / "none.json"], probe_ports=True).config is None


def test_freedom_dials_through_nothing() -> None:
    outbounds = [
        {"tag": "a", "protocol": "freedom", "proxySettings": {"tag": "b"}},
        {"tag": "b", "protocol": "blackhole"},
    ]
    assert set(errors({"outbounds": outbounds})) == {"outbounds[0].proxySettings.tag"}
