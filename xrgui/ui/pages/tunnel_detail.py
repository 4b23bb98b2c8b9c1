"""Everything about one tunnel: its state, address, path, traffic, or what broke and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from xrgui.ui import icons, theme, units, words
from xrgui.ui.language import tr
from xrgui.ui.models.traffic import Series
from xrgui.ui.pages.newcomers import Newcomers
from xrgui.ui.tunnel import Phase, Trouble, Tunnel
from xrgui.ui.widgets.address import AddressRow
from xrgui.ui.widgets.basic import TEXT_ICON, Card, Elided, button, clear_layout, column, label, paragraph, set_tone
from xrgui.ui.widgets.flow import FlowLayout
from xrgui.ui.widgets.path import PathWidget
from xrgui.ui.widgets.path_view import show_tunnel
from xrgui.ui.widgets.state_icon import StateIcon
from xrgui.ui.widgets.traffic_card import TrafficCard

MARGIN = 22
BESIDE, CONTROL, LEAST = 60, 30, 80
"""Pixels of the header: icon and gaps, a button without words, and what the time needs to be worth its place."""


class TunnelDetail(QScrollArea):
    asked = Signal(str)
    """What the person wants: edit, toggle, retry, restart, other_end, unlock, connections, log, copy_key, copy_link."""
    address_asked = Signal(str, str)
    newcomer_answered = Signal(str, object)
    """approve or ignore, and the `Newcomer`."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.tunnel: Tunnel | None = None
        self._header = _Header()
        self._header.asked.connect(self.asked)
        self._notice = _Notice()
        self._notice.asked.connect(self.asked)
        self._newcomers = Newcomers()
        self._newcomers.answered.connect(self.newcomer_answered)
        self._addresses = _Addresses()
        self._addresses.asked.connect(self.address_asked)
        self._path = PathWidget()
        self._path.clicked.connect(self._path_clicked)
        self._path_card = Card(column(self._path))
        self._traffic = TrafficCard()
        self._events = _Events()
        self.content = QWidget()
        self.content.setObjectName("content")
        layout = self._layout = QVBoxLayout(self.content)
        layout.setContentsMargins(MARGIN, 16, MARGIN, 18)
        layout.setSpacing(14)
        for part in (self._header, self._notice, self._newcomers, self._addresses, self._path_card):
            layout.addWidget(part)
        layout.addWidget(self._traffic)
        layout.addWidget(self._events)
        layout.addStretch(1)
        self.setWidget(self.content)

    def show_tunnel(self, tunnel: Tunnel, series: Series, carried: tuple[str, str]) -> None:
        """Show *tunnel* as it is now; call again whenever it changed."""
        fresh = self.tunnel is None or self.tunnel.id != tunnel.id
        self.tunnel = tunnel
        self._header.show_tunnel(tunnel, fade=not fresh)
        self._notice.show_tunnel(tunnel)
        self._newcomers.show_tunnel(tunnel)
        self._addresses.show_addresses(() if tunnel.phase is Phase.TROUBLE else tunnel.public)
        show_tunnel(self._path, tunnel)
        calm = tunnel.phase not in (Phase.CONNECTING, Phase.TROUBLE)
        self._traffic.setVisible(calm or not tunnel.happenings)
        self._layout.setStretchFactor(self._traffic, 20 if tunnel.phase is Phase.UP else 0)
        self._traffic.show_tunnel(tunnel, series, carried)
        self._events.setVisible(not calm and bool(tunnel.happenings))
        self._events.show_tunnel(tunnel)
        if fresh:
            self.verticalScrollBar().setValue(0)

    def tick(self) -> None:
        """Once a second: what counts time."""
        if self.tunnel is not None:
            self._header.show_tunnel(self.tunnel)
            self._notice.show_tunnel(self.tunnel)

    def _path_clicked(self, key: str) -> None:
        self.asked.emit(key)


class _Header(QWidget):
    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._icon = StateIcon(20)
        self._name = Elided(size=theme.TITLE, bold=True)
        self._since = Elided(size=theme.SIZE)
        set_tone(self._since, "muted")
        self._edit = button(tr("Edit"), tip=tr("Edit"))
        self._edit_width = self._edit.sizeHint().width()
        self._edit.clicked.connect(lambda: self.asked.emit("edit"))
        self._toggle = button(tr("Start"))
        self._toggle.setIconSize(TEXT_ICON)
        self._toggle.clicked.connect(lambda: self.asked.emit("toggle"))
        width = max(button(text, icon="stop").sizeHint().width() for text in (tr("Start"), tr("Stop")))
        self._toggle.setMinimumWidth(width)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        for part in (self._icon, self._name, self._since):
            layout.addWidget(part)
        self._since.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        layout.addStretch(1)
        layout.addWidget(self._edit)
        layout.addSpacing(-2)
        layout.addWidget(self._toggle)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The name comes first: where there is no room, Edit loses its word, then the time is cut or goes."""
        left = self.width() - self._name.sizeHint().width() - self._toggle.sizeHint().width() - BESIDE
        since = self._since.sizeHint().width()
        narrow = since + self._edit_width > left
        self._edit.setText("" if narrow else tr("Edit"))
        self._edit.setIcon(icons.icon("edit") if narrow else QIcon())
        set_tone(self._edit, "icon" if narrow else "", "kind")
        left -= CONTROL if narrow else self._edit_width
        self._since.setMaximumWidth(max(0, min(since, left)))
        self._since.setVisible(left >= min(since, LEAST))

    def show_tunnel(self, tunnel: Tunnel, *, fade: bool = True) -> None:
        self._icon.show_state(tunnel.phase.value, words.phase(tunnel), fade=fade)
        self._name.setText(tunnel.name)
        self._since.setText(words.phase(tunnel) if words.retries(tunnel) else words.standing(tunnel))
        running = tunnel.running
        word = tr("Stop") if running else tr("Start")
        self._toggle.setText(f" {word}")
        self._toggle.setAccessibleName(word)
        self._toggle.setIcon(icons.icon("stop" if running else "start", "text" if running else "on_accent"))
        set_tone(self._toggle, "" if running else "primary", "kind")
        self._toggle.setEnabled(running or not tunnel.unsupported)
        self._edit.setVisible(not tunnel.foreign)
        self._fit()


class _Notice(Card):
    """What happened, what was seen, the next step: an error that needs a person, attempts that go on, or a server
    that nobody uses yet."""

    asked = Signal(str)

    def __init__(self) -> None:
        self._title = label(bold=True)
        self._text = paragraph()
        self._seen = paragraph(tone="muted", size=theme.SMALL)
        self._buttons = FlowLayout()
        self._attempt = label(tone="muted")
        self._shown: tuple[object, ...] = ()
        layout = column(self._title, self._text, self._seen, self._buttons, self._attempt, gap=8)
        super().__init__(layout)

    def show_tunnel(self, tunnel: Tunnel) -> None:
        if tunnel.unsupported:
            self._show_unsupported(tunnel)
            return
        trouble, invites = tunnel.phase is Phase.TROUBLE, words.invites(tunnel)
        self.setVisible(trouble or invites or words.retries(tunnel))
        if self.isHidden():
            return
        for part in (self, self._title):
            set_tone(part, "error" if trouble else "waiting")
        calm = words.invitation() if invites else words.patience(tunnel)
        waits = tunnel.attempt > 0
        self._attempt.setText(words.attempt(tunnel))
        self._attempt.setVisible(waits)
        self._fill(words.advice(tunnel) if trouble else calm, tunnel.detail, tunnel.trouble)

    def _show_unsupported(self, tunnel: Tunnel) -> None:
        text = tr("This tunnel needs what xrgui does not have yet: {what}.", what=tunnel.unsupported)
        self._attempt.setVisible(False)
        for part in (self, self._title):
            set_tone(part, "error")
        self._fill(words.Advice(tr("It cannot start here"), text, ("edit",)), "", Trouble.CONFIG)
        self.setVisible(True)

    def _fill(self, advice: words.Advice, detail: str, trouble: Trouble) -> None:
        state = (advice, detail)
        if state == self._shown:
            return
        self._shown = state
        self._title.setText(advice.title)
        self._text.setText(advice.text)
        self._seen.setText(detail)
        self._seen.setVisible(bool(detail))
        clear_layout(self._buttons)
        for place, step in enumerate(advice.steps):
            part = button(words.step(step, trouble), kind="" if place else "primary")
            part.clicked.connect(lambda _=False, step=step: self.asked.emit(step))
            self._buttons.addWidget(part)


class _Addresses(Card):
    asked = Signal(str, str)

    def __init__(self) -> None:
        self._rows = column(gap=6)
        self._title = label(tr("Public address"), tone="muted", size=theme.SMALL)
        self._shown: tuple[str, ...] = ()
        super().__init__(column(self._title, self._rows, gap=4), 12)

    def show_addresses(self, addresses: tuple[str, ...]) -> None:
        self.setVisible(bool(addresses))
        if addresses == self._shown:
            return
        self._shown = addresses
        clear_layout(self._rows)
        for address in addresses:
            part = AddressRow(address)
            part.asked.connect(self.asked)
            self._rows.addWidget(part)
        self._title.setText(tr("Public addresses") if len(addresses) > 1 else tr("Public address"))


class _Events(Card):
    """What happened, newest at the bottom."""

    ROWS = 8

    def __init__(self) -> None:
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(9)
        self._grid.setColumnStretch(1, 1)
        self._lines = [(label(tone="muted"), paragraph()) for _ in range(self.ROWS)]
        for place, (when, what) in enumerate(self._lines):
            when.setFont(theme.font(tabular=True))
            self._grid.addWidget(when, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(what, place, 1)
        layout = column(label(tr("What happened"), bold=True), self._grid, None, gap=12)
        super().__init__(layout)

    def show_tunnel(self, tunnel: Tunnel) -> None:
        last = list(tunnel.happenings)[-self.ROWS :]
        for place, (when, what) in enumerate(self._lines):
            shown = place < len(last)
            when.setVisible(shown)
            what.setVisible(shown)
            if shown:
                when.setText(units.time_of_day(last[place].at))
                what.setText(last[place].text)
