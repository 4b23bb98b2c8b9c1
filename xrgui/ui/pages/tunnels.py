"""The list of tunnels and the chosen one beside it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout

from xrgui.ui import theme
from xrgui.ui.language import tr
from xrgui.ui.models.traffic import Traffic
from xrgui.ui.models.tunnels import TunnelFilter, TunnelsModel
from xrgui.ui.pages.first_start import FirstStart
from xrgui.ui.pages.tunnel_detail import TunnelDetail
from xrgui.ui.tunnel import Tunnel
from xrgui.ui.widgets.basic import Frame, button, row
from xrgui.ui.widgets.empty import Empty
from xrgui.ui.widgets.filter_edit import FilterEdit
from xrgui.ui.widgets.tunnel_list import TunnelList

SHORT_WIDTH, SHORT_HEIGHT = 800, 520
"""A page below one of these shows one line for each tunnel."""
LIST_WIDTH = 286


class TunnelsPage(QStackedWidget):
    selected = Signal(str)
    """The chosen tunnel's id, or nothing."""
    asked = Signal(str)
    """A step for the chosen tunnel, as `TunnelDetail.asked` names it; also new."""
    address_asked = Signal(str, str)
    newcomer_answered = Signal(str, object)
    """approve or ignore, and who asks the chosen tunnel to be let in."""
    first_asked = Signal(str)
    """share, serve, import or try."""
    menu_asked = Signal(QPoint)

    def __init__(self, model: TunnelsModel, traffic: Traffic, carried: Callable[[str], tuple[str, str]]) -> None:
        """*carried* says in words what a tunnel of an id has carried today and in all."""
        super().__init__()
        self._model = model
        self._traffic = traffic
        self._carried = carried
        self.first = FirstStart()
        self.first.asked.connect(self.first_asked)
        self.filtered = TunnelFilter(model, self)
        self.list = TunnelList()
        self.detail = TunnelDetail()
        self.filter = FilterEdit(tr("Filter tunnels"), tr("Filter tunnels"))
        self._none = Empty(tr("No tunnel matches the filter."), tr("Show all"))
        self._right = QStackedWidget()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._folded = False
        """The list gave way to the chosen tunnel."""
        self._build()
        self._connect()
        self._show_right_part()

    def _build(self) -> None:
        new = button(tr("New"), kind="primary", icon="plus", tip=tr("New tunnel"))
        new.clicked.connect(lambda: self.asked.emit("new"))
        top = Frame("bar", row(self.filter, new), 12, 8)
        self.list.setModel(self.filtered)
        self._none.asked.connect(self.filter.clear)
        left = QVBoxLayout()
        left.setSpacing(0)
        for part in (top, self.list):
            left.addWidget(part)
        left.setStretch(1, 1)
        left_frame = Frame("panel", left)
        left_frame.setMinimumWidth(max(200, top.minimumSizeHint().width()))
        self._right.setMinimumWidth(340)
        self._right.addWidget(self.detail)
        self._right.addWidget(self._none)
        self._splitter.addWidget(left_frame)
        self._splitter.addWidget(self._right)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        self._splitter.setSizes([theme.scaled(LIST_WIDTH), theme.scaled(542)])
        self.addWidget(self.first)
        self.addWidget(self._splitter)

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._filter)
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        self.list.edit_asked.connect(lambda: self.asked.emit("edit"))
        self.list.toggle_asked.connect(lambda: self.asked.emit("toggle"))
        self.list.shift_asked.connect(self._shift)
        self.list.customContextMenuRequested.connect(self._menu)
        self.detail.asked.connect(self.asked)
        self.detail.address_asked.connect(self.address_asked)
        self.detail.newcomer_answered.connect(self.newcomer_answered)
        self._model.dataChanged.connect(self._data_changed)
        self._model.rowsInserted.connect(self._rows_changed)
        self._model.rowsRemoved.connect(self._rows_changed)
        self._traffic.changed.connect(self._refresh)

    # The chosen one

    @property
    def current(self) -> Tunnel | None:
        tunnel = self.list.currentIndex().data(TunnelsModel.TUNNEL)
        return tunnel if isinstance(tunnel, Tunnel) else None

    def choose(self, tunnel_id: str) -> None:
        index = self.filtered.mapFromSource(self._model.index(self._model.row(tunnel_id)))
        if not index.isValid() and self.filter.text():
            self.filter.clear()
            index = self.filtered.mapFromSource(self._model.index(self._model.row(tunnel_id)))
        self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _current_changed(self, now: QModelIndex, before: QModelIndex) -> None:
        self._refresh()
        self.selected.emit(self.current.id if self.current else "")

    def _refresh(self) -> None:
        tunnel = self.current
        if tunnel is not None and self.isVisible():
            self.detail.show_tunnel(tunnel, self._traffic.series(tunnel.id), self._carried(tunnel.id))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()
        self._refresh()

    def tick(self) -> None:
        if self.isVisible():
            self.detail.tick()

    # Changes

    def _data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        tunnel = self.current
        if tunnel is not None and first.row() <= self._model.row(tunnel.id) <= last.row():
            self._refresh()

    def _rows_changed(self) -> None:
        self._show_right_part()
        if self.current is None and self.filtered.rowCount():
            self.list.setCurrentIndex(self.filtered.index(0, 0))
        self._refresh()

    def _show_right_part(self) -> None:
        self.setCurrentWidget(self._splitter if len(self._model) else self.first)
        self._right.setCurrentWidget(self.detail if self.filtered.rowCount() else self._none)

    def _filter(self, text: str) -> None:
        self.filtered.set_text(text)
        self.list.setDragEnabled(not text)
        self._rows_changed()

    def _shift(self, by: int) -> None:
        tunnel = self.current
        if tunnel is not None and not self.filter.text():
            row = self._model.row(tunnel.id)
            self._model.move(row, row - 1 if by < 0 else row + 2)

    def _menu(self, at: QPoint) -> None:
        if self.list.indexAt(at).isValid():
            self.menu_asked.emit(self.list.viewport().mapToGlobal(at))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where there is little room, the list is short and leaves more to the chosen tunnel; with the room comes
        its width."""
        narrow = self.width() < theme.scaled(SHORT_WIDTH)
        self.list.set_short(narrow or self.height() < theme.scaled(SHORT_HEIGHT))
        if narrow and not self._folded:
            wide = self._splitter.sizes()[0] or theme.scaled(LIST_WIDTH)
            self._set_list_width(min(wide, theme.scaled(216), max(216, self.width() // 3)))
        elif self._folded and not narrow:
            self._set_list_width(theme.scaled(LIST_WIDTH))
        self._folded = narrow

    def _set_list_width(self, width: int) -> None:
        self._splitter.setSizes([width, self.width() - width - 1])

    def save(self) -> bytes:
        return bytes(self._splitter.saveState().data())

    def restore(self, state: bytes) -> None:
        self._splitter.restoreState(state)
        self._folded = False
        self._fit()
