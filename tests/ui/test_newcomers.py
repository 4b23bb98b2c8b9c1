"""A computer that asks to be let in: how it is shown, told and answered."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from tests.ui.samples import SECRET, serve
from xrgui import bridge_key, rpc
from xrgui.profiles.model import ApprovedKey, Bridge, Profile
from xrgui.ui import notifications, standing, tray, words
from xrgui.ui.app import Program
from xrgui.ui.commands import with_newcomer
from xrgui.ui.dialogs.editor import Editor
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.pages.newcomers import Newcomers
from xrgui.ui.settings import Settings
from xrgui.ui.tunnel import Newcomer, Phase, Role, Trouble, Tunnel
from xrgui.ui.widgets.traffic_card import turned_away
from xrgui.ui.widgets.tunnel_list import third_line

NOW = 1_800_000_000.0
KEY, OTHER = bridge_key.encode(bytes(range(32))), bridge_key.encode(bytes(32))
PRINT = bridge_key.fingerprint(bytes(range(32)))


def pending(key: str = KEY, port: int = 40022) -> rpc.PendingBridge:
    return rpc.PendingBridge(key, PRINT if key else "", f"198.51.100.9:{port}", NOW, xrgui=bool(key))


def status(*waiting: rpc.PendingBridge, links: int = 0) -> rpc.ConfigStatus:
    portal = rpc.PortalStatus("bridge Workbench", "vless", links=links, since=NOW, pending=waiting)
    return rpc.ConfigStatus(name="serve", started_at=NOW, portals=(portal,))


def newcomer(key: str = KEY) -> Newcomer:
    who = key or "198.51.100.9"
    return Newcomer("bridge Workbench", key, PRINT if key else "", "198.51.100.9:40022", NOW, who, xrgui=bool(key))


def public_side() -> Tunnel:
    return Tunnel("serve", "Public side", Role.SERVE)


def test_the_links_of_one_key_are_one_newcomer() -> None:
    tunnel = public_side()
    standing.read(tunnel, status(pending(), pending(port=40023), pending(OTHER)), NOW)
    assert [item.key for item in tunnel.newcomers] == [KEY, OTHER]
    assert tunnel.newcomers[0] == newcomer()
    tunnel.ignored.add(("bridge Workbench", KEY))
    standing.read(tunnel, status(pending(), pending(OTHER)), NOW)
    assert [item.key for item in tunnel.newcomers] == [OTHER]
    standing.forget(tunnel)
    assert not tunnel.newcomers


def test_without_a_key_the_links_of_one_host_are_one_newcomer() -> None:
    tunnel = public_side()
    standing.read(tunnel, status(pending(""), pending("", port=40023), pending()), NOW)
    assert tunnel.newcomers == (newcomer(""), newcomer())
    tunnel.ignored.add(("bridge Workbench", "198.51.100.9"))
    standing.read(tunnel, status(pending(""), pending()), NOW)
    assert tunnel.newcomers == (newcomer(),)


def test_false_signatures_are_counted() -> None:
    tunnel = public_side()
    found = status()
    found.portals[0].forged = 3
    standing.read(tunnel, found, NOW)
    assert turned_away(tunnel) == "3 links with a false key"


def test_list_tray_and_screen_reader_say_it() -> None:
    tunnel = public_side()
    tunnel.phase, _ = standing.read(tunnel, status(pending(), links=1), NOW)
    assert tunnel.phase is Phase.UP
    assert third_line(tunnel) == "1 computer asks to be let in"
    assert tray.state_words(tunnel) == "up, 1 computer asks to be let in"
    model = TunnelsModel()
    model.put(tunnel)
    assert "asks to be let in" in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    tunnel.newcomers = ()
    assert words.asking(tunnel) == ""


def test_each_key_is_told_once_and_may_be_switched_off(qapp) -> None:
    model, settings = TunnelsModel(), Settings()
    model.put(public_side())
    told: list[notifications.Notification] = []
    kept = notifications.Notifications(model, settings)
    kept.told.connect(told.append)
    model.newcomer.emit("serve", newcomer())
    model.newcomer.emit("serve", newcomer())
    assert [(item.title, item.text) for item in told] == [
        ("Public side: a computer asks to be let in", f"Key {bridge_key.short(PRINT)}, from 198.51.100.9:40022")
    ]
    settings.notify_newcomer = False
    model.newcomer.emit("serve", newcomer(OTHER))
    assert (len(told), len(kept.list)) == (1, 2)
    model.newcomer.emit("serve", newcomer(""))
    assert kept.list[-1].text == "Without a key, from 198.51.100.9:40022"


def buttons(card: Newcomers) -> dict[str, QPushButton]:
    return {part.text(): part for part in card.findChildren(QPushButton) if not part.isHidden()}


def test_the_page_offers_both_answers(qtbot) -> None:
    card, answers = Newcomers(), []
    qtbot.addWidget(card)
    card.answered.connect(lambda what, who: answers.append((what, who.key)))
    tunnel = public_side()
    card.show_tunnel(tunnel)
    assert card.isHidden()
    tunnel.newcomers = (newcomer(),)
    card.show_tunnel(tunnel)
    assert not card.isHidden()
    assert PRINT in buttons(card)["Approve"].accessibleName()
    buttons(card)["Approve"].click()
    buttons(card)["Ignore"].click()
    assert answers == [("approve", KEY), ("ignore", KEY)]


@pytest.mark.parametrize(("xrgui", "named"), [(False, "Xray or v2ray"), (True, "xrgui without a key")])
def test_who_has_no_key_may_be_let_in_by_its_id(qtbot, xrgui: bool, named: str) -> None:
    card, tunnel, answers = Newcomers(), public_side(), []
    qtbot.addWidget(card)
    card.answered.connect(lambda what, who: answers.append((what, who.who)))
    tunnel.newcomers = (dataclasses.replace(newcomer(""), xrgui=xrgui),)
    card.show_tunnel(tunnel)
    said = [part.text() for part in card.findChildren(QLabel) if not part.isHidden()]
    assert named in said
    assert any("its id alone is enough" in text for text in said)
    assert not any("Compare the key" in text for text in said), "there is none"
    assert list(buttons(card)) == ["Let it in", "Ignore"]
    buttons(card)["Let it in"].click()
    assert answers == [("approve", "198.51.100.9")]


def test_an_approved_key_belongs_to_the_computer_whose_id_it_shows() -> None:
    two = (Bridge(name="Laptop", secret="x"), Bridge(name="Workbench", secret=SECRET))
    profile = with_newcomer(serve(bridges=two), newcomer())
    assert profile is not None
    assert [bridge.keys for bridge in profile.bridges] == [(), (ApprovedKey(public=KEY, name="198.51.100.9"),)]
    assert with_newcomer(profile, newcomer()) == profile
    assert with_newcomer(serve(bridges=two[:1]), newcomer()) is None


def test_who_is_let_in_without_a_key_is_so_for_good_and_alone() -> None:
    two = (Bridge(name="Laptop", secret="x"), Bridge(name="Workbench", secret=SECRET))
    profile = with_newcomer(serve(bridges=two, approval=True), newcomer(""))
    assert profile is not None
    assert profile.approval
    assert [bridge.keyless for bridge in profile.bridges] == [False, True]


def test_a_new_public_server_asks_and_another_role_does_not(program: Program) -> None:
    edited: list[Profile] = []
    program.shell.commands._edit = lambda profile, new: edited.append(profile)
    for role in ("server", "share"):
        program.shell.commands.new(role)
    assert [profile.approval for profile in edited] == [True, False]


def test_the_editor_takes_back_what_was_let_in_without_a_key(qtbot) -> None:
    bridge = Bridge(name="Workbench", secret=SECRET, keys=(ApprovedKey(public=KEY),), keyless=True)
    editor = Editor(None, serve(approval=True, bridges=(bridge,)), new=False)
    qtbot.addWidget(editor)
    row = editor.form.bridges.rows[0]
    assert (row.keyless.isHidden(), row.keys[0].isHidden()) == (False, True)
    row.keyless.remove.click()
    assert (row.keyless.isHidden(), row.keys[0].isHidden()) == (True, False)
    assert not editor.profile.bridges[0].keyless


def test_the_editor_shows_renames_and_removes_keys(qtbot) -> None:
    keys = (ApprovedKey(public=KEY, name="old"), ApprovedKey(public=OTHER))
    profile = serve(approval=True, bridges=(Bridge(name="Workbench", secret=SECRET, keys=keys),))
    editor = Editor(None, profile, new=False)
    qtbot.addWidget(editor)
    row = editor.form.bridges.rows[0]
    assert [line.isHidden() for line in row.keys] == [False, False]
    assert editor.profile == profile
    row.keys[0].name.setText("Work laptop")
    row.keys[1].remove.click()
    [kept] = editor.profile.bridges[0].keys
    assert kept == ApprovedKey(public=KEY, name="Work laptop")
    editor.form.approval.click()
    assert not editor.profile.approval
    assert editor.profile.bridges[0].keys == (kept,), "the switch forgets nothing"
    assert row.keys[0].isHidden()


@pytest.mark.parametrize("key", [KEY, ""])
def test_a_desktop_that_waits_shows_its_key(key: str) -> None:
    tunnel = Tunnel("t", "T", key=key)
    bridge = rpc.BridgeStatus("bridge", "vless", "unapproved", "box.example.net:443", links=2, since=NOW)
    phase, since = standing.read(tunnel, rpc.ConfigStatus(name="t", started_at=NOW, bridges=(bridge,)), NOW)
    assert (phase, since, tunnel.trouble) == (Phase.TROUBLE, NOW, Trouble.UNAPPROVED)
    assert tunnel.detail == (PRINT if key else "")
    assert words.advice(tunnel).steps == ("copy_key",)
    assert words.step("copy_key", tunnel.trouble) == "Copy the key"
    up = msgspec.structs.replace(bridge, state="up")
    phase, _ = standing.read(tunnel, rpc.ConfigStatus(name="t", started_at=NOW, bridges=(up,)), NOW)
    assert (phase, tunnel.detail) == (Phase.UP, "")
