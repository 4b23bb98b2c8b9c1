"""Live sub-connections: chart, table, filter, pause, close; and those that ended."""

from __future__ import annotations

import time
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QPoint, Qt, Signal
from PySide6.QtGui import QIcon, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QMenu, QStackedWidget, QVBoxLayout, QWidget

from xrgui.ui import icons, theme, units
from xrgui.ui.language import tr
from xrgui.ui.models.session_columns import COLUMNS, PLACES, STATE_PHASES
from xrgui.ui.models.session_table import SessionTable, as_tsv
from xrgui.ui.models.sessions import Sessions
from xrgui.ui.models.traffic import ALL, Traffic, peak
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.widgets.basic import ICON, TEXT_ICON, Frame, Segments, button, column, label, refill, row, set_tone
from xrgui.ui.widgets.chart_slot import ChartSlot
from xrgui.ui.widgets.empty import Empty
from xrgui.ui.widgets.filter_edit import FilterEdit
from xrgui.ui.widgets.table import Cells, DataTable, copy_text
from xrgui.ui.widgets.traffic_card import Figure

SPAN = 300
LOW, NARROW = 480, 800
"""A page below this height hides the chart, below this width the words of its buttons."""


class _Cells(Cells):
    def __init__(self, view: DataTable, model: SessionTable) -> None:
        super().__init__(view)
        self._model = model

    def words(self, row: int, column: int) -> tuple[str, str]:
        shown, text = self._model.cell(row, column)
        session = shown.session
        if column == 0:
            return STATE_PHASES.get(session.state, "stopped"), "state"
        if not session.ended_at:
            return text, "text"
        return text, "error" if session.state == "failed" and column == PLACES["ended"] else "muted"


@dataclass
class Layout:
    """How the person arranged the page; kept over a restart."""

    open: str = ""
    """Base64 of the header's state."""
    closed: str = ""


class ConnectionsPage(QWidget):
    tunnels_asked = Signal()
    close_asked = Signal(list)
    """Numbers of sub-connections to close."""

    def __init__(self, sessions: Sessions, traffic: Traffic, tunnels: TunnelsModel) -> None:
        super().__init__()
        self._sessions, self._traffic, self._tunnels = sessions, traffic, tunnels
        self.open = SessionTable(sessions, name=tunnels.name, parent=self)
        self.closed = SessionTable(sessions, closed=True, name=tunnels.name, parent=self)
        self.views = {
            "open": self._table(self.open, tr("Open sub-connections")),
            "closed": self._table(self.closed, tr("Closed sub-connections")),
        }
        self._build()
        self._connect()
        self._fill_tunnels()
        self._count()

    def _table(self, model: SessionTable, name: str) -> DataTable:
        view = DataTable(name)
        view.setModel(model)
        view.cells = _Cells(view, model)
        live_only = {"down_rate", "up_rate", "idle"}
        hidden = [
            place for place, c in enumerate(COLUMNS) if not c.shown or (model is self.closed and c.key in live_only)
        ]
        view.set_columns([theme.scaled(c.width) for c in COLUMNS], hidden)
        view.setSortingEnabled(True)
        view.sortByColumn(PLACES["id"], Qt.SortOrder.DescendingOrder)
        view.horizontalHeader().setStretchLastSection(True)
        return view

    def _build(self) -> None:
        self.filter = FilterEdit(tr("Filter: visitor, target, rule"), tr("Filter sub-connections"))
        self.which = Segments(tr("Which"), [("open", tr("Open§list")), ("closed", tr("Closed§list"))])
        self.tunnel = QComboBox()
        self.tunnel.setAccessibleName(tr("Tunnel"))
        self.tunnel.setMaximumWidth(theme.scaled(180))
        self.tunnel.setMinimumContentsLength(10)
        self.tunnel.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.pause = button(tr("Pause"), icon="pause", tip=tr("Hold the list still"))
        self.pause.setCheckable(True)
        self.columns = button("", kind="icon", icon="columns", tip=tr("Columns"))
        self.close_shown = button(tr("Close shown"), kind="danger", tip=tr("Close all that the list shows"))
        bar = row(self.filter, self.which, self.tunnel, self.pause, self.columns, self.close_shown)
        bar.setStretch(0, 1)
        top = Frame("bar", bar, 12, 8)
        self._empty = Empty()
        self._empty.asked.connect(self._empty_asked)
        self._stack = QStackedWidget()
        for view in self.views.values():
            self._stack.addWidget(view)
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(self._build_chart())
        layout.addWidget(self._stack, 1)

    def _build_chart(self) -> QWidget:
        self._title = label(tr("All tunnels"), bold=True)
        self._down, self._up = Figure("accent", tr("down")), Figure("up", tr("up§direction"))
        self._peak = label(tone="muted")
        self.chart = ChartSlot()
        self.chart.setFixedHeight(92)
        head = row(self._title, self._down, self._up, self._peak, None, gap=14)
        self._chart_part = Frame("bar", column(head, self.chart, gap=6), 16, 10)
        return self._chart_part

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._filter)
        self.which.chosen.connect(self._count)
        self.tunnel.currentIndexChanged.connect(self._filter)
        self.pause.toggled.connect(self.set_paused)
        self.columns.clicked.connect(self._column_menu)
        self.close_shown.clicked.connect(self._close_shown)
        for view in self.views.values():
            view.copy_asked.connect(self.copy)
            view.delete_asked.connect(self._close_selected)
            view.touched.connect(self._hold)
            view.selectionModel().selectionChanged.connect(self._hold)
            view.customContextMenuRequested.connect(self._menu)
        self.open.counted.connect(self._count)
        self.closed.counted.connect(self._count)
        self._traffic.changed.connect(self._refresh_chart)
        for signal in (self._tunnels.rowsInserted, self._tunnels.rowsRemoved, self._tunnels.dataChanged):
            signal.connect(self._fill_tunnels)

    # What is shown

    @property
    def table(self) -> SessionTable:
        return self.open if self.which.key == "open" else self.closed

    @property
    def view(self) -> DataTable:
        return self.views[self.which.key]

    def show_tunnel(self, tunnel_id: str) -> None:
        """Only those of one tunnel; "" is all."""
        self.tunnel.setCurrentIndex(max(0, self.tunnel.findData(tunnel_id)))

    def _filter(self) -> None:
        for model in (self.open, self.closed):
            model.set_filter(self.filter.text(), self.tunnel.currentData() or "")
        self._refresh_chart()

    def _count(self) -> None:
        open_now = len(self.open.open_ids()) if self.open.paused else self._open_count()
        self.which.set_text("open", f"{tr('Open§list')} {units.count(open_now)}")
        self.which.set_text("closed", f"{tr('Closed§list')} {units.count(self.closed.rowCount())}")
        if self.table.rowCount():
            self._stack.setCurrentWidget(self.view)
        else:
            self._empty.say(*self._empty_words())
            self._stack.setCurrentWidget(self._empty)
        self.close_shown.setEnabled(self.which.key == "open" and open_now > 0)

    @property
    def _filtered(self) -> bool:
        return bool(self.filter.text()) or bool(self.tunnel.currentData())

    def _empty_words(self) -> tuple[str, str]:
        if self._filtered:
            return tr("No sub-connection matches the filter."), tr("Show all")
        if self.which.key == "open":
            text = tr("Every visitor of a running tunnel appears here, with its rate and its target.")
            return text, tr("Go to the tunnels")
        return tr("Sub-connections that ended appear here, with the reason."), ""

    def _empty_asked(self) -> None:
        if self._filtered:
            self.filter.clear()
            self.show_tunnel("")
        else:
            self.tunnels_asked.emit()

    def _open_count(self) -> int:
        shown = self.open.rowCount()
        return shown - sum(1 for row in self._sessions.lingering.values() if self.open.accepts(row))

    def set_paused(self, paused: bool) -> None:
        self.open.set_paused(paused)
        self.closed.set_paused(paused)
        self.pause.setChecked(paused)
        self.pause.setAccessibleName(tr("Go on") if paused else tr("Pause"))
        self.pause.setIcon(icons.icon("start" if paused else "pause"))
        self._fit()

    def _hold(self) -> None:
        """Rows keep their place while the pointer is over them or some are selected."""
        for key, model in (("open", self.open), ("closed", self.closed)):
            view = self.views[key]
            model.held = view.hovered >= 0 or view.selectionModel().hasSelection()

    def _fill_tunnels(self) -> None:
        wanted = [("", tr("All tunnels")), *((tunnel.id, tunnel.name) for tunnel in self._tunnels)]
        if refill(self.tunnel, wanted):
            self._filter()  # the chosen one may be gone

    def _refresh_chart(self) -> None:
        if not self.isVisible() or self.open.paused:
            return
        series = self._traffic.series(self.tunnel.currentData() or ALL)
        down, up = series.last()
        self._title.setText(self.tunnel.currentText())
        self._down.show_rate(down)
        self._up.show_rate(up)
        top = peak(series, SPAN, time.time())
        self._peak.setText(
            tr("peak {rate} in the last {span}", rate=units.rate(top), span=units.span(SPAN)) if top else ""
        )
        self.chart.show_series(series, SPAN)

    # Hands

    def copy(self) -> None:
        """The selected rows, or all shown, as TSV."""
        rows = self.view.selected_rows() or list(range(self.table.rowCount()))
        copy_text(as_tsv(self.table, rows, self.view.visible_columns()))

    def _selected_ids(self) -> list[int]:
        rows = [self.table.row(self.table.index(place, 0)) for place in self.view.selected_rows()]
        return [row.session.id for row in rows if not row.session.ended_at]

    def _close_shown(self) -> None:
        self.close_asked.emit(self._selected_ids() or self.open.open_ids())

    def _close_selected(self) -> None:
        if ids := self._selected_ids():
            self.close_asked.emit(ids)

    def _menu(self, at: QPoint) -> None:
        ids = self._selected_ids()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        close = menu.addAction(tr("Close {n} sub-connection|Close {n} sub-connections", len(ids) or 1))
        close.setEnabled(bool(ids))
        close.triggered.connect(lambda: self.close_asked.emit(ids))
        menu.addAction(icons.icon("copy"), tr("Copy as a table")).triggered.connect(lambda: self.copy())
        cell = self.view.indexAt(at)
        if cell.isValid() and cell.data():
            text = str(cell.data())
            menu.addAction(tr("Filter by “{text}”", text=text)).triggered.connect(lambda: self.filter.setText(text))
        menu.popup(self.view.viewport().mapToGlobal(at))

    def _column_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.view.column_menu(menu)
        menu.popup(self.columns.mapToGlobal(self.columns.rect().bottomLeft()))

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Buttons lose their words, and the page its chart, where there is no room."""
        self._chart_part.setVisible(self.height() > LOW)
        narrow = self.width() < theme.scaled(NARROW)
        self.pause.setText("" if narrow else f" {self.pause.accessibleName()}")
        set_tone(self.pause, "icon" if narrow else "", "kind")
        self.pause.setIconSize(ICON if narrow else TEXT_ICON)
        self.close_shown.setText("" if narrow else tr("Close shown"))
        self.close_shown.setIcon(icons.icon("close", "error") if narrow else QIcon())
        set_tone(self.close_shown, "icon" if narrow else "danger", "kind")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh_chart()

    def save(self) -> Layout:
        states = {key: view.horizontalHeader().saveState() for key, view in self.views.items()}
        return Layout(**{key: state.toBase64().toStdString() for key, state in states.items()})

    def restore(self, layout: Layout) -> None:
        for key, view in self.views.items():
            state = QByteArray.fromBase64(getattr(layout, key).encode())
            if not state.isEmpty() and view.horizontalHeader().restoreState(state):
                header = view.horizontalHeader()
                view.sortByColumn(header.sortIndicatorSection(), header.sortIndicatorOrder())
                view.fit_titles()
