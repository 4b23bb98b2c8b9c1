"""The window's frame: menu bar, navigation, pages, status bar."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from xrgui.ui import icons, theme
from xrgui.ui.actions import PAGES, Actions
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import label
from xrgui.ui.widgets.navigation import Navigation
from xrgui.ui.widgets.notice_bar import NoticeBar
from xrgui.ui.widgets.toast import Toast

NARROW = 900


class MainWindow(QMainWindow):
    closing = Signal(QCloseEvent)
    """The person closes the window: whoever listens accepts or ignores."""
    dropped = Signal(object)
    """A file or text was dropped: its QMimeData."""
    page_changed = Signal(str)
    seen_changed = Signal()
    """Shown, hidden or made small."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("xrgui")
        self.setWindowIcon(icons.program_icon())
        self.setMinimumSize(760, 480)
        room = self.screen().availableSize()
        self.resize(min(theme.scaled(1000), room.width()), min(theme.scaled(680), room.height()))
        self.setAcceptDrops(True)
        self.menuBar().setNativeMenuBar(True)
        self.pages: dict[str, QWidget] = {}
        self.page = "tunnels"
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        theme.theme().changed.connect(self._repaint)

    def build(self, pages: Mapping[str, QWidget]) -> Actions:
        """Make everything anew, in the language chosen now. Returns the new actions."""
        for old in self.findChildren(Actions):
            old.deleteLater()
        self.actions_ = Actions(self)
        self.actions_.fill(self.menuBar())
        self.pages = dict(pages)
        self._stack = QStackedWidget()
        for page in self.pages.values():
            self._stack.addWidget(page)
        names = (tr("Tunnels"), tr("Connections"), tr("Logs"), tr("Routing"), tr("Settings"))
        entries = [(key, name, key) for key, name in zip(PAGES, names, strict=True) if key in self.pages]
        self.navigation = Navigation(tr("Pages"), entries)
        self.navigation.chosen.connect(self.show_page)
        self.notice = NoticeBar()
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.notice)
        right.addWidget(self._stack, 1)
        central = QWidget()
        layout = QHBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.navigation)
        layout.addLayout(right, 1)
        self.setCentralWidget(central)
        self.toast = Toast(central)
        self._build_status_bar()
        self._show(self.page)
        self._fit()
        return self.actions_

    def _build_status_bar(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        for old in bar.findChildren(QWidget):
            bar.removeWidget(old)
            old.deleteLater()
        small = theme.font(theme.SMALL, tabular=True)
        self._figures = [label() for _ in range(4)]
        self._engine = label()
        for part in (*self._figures, self._engine):
            part.setFont(small)
        for part in self._figures:
            part.setContentsMargins(6, 0, 6, 0)
            bar.addWidget(part)
        bar.setContentsMargins(8, 0, 8, 0)
        bar.addPermanentWidget(self._engine)

    def show_figures(self, tunnels: str, down: str, up: str, connections: str, engine: str) -> None:
        """The status bar; a figure's place never shrinks, so that nothing jumps."""
        for part, text in zip(self._figures, (tunnels, down, up, connections), strict=True):
            part.setText(text)
            part.setMinimumWidth(max(part.minimumWidth(), part.sizeHint().width()))
        self._engine.setText(engine)

    def show_page(self, key: str) -> None:
        if key in self.pages:
            self._show(key)
            self.page_changed.emit(key)

    def _show(self, key: str) -> None:
        self.page = key
        self._stack.setCurrentWidget(self.pages[key])
        self.navigation.choose(key)

    def set_count(self, page: str, count: str) -> None:
        self.navigation.set_count(page, count)

    def _tick(self) -> None:
        tick = getattr(self._stack.currentWidget(), "tick", None)
        if tick is not None:
            tick()

    def _fit(self) -> None:
        self.navigation.set_narrow(self.width() < theme.scaled(NARROW))

    def _repaint(self) -> None:
        for part in self.findChildren(QWidget):
            part.update()

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.pages:
            self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self.seen_changed.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.seen_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
        self.seen_changed.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if data.hasUrls() or data.hasText() or data.hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData())
