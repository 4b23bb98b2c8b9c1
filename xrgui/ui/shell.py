"""The window with its pages, and how it comes and goes. A change of language makes the pages anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QPoint, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from xrgui import rpc
from xrgui.config import model as c
from xrgui.config.dump import dump
from xrgui.profiles.store import Notice
from xrgui.ui import units, words
from xrgui.ui.choices import Choices
from xrgui.ui.commands import Commands
from xrgui.ui.dialogs.close_question import CloseQuestion
from xrgui.ui.dialogs.info import show_about, show_guide, show_notifications
from xrgui.ui.dialogs.simple import tell
from xrgui.ui.engine import EngineState
from xrgui.ui.engine_client import PATIENCE
from xrgui.ui.engine_words import engine_words
from xrgui.ui.exchange import Exchange
from xrgui.ui.language import tr
from xrgui.ui.main_window import MainWindow
from xrgui.ui.pages.connections import ConnectionsPage, Layout
from xrgui.ui.pages.logs import LogsPage
from xrgui.ui.pages.routing import RoutingPage
from xrgui.ui.pages.settings import SettingsPage
from xrgui.ui.pages.tunnels import TunnelsPage
from xrgui.ui.preview import preview_config
from xrgui.ui.secrets_flow import SecretsFlow
from xrgui.ui.tasks import spawn
from xrgui.ui.trial import Trial, TrialError
from xrgui.ui.tunnel import Newcomer, Tunnel

if TYPE_CHECKING:
    from xrgui.ui.app import Program


class Shell(QObject):
    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program
        self.window = MainWindow()
        self.commands = Commands(self.window, program.library, program.runner, program.tunnels)
        self.exchange = Exchange(self.window, program.library, self.commands)
        self.secrets = SecretsFlow(self.window, program.library, program.settings)
        self.choices = Choices(self)
        self.trial = Trial(program.engine, program.tunnels, self)
        self._quitting = False
        self._current = ""
        self._build()
        self._tie()

    # Making

    def rebuild(self) -> None:
        """Everything anew in another language; page and tunnel stay."""
        self.save_state()
        page = self.window.page
        self._build()
        self.tunnels.choose(self._current)
        self.window.show_page(page)
        self.program.tray.start(self.actions)

    def _build(self) -> None:
        """All that shows words."""
        program, state = self.program, self.program.state
        self.tunnels = TunnelsPage(program.tunnels, program.traffic, self._carried)
        self.connections = ConnectionsPage(program.sessions, program.traffic, program.tunnels)
        self.logs = LogsPage(program.log, state.log_level)
        self.routing = RoutingPage(program.tunnels, self._config_of)
        self.settings = SettingsPage(program.settings)
        pages = {
            "tunnels": self.tunnels,
            "connections": self.connections,
            "logs": self.logs,
            "routing": self.routing,
            "settings": self.settings,
        }
        self.actions = self.window.build(pages)
        self._tie_pages()
        self._restore()
        self._show_figures()
        self.window.toast.hide()

    def _tie(self) -> None:
        program, window = self.program, self.window
        window.closing.connect(self._closing)
        window.page_changed.connect(self._enable)
        window.seen_changed.connect(self._seen_changed)
        window.dropped.connect(self.exchange.import_data)
        self.commands.chosen.connect(self.show_tunnel)
        self.secrets.opened.connect(program.start_tunnels)
        self.secrets.chosen.connect(self.choices.changed)
        program.runner.changed.connect(self._show_figures)
        program.engine.state_changed.connect(self._engine_changed)
        program.engine.pulse.changed.connect(self._pulse_changed)
        program.engine.given_up.connect(self._engine_given_up)
        program.tray.open_asked.connect(self.bring_up)
        program.tray.tunnel_asked.connect(self.show_tunnel)
        program.tray.toggle_asked.connect(self.commands.toggle)
        program.tray.copy_asked.connect(self.commands.copy_address)

    def _tie_pages(self) -> None:
        self.actions.asked.connect(self._asked)
        self.tunnels.selected.connect(self._selected)
        self.tunnels.asked.connect(self._asked)
        self.tunnels.address_asked.connect(self._address_asked)
        self.tunnels.newcomer_answered.connect(self._newcomer_answered)
        self.tunnels.first_asked.connect(self._first_asked)
        self.tunnels.menu_asked.connect(self._tunnel_menu)
        self.connections.close_asked.connect(self.program.runner.close_sessions)
        self.connections.tunnels_asked.connect(lambda: self._show_page("tunnels"))
        self.connections.pause.toggled.connect(self.actions["pause"].setChecked)
        self.logs.level_chosen.connect(self._level_chosen)
        self.logs.save_failed.connect(self.say)
        self.routing.asked.connect(lambda call: spawn(self._explain(call), "dry run"))
        self.routing.edit_asked.connect(self.commands.edit)
        self.routing.tunnels_asked.connect(lambda: self._show_page("tunnels"))
        self.choices.tie(self.settings)

    def _carried(self, tunnel_id: str) -> tuple[str, str]:
        return self.program.totals.today(tunnel_id), self.program.totals.ever(tunnel_id)

    def _config_of(self, tunnel_id: str) -> c.Config | None:
        profile = self.program.library.get(tunnel_id)
        return preview_config(profile) if profile is not None else None

    # Commands

    @property
    def current(self) -> Tunnel | None:
        return self.program.tunnels.get(self._current)

    def _selected(self, tunnel_id: str) -> None:
        self._current = tunnel_id
        self._enable()

    def _enable(self) -> None:
        """Del and its like mean the chosen tunnel only where one sees it."""
        self.actions.show_tunnel(self.current if self.window.page == "tunnels" else None)

    def _asked(self, what: str) -> None:
        """A command of the menus, the tray or a page, for the chosen tunnel where it takes one."""
        general: dict[str, Callable[[], object]] = {
            "new": lambda: self.commands.new("share"),
            "new_server": lambda: self.commands.new("server"),
            "new_custom": lambda: self.commands.new("custom"),
            "import": self.exchange.ask,
            "import_file": self.exchange.ask_file,
            "import_clipboard": self.exchange.import_clipboard,
            "import_qr": self.exchange.ask_picture,
            "backup": self.exchange.back_up,
            "close": self.window.close,
            "quit": self.quit,
            "undo": self.commands.undo,
            "copy": self._copy,
            "find": self._find,
            "settings": lambda: self._show_page("settings"),
            "start_all": self.commands.start_all,
            "stop_all": self.commands.stop_all,
            "pause": lambda: self.connections.set_paused(self.actions["pause"].isChecked()),
            "notifications": lambda: show_notifications(self.window, self.program.notifications),
            "try": lambda: spawn(self._try(), "try it here"),
            "guide": lambda: show_guide(self.window),
            "about": lambda: show_about(self.window),
            "unlock": self.secrets.unlock,
            "log": lambda: self._show_page("logs"),
        }
        if what.startswith("page_"):
            self._show_page(what.removeprefix("page_"))
        elif what in general:
            general[what]()
        elif self.current is not None:
            self._asked_of(self.current, what)

    def _asked_of(self, tunnel: Tunnel, what: str) -> None:
        runner, commands = self.program.runner, self.commands
        if what == "toggle" and tunnel.foreign:
            self._stop_foreign(tunnel)
            return
        if what in ("copy_address", "open_address", "qr"):
            if tunnel.public:
                self._address_asked(what.removesuffix("_address"), tunnel.public[0])
            return
        {
            "toggle": commands.toggle,
            "edit": commands.edit,
            "server": commands.edit,
            "service": commands.edit,
            "rename": commands.rename,
            "duplicate": commands.duplicate,
            "delete": commands.delete,
            "restart": runner.restart,
            "retry": runner.retry,
            "copy_key": commands.copy_key,
            "copy_link": self.exchange.give_link,
            "export": self.exchange.export,
            "other_end": self._other_end,
            "here": self._show_connections,
            "peers": self._show_connections,
        }[what](tunnel.id)

    def _stop_foreign(self, tunnel: Tunnel) -> None:
        if self.trial.running:
            spawn(self.trial.stop(), "end the trial")
        else:
            self.program.runner.stop([tunnel.id])

    def _other_end(self, tunnel_id: str) -> None:
        profile = self.program.library.get(tunnel_id)
        if profile is not None:
            self.exchange.show_other_end(profile)

    def _show_connections(self, tunnel_id: str) -> None:
        self.connections.show_tunnel(tunnel_id)
        self._show_page("connections")

    def _address_asked(self, what: str, address: str) -> None:
        if what == "copy":
            self.commands.copy_address(address)
        elif what == "open":
            self.commands.open_address(address)
        elif self.current is not None:
            self.commands.show_qr(self.current, address)

    def _newcomer_answered(self, what: str, newcomer: Newcomer) -> None:
        answer = self.commands.approve if what == "approve" else self.program.runner.ignore
        answer(self._current, newcomer)

    def _first_asked(self, what: str) -> None:
        keys = {"share": "new", "serve": "new_server", "import": "import", "try": "try"}
        self._asked(keys[what])

    def _tunnel_menu(self, at: QPoint) -> None:
        menu = QMenu(self.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.actions.context_menu(menu)
        menu.popup(at)

    def _copy(self) -> None:
        page = self.window.page
        if page == "connections":
            self.connections.copy()
        elif page == "logs":
            self.logs.copy()
        elif self.current is not None and self.current.public:
            self.commands.copy_address(self.current.public[0])

    def _find(self) -> None:
        page = self.window.pages[self.window.page]
        edit = getattr(page, "filter", None)
        if isinstance(edit, QLineEdit):
            edit.setFocus()
            edit.selectAll()

    async def _try(self) -> None:
        if self.trial.running:
            return
        try:
            url = await self.trial.start()
        except TrialError as error:
            await self.trial.stop()
            self.tell(tr("Try it here"), str(error))
            return
        self.show_tunnel("try-share")
        self.window.toast.say(
            tr("A sample page runs at {url}", url=url), tr("Open"), lambda: self.commands.open_address(url)
        )

    async def _explain(self, call: rpc.Explain) -> None:
        tunnel_id = self.routing.tunnel.currentData()
        if tunnel_id in self.program.runner.wanted:
            call.name = tunnel_id
        else:
            call.config = dump(self.routing.model.config, "xrgui")[0]
        try:
            answer = await self.program.engine.client.call(call, within=PATIENCE)
        except rpc.RpcError as error:
            self.routing.show_error(engine_words(error.message))
        else:
            self.routing.show_answer(answer)

    # Coming and going

    @property
    def seen(self) -> bool:
        return self.window.isVisible() and not self.window.isMinimized()

    def show(self, *, hidden: bool) -> None:
        self.program.tray.start(self.actions)
        if hidden and self.program.tray.there:
            self._seen_changed()
            return
        if hidden:
            self.window.showMinimized()
        else:
            self.window.show()

    def bring_up(self) -> None:
        self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowMinimized)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def hide(self) -> None:
        for dialog in QApplication.topLevelWidgets():
            if dialog is not self.window and dialog.isWindow() and dialog.parent() is self.window:
                dialog.close()
        self.window.hide()

    def asked_again(self, arguments: list[str]) -> None:
        """A second start: come to the front and take its arguments."""
        if "--minimized" not in arguments:
            self.bring_up()
        self.exchange.import_arguments(arguments)

    def _seen_changed(self) -> None:
        self.program.engine.client.set_seen(self.seen)
        if self.seen:
            self._show_figures()

    def _closing(self, event: QCloseEvent) -> None:
        running = self.program.tunnels.running
        if self._quitting or not running:
            event.accept()
            self.quit()
            return
        event.ignore()
        choice = self.program.settings.close
        if choice == "hide":
            self._put_away()
        elif choice == "quit":
            self.quit()
        else:
            question = CloseQuestion(self.window, running, tray=self.program.tray.there)
            question.answered.connect(self._close_answered)
            question.open()

    def _close_answered(self, what: str, remember: bool) -> None:
        if remember:
            self.program.settings.close = "hide" if what == "hide" else "quit"
            self.choices.changed()
        if what == "hide":
            self._put_away()
        else:
            self.quit()

    def _put_away(self) -> None:
        """Into the tray; a window that nothing could bring back is only made small."""
        self.save_state()
        if self.program.tray.there:
            self.hide()
        else:
            self.window.showMinimized()

    def quit(self) -> None:
        self._quitting = True
        self.program.quit()

    # What is shown

    def _show_page(self, key: str) -> None:
        self.bring_up()
        self.window.show_page(key)

    def show_tunnel(self, tunnel_id: str) -> None:
        self.window.show_page("tunnels")
        self.tunnels.choose(tunnel_id)

    def loaded(self) -> None:
        """The tunnels are there: take up where the person left."""
        ids = self.program.tunnels.ids
        self.tunnels.choose(self.program.state.tunnel if self.program.state.tunnel in ids else "".join(ids[:1]))
        self.tunnels.list.setFocus()
        self.window.show_page(self.program.state.page)
        self._show_figures()

    def update_found(self, version: str) -> None:
        text = tr("xrgui {version} is out. Update it the way you installed it.", version=version)
        self.window.notice.say("update", "up", text)

    def damaged(self, notice: Notice) -> None:
        """A profile's file could not be read."""
        self.window.notice.say(f"file {notice.path}", "trouble", words.notice(notice))

    def say(self, text: str) -> None:
        self.window.toast.say(text)

    def tell(self, title: str, text: str) -> None:
        tell(self.window, title, text)

    def _show_figures(self) -> None:
        tunnels, traffic = self.program.tunnels, self.program.traffic
        self._enable()
        self.actions["undo"].setEnabled(self.commands.can_undo)
        open_now = traffic.open.get("", 0)
        some = len(tunnels) > 0
        known = tunnels.known
        self.window.set_count("tunnels", f"{tunnels.up if known else '?'}/{len(tunnels)}" if some else "")
        self.window.set_count("connections", short_count(open_now) if known else "")
        if not self.seen:
            return
        down, up = traffic.series().last()
        self.window.show_figures(
            tunnels.summary,
            f"↓ {units.rate(down)}" if some and known else "",
            f"↑ {units.rate(up)}" if some and known else "",
            tr("{n} sub-connection|{n} sub-connections", open_now) if some and known else "",
            self.engine_words(),
        )

    def engine_words(self) -> str:
        engine = self.program.engine
        if not engine.pulse.answers:
            return tr("The engine does not answer")
        if engine.state is EngineState.RUNNING:
            memory = units.whole_size(engine.memory) if engine.memory else ""
            return tr("Engine running, {memory}", memory=memory) if memory else tr("Engine running")
        return {
            EngineState.STARTING: tr("Engine starting"),
            EngineState.FAILED: tr("Engine ended, starting again"),
            EngineState.STOPPED: tr("Engine stopped"),
        }[engine.state]

    def _engine_changed(self, state: str, why: str) -> None:
        notice = self.window.notice
        if state == EngineState.FAILED:
            text = tr("The engine ended on its own and is started again.")
            notice.say("engine", "trouble", f"{text} {why}".strip(), tr("Log"), lambda: self._asked("log"))
        elif state == EngineState.RUNNING:
            if notice.key == "engine" and notice.isVisible():
                notice.say("engine", "up", tr("The engine ended on its own and runs again."))
            self._seen_changed()
        self._show_figures()
        self.choices.show()

    def _pulse_changed(self) -> None:
        notice = self.window.notice
        if self.program.engine.pulse.answers:
            notice.clear("silent")
        else:
            text = tr("The engine does not answer. All that it carries stands still.")
            notice.say("silent", "trouble", text, tr("Restart"), lambda: self.choices.change_engine("restart"))
        self._show_figures()
        self.choices.show()

    def _engine_given_up(self) -> None:
        text = tr("The engine does not stay up. The log may say why.")
        self.window.notice.say("engine", "trouble", text, tr("Start again"), self.program.engine.start)

    def _level_chosen(self, level: str) -> None:
        self.program.state.log_level = level

    # State

    def save_state(self) -> None:
        state = self.program.state
        state.geometry = self.window.saveGeometry().toBase64().toStdString()
        state.page, state.tunnel = self.window.page, self._current
        state.splitter = QByteArray(self.tunnels.save()).toBase64().toStdString()
        layout = self.connections.save()
        state.open_columns, state.closed_columns = layout.open, layout.closed
        self.program.save(self.program.state_file, state)

    def _restore(self) -> None:
        state = self.program.state
        if state.geometry and not self.window.isVisible():
            self.window.restoreGeometry(QByteArray.fromBase64(state.geometry.encode()))
        if state.splitter:
            self.tunnels.restore(bytes(QByteArray.fromBase64(state.splitter.encode()).data()))
        self.connections.restore(Layout(state.open_columns, state.closed_columns))


def short_count(number: int) -> str:
    if not number:
        return ""
    return units.count(number) if number < 1000 else f"{number // 1000}k"
