"""Every command of the program, with its words, shortcut and icon: menus, tray and pages share them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from xrgui.ui import icons, mnemonics
from xrgui.ui.language import tr
from xrgui.ui.tunnel import Role, Tunnel
from xrgui.ui.widgets.basic import empty_menu

PAGES = ("tunnels", "connections", "logs", "routing", "settings")


class Actions(QObject):
    """`asked` tells the key of the command that was chosen."""

    asked = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._all: dict[str, QAction] = {}
        self._file()
        self._edit()
        self._tunnel()
        self._view()
        self._help()
        self.show_tunnel(None)

    def __getitem__(self, key: str) -> QAction:
        return self._all[key]

    def _add(self, key: str, text: str, shortcut: str = "", icon: str = "") -> QAction:
        action = QAction(text, self)
        action.setObjectName(key)
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        if icon:
            action.setIcon(icons.icon(icon))
        action.triggered.connect(lambda _=False, key=key: self.asked.emit(key))
        self._all[key] = action
        return action

    def _file(self) -> None:
        self._add("new", tr("New tunnel…"), "Ctrl+N", "plus")
        self._add("new_server", tr("New public server…"), "", "server")
        self._add("new_custom", tr("New configuration of your own…"), "", "service")
        self._add("import", tr("Import…"), "Ctrl+I", "import")
        self._add("import_file", tr("Import from file…"), "Ctrl+O")
        self._add("import_clipboard", tr("Import from clipboard"), "Ctrl+V")
        self._add("import_qr", tr("Import a QR picture…"), "", "qr")
        self._add("export", tr("Export…"), "Ctrl+E", "export")
        self._add("backup", tr("Back up everything…"), "", "save")
        self._add("close", tr("Close window"), "Ctrl+W")
        quit_action = self._add("quit", tr("Quit"), "Ctrl+Q")
        quit_action.setMenuRole(QAction.MenuRole.QuitRole)

    def _edit(self) -> None:
        self._add("undo", tr("Undo delete"), "Ctrl+Z")
        self._add("copy", tr("Copy"), "", "copy")
        self._add("find", tr("Filter"), "Ctrl+F", "search")
        settings = self._add("settings", tr("Settings"), "Ctrl+,", "settings")
        settings.setMenuRole(QAction.MenuRole.PreferencesRole)

    def _tunnel(self) -> None:
        self._add("toggle", tr("Start"), "", "start")
        self._add("restart", tr("Restart"), "Ctrl+R", "retry")
        self._add("retry", tr("Retry now"))
        self._add("edit", tr("Edit…"), "", "edit")
        self._add("rename", tr("Rename…"), "F2")
        self._add("duplicate", tr("Duplicate"), "Ctrl+D")
        self._add("delete", tr("Delete"), "Del", "trash")
        self._add("copy_address", tr("Copy public address"), "Ctrl+Shift+C", "copy")
        self._add("open_address", tr("Open in the browser"), "", "open")
        self._add("qr", tr("Show as a QR code"), "", "qr")
        self._add("copy_link", tr("Copy the link to share through it"), "", "copy")
        self._add("other_end", tr("Show the server's part…"), "", "server")
        self._add("start_all", tr("Start all"))
        self._add("stop_all", tr("Stop all"))

    def _view(self) -> None:
        names = (tr("Tunnels"), tr("Connections"), tr("Logs"), tr("Routing"))
        for place, (key, text) in enumerate(zip(PAGES, names, strict=False), start=1):
            self._add(f"page_{key}", text, f"Ctrl+{place}", key)
        self._add("pause", tr("Pause the list"), "Ctrl+P", "pause").setCheckable(True)
        self._add("notifications", tr("Notifications"), "", "bell")

    def _help(self) -> None:
        self._add("try", tr("Try it here"), "", "try")
        self._add("guide", tr("How it works"), "F1")
        about = self._add("about", tr("About xrgui"))
        about.setMenuRole(QAction.MenuRole.AboutRole)

    def show_tunnel(self, tunnel: Tunnel | None) -> None:
        """Enable what can be done to *tunnel*."""
        ours = tunnel is not None and not tunnel.foreign
        for key in ("edit", "rename", "duplicate", "delete", "export", "other_end"):
            self._all[key].setEnabled(ours)
        serves = tunnel is not None and tunnel.role is Role.SERVE
        self._all["copy_link"].setEnabled(ours and serves)
        other = tr("Show the computer's part…") if serves else tr("Show the server's part…")
        self._all["other_end"].setText(other)
        running = tunnel is not None and tunnel.running
        able = tunnel is not None and (running or not tunnel.unsupported)
        self._all["toggle"].setText(tr("Stop") if running else tr("Start"))
        self._all["toggle"].setIcon(icons.icon("stop" if running else "start"))
        self._all["toggle"].setEnabled(able)
        self._all["restart"].setEnabled(ours and running)
        self._all["retry"].setEnabled(running)
        public = tunnel.public if tunnel is not None else ()
        self._all["copy_address"].setEnabled(bool(public))
        self._all["qr"].setEnabled(bool(public))
        self._all["open_address"].setEnabled(any(a.startswith(("http://", "https://")) for a in public))

    def fill(self, bar: QMenuBar) -> None:
        empty_menu(bar)
        file_keys = (
            "new new_server new_custom | import import_file import_clipboard import_qr | export backup | close quit"
        )
        self._menu(bar, "file", tr("File"), file_keys)
        self._menu(bar, "edit", tr("Edit§menu"), "undo | copy find | settings")
        tunnel_keys = (
            "toggle restart retry | edit rename duplicate delete | copy_address open_address qr | copy_link other_end"
            " | start_all stop_all"
        )
        self._menu(bar, "tunnel", tr("Tunnel"), tunnel_keys)
        pages = " ".join(f"page_{key}" for key in PAGES[:-1])
        self._menu(bar, "view", tr("View"), f"{pages} | pause | notifications")
        self._menu(bar, "help", tr("Help"), "guide try | about")
        mnemonics.assign(bar)

    def _menu(self, bar: QMenuBar, name: str, title: str, keys: str) -> None:
        menu = bar.addMenu(title)
        menu.menuAction().setObjectName(name)
        self.fill_menu(menu, keys)

    def fill_menu(self, menu: QMenu, keys: str) -> None:
        """Add the actions of *keys*; ``|`` is a line."""
        for key in keys.split():
            if key == "|":
                menu.addSeparator()
            else:
                menu.addAction(self._all[key])
        menu.aboutToShow.connect(lambda: mnemonics.assign(menu))

    def context_menu(self, parent: QMenu) -> None:
        """What a right click on a tunnel offers."""
        self.fill_menu(
            parent,
            "toggle restart | copy_address open_address qr | edit rename duplicate | copy_link export other_end"
            " | delete",
        )
