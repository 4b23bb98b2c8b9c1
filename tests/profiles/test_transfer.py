import base64
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.profiles.samples import CUSTOM_JSON, ID, custom, self_signed, server, servers, share, shares
from tests.profiles.test_recognise import CLASSIC_BRIDGE, VLESS_BRIDGE, VLESS_PORTAL
from xrgui.links import parse_link
from xrgui.profiles import transfer
from xrgui.profiles.backup import dump_backup
from xrgui.profiles.document import dump_profile
from xrgui.profiles.export import export_json, export_link
from xrgui.profiles.model import Certificate, Profile, Server, Service
from xrgui.profiles.ownlink import own_link
from xrgui.profiles.sealed import PassphraseError
from xrgui.profiles.transfer import preview_file, preview_text, unlock
from xrgui.profiles.validate import validate
from xrgui.profiles.vault import without_secrets

slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
sealing = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
replace = msgspec.structs.replace
any_profile = shares() | servers() | st.just(custom())


def one(text: str, existing: list[Profile] | None = None, name: str = "") -> transfer.Item:
    preview = preview_text(text, existing or [], name)
    assert preview.failures == ()
    (item,) = preview.items
    return item


def codes(item: transfer.Item) -> list[str]:
    assert all(warning.text for warning in item.warnings)
    return [warning.code for warning in item.warnings]


def as_imported(profile: Profile) -> Profile:
    """What an import makes of it: nothing starts, no path comes along, and names are tidy."""
    pem = profile.listen.certificate
    listen = replace(profile.listen, certificate=Certificate(chain=pem.chain, key=pem.key))
    name = " ".join(profile.name.split())
    return replace(profile, name=name, listen=listen, start_with_program=False)


# Our own


@slow
@given(any_profile)
def test_an_open_link_carries_all_but_secrets(profile: Profile):
    text = own_link(profile)
    assert one(text).profile == without_secrets(as_imported(profile))
    assert parse_link(text).name == profile.name


@sealing
@given(any_profile, st.text(min_size=1, max_size=8))
def test_a_sealed_link_carries_everything(profile: Profile, passphrase: str):
    text = own_link(profile, passphrase)
    assert ID not in text
    item = one(text)
    assert item.profile is None
    assert item.name == profile.name
    (opened,) = unlock(item, passphrase, []).items
    assert opened.profile == as_imported(profile)
    with pytest.raises(PassphraseError):
        unlock(item, passphrase + "x", [])


def test_a_link_may_be_written_by_hand():
    text = 'xrgui://import?v=1&profile={"schema":1,"id":"a","name":"Shop","services":[{"port":80}]}'
    assert one(text.replace('"', "%22").replace("{", "%7B")).profile == Profile(
        id="a", name="Shop", services=(Service(port=80),)
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("profile=!!!", "neither base64 nor JSON"),
        ("profile=e30", "no schema version"),
        ("profile=eyJzY2hlbWEiOiA5OX0", "newer xrgui"),
        ("sealed=AAAA", "not sealed by xrgui"),
        ("sealed=!", "not base64"),
    ],
)
def test_bad_links_of_our_own_say_why(query: str, reason: str):
    preview = preview_text(f"xrgui://import?v=1&{query}#x", [])
    assert preview.items == ()
    assert reason in preview.failures[0].reason
    assert preview.failures[0].origin == "xrgui:// x"


@slow
@given(st.lists(any_profile, max_size=3, unique_by=(lambda p: p.id, lambda p: p.name)))
def test_a_backup_keeps_all_in_order(profiles: list[Profile]):
    preview = preview_text(dump_backup(profiles).decode(), [])
    assert [item.profile for item in preview.items] == [without_secrets(as_imported(p)) for p in profiles]
    assert preview.failures == ()


def test_a_sealed_backup_keeps_secrets():
    profiles = [share(), server(), custom()]
    data = dump_backup(profiles, "pass")
    assert ID.encode() not in data
    item = one(data.decode(), name="backup")
    assert item.name == "backup"
    preview = unlock(item, "pass", [])
    assert [opened.profile for opened in preview.items] == profiles


def test_a_backup_with_one_bad_profile_still_gives_the_others():
    plain = json.loads(dump_backup([share(), server()]))
    del plain["profiles"][0]["name"]
    preview = preview_text(json.dumps(plain), [], "b")
    assert [item.name for item in preview.items] == ["Office"]
    assert preview.failures[0].origin == "b 1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"xrgui": "backup", "schema": 2}', "newer"),
        ('{"xrgui": "backup", "schema": 1}', "no list"),
        ('{"xrgui": "backup", "schema": 1, "sealed": "AAAA"}', "cannot be opened"),
        ('{"schema": 1, "id": "a"}', "not a profile"),
        ('{"a": 1}', "no configuration"),
        ("[1, 2]", "no configuration"),
        ("{", "closing bracket"),
        ("hello", "holds no link"),
        ("", "holds no link"),
        ("[]", "holds no link"),
        ('{"outbounds": 5}', "outbounds"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, reason: str):
    preview = preview_text(text, [])
    said = [failure.reason for failure in preview.failures]
    said += [warning.text for item in preview.items for warning in item.warnings]
    assert any(reason in text for text in said), said


def test_a_profiles_file():
    assert one(dump_profile(share()).decode()).profile == share()


# Links


def test_a_link_becomes_a_share_that_lacks_its_services():
    item = one(export_link(share()))
    assert item.profile is not None
    assert item.profile.server == share().server
    assert (item.profile.role, item.profile.dialect, item.name) == ("share", "vless-reverse", "Home")
    assert codes(item) == ["import.services"]
    assert set(validate(item.profile)) == {"services"}


def test_vmess_means_the_classic_dialect():
    vmess = share(server=Server(address="h.test", secret=ID, protocol="vmess"))
    item = one(export_link(vmess))
    assert item.profile is not None
    assert item.profile.dialect == "classic"


@slow
@given(shares())
def test_a_server_survives_as_a_link(profile: Profile):
    item = one(export_link(profile))
    assert item.profile is not None
    assert item.profile.server == replace(
        profile.server, method="" if profile.server.method == "auto" else profile.server.method
    )


def test_a_link_that_cannot_be_used_is_kept_and_explained():
    item = one("trojan://pass@h:1?type=grpc#T")
    assert item.profile is not None
    assert codes(item) == ["link.unsupported"]
    assert "Trojan, transport gRPC" in item.warnings[0].text
    assert parse_link(item.profile.link) == parse_link("trojan://pass@h:1?type=grpc#T")
    assert export_link(item.profile) == item.profile.link
    assert validate(item.profile)["link"].code == "link.unsupported"


def test_a_link_without_certificate_checks_asks_for_a_pin():
    item = one(f"vless://{ID}@h.test:443?security=tls&allowInsecure=1#x")
    assert item.profile is not None
    assert "import.insecure" in codes(item)
    assert item.profile.link == ""


def test_a_subscription_gives_all_and_names_the_bad_ones():
    lines = f"vless://{ID}@h:1#a\nvless://{ID}@h#b\ntrojan://p@h:1#c"
    preview = preview_text(base64.b64encode(lines.encode()).decode(), [])
    assert [item.name for item in preview.items] == ["a", "c"]
    assert [failure.origin for failure in preview.failures] == ["vless://h"]
    assert ID not in str(preview.failures)


# Configurations


@pytest.mark.parametrize(
    ("text", "role", "dialect"),
    [
        (VLESS_BRIDGE, "share", "vless-reverse"),
        (VLESS_PORTAL, "server", "vless-reverse"),
        (CLASSIC_BRIDGE, "share", "classic"),
    ],
)
def test_stock_configurations_become_plain_profiles(text: str, role: str, dialect: str):
    item = one(text, name="mine")
    assert item.profile is not None
    assert (item.profile.role, item.profile.dialect, item.name) == (role, dialect, "mine")


def test_what_a_plain_profile_cannot_say_stays_word_for_word():
    item = one(CUSTOM_JSON, name="mine")
    assert item.profile is not None
    assert (item.profile.role, item.profile.json) == ("custom", CUSTOM_JSON)


def test_a_configuration_with_mistakes_is_taken_and_marked():
    item = one('{"outbounds": [{"protocol": "vless"}]}')
    assert item.profile is not None
    assert item.profile.role == "custom"
    assert "json.bad" in codes(item)


def test_a_list_of_configurations():
    text = json.dumps([json.loads(VLESS_BRIDGE) | {"remarks": "first"}, json.loads(VLESS_PORTAL)])
    preview = preview_text(text, [], "sub")
    assert [item.name for item in preview.items] == ["first", "sub 2"]


@slow
@given(shares() | servers())
def test_what_we_export_we_take_back(profile: Profile):
    text = export_json(profile, "xrgui", secrets=True).text
    item = one(text)
    assert item.profile is not None
    assert item.profile.role == profile.role


# What is made of it


def test_nothing_starts_by_itself():
    item = one(own_link(share(start_with_program=True)))
    assert item.profile is not None
    assert not item.profile.start_with_program
    assert "import.start" in codes(item)


def test_names_from_elsewhere_are_tidied():
    item = one(f"vless://{ID}@h.test:1#a%0A%20%09b{'c' * 100}")
    assert item.name == "a b" + "c" * 77


def test_paths_are_dropped_and_named():
    pem = Certificate(chain_file="/etc/shadow", key=self_signed().key)
    profile = server(listen=replace(server().listen, certificate=pem))
    item = one(dump_profile(profile).decode())
    assert item.profile is not None
    assert item.profile.listen.certificate == Certificate(key=self_signed().key)
    assert any("/etc/shadow" in warning.text for warning in item.warnings)
    text = (
        '{"log": {"access": "/home/me/.bashrc", "error": "none"}, // c\n"outbounds": [],'
        ' "inbounds": [{"listen": "/run/x.sock", "protocol": "socks"}]}'
    )
    item = one(text)
    assert item.profile is not None
    assert ".bashrc" not in item.profile.json
    assert "/run/x.sock" not in item.profile.json
    assert "// c" in item.profile.json
    assert codes(item).count("import.path") == 2


def test_references_to_secrets_that_are_here_do_not_come_along():
    """Else a profile from elsewhere could send another one's secret to a server of its choice."""
    thief = share(id="thief", server=Server(address="evil.test", secret="keyring:share1/server-00"))
    raw = custom(json='{"outbounds": [{"protocol": "socks", "pass": "keyring:share1/server-00"}]}')
    for profile in (thief, raw, custom(json="keyring:custom1/json-00")):
        preview = preview_text(dump_profile(profile).decode(), [share()])
        (item,) = preview.items
        assert "keyring:" not in dump_profile(item.profile or share()).decode()
        assert "import.reference" in codes(item)


def test_duplicates_get_ids_and_names_of_their_own():
    item = one(dump_profile(share()).decode(), [share()])
    assert item.profile is not None
    assert item.profile.id != "share1"
    assert item.profile.name == "Home 2"
    assert codes(item) == ["import.same_id", "import.twin"]
    text = dump_backup([share(), share()]).decode()
    ids = [item.profile.id for item in preview_text(text, []).items if item.profile]
    assert len(set(ids)) == 2


# Files


def test_files_of_every_kind(tmp_path: Path):
    path = tmp_path / "home bridge.json"
    path.write_text("\ufeff" + VLESS_BRIDGE)
    assert preview_file(path, []).items[0].name == "home bridge"
    path.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in preview_file(path, []).failures[0].reason
    assert "cannot be read" in preview_file(tmp_path / "nothing", []).failures[0].reason
    assert "cannot be read" in preview_file(tmp_path, []).failures[0].reason


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transfer, "MAX_SIZE", 10)
    path = tmp_path / "big"
    path.write_text("x" * 11)
    assert "larger" in preview_file(path, []).failures[0].reason


@given(st.text() | st.text('{}[]":,schema1 \\\n/#*'))
def test_garbage_gives_a_preview_all_the_same(text: str):
    preview = preview_text(text, [])
    assert preview.items or preview.failures


def test_secrets_stay_out_of_repr():
    assert ID not in repr(preview_text(export_link(share()), []))
    assert ID not in repr(preview_text(VLESS_BRIDGE, []))


def test_a_name_stays_on_its_line_and_reads_forwards() -> None:
    name = "pay\u202egpj.exe\nnext\x07\x1b[31m"
    assert one(own_link(share(name=name))).name == "paygpj.exe next [31m"


def test_more_than_a_person_looks_at_is_left_out_and_said() -> None:
    links = "\n".join(f"vless://{ID}@h{n}.example.net:443?security=tls#n{n}" for n in range(transfer.MAX_ITEMS + 5))
    preview = preview_text(links, [])
    assert len(preview.items) == transfer.MAX_ITEMS
    [failure] = preview.failures
    assert failure.origin == f"n{transfer.MAX_ITEMS}"
    assert "left out" in failure.reason
