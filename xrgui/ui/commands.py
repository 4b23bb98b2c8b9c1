"""What a person does to tunnels: make, edit, copy, delete and undo, start, stop. Each ends in a visible answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from xrgui import bridge_key
from xrgui.profiles.compile import bridge_tag
from xrgui.profiles.files import StoreError
from xrgui.profiles.model import ApprovedKey, Bridge, Profile, Role, new_id
from xrgui.profiles.problems import ProfileError
from xrgui.profiles.secrets import SecretError
from xrgui.profiles.store import ConflictError, copy_of
from xrgui.ui import words
from xrgui.ui.dialogs.editor import Editor
from xrgui.ui.dialogs.qr import show_qr
from xrgui.ui.dialogs.serve_form import ServeForm
from xrgui.ui.dialogs.simple import ask, ask_name, tell
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.library import Library
from xrgui.ui.main_window import MainWindow
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.runner import Runner
from xrgui.ui.tasks import spawn
from xrgui.ui.tunnel import Newcomer, Tunnel
from xrgui.ui.widgets.table import copy_text


class Commands(QObject):
    chosen = Signal(str)
    """A tunnel that shall be shown."""
    other_end_asked = Signal(object)
    link_asked = Signal(object, str)
    link_copied = Signal(str)
    """Whose it is: `link_asked` was answered."""

    def __init__(self, window: MainWindow, library: Library, runner: Runner, tunnels: TunnelsModel) -> None:
        super().__init__(window)
        self._window, self._library, self._runner, self._tunnels = window, library, runner, tunnels
        self._deleted: list[tuple[str, int, bool]] = []
        """Id, row and whether it ran, of those that undo brings back, newest last."""
        tunnels.reordered.connect(self._reordered)

    def work(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run *coroutine*; a failure of disk or keyring, or a profile that will not do, is told in a dialog."""
        return spawn(self._told(coroutine), name)

    async def _told(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        try:
            await coroutine
        except SecretError as error:
            tell(self._window, tr("Secrets are not at hand"), words.secret(error))
        except ConflictError:
            tell(self._window, tr("Somebody else changed it"), tr("Look at it again, or save it as a copy."))
        except ProfileError as error:
            text = " ".join(words.problem(item) for item in error.problems)
            tell(self._window, tr("The configuration has an error"), text)
        except StoreError as error:
            tell(self._window, tr("It could not be saved"), engine_words(error))

    # Make and change

    def new(self, role: Role = "share") -> None:
        self._edit(Profile(id=new_id(), name="", role=role, approval=role == "server"), new=True)

    def edit(self, tunnel_id: str) -> None:
        profile = self._library.get(tunnel_id)
        if profile is not None:
            self._edit(profile, new=False)

    def _edit(self, profile: Profile, *, new: bool) -> None:
        running = profile.id in self._runner.wanted
        editor = Editor(self._window, profile, new=new, running=running)
        editor.saved.connect(lambda kept, start: self.work(self._save_typed(kept, start, new), "save a tunnel"))
        editor.other_end_asked.connect(self.other_end_asked)
        editor.link_asked.connect(self.link_asked)
        if isinstance(editor.form, ServeForm):
            self.link_copied.connect(editor.form.show_copied)
        editor.open()

    async def _save_typed(self, profile: Profile, start: bool, new: bool) -> None:
        """What was typed comes back where it cannot be saved."""
        try:
            await self._save(profile, start)
        except (StoreError, SecretError):
            self._edit(profile, new=new)
            raise

    async def _save(self, profile: Profile, start: bool) -> None:
        try:
            await self._library.save(profile)
        except ConflictError as error:
            self._library.adopt(profile.id, error.theirs)
            if error.theirs is None:
                self._tunnels.remove(profile.id)
            else:
                self._runner.edited(profile.id)
            self._conflict(profile)
            return
        self._runner.edited(profile.id)
        self.chosen.emit(profile.id)
        if start:
            self._runner.start([profile.id])

    def _conflict(self, profile: Profile) -> None:
        """What was typed is not lost: it can be kept as a copy."""

        def keep() -> None:
            name = self._library.new_name(profile.name)
            copy = msgspec.structs.replace(profile, id=new_id(), name=name)
            self.work(self.take([copy]), "save a copy")

        text = tr("Another program changed or deleted it since it was read.")
        ask(self._window, tr("Somebody else changed it"), text, tr("Save as a copy"), keep)

    async def take(self, profiles: list[Profile]) -> None:
        """Add new profiles; none of them starts."""
        for profile in profiles:
            await self._library.save(profile)
            self._runner.show(profile.id)
        if profiles:
            self.chosen.emit(profiles[-1].id)

    def rename(self, tunnel_id: str) -> None:
        profile = self._library.get(tunnel_id)
        if profile is None:
            return

        def renamed(name: str) -> None:
            changed = msgspec.structs.replace(profile, name=name)
            self.work(self._save(changed, False), "rename a tunnel")

        ask_name(self._window, tr("Rename"), profile.name, renamed)

    def duplicate(self, tunnel_id: str) -> None:
        self.work(self._duplicate(tunnel_id), "duplicate a tunnel")

    async def _duplicate(self, tunnel_id: str) -> None:
        whole = await self._library.complete(tunnel_id)
        names = [profile.name for profile in self._library.profiles.values()]
        await self.take([copy_of(whole, names)])

    # Delete and undo

    def delete(self, tunnel_id: str) -> None:
        if self._library.get(tunnel_id) is not None:
            self.work(self._delete(tunnel_id), "delete a tunnel")

    async def _delete(self, tunnel_id: str) -> None:
        ran, row = tunnel_id in self._runner.wanted, self._tunnels.row(tunnel_id)
        name = self._tunnels.name(tunnel_id)
        self._runner.stop([tunnel_id])
        await self._library.delete(tunnel_id)
        self._tunnels.remove(tunnel_id)
        self._deleted.append((tunnel_id, row, ran))
        self._window.toast.say(tr("“{name}” was deleted", name=name), tr("Undo"), self.undo)

    @property
    def can_undo(self) -> bool:
        return bool(self._deleted)

    def undo(self) -> None:
        if self._deleted:
            self.work(self._undo(*self._deleted.pop()), "undo")

    async def _undo(self, tunnel_id: str, row: int, ran: bool) -> None:
        await self._library.restore(tunnel_id)
        self._runner.show(tunnel_id)
        self._tunnels.move(self._tunnels.row(tunnel_id), row)
        self.chosen.emit(tunnel_id)
        if ran:
            self._runner.start([tunnel_id])

    def ask_empty_trash(self, number: int, emptied: Callable[[], None]) -> None:
        """Deleted tunnels go for good, with their backups and secrets, if the person agrees."""

        async def empty() -> None:
            await self._library.empty_trash()
            self._deleted.clear()
            emptied()

        def agreed() -> None:
            self.work(empty(), "empty the trash")

        text = tr("They go with their backups and secrets. Nobody can bring them back.")
        title = tr("Remove {n} deleted tunnel for good?|Remove {n} deleted tunnels for good?", number)
        ask(self._window, title, text, tr("Remove"), agreed)

    def _reordered(self) -> None:
        ids = [tunnel.id for tunnel in self._tunnels if not tunnel.foreign]
        self.work(self._library.set_order(ids), "save the order")

    # Keys

    def approve(self, tunnel_id: str, newcomer: Newcomer) -> None:
        self.work(self._approve(tunnel_id, newcomer), "approve a computer")

    async def _approve(self, tunnel_id: str, newcomer: Newcomer) -> None:
        """At once in the engine, and for good in the profile."""
        await self._runner.approve(tunnel_id, newcomer)
        profile = self._library.get(tunnel_id)
        kept = with_newcomer(profile, newcomer) if profile is not None else None
        if kept is None:
            text = tr("It is let in until the next start. To keep it so, change bridgeKeys in the configuration.")
            self._window.toast.say(text)
            return
        await self._save(kept, False)
        self._window.toast.say(tr("The computer is let in"))

    def copy_key(self, tunnel_id: str) -> None:
        """This computer's key as `xrgui key` prints it: whole, and short for comparison."""
        tunnel = self._tunnels.get(tunnel_id)
        if tunnel is not None and tunnel.key:
            print_ = bridge_key.fingerprint(bridge_key.decode(tunnel.key))
            copy_text(f"{tunnel.key}\n{print_}\n")
            self._window.toast.say(tr("Copied {text}", text=print_))

    # Run

    def toggle(self, tunnel_id: str) -> None:
        tunnel = self._tunnels.get(tunnel_id)
        if tunnel is None:
            return
        if tunnel.running:
            self._runner.stop([tunnel_id])
        elif not tunnel.unsupported:
            self._runner.start([tunnel_id])

    def start_all(self) -> None:
        able = [t.id for t in self._tunnels if not t.running and not t.unsupported and not t.foreign]
        self._runner.start(able)

    def stop_all(self) -> None:
        self._runner.stop([tunnel.id for tunnel in self._tunnels if tunnel.running])

    # Addresses

    def copy_address(self, address: str) -> None:
        copy_text(address)
        self._window.toast.say(tr("Copied {text}", text=address))

    def open_address(self, address: str) -> None:
        QDesktopServices.openUrl(QUrl(address))

    def show_qr(self, tunnel: Tunnel, address: str) -> None:
        show_qr(self._window, tunnel.name, address)


def with_newcomer(profile: Profile, newcomer: Newcomer) -> Profile | None:
    """*profile*, in which the newcomer's computer may show its key, or need none if it has none; None if there is
    no such computer."""
    if newcomer.portal not in {bridge_tag(bridge.name) for bridge in profile.bridges}:
        return None
    bridges = tuple(
        _approved(bridge, newcomer) if bridge_tag(bridge.name) == newcomer.portal else bridge
        for bridge in profile.bridges
    )
    return msgspec.structs.replace(profile, bridges=bridges)


def _approved(bridge: Bridge, newcomer: Newcomer) -> Bridge:
    if not newcomer.key:
        return msgspec.structs.replace(bridge, keyless=True)
    if newcomer.key in {key.public for key in bridge.keys}:
        return bridge
    key = ApprovedKey(public=newcomer.key, name=newcomer.address.rpartition(":")[0])
    return msgspec.structs.replace(bridge, keys=(*bridge.keys, key))
