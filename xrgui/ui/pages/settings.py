"""What the person may choose; each change counts at once."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLayout, QScrollArea, QVBoxLayout, QWidget

from xrgui.ui import desktop_entry, theme
from xrgui.ui.language import LANGUAGES, tr
from xrgui.ui.settings import Settings
from xrgui.ui.widgets.basic import Card, Segments, button, clear_layout, column, label, paragraph, row

WIDTH = 640


class SettingsPage(QScrollArea):
    changed = Signal()
    """A field of `settings` was changed."""
    login_asked = Signal(bool)
    menu_asked = Signal(bool)
    secrets_asked = Signal()
    trash_asked = Signal()
    engine_asked = Signal(str)
    """restart, or the endpoint of an engine to attach to."""
    engines_wanted = Signal()
    """The list of other engines is about to be looked at."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        inner.setMaximumWidth(theme.scaled(WIDTH))
        sections = (
            self._look(),
            self._start(),
            self._close(),
            self._secrets(),
            self._notifications(),
            self._engine(),
            self._updates(),
        )
        inner.setLayout(column(label(tr("Settings"), size=19, bold=True), *sections, gap=14))
        content = QWidget()
        content.setObjectName("content")
        layout = QVBoxLayout(content)
        layout.setContentsMargins(22, 18, 22, 22)
        layout.addLayout(row(inner))
        layout.addStretch(1)
        self.setWidget(content)

    # Parts

    def _section(self, title: str, *parts: QWidget | QLayout) -> Card:
        return Card(column(label(title, bold=True), *parts, gap=10))

    def _named(self, name: str, part: QWidget) -> QLayout:
        title = label(name)
        title.setMinimumWidth(theme.scaled(150))
        title.setBuddy(part)
        return row(title, part, None, gap=12)

    def _check(self, text: str, field: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setChecked(bool(getattr(self.settings, field)))
        box.toggled.connect(lambda on: self._set(field, on))
        return box

    def _segments(self, name: str, field: str, choices: Iterable[tuple[str, str]]) -> Segments:
        part = Segments(name, choices)
        part.choose(str(getattr(self.settings, field)))
        part.chosen.connect(lambda key: self._set(field, key))
        return part

    def _set(self, field: str, value: object) -> None:
        setattr(self.settings, field, value)
        self.changed.emit()

    # Sections

    def _look(self) -> Card:
        themes = [("system", tr("As the system")), ("light", tr("Light")), ("dark", tr("Dark"))]
        look = self._segments(tr("Theme"), "theme", themes)
        self.language = QComboBox()
        self.language.setAccessibleName(tr("Language"))
        self.language.addItem(tr("As the system"), "")
        for code, name in LANGUAGES.items():
            self.language.addItem(name, code)
        self.language.setCurrentIndex(max(0, self.language.findData(self.settings.language)))
        self.language.activated.connect(lambda: self._set("language", self.language.currentData()))
        return self._section(tr("Look"), self._named(tr("Theme"), look), self._named(tr("Language"), self.language))

    def _start(self) -> Card:
        self.login = QCheckBox(tr("Start xrgui when I log in"))
        self.login.clicked.connect(self.login_asked)
        self.menu = QCheckBox(tr("Show xrgui among the applications and open xrgui:// links with it"))
        self.menu.clicked.connect(self.menu_asked)
        self.menu.setVisible(desktop_entry.supported())
        hidden = self._check(tr("Start hidden in the tray"), "start_hidden")
        hint = paragraph(tr("Which tunnels start with xrgui is chosen in each tunnel."), tone="muted", size=12)
        return self._section(tr("Starting"), self.login, hidden, self.menu, hint)

    def _close(self) -> Card:
        choices = [("ask", tr("Ask")), ("hide", tr("Hide in the tray")), ("quit", tr("Quit"))]
        what = self._segments(tr("Closing the window"), "close", choices)
        keep = self._check(tr("Tunnels go on when xrgui quits or fails"), "keep_tunnels")
        return self._section(tr("Closing"), self._named(tr("Closing the window"), what), keep)

    def _secrets(self) -> Card:
        self._where = paragraph()
        change = button(tr("Change…"), name=tr("Change where secrets are kept"))
        change.clicked.connect(self.secrets_asked)
        line = row(self._where, change)
        line.setStretch(0, 1)
        self._deleted = paragraph(tone="muted")
        remove = button(tr("Remove for good…"))
        remove.clicked.connect(self.trash_asked)
        trash = row(self._deleted, remove)
        trash.setContentsMargins(0, 0, 0, 0)
        trash.setStretch(0, 1)
        self._trash = QWidget()
        self._trash.setLayout(trash)
        self._trash.hide()
        return self._section(tr("Secrets"), line, self._trash)

    def _notifications(self) -> Card:
        return self._section(
            tr("Notifications"),
            self._check(tr("A tunnel is down for more than 10 seconds"), "notify_down"),
            self._check(tr("It is up again"), "notify_up"),
            self._check(tr("A local service does not answer any more"), "notify_service"),
            self._check(tr("A computer asks to be let in"), "notify_newcomer"),
        )

    def _engine(self) -> Card:
        self._engine_text = paragraph()
        restart = button(tr("Restart"), name=tr("Restart the engine"))
        restart.clicked.connect(lambda: self.engine_asked.emit("restart"))
        line = row(self._engine_text, restart)
        line.setStretch(0, 1)
        self._others = column(gap=6)
        return self._section(tr("Engine"), line, self._others)

    def _updates(self) -> Card:
        check = self._check(tr("Look for a new version once a day"), "check_updates")
        hint = paragraph(tr("Off by default: xrgui talks to nobody but your servers."), tone="muted", size=12)
        return self._section(tr("Updates"), check, hint)

    # What is shown

    def show_system(self, *, login: bool, menu: bool) -> None:
        """What the system has written down for us."""
        self.login.setChecked(login)
        self.menu.setChecked(menu)

    def show_secrets(self, text: str) -> None:
        self._where.setText(text)

    def show_deleted(self, number: int) -> None:
        self._deleted.setText(
            tr("{n} deleted tunnel is kept with its secrets|{n} deleted tunnels are kept with their secrets", number)
        )
        self._trash.setVisible(number > 0)

    def show_engine(self, text: str, others: list[tuple[str, str]]) -> None:
        """*others* are (endpoint, words) of engines that run besides."""
        self._engine_text.setText(text)
        clear_layout(self._others)
        for endpoint, words in others:
            line = QWidget()
            use = button(tr("Use this one"), name=tr("Use the engine {name}", name=words))
            use.clicked.connect(lambda _=False, endpoint=endpoint: self.engine_asked.emit(endpoint))
            line.setLayout(row(label(words, tone="muted"), None, use))
            self._others.addWidget(line)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.engines_wanted.emit()
