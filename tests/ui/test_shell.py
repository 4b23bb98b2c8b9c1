"""The real shell with profiles on disk, without an engine: what menus, list and dialogs do together."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QMenu

from tests.ui.ending import delete_now, end
from tests.ui.samples import LINK, SECRET, serve, share
from xrgui.profiles.files import StoreError
from xrgui.profiles.model import Bridge, Entry
from xrgui.profiles.qr import qr_svg
from xrgui.profiles.secrets import MemorySecrets, SecretError
from xrgui.profiles.store import Store
from xrgui.ui.app import Program
from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.dialogs.close_question import CloseQuestion
from xrgui.ui.dialogs.editor import Editor
from xrgui.ui.dialogs.export import Export
from xrgui.ui.dialogs.import_preview import ImportPreview
from xrgui.ui.tray import Tray
from xrgui.ui.tunnel import Newcomer, Phase


@pytest.fixture
async def program(qapp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / name))
    made = Program(qapp, [])
    made.engine.start = lambda: None
    made.library._secrets = MemorySecrets()
    for number in ("one", "two", "three"):
        await made.library.save(share(id=number, name=number.capitalize()))
        made.runner.show(number)
    made.shell.window.show()
    made.shell.loaded()
    yield made
    await end(made)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0.005)


def dialog(program: Program, kind: type[QDialog]) -> QDialog:
    [one] = found(program, kind)
    return one


def found(program: Program, kind: type[QDialog]) -> list[QDialog]:
    return [d for d in program.shell.window.findChildren(kind) if d.isVisible()]


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


def trigger(program: Program, key: str) -> None:
    action = program.shell.actions[key]
    assert action.isEnabled(), key
    action.trigger()


async def test_delete_and_undo_bring_back_place_and_all(program: Program) -> None:
    program.shell.tunnels.choose("two")
    trigger(program, "delete")
    await settle()
    assert program.tunnels.ids == ["one", "three"]
    assert program.shell.window.toast.isVisible()
    program.shell.window.toast._button.click()
    await settle()
    assert program.tunnels.ids == ["one", "two", "three"]
    assert program.shell.current.id == "two"
    assert (await program.library.complete("two")).server.secret == SECRET
    program.shell._show_figures()
    assert not program.shell.actions["undo"].isEnabled()


async def test_deleted_tunnels_and_their_secrets_go_for_good_when_asked(program: Program) -> None:
    program.shell.tunnels.choose("two")
    secret = program.library.get("two").server.secret.removeprefix("keyring:")
    trigger(program, "delete")
    await settle()
    program.shell._show_page("settings")
    await settle()
    page = program.shell.settings
    assert page._deleted.text() == "1 deleted tunnel is kept with its secrets"
    assert page._trash.isVisible()
    page.trash_asked.emit()
    await settle()
    program.shell.window.findChildren(QDialog)[-1].main.click()
    await settle()
    assert not page._trash.isVisible()
    assert not list(program.library.store.directory.glob("*/two*"))
    with pytest.raises(SecretError):
        program.library.secrets.get(secret)
    program.shell._show_figures()
    assert not program.shell.actions["undo"].isEnabled()


async def test_a_copy_has_a_name_and_a_secret_of_its_own(program: Program) -> None:
    program.shell.tunnels.choose("one")
    trigger(program, "duplicate")
    await settle()
    copy = program.shell.current
    assert copy.name == "One 2"
    assert (await program.library.complete(copy.id)).server.secret == SECRET
    assert copy.phase is Phase.STOPPED


async def test_rename(program: Program) -> None:
    program.shell.tunnels.choose("one")
    trigger(program, "rename")
    box = program.shell.window.findChildren(QDialog)[-1]
    box.findChild(QLineEdit).setText("Renamed")
    box.main.click()
    await settle()
    assert program.tunnels.name("one") == "Renamed"
    assert "Renamed" in next(program.library.store.directory.glob("profiles/one.json")).read_text()


async def test_the_order_is_kept(program: Program) -> None:
    program.tunnels.move(2, 0)
    await settle()
    listing = Store(program.library.store.directory).scan()
    assert [stored.profile.id for stored in listing.profiles] == ["three", "one", "two"]


async def test_dropped_text_is_previewed_and_starts_nothing(program: Program) -> None:
    data = QMimeData()
    data.setText(LINK)
    program.shell.exchange.import_data(data)
    await until(lambda: found(program, ImportPreview))
    preview = dialog(program, ImportPreview)
    preview.main.click()
    await settle()
    tunnel = program.shell.current
    assert (tunnel.name, tunnel.phase) == ("From a link", Phase.STOPPED)
    assert not program.runner.wanted


def with_picture(*parts: object) -> QMimeData:
    data = QMimeData()
    for part in parts:
        if isinstance(part, Path):
            data.setUrls([QUrl.fromLocalFile(str(part))])
        elif isinstance(part, QImage):
            data.setImageData(part)
        else:
            data.setText(str(part))
    return data


def code() -> QImage:
    return QImage.fromData(qr_svg(LINK).encode())


async def test_a_picture_of_a_code_is_previewed(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "CODE.PNG"
    code().save(str(file))
    for data in (with_picture(file), with_picture(code())):
        program.shell.exchange.import_data(data)
        await until(lambda: found(program, ImportPreview))
        preview = dialog(program, ImportPreview)
        assert [line.item.profile.server.address for line in preview._lines] == ["box.example.net"]
        preview.reject()
    assert len(program.tunnels.ids) == 3


async def test_a_code_on_the_clipboard_is_previewed(program: Program) -> None:
    QApplication.clipboard().setImage(code())
    program.shell.exchange.import_clipboard()
    await until(lambda: found(program, ImportPreview))
    assert dialog(program, ImportPreview)._lines


async def test_text_beside_a_picture_without_a_code_counts(program: Program) -> None:
    program.shell.exchange.import_data(with_picture(QImage(9, 9, QImage.Format.Format_RGB32), LINK))
    await until(lambda: found(program, ImportPreview))
    assert dialog(program, ImportPreview)._lines


@pytest.mark.parametrize(
    ("content", "told"), [(b"rubbish", "code.png cannot be read as a picture"), (None, "no QR code in this picture")]
)
async def test_what_cannot_be_read_is_told(program: Program, tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "code.png"
    QImage(9, 9, QImage.Format.Format_RGB32).save(str(file))
    if content is not None:
        file.write_bytes(content)
    program.shell.exchange.import_data(with_picture(file))
    await until(lambda: found(program, Dialog))
    assert told in " ".join(label.text() for label in dialog(program, Dialog).findChildren(QLabel))


async def test_a_dropped_file_is_read(program: Program, tmp_path: Path) -> None:
    (tmp_path / "links.txt").write_text(LINK)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "links.txt"))])
    program.shell.exchange.import_data(data)
    await settle()
    assert dialog(program, ImportPreview)._lines


async def test_edit_saves_and_a_changed_file_is_not_overwritten(program: Program) -> None:
    program.shell.tunnels.choose("one")
    trigger(program, "edit")
    editor = dialog(program, Editor)
    editor.form.stop()
    editor.form.name.setText("Mine")
    elsewhere = Store(program.library.store.directory)
    theirs = elsewhere.load("one")
    elsewhere.save(share(id="one", name="Theirs", server=theirs.profile.server), theirs.version)
    editor.main.click()
    await settle()
    question = program.shell.window.findChildren(QDialog)[-1]
    assert question.main.text() == "Save as a copy"
    question.main.click()
    await settle()
    names = sorted(stored.profile.name for stored in elsewhere.scan().profiles)
    assert names == ["Mine", "Theirs", "Three", "Two"]
    assert program.tunnels.name("one") == "Theirs"


@pytest.mark.parametrize("error", [StoreError("the disk is full"), SecretError("locked", "locked")])
async def test_what_was_typed_comes_back_where_it_cannot_be_saved(
    program: Program, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(profile: object) -> None:
        raise error

    program.shell.tunnels.choose("one")
    trigger(program, "edit")
    editor = dialog(program, Editor)
    editor.form.stop()
    editor.form.name.setText("Typed with care")
    monkeypatch.setattr(program.library, "save", fails)
    editor.main.click()
    await settle()
    again = dialog(program, Editor)
    assert again is not editor
    assert again.profile.name == "Typed with care"
    monkeypatch.undo()
    again.form.stop()
    again.main.click()
    await settle()
    assert program.tunnels.name("one") == "Typed with care"


async def test_a_click_on_a_message_leads_to_its_tunnel(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(Tray, "there", True)
    monkeypatch.setattr(program.tray._icon, "showMessage", lambda title, *_: shown.append(title))
    program.shell._show_page("logs")
    program.tunnels.newcomer.emit("two", Newcomer("bridge x", "key", "SHA256:abc", "198.51.100.9:1", 1.0, "key"))
    assert shown == ["Two: a computer asks to be let in"]
    program.tray._icon.messageClicked.emit()
    assert (program.shell.window.page, program.shell.current.id) == ("tunnels", "two")


async def test_the_other_end_is_shown_without_secrets(program: Program) -> None:
    program.shell.tunnels.choose("one")
    trigger(program, "other_end")
    export = dialog(program, Export)
    assert '"reverse"' in export.text.toPlainText()
    assert SECRET not in export.text.toPlainText()


async def test_the_link_of_a_public_server(program: Program) -> None:
    """One computer may share: its link. Several: the person says whose."""
    bridges = [Bridge(name=name, secret=str(uuid.UUID(int=n))) for n, name in enumerate(("Lap & top", "Desk"), start=1)]
    for number, some in (("first", bridges[:1]), ("both", bridges)):
        profile = serve(id=number, bridges=tuple(some), entries=(Entry(port=8080, bridge=some[-1].name),))
        await program.library.save(profile)
        program.runner.show(number)
    program.shell.tunnels.choose("first")
    trigger(program, "copy_link")
    await until(lambda: bridges[0].secret in QApplication.clipboard().text())
    program.shell.tunnels.choose("both")
    trigger(program, "copy_link")
    [menu] = [m for m in program.shell.window.findChildren(QMenu) if m.isVisible()]
    menu.actions()[1].trigger()
    menu.close()
    await until(lambda: bridges[1].secret in QApplication.clipboard().text())
    program.shell.tunnels.choose("one")
    program.shell._enable()
    assert not program.shell.actions["copy_link"].isEnabled()


async def test_a_link_that_is_copied_in_the_editor_is_told_there(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The toast lies behind it."""
    monkeypatch.setattr("xrgui.ui.widgets.basic.COPIED", 50)
    bridges = tuple(Bridge(name=name, secret=str(uuid.UUID(int=n))) for n, name in enumerate(("Lap", "Desk"), start=1))
    entries = (Entry(port=8080, bridge="Desk"),)
    program.shell.commands._edit(serve(id="both", bridges=bridges, entries=entries), new=False)
    [editor] = [part for part in program.shell.window.findChildren(Editor) if part.isVisible()]
    lap, desk = (line.link for line in editor.form.bridges.rows)
    width = desk.width()
    desk.click()
    await until(lambda: desk.accessibleName() == "Copied")
    assert (desk.text(), lap.text(), desk.width()) == (" Copied", " Copy its link", width)
    assert bridges[1].secret in QApplication.clipboard().text()
    await until(lambda: QApplication.processEvents() or desk.text() == lap.text())
    lap.click()
    await until(lambda: program.shell.window.findChildren(Dialog)[-1].windowTitle() == "The configuration has an error")
    assert lap.text() == " Copy its link", "no port leads to it"


async def test_copy_of_a_public_address(program: Program) -> None:
    program.shell.tunnels.choose("one")
    trigger(program, "copy_address")
    assert QApplication.clipboard().text() == "https://box.example.net:8443"


async def test_closing_asks_while_something_runs_and_remembers(program: Program) -> None:
    program.tunnels.set_phase(program.tunnels.get("one"), Phase.UP, 1.0)
    program.shell.window.close()
    question = dialog(program, CloseQuestion)
    assert program.shell.window.isVisible()
    question.remember.setChecked(True)
    question.main.click()
    assert program.settings.close == "hide"
    assert not program.ended.done()
    assert program.shell.window.isMinimized(), "there is no tray here"


async def test_closing_with_nothing_running_quits(program: Program) -> None:
    program.shell.window.close()
    assert program.ended.done()


async def test_start_all_leaves_out_what_cannot_start(program: Program) -> None:
    kept = share(id="later", name="Later", link="trojan://secret@box.example.net:443#x")
    await program.library.save(kept)
    program.tunnels.put(program.runner.show("later"))
    program.tunnels.get("later").unsupported = "Trojan"
    trigger(program, "start_all")
    assert program.runner.wanted == {"one", "two", "three"}
    trigger(program, "stop_all")
    assert program.runner.wanted == set()


async def test_a_change_of_language_leaves_no_menus_behind(program: Program) -> None:
    def menus() -> int:
        delete_now()
        return sum(len(part.findChildren(QMenu)) for part in (program.shell.window, program.tray.menu))

    program.shell.rebuild()
    before = menus()
    for _ in range(3):
        program.shell.rebuild()
    assert menus() == before
