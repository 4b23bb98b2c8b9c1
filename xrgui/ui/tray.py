"""The tray: overall state as a shape, one line for each tunnel, and the way back to the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from xrgui.ui import icons, mnemonics, theme, words
from xrgui.ui.actions import Actions
from xrgui.ui.language import tr
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.notifications import Notification
from xrgui.ui.tunnel import Phase, Tunnel
from xrgui.ui.widgets.basic import empty_menu

LOOK_AGAIN = 2000
"""Milliseconds between looks for a tray that was not there at the start."""
LOOKS = 30
LONGEST = 36
"""Characters of a name in the menu."""
SIZES = (16, 22, 24, 32, 48, 64)


def overall(tunnels: TunnelsModel) -> Phase:
    """The worst that a person should know."""
    phases = {tunnel.phase for tunnel in tunnels}
    order = (Phase.UNKNOWN, Phase.TROUBLE, Phase.CONNECTING, Phase.UP)
    return next((phase for phase in order if phase in phases), Phase.STOPPED)


def state_icon(phase: str) -> QIcon:
    """Pixmaps, since a tray takes no icon engine of ours."""
    role = icons.STATE_ROLES[phase]
    result = QIcon()
    for size in SIZES:
        result.addPixmap(icons.icon(f"state-{phase}", role).pixmap(QSize(size, size)))
    return result


class Tray(QObject):
    """Works as well without a tray host: then `there` stays False, and the window never hides."""

    open_asked = Signal()
    toggle_asked = Signal(str)
    copy_asked = Signal(str)
    tunnel_asked = Signal(str)
    """The tunnel that the last message was about."""

    def __init__(self, tunnels: TunnelsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tunnels = tunnels
        self._actions: Actions | None = None
        self.menu = QMenu()
        self._icon = QSystemTrayIcon(self)
        self._icon.setContextMenu(self.menu)
        self._icon.activated.connect(self._activated)
        self._icon.messageClicked.connect(self._message_clicked)
        self._told = ""
        self._shown = ""
        self._looks = LOOKS
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_AGAIN)
        self._timer.timeout.connect(self._look)
        self.menu.aboutToShow.connect(self.refresh_menu)
        theme.theme().changed.connect(self._recolour)

    @property
    def there(self) -> bool:
        return self._icon.isVisible() and QSystemTrayIcon.isSystemTrayAvailable()

    def start(self, actions: Actions) -> None:
        """Show the icon, or wait a minute for a tray to appear."""
        self._actions = actions
        self.refresh()
        self.refresh_menu()
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._icon.show()
        else:
            self._timer.start()

    def _look(self) -> None:
        self._looks -= 1
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._timer.stop()
            self._icon.show()
        elif not self._looks:
            self._timer.stop()

    def stop(self) -> None:
        self._timer.stop()
        self._icon.hide()

    def refresh(self) -> None:
        """Icon and tool tip, if they changed."""
        phase = overall(self._tunnels)
        tip = f"xrgui: {_within(self._tunnels.summary)}"
        if tip + phase == self._shown:
            return
        self._shown = tip + phase
        self._icon.setIcon(state_icon(phase))
        self._icon.setToolTip(tip)

    def _recolour(self) -> None:
        self._shown = ""
        self.refresh()

    def refresh_menu(self) -> None:
        if self._actions is None:
            return
        menu = self.menu
        empty_menu(menu)
        menu.addAction(f"xrgui: {_within(self._tunnels.summary)}").setEnabled(False)
        show = menu.addAction(tr("Open xrgui"))
        show.triggered.connect(self.open_asked)
        menu.setDefaultAction(show)
        menu.addSeparator()
        for tunnel in self._tunnels:
            self._add_tunnel(menu, tunnel)
        if len(self._tunnels):
            menu.addSeparator()
        self._add_commands(self._actions, "start_all", "stop_all")
        self._add_addresses(menu)
        self._add_commands(self._actions, "import_clipboard")
        menu.addSeparator()
        self._add_commands(self._actions, "settings", "quit")

    def _add_commands(self, actions: Actions, *keys: str) -> None:
        """Words alone: icons here mean states, and shortcuts work in the window."""
        for key in keys:
            action = self.menu.addAction(mnemonics.plain(actions[key].text()))
            action.setEnabled(actions[key].isEnabled())
            action.triggered.connect(actions[key].trigger)

    def _add_tunnel(self, menu: QMenu, tunnel: Tunnel) -> None:
        action = menu.addAction(f"{short(tunnel.name)}: {state_words(tunnel)}")
        action.setIcon(icons.icon(f"state-{tunnel.phase}", icons.STATE_ROLES[tunnel.phase]))
        action.setEnabled(not tunnel.unsupported)
        action.triggered.connect(lambda _=False, number=tunnel.id: self.toggle_asked.emit(number))

    def _add_addresses(self, menu: QMenu) -> None:
        addresses = [(tunnel.name, address) for tunnel in self._tunnels for address in tunnel.public]
        sub = menu.addMenu(tr("Copy public address"))
        sub.setEnabled(bool(addresses))
        for name, address in addresses:
            action = sub.addAction(f"{short(name)}: {address}")
            action.triggered.connect(lambda _=False, address=address: self.copy_asked.emit(address))

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        trigger = QSystemTrayIcon.ActivationReason
        if reason in (trigger.Trigger, trigger.DoubleClick):
            self.open_asked.emit()

    def _message_clicked(self) -> None:
        self.open_asked.emit()
        if self._tunnels.get(self._told) is not None:
            self.tunnel_asked.emit(self._told)

    def tell(self, notification: Notification) -> None:
        if self.there:
            self._told = notification.tunnel
            self._icon.showMessage(notification.title, notification.text, state_icon(notification.state))


def short(name: str) -> str:
    """Fit for a menu: cut in the middle, and without mnemonics."""
    shown = name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[-LONGEST // 2 + 1 :]}"
    return shown.replace("&", "&&")


def _within(text: str) -> str:
    """As it stands after a colon."""
    return text[:1].lower() + text[1:]


def state_words(tunnel: Tunnel) -> str:
    """``up, 128 visitors``"""
    text = _within(words.state(tunnel))
    if tunnel.phase is Phase.UP and tunnel.visitors:
        return f"{text}, {tr('{n} visitor|{n} visitors', tunnel.visitors)}"
    return text
