"""What becomes of a choice in the settings: it is saved and counts at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from xrgui.ui import autostart, desktop_entry, theme
from xrgui.ui.language import language, tr
from xrgui.ui.pages.settings import SettingsPage
from xrgui.ui.tasks import spawn

if TYPE_CHECKING:
    from xrgui.ui.shell import Shell


class Choices(QObject):
    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._shell = shell
        self._program = shell.program

    def tie(self, page: SettingsPage) -> None:
        """Listen to a page, which a change of language makes anew."""
        page.changed.connect(self.changed)
        page.login_asked.connect(lambda on: self._system_asked(autostart.set_on, on))
        page.menu_asked.connect(lambda on: self._system_asked(desktop_entry.set_on, on))
        page.secrets_asked.connect(self._shell.secrets.choose)
        page.trash_asked.connect(lambda: spawn(self._ask_empty_trash(), "empty the trash"))
        page.engine_asked.connect(self.change_engine)
        page.engines_wanted.connect(self.show)

    def changed(self) -> None:
        """`settings` says something new."""
        program, chosen = self._program, self._program.settings
        program.save(program.settings_file, chosen)
        if theme.theme().choice != chosen.theme:
            theme.theme().choose(theme.Scheme(chosen.theme))
        self._keep(chosen.keep_tunnels)
        program.updates.set_on(chosen.check_updates)
        before = language.code
        language.choose(chosen.language)
        if language.code != before:
            self._shell.rebuild()
        self.show()

    def _keep(self, keep: bool) -> None:
        """How the engine was started decides whether it outlives us."""
        engine = self._program.engine
        changed, engine.keep = engine.keep != keep, keep
        if not changed or engine.foreign or not engine.running or engine.outlives == keep:
            return
        if self._program.tunnels.running:
            text = tr("This counts from the engine's next start on.")
            self._shell.window.toast.say(text, tr("Restart"), lambda: self.change_engine("restart"))
        else:
            self.change_engine("restart")

    def offer_menu(self) -> None:
        """Who installed xrgui by pip or as a bundle finds it nowhere on the desktop, and is asked once."""
        if not self._program.settings.menu_refused and desktop_entry.is_missing():
            self.ask_menu()

    def ask_menu(self) -> None:
        text = tr("Add xrgui to the applications menu, to start it from there and open xrgui:// links?")
        notice = self._shell.window.notice
        notice.say("menu", "stopped", text, tr("Add"), self._add_to_menu, tr("No thanks"), self._refuse_menu)

    def _add_to_menu(self) -> None:
        self._shell.window.notice.clear("menu")
        self._system_asked(desktop_entry.set_on, True)
        if desktop_entry.is_on():
            self._shell.say(tr("xrgui is among the applications now"))

    def _refuse_menu(self) -> None:
        self._program.settings.menu_refused = True
        self._program.save(self._program.settings_file, self._program.settings)

    def _system_asked(self, change: Callable[[bool], None], on: bool) -> None:
        try:
            change(on)
        except OSError as error:
            self._shell.say(str(error))
        self.show()

    def change_engine(self, what: str) -> None:
        """Restart it, or go over to the one at an endpoint."""
        spawn(self._change_engine(what), "change the engine")

    async def _change_engine(self, what: str) -> None:
        engine = self._program.engine
        await engine.stop()
        if what == "restart" or not engine.attach(what, foreign=True):
            engine.start()

    async def _ask_empty_trash(self) -> None:
        number = await self._program.library.deleted()
        self._shell.commands.ask_empty_trash(number, self.show)

    async def _show_deleted(self) -> None:
        number = await self._program.library.deleted()
        self._shell.settings.show_deleted(number)  # of the page that is there now

    def show(self) -> None:
        """Bring the page up to what the system and the engine say."""
        page, engine = self._shell.settings, self._program.engine
        page.show_system(login=autostart.is_on(), menu=desktop_entry.is_on())
        page.show_secrets(self._shell.secrets.words())
        words = self._shell.engine_words()
        if engine.process.pid:
            words = tr("{state}, process {pid}", state=words, pid=engine.process.pid)
        others = [(str(path), tr("Process {pid}", pid=path.stem)) for path in engine.others()]
        page.show_engine(words, others)
        if page.isVisible():
            spawn(self._show_deleted(), "count deleted tunnels")
