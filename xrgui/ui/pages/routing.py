"""The rules of a tunnel in their order, and a dry run: which rule would take a connection, and why."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHeaderView, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from xrgui import rpc
from xrgui.config import model as c
from xrgui.ui import theme
from xrgui.ui.language import tr
from xrgui.ui.models.rules import NAME, NUMBER, RESULT, WHEN, RulesModel, outbound_words, rule_words
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.widgets.basic import Card, Frame, Segments, button, column, label, paragraph, refill, row, set_tone
from xrgui.ui.widgets.empty import Empty
from xrgui.ui.widgets.state_icon import StateIcon
from xrgui.ui.widgets.table import Cells, DataTable

WIDTHS = (36, 170, 200, 176, 130)
"""Of the columns in a narrow window, in pixels."""


class _Cells(Cells):
    elide = Qt.TextElideMode.ElideRight

    def words(self, row: int, column: int) -> tuple[str, str]:
        index = self._view.model().index(row, column)
        text = str(index.data() or "")
        if index.data(RulesModel.MATCHED):
            return text, "up"
        return text, "muted" if column in (NUMBER, RESULT) else "text"


class RoutingPage(QStackedWidget):
    asked = Signal(object)
    """A dry run: an rpc.Explain without its configuration."""
    edit_asked = Signal(str)
    tunnels_asked = Signal()

    def __init__(self, tunnels: TunnelsModel, config_of: Callable[[str], c.Config | None]) -> None:
        """*config_of* compiles the profile of an id, with no secret in it; None if that cannot be."""
        super().__init__()
        self._tunnels = tunnels
        self._config_of = config_of
        self.model = RulesModel(self)
        self._build()
        for signal in (tunnels.rowsInserted, tunnels.rowsRemoved, tunnels.rowsMoved):
            signal.connect(self._fill_tunnels)
        self._fill_tunnels()

    def _build(self) -> None:
        self.tunnel = QComboBox()
        self.tunnel.setAccessibleName(tr("Tunnel"))
        self.tunnel.setMinimumWidth(200)
        self.tunnel.setMaximumWidth(320)
        self.tunnel.currentIndexChanged.connect(self._chosen)
        self.edit = button(tr("Edit tunnel"))
        self.edit.clicked.connect(lambda: self.edit_asked.emit(self.tunnel.currentData() or ""))
        hint = label(tr("The first rule that matches takes the connection."), tone="muted")
        top = Frame("bar", row(self.tunnel, hint, None, self.edit, gap=12), 12, 8)
        self.table = DataTable(tr("Rules"))
        self.table.setModel(self.model)
        self.table.cells = _Cells(self.table)
        self.table.set_columns([theme.scaled(width) for width in WIDTHS])
        header = self.table.horizontalHeader()
        header.setSectionsMovable(False)
        header.setSectionResizeMode(WHEN, QHeaderView.ResizeMode.Stretch)
        empty = Empty(
            tr("The rules of your tunnels appear here: which connection goes where, and why."), tr("Go to the tunnels")
        )
        empty.asked.connect(self.tunnels_asked)
        rules = QWidget()
        self.addWidget(empty)
        self.addWidget(rules)
        layout = QVBoxLayout(rules)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        dry = QWidget()
        dry.setLayout(column(self._dry_run()))
        dry.layout().setContentsMargins(16, 14, 16, 14)  # type: ignore[union-attr]
        layout.addWidget(dry)
        line = Frame("line")
        line.setFrameShape(QFrame.Shape.NoFrame)
        layout.addWidget(line)
        layout.addWidget(self.table, 1)

    def _dry_run(self) -> Card:
        self.network = Segments(tr("Network"), [("tcp", "TCP"), ("udp", "UDP")])
        self.target = QLineEdit()
        self.target.setPlaceholderText("127.0.0.1:3000")
        self.target.setAccessibleName(tr("Target"))
        self.target.returnPressed.connect(self._ask)
        self.inbound = QComboBox()
        self.inbound.setAccessibleName(tr("Comes in by"))
        self.inbound.setMinimumWidth(120)
        self.run = button(tr("Try"), kind="primary", name=tr("Try a dry run"))
        self.run.clicked.connect(self._ask)
        self._icon = StateIcon(16)
        self._icon.hide()
        self._result = paragraph(
            tr("Type a target to see which rule would take it. Nothing is connected."), tone="muted"
        )
        fields = row(label(tr("Target")), self.network, self.target, label(tr("comes in by")), self.inbound, self.run)
        fields.setStretch(2, 1)
        answer = row(self._icon, self._result)
        answer.setStretch(1, 1)
        return Card(column(label(tr("Dry run"), bold=True), fields, answer, gap=10))

    # What is shown

    def show_tunnel(self, tunnel_id: str) -> None:
        place = self.tunnel.findData(tunnel_id)
        if place >= 0:
            self.tunnel.setCurrentIndex(place)

    def _fill_tunnels(self) -> None:
        wanted = [(tunnel.id, tunnel.name) for tunnel in self._tunnels if not tunnel.foreign]
        if refill(self.tunnel, wanted):
            self.setCurrentIndex(1 if wanted else 0)
            self._chosen()

    def _chosen(self) -> None:
        tunnel_id = self.tunnel.currentData() or ""
        config = self._config_of(tunnel_id) if tunnel_id else None
        self.model.show(config or c.Config())
        self.edit.setEnabled(bool(tunnel_id))
        self.run.setEnabled(config is not None)
        self.inbound.clear()
        self.inbound.addItems(self.model.inbound_tags())
        self._show_words("", tr("Type a target to see which rule would take it. Nothing is connected."))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What does not fit at the least width shares the room beyond it."""
        super().resizeEvent(event)
        spare = max(0, self.width() - theme.scaled(sum(WIDTHS)))
        for place, part in ((NAME, 0.2), (RESULT, 0.25)):
            self.table.setColumnWidth(place, theme.scaled(WIDTHS[place]) + int(spare * part))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fill_tunnels()
        tunnel_id = self.tunnel.currentData() or ""
        config = self._config_of(tunnel_id) if tunnel_id else None
        if config is not None and config != self.model.config:
            self._chosen()

    def _show_words(self, state: str, text: str) -> None:
        self._icon.setVisible(bool(state))
        if state:
            self._icon.show_state(state, text)
        self._result.setText(text)
        set_tone(self._result, "" if state else "muted")

    # The dry run

    def _ask(self) -> None:
        text = self.target.text().strip()
        if not text:
            self.target.setFocus()
            return
        if ":" not in text:
            self.show_error(tr("Write the target as host:port."))
            return
        target = f"{self.network.key}:{text}"
        self.asked.emit(rpc.Explain(target, inbound=self.inbound.currentText()))

    def show_answer(self, found: rpc.Explanation) -> None:
        self.model.show_result(found)
        goes = outbound_words(self.model.config, found.outbound) if found.outbound else tr("dropped")
        if found.rule:
            text = tr("The rule “{rule}” takes it: {outbound}.", rule=rule_words(found.rule), outbound=goes)
        else:
            text = tr("No rule takes it: {outbound}.", outbound=goes)
        if found.resolved:
            text += " " + tr("Looked up: {addresses}.", addresses=", ".join(found.resolved))
        blocked = not found.outbound or self._is_blocked(found.outbound)
        self._show_words("stopped" if blocked else "up", text)

    def show_error(self, text: str) -> None:
        self.model.show_result(None)
        self._show_words("trouble", text)

    def _is_blocked(self, tag: str) -> bool:
        found = next((outbound for outbound in self.model.config.outbounds if outbound.tag == tag), None)
        return found is not None and isinstance(found.settings, c.BlackholeOutbound)
