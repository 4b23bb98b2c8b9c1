"""Import from wherever something can come, and export to wherever it may go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtCore import QMimeData, QObject, Qt
from PySide6.QtGui import QCursor, QImage
from PySide6.QtWidgets import QApplication, QMenu

from xrgui.profiles.backup import dump_backup
from xrgui.profiles.export import export_link
from xrgui.profiles.files import explain, write_atomic
from xrgui.profiles.model import Profile
from xrgui.profiles.otherend import private_end
from xrgui.profiles.transfer import Preview, preview_file, preview_text
from xrgui.ui import qr_reader
from xrgui.ui.commands import Commands
from xrgui.ui.dialogs.export import Export
from xrgui.ui.dialogs.import_preview import ImportPreview
from xrgui.ui.dialogs.import_source import ImportSource
from xrgui.ui.dialogs.passphrase import Passphrase
from xrgui.ui.dialogs.simple import ask_file, ask_where, tell
from xrgui.ui.language import tr
from xrgui.ui.library import Library
from xrgui.ui.main_window import MainWindow
from xrgui.ui.widgets.table import copy_text

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".svg")


class Exchange(QObject):
    def __init__(self, window: MainWindow, library: Library, commands: Commands) -> None:
        super().__init__(window)
        self._window, self._library, self._commands = window, library, commands
        commands.other_end_asked.connect(self.show_other_end)
        commands.link_asked.connect(self.copy_link)

    @property
    def _existing(self) -> list[Profile]:
        return list(self._library.profiles.values())

    # Import

    def import_arguments(self, arguments: list[str]) -> None:
        """Links and files of a command line."""
        for argument in arguments:
            if "://" in argument:
                self.import_text(argument)
            elif not argument.startswith("-"):
                self.import_file(argument)

    def import_clipboard(self) -> None:
        self.import_data(QApplication.clipboard().mimeData())

    def import_data(self, data: QMimeData) -> None:
        """Whatever lies on the clipboard or was dropped."""
        files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        if files:
            for file in files:
                self.import_file(file)
        elif data.hasImage():
            self._commands.work(self._read_image(QImage(data.imageData()), data.text()), "import a picture")
        elif data.hasText():
            self.import_text(data.text())
        else:
            self.import_text("")

    def import_text(self, text: str) -> None:
        self._commands.work(self._read_text(text), "import a text")

    async def _read_text(self, text: str) -> None:
        self._preview(await asyncio.to_thread(preview_text, text, self._existing))

    def import_file(self, path: str) -> None:
        read = self._read_picture if path.lower().endswith(PICTURES) else self._read
        self._commands.work(read(Path(path)), "import a file")

    async def _read(self, path: Path) -> None:
        self._preview(await asyncio.to_thread(preview_file, path, self._existing))

    async def _read_picture(self, path: Path) -> None:
        try:
            image = await asyncio.to_thread(qr_reader.load, path)
        except qr_reader.PictureError:
            text = tr("{path} cannot be read as a picture: it is damaged, too large, or of an unknown kind.", path=path)
            tell(self._window, tr("Import"), text)
            return
        await self._read_image(image)

    async def _read_image(self, image: QImage, beside: str = "") -> None:
        """*beside*: what a clipboard holds as text too, as that of a table does."""
        texts = await asyncio.to_thread(qr_reader.read, image)
        if texts or beside:
            self.import_text("\n".join(texts) or beside)
        else:
            tell(self._window, tr("Import"), tr("There is no QR code in this picture."))

    def _preview(self, preview: Preview) -> None:
        dialog = ImportPreview(self._window, preview, self._existing)
        dialog.chosen.connect(lambda profiles: self._commands.work(self._commands.take(profiles), "import"))
        dialog.open()

    def ask(self) -> None:
        """Let the person say where it comes from."""
        dialog = ImportSource(self._window)
        dialog.text_given.connect(self.import_text)
        dialog.file_asked.connect(self.ask_file)
        dialog.picture_asked.connect(self.ask_picture)
        dialog.open()

    def ask_file(self) -> None:
        kinds = tr("Configurations, links, backups") + " (*.json *.jsonc *.txt *.xrgui);;* (*)"
        ask_file(self._window, tr("Import"), self.import_file, kinds)

    def ask_picture(self) -> None:
        pictures = " ".join(f"*{suffix}" for suffix in PICTURES)
        ask_file(self._window, tr("Import a QR picture"), self.import_file, tr("Pictures") + f" ({pictures})")

    # Export

    def export(self, tunnel_id: str, kind: str = "own") -> None:
        profile = self._library.get(tunnel_id)
        if profile is not None:
            Export(self._window, profile, self._completer(profile), kind).open()

    def show_other_end(self, profile: Profile) -> None:
        """Also of a profile that is being edited, with what was typed so far."""
        kind = "other:xray" if profile.dialect == "vless-reverse" else "other:v2ray"
        Export(QApplication.activeWindow() or self._window, profile, self._completer(profile), kind).open()

    def _completer(self, profile: Profile) -> Callable[[], Awaitable[Profile]]:
        async def complete() -> Profile:
            return await self._library.fetch(profile)

        return complete

    def copy_link(self, profile: Profile, bridge: str) -> None:
        """The link that one computer needs to share through this server."""
        self._commands.work(self._copy_link(profile, bridge), "copy a link")

    def give_link(self, tunnel_id: str) -> None:
        """Copy the link of the computer that may share; where several may, the person says which."""
        profile = self._library.get(tunnel_id)
        if profile is None:
            return
        names = [bridge.name for bridge in profile.bridges]
        if len(names) == 1:
            self.copy_link(profile, names[0])
            return
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in names:
            menu.addAction(name.replace("&", "&&"), partial(self.copy_link, profile, name))
        menu.popup(QCursor.pos())

    async def _copy_link(self, profile: Profile, bridge: str) -> None:
        whole = await self._library.fetch(profile)
        other = private_end(whole, bridge).profile
        copy_text(export_link(msgspec.structs.replace(other, name=profile.name or bridge)))
        self._commands.link_copied.emit(bridge)
        self._window.toast.say(tr("Copied the link of “{name}”. It holds a secret.", name=bridge))

    def back_up(self) -> None:
        text = tr("All tunnels in one file, with their secrets under a passphrase.")
        dialog = Passphrase(self._window, tr("Back up everything"), text, tr("Save…"), new=True)

        def given(passphrase: str) -> None:
            dialog.accept()
            ask_where(self._window, tr("Back up everything"), "xrgui-backup.json", partial(self._save, passphrase))

        dialog.given.connect(given)
        dialog.open()

    def _save(self, passphrase: str, path: str) -> None:
        self._commands.work(self._back_up(Path(path), passphrase), "back up")

    async def _back_up(self, path: Path, passphrase: str) -> None:
        whole = [await self._library.complete(number) for number in self._library.profiles]

        def write() -> None:
            try:
                write_atomic(path, dump_backup(whole, passphrase))
            except OSError as error:
                raise explain(error, path, "saved") from error

        await asyncio.to_thread(write)
        self._window.toast.say(tr("Saved {path}", path=path.name))
