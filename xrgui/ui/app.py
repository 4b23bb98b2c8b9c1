"""The window's program: makes every part, ties them together, and ends them in order."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import qasync
from PySide6.QtCore import QEvent, QSocketNotifier
from PySide6.QtWidgets import QApplication

from xrgui import __version__, bridge_key, paths
from xrgui.profiles.files import StoreError
from xrgui.ui import health, icons, settings, theme
from xrgui.ui.engine import Engine
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import language, tr
from xrgui.ui.library import Library
from xrgui.ui.models.log import LogModel
from xrgui.ui.models.sessions import Sessions
from xrgui.ui.models.traffic import Traffic
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.notifications import Notifications
from xrgui.ui.runner import Runner
from xrgui.ui.shell import Shell
from xrgui.ui.single import SingleInstance
from xrgui.ui.tasks import DaemonThreads, cancel_all, spawn
from xrgui.ui.totals_keeper import TotalsKeeper
from xrgui.ui.tray import Tray
from xrgui.ui.tunnel import Service
from xrgui.ui.updates import Updates

log = logging.getLogger("xrgui.window")


class Program:
    """Holds what lives as long as the program; the shell holds what a change of language makes anew."""

    def __init__(self, app: QApplication, arguments: Sequence[str]) -> None:
        self.app = app
        self.arguments = [argument for argument in arguments if argument != "--minimized"]
        self.minimized = "--minimized" in arguments
        self.ended = asyncio.get_running_loop().create_future()
        self.config_dir, self.data_dir = paths.config_dir(), paths.data_dir()
        self.settings, self.settings_note = settings.load(self.settings_file, settings.Settings)
        self.state, _ = settings.load(self.state_file, settings.WindowState)
        language.choose(self.settings.language)
        self.theme = theme.install(app)
        self.theme.choose(theme.Scheme(self.settings.theme))
        self.tunnels = TunnelsModel()
        self.traffic = Traffic()
        self.sessions = Sessions()
        self.log = LogModel()
        self.library = Library(self.config_dir)
        self.engine = Engine()
        self.engine.keep = self.settings.keep_tunnels
        self.runner = Runner(self.library, self.engine, self.tunnels, self.traffic, self.sessions, self.key_file)
        self.totals = TotalsKeeper(self.data_dir / "totals.db")
        self.notifications = Notifications(self.tunnels, self.settings)
        self.tray = Tray(self.tunnels)
        self.updates = Updates()
        self.health = health.Watch(self._services, self.runner.services_asked)
        self.shell = Shell(self)
        self._tie()

    @property
    def settings_file(self) -> Path:
        return self.config_dir / "settings.json"

    @property
    def state_file(self) -> Path:
        return self.data_dir / "window.json"

    @property
    def key_file(self) -> Path:
        return bridge_key.default_path()

    def _tie(self) -> None:
        client = self.engine.client
        client.log.connect(self.log.apply)
        client.connected.connect(self.log.begin)
        client.status.connect(self.totals.status)
        client.totals.connect(self.totals.take)
        self.engine.died.connect(self.totals.engine_died)
        client.connected.connect(self.remember_engine)
        self.notifications.told.connect(self.tray.tell)
        self.runner.changed.connect(self.tray.refresh)
        self.runner.failed.connect(self.shell.say)
        self.updates.found.connect(self.shell.update_found)
        self.tunnels.phase_changed.connect(self.health.soon)
        self.tunnels.rowsInserted.connect(self.health.soon)

    async def run(self) -> int:
        """Until somebody quits; the result is the exit code."""
        self.shell.show(hidden=self.minimized or self.settings.start_hidden)
        _spare_the_collector()
        spawn(self._start(), "start")
        code: int = await self.ended
        await self._stop()
        return code

    async def _start(self) -> None:
        self._start_engine()
        try:
            for notice in await self.library.load():
                self.shell.damaged(notice)
        except StoreError as error:
            self.shell.tell(tr("The tunnels could not be read"), engine_words(error))
        for profile_id in self.library.profiles:
            self.runner.show(profile_id)
        self.shell.loaded()
        await self.totals.start(list(self.library.profiles))
        self.shell.choices.offer_menu()
        if self.settings_note:
            self.shell.say(self.settings_note)
        spawn(self.health.run(), "watch services")
        self.updates.set_on(self.settings.check_updates)
        await self.shell.secrets.start()
        self.shell.exchange.import_arguments(self.arguments)

    def start_tunnels(self) -> None:
        """Secrets are at hand: what starts with the program starts, and what runs needs none."""
        profiles = self.library.profiles.values()
        ids = [profile.id for profile in profiles if profile.start_with_program and not profile.link]
        self.runner.start([number for number in ids if number not in self.runner.wanted])

    def remember_engine(self) -> None:
        """One that outlives us has to be found again, also after a crash of this window."""
        endpoint = self.engine.endpoint if self.engine.running and self.engine.outlives else ""
        if endpoint != self.state.engine:
            self.state.engine = endpoint
            self.save(self.state_file, self.state)

    def _start_engine(self) -> None:
        left = self.state.engine
        if not left or not self.engine.attach(left, foreign=False):
            self.engine.start()

    def _services(self) -> list[Service]:
        return [s for tunnel in self.tunnels for s in tunnel.services if tunnel.running or self.shell.seen]

    # The end

    def quit(self, code: int = 0) -> None:
        if not self.ended.done():
            self.ended.set_result(code)

    async def _stop(self) -> None:
        self.shell.hide()
        self.tray.stop()
        self.updates.stop()
        self.shell.save_state()
        await self.shell.trial.stop()
        await self.engine.client.refresh()
        await self.totals.stop()
        if self.engine.keep and self.engine.outlives and self.engine.running and self.runner.wanted:
            await self.engine.leave()
        else:
            self.state.engine = ""
            await self.engine.stop()
        self.save(self.state_file, self.state)
        await cancel_all()

    def save(self, path: Path, values: msgspec.Struct) -> None:
        try:
            settings.save(path, values)
        except StoreError as error:
            self.shell.say(engine_words(error))


def _watch_signals(quit_program: Callable[[], None]) -> QSocketNotifier | None:
    """SIGINT, SIGTERM and SIGHUP end the program in order. Python's handlers run when Qt wakes up."""
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, lambda *_: quit_program())
        return None
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    notifier = QSocketNotifier(reader, QSocketNotifier.Type.Read)

    def woken() -> None:
        if set(os.read(reader, 64)) & {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}:
            quit_program()

    notifier.activated.connect(woken)
    return notifier


def _spare_the_collector() -> None:
    """What is there now stays, and a batch of rows makes many small objects but no cycles: without this the
    collector would stop the window for a tenth of a second now and then."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def make_app() -> QApplication:
    app = QApplication(sys.argv[:1])
    app.setApplicationName("xrgui")
    app.setApplicationDisplayName("xrgui")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("xrgui")
    app.setQuitOnLastWindowClosed(False)
    app.setWindowIcon(icons.program_icon())
    return app


async def _run(app: QApplication, single: SingleInstance, arguments: Sequence[str]) -> int:
    program = Program(app, arguments)
    single.asked.connect(program.shell.asked_again)
    app.commitDataRequest.connect(lambda _: program.quit())
    notifier = _watch_signals(program.quit)
    try:
        return await program.run()
    finally:
        if notifier is not None:
            notifier.setEnabled(False)
        single.close()
        # Now, while parents live: Qt would look for what was to be deleted later among what Python has collected.
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def main(arguments: Sequence[str] = ()) -> int:
    """Open the window, or hand *arguments* to the one that is open. Returns the exit code."""
    app = make_app()
    single = SingleInstance(paths.config_dir())
    if single.hand_over(list(arguments)):
        return 0
    single.listen()
    loop = qasync.QEventLoop(app)
    loop.set_default_executor(DaemonThreads())
    asyncio.set_event_loop(loop)
    with loop:
        return int(loop.run_until_complete(_run(app, single, arguments)))
