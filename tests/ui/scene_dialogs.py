"""Scenes of the dialogs and menus, over a window that is busy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from tests.ui import strange
from tests.ui.staging import BLOG, JSON, LINKS, SECRET, SERVE, TWO, Scene, busy, visitors
from xrgui.profiles.backup import dump_backup
from xrgui.profiles.model import Profile
from xrgui.profiles.transfer import preview_text
from xrgui.ui import server_check, units
from xrgui.ui.app import Program
from xrgui.ui.dialogs.close_question import CloseQuestion
from xrgui.ui.dialogs.editor import Editor
from xrgui.ui.dialogs.export import Export
from xrgui.ui.dialogs.import_preview import ImportPreview
from xrgui.ui.dialogs.import_source import ImportSource
from xrgui.ui.dialogs.info import show_about, show_guide, show_notifications
from xrgui.ui.dialogs.passphrase import Passphrase
from xrgui.ui.dialogs.qr import show_qr
from xrgui.ui.dialogs.secrets import SecretsChoice
from xrgui.ui.dialogs.share_form import server_words
from xrgui.ui.dialogs.simple import ask, ask_name, tell
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.notifications import Notification

Make = Callable[[Program], QWidget]


def dialogs() -> Iterator[Scene]:
    yield from editors()
    yield from exchange()
    yield from questions()
    yield from menus()


def editors() -> Iterator[Scene]:
    yield Scene("dialog-new", "tunnels", over(new_tunnel))
    yield Scene("dialog-new-errors", "tunnels", over(new_tunnel_errors))
    yield Scene("dialog-edit", "tunnels", over(edit_advanced))
    yield Scene("dialog-edit-classic", "tunnels", over(edit_classic))
    yield Scene("dialog-edit-long", "tunnels", over(edit_long))
    yield Scene("dialog-serve", "tunnels", over(lambda p: Editor(p.shell.window, SERVE, new=False)))
    yield Scene("dialog-serve-errors", "tunnels", over(lambda p: new_errors(p, "server")))
    yield Scene("dialog-json", "tunnels", over(lambda p: Editor(p.shell.window, JSON, new=False)))
    yield Scene("dialog-json-errors", "tunnels", over(lambda p: new_errors(p, "custom")))


def exchange() -> Iterator[Scene]:
    yield Scene("dialog-import", "tunnels", over(lambda p: ImportSource(p.shell.window)))
    yield Scene("dialog-import-preview", "tunnels", over(lambda p: preview(p, LINKS)))
    yield Scene("dialog-import-many", "tunnels", over(lambda p: preview(p, MANY)))
    yield Scene("dialog-import-sealed", "tunnels", over(sealed))
    yield Scene("dialog-import-nothing", "tunnels", over(lambda p: preview(p, "")))
    yield Scene("dialog-export", "tunnels", over(lambda p: export(p, "xray")))
    yield Scene("dialog-export-secrets", "tunnels", over(export_secrets))
    yield Scene("dialog-other-end", "tunnels", over(lambda p: export(p, "other:xray")))
    yield Scene("dialog-other-end-command", "tunnels", over(lambda p: export(p, "other:xrgui")))
    yield Scene("dialog-qr", "tunnels", over(lambda p: show_qr(p.shell.window, BLOG.name, BLOG.public_url)))
    yield Scene("dialog-qr-long", "tunnels", over(lambda p: show_qr(p.shell.window, strange.LONG, "x" * 4000)))


def questions() -> Iterator[Scene]:
    yield Scene("dialog-close", "tunnels", over(lambda p: CloseQuestion(p.shell.window, 2, tray=True)))
    yield Scene("dialog-close-no-tray", "tunnels", over(lambda p: CloseQuestion(p.shell.window, 1, tray=False)))
    yield Scene("dialog-rename", "tunnels", over(lambda p: ask_name(p.shell.window, tr("Rename"), BLOG.name, print)))
    yield Scene("dialog-conflict", "tunnels", over(conflict))
    yield Scene("dialog-read-only", "tunnels", over(read_only))
    yield Scene("dialog-secrets", "settings", over(lambda p: SecretsChoice(p.shell.window, "keyring")))
    yield Scene("dialog-passphrase", "tunnels", over(passphrase))
    yield Scene("dialog-unlock", "tunnels", over(unlock))
    yield Scene("dialog-notifications", "tunnels", over(notifications))
    yield Scene("dialog-notifications-none", "tunnels", over(no_notifications))
    yield Scene("dialog-guide", "tunnels", over(lambda p: show_guide(p.shell.window)))
    yield Scene("dialog-about", "tunnels", over(lambda p: show_about(p.shell.window)))


def menus() -> Iterator[Scene]:
    for place, name in enumerate(("file", "edit", "tunnel", "view", "help")):
        yield Scene(f"menu-{name}", "tunnels", over(lambda p, place=place: bar_menu(p, place)))
    yield Scene("menu-of-tunnel", "tunnels", over(lambda p: popup(lambda: p.shell._tunnel_menu(QPoint(300, 200)))))
    yield Scene("menu-of-visitor", "connections", visitor_menu)
    yield Scene("menu-columns", "connections", column_menu)
    yield Scene("tray", "tunnels", over(tray))


MANY = "\n".join(f"vless://{SECRET}@box{n}.example.net:443?security=tls&type=tcp#Machine%20{n}" for n in range(30))


def over(make: Make) -> Make:
    def prepare(program: Program) -> QWidget:
        busy("blog")(program)
        widget = make(program)
        widget.show()
        return widget

    return prepare


def new_tunnel(program: Program) -> Editor:
    editor = Editor(program.shell.window, BLOG, new=True)
    editor.form.stop()
    editor.form.services.rows[0].note.say("up", tr("answers in {time}", time=units.milliseconds(0.3)) + " (node)")
    answer = server_check.Answer(38.0, certificate="trusted")
    editor.form.fields["server"].say(*server_words(BLOG.server, answer))
    return editor


def new_tunnel_errors(program: Program) -> Editor:
    return new_errors(program, "share")


def new_errors(program: Program, role: str) -> Editor:
    editor = Editor(program.shell.window, Profile(id="x", name="", role=role, approval=role == "server"), new=True)
    editor._save()
    return editor


def edit_advanced(program: Program) -> Editor:
    editor = Editor(program.shell.window, TWO, new=False)
    editor.form.stop()
    answer = server_check.Answer(38.0, certificate="unknown", pin="ab" * 32)
    editor.form.fields["server"].say(*server_words(TWO.server, answer))
    editor.advanced.click()
    return editor


def edit_classic(program: Program) -> Editor:
    server = msgspec.structs.replace(
        TWO.server, protocol="vmess", transport="ws", path="/tunnel", host="box.example.net"
    )
    editor = Editor(program.shell.window, msgspec.structs.replace(TWO, dialect="classic", server=server), new=False)
    editor.form.stop()
    editor.advanced.click()
    return editor


def edit_long(program: Program) -> Editor:
    server = msgspec.structs.replace(BLOG.server, address=strange.HOST)
    long = msgspec.structs.replace(BLOG, name=strange.LONG, server=server, public_url=f"https://{strange.HOST}:8443/")
    editor = Editor(program.shell.window, long, new=False)
    editor.form.stop()
    answer = server_check.Answer(None, error="dns")
    editor.form.fields["server"].say(*server_words(server, answer))
    return editor


def preview(program: Program, text: str) -> ImportPreview:
    return ImportPreview(program.shell.window, preview_text(text, [BLOG]), [BLOG])


def sealed(program: Program) -> ImportPreview:
    return preview(program, dump_backup([BLOG], "correct horse").decode())


def export(program: Program, kind: str) -> Export:
    async def complete() -> Profile:
        return BLOG

    return Export(program.shell.window, BLOG, complete, kind)


def export_secrets(program: Program) -> Export:
    dialog = export(program, "own")
    dialog._whole = BLOG
    dialog.secrets.setChecked(True)
    dialog.passphrase.setText("correct horse")
    dialog._show()
    return dialog


def conflict(program: Program) -> QWidget:
    text = tr("Another program changed or deleted it since it was read.")
    return ask(program.shell.window, tr("Somebody else changed it"), text, tr("Save as a copy"), lambda: None)


def read_only(program: Program) -> QWidget:
    said = "/home/someone/.config/xrgui/profiles/blog-preview.json cannot be saved: Read-only file system."
    text = engine_words(said)
    return tell(program.shell.window, tr("It could not be saved"), text)


def unlock(program: Program) -> Passphrase:
    text = tr("They lie in a file under your passphrase.")
    dialog = Passphrase(program.shell.window, tr("Unlock your secrets"), text, tr("Unlock"), new=False)
    dialog.refuse(tr("The passphrase does not open it."))
    return dialog


def passphrase(program: Program) -> Passphrase:
    text = tr("It opens your secrets after each start. Nobody can bring it back if it is forgotten.")
    title = tr("A passphrase for your secrets")
    dialog = Passphrase(program.shell.window, title, text, tr("Use it"), new=True)
    dialog.first.setText("secret")
    dialog._give()
    return dialog


def notifications(program: Program) -> QWidget:
    now = time.time()
    listed = program.notifications.list
    listed.clear()
    down = tr("{name} is down", name="SSH to workstation")
    listed.append(Notification(now - 4000, "ssh", down, tr("The server refused the id"), "trouble"))
    listed.append(Notification(now - 100, "ssh", tr("{name} is up again", name="SSH to workstation"), "", "up"))
    return show_notifications(program.shell.window, program.notifications)


def no_notifications(program: Program) -> QWidget:
    program.notifications.list.clear()
    return show_notifications(program.shell.window, program.notifications)


# Menus


def popup(show: Callable[[], object]) -> QWidget:
    """The menu that *show* opens."""
    show()
    menu = QApplication.activePopupWidget()
    assert menu is not None
    return menu


def fitted(menu: QMenu) -> QMenu:
    menu.ensurePolished()
    menu.resize(menu.sizeHint())
    return menu


def bar_menu(program: Program, place: int) -> QMenu:
    menu = program.shell.window.menuBar().actions()[place].menu()
    menu.aboutToShow.emit()
    return fitted(menu)


def visitor_menu(program: Program) -> QWidget:
    visitors(7)(program)
    page = program.shell.connections
    page.view.selectRow(1)
    column = page.view.visualRect(page.table.index(1, 4)).center()
    return popup(lambda: page._menu(column))


def column_menu(program: Program) -> QWidget:
    visitors(7)(program)
    return popup(program.shell.connections.columns.click)


def tray(program: Program) -> QMenu:
    program.tray._actions = program.shell.actions
    program.tray.refresh_menu()
    return fitted(program.tray.menu)
