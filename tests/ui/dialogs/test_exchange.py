from __future__ import annotations

import asyncio

import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from tests.ui.samples import LINK, SECRET, share
from xrgui.profiles.backup import dump_backup
from xrgui.profiles.model import Profile
from xrgui.profiles.qr import qr_svg
from xrgui.profiles.transfer import preview_text
from xrgui.ui import qr_reader
from xrgui.ui.dialogs.export import KINDS, Export
from xrgui.ui.dialogs.import_preview import ImportPreview
from xrgui.ui.dialogs.import_source import ImportSource
from xrgui.ui.dialogs.passphrase import Passphrase
from xrgui.ui.widgets.qr import QrView

STORED = share(server=share().server.__class__(address="box.example.net", secret="keyring:blog/server-1"))


def export(qtbot, kind: str = "own") -> Export:
    async def complete() -> Profile:
        return share()

    dialog = Export(None, STORED, complete, kind)
    qtbot.addWidget(dialog)
    return dialog


@pytest.mark.parametrize("kind", KINDS)
async def test_no_kind_of_export_holds_a_secret_unless_asked(qtbot, kind: str) -> None:
    dialog = export(qtbot, kind)
    for secret in (SECRET, "keyring:"):
        assert secret not in dialog.text.toPlainText()


async def test_with_secrets_they_are_fetched_and_shown(qtbot) -> None:
    dialog = export(qtbot, "xray")
    dialog.secrets.setChecked(True)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert SECRET in dialog.text.toPlainText()
    assert "Whoever has this text" in dialog.note.text()


async def test_secrets_are_no_longer_fetched_for_a_dialog_that_closed(qtbot) -> None:
    fetched = asyncio.get_running_loop().create_future()

    async def complete() -> Profile:
        return await fetched

    dialog = Export(None, STORED, complete, "xray")
    dialog.secrets.setChecked(True)
    await asyncio.sleep(0)
    dialog.reject()
    await asyncio.sleep(0)
    assert fetched.cancelled()


async def test_an_own_link_with_secrets_lies_under_the_passphrase(qtbot) -> None:
    dialog = export(qtbot, "own")
    dialog.secrets.setChecked(True)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    dialog.passphrase.setText("long enough")
    dialog._show()
    text = dialog.text.toPlainText()
    assert text.startswith("xrgui://import")
    assert SECRET not in text
    [item] = preview_text(text, []).items
    assert item.sealed


async def test_a_dialect_that_the_target_lacks_is_refused_in_words(qtbot) -> None:
    dialog = export(qtbot, "v2ray")
    assert dialog.text.toPlainText() == ""
    assert "v2ray has no VLESS reverse" in dialog.note.text()
    assert not dialog.main.isEnabled()


def preview(qtbot, text: str, existing: list[Profile]) -> ImportPreview:
    dialog = ImportPreview(None, preview_text(text, existing), existing)
    qtbot.addWidget(dialog)
    return dialog


def test_only_what_is_chosen_is_taken(qtbot) -> None:
    dialog = preview(qtbot, f"{LINK}\n{LINK.replace('box', 'other')}\nvmess://rubbish", [])
    assert dialog.main.text() == "Import 2"
    dialog._lines[0].box.setChecked(False)
    assert dialog.main.text() == "Import"
    with qtbot.waitSignal(dialog.chosen) as chosen:
        dialog.main.click()
    assert [profile.server.address for profile in chosen.args[0]] == ["other.example.net"]


def test_nothing_found_says_so(qtbot) -> None:
    dialog = preview(qtbot, "hello", [])
    assert not dialog.main.isEnabled()


def test_a_sealed_backup_opens_in_place(qtbot) -> None:
    dialog = preview(qtbot, dump_backup([share()], "long enough").decode(), [])
    assert not dialog.main.isEnabled()
    sealed = dialog._list.itemAt(0).widget()
    sealed.passphrase.setText("wrong")
    sealed._unlock()
    assert "does not open" in sealed.note.text()
    sealed.passphrase.setText("long enough")
    sealed._unlock()
    with qtbot.waitSignal(dialog.chosen) as chosen:
        dialog.main.click()
    [profile] = chosen.args[0]
    assert (profile.name, profile.server.secret) == ("Blog", SECRET)


def test_import_source_wants_text(qtbot) -> None:
    dialog = ImportSource(None)
    qtbot.addWidget(dialog)
    assert not dialog.main.isEnabled()
    dialog.text.setPlainText(LINK)
    with qtbot.waitSignal(dialog.text_given) as given:
        dialog.main.click()
    assert given.args == [LINK]


def test_a_new_passphrase_is_long_and_typed_twice(qtbot) -> None:
    dialog = Passphrase(None, "t", "x", "Use it", new=True)
    qtbot.addWidget(dialog)
    given: list[str] = []
    dialog.given.connect(given.append)
    for first, second in (("short", "short"), ("long enough", "long enuff")):
        dialog.first.setText(first)
        dialog.second.setText(second)
        dialog.main.click()
    assert given == []
    dialog.second.setText("long enough")
    dialog.main.click()
    assert given == ["long enough"]


def test_a_qr_code_of_ours_can_be_read(qtbot) -> None:
    image = QImage(300, 300, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFF)
    painter = QPainter(image)
    QSvgRenderer(qr_svg(LINK).encode()).render(painter)
    painter.end()
    assert qr_reader.read(image) == [LINK]


def test_too_long_for_a_code(qtbot) -> None:
    view = QrView()
    qtbot.addWidget(view)
    assert view.show_text(LINK)
    assert not view.show_text("x" * 5000)
    view.grab()
