"""The chart with its figures, and the facts below it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from xrgui.ui import theme, units, words
from xrgui.ui.language import tr
from xrgui.ui.models.traffic import Series
from xrgui.ui.tunnel import Phase, Role, Trouble, Tunnel
from xrgui.ui.widgets.basic import INSIDE, Card, Segments, column, label, paragraph, row
from xrgui.ui.widgets.chart_slot import ChartSlot

SPANS = (("60", 60), ("300", 300), ("3600", 3600))


class Figure(QLabel):
    """A coloured square and a rate, always as wide as the widest rate."""

    def __init__(self, role: str, before: str = "") -> None:
        super().__init__()
        self._role = role
        self._before = before
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setFont(theme.font(tabular=True))
        self._rate = -1.0
        self.show_rate(0)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance(f"■ {before} {units.rate(88.8e6)}") + 4)
        theme.theme().changed.connect(self._recolour)

    def show_rate(self, rate: float) -> None:
        if rate != self._rate:
            self._rate = rate
            self._recolour()

    def _recolour(self) -> None:
        tint = theme.color(self._role).name()
        text = " ".join(part for part in (self._before, units.rate(self._rate)) if part)
        self.setText(f'<span style="color:{tint}">■</span> {text}')


class TrafficCard(Card):
    def __init__(self) -> None:
        self._seconds = 60
        self._series = Series()
        self._down, self._up = Figure("accent"), Figure("up")
        self._down.setAccessibleName(tr("Download"))
        self._up.setAccessibleName(tr("Upload"))
        self._spans = Segments(tr("Time shown"), [("60", tr("1 min")), ("300", tr("5 min")), ("3600", tr("1 h"))])
        self._spans.chosen.connect(self._choose)
        self.chart = ChartSlot()
        self._title = label(tr("Traffic"), bold=True)
        self._title.setMinimumWidth(1)
        top = row(self._title, self._down, self._up, None, self._spans, gap=8)
        self._chart_part = QWidget()
        self._chart_part.setLayout(column(top, self.chart, gap=8))
        self._facts = _Facts()
        layout = column(self._chart_part, self._facts, gap=14)
        layout.setStretch(0, 1)
        super().__init__(layout)
        self._facts.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def show_tunnel(self, tunnel: Tunnel, series: Series, carried: tuple[str, str]) -> None:
        self._series = series
        up = tunnel.phase is Phase.UP
        self._chart_part.setVisible(up)
        high = QSizePolicy.Policy.Preferred if up else QSizePolicy.Policy.Maximum
        self.setSizePolicy(QSizePolicy.Policy.Preferred, high)
        if up and self.isVisible():
            self._down.show_rate(tunnel.down_rate)
            self._up.show_rate(tunnel.up_rate)
            self.chart.show_series(series, self._seconds)
        problem = words.advice(tunnel).title if tunnel.trouble is not Trouble.NONE else tr("none since start")
        self._facts.tell(
            [
                (tr("Today"), carried[0]),
                (tr("In all"), carried[1] if carried[1] != carried[0] else ""),
                (tr("Link"), link_text(tunnel)),
                (tr("Turned away"), turned_away(tunnel)),
                (tr("Last problem"), problem if tunnel.running else ""),
            ]
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = sum(part.sizeHint().width() for part in (self._title, self._spans))
        wanted += self._down.minimumWidth() + self._up.minimumWidth() + 3 * 8 + 2 * INSIDE
        self._title.setVisible(wanted <= self.width())

    def _choose(self, key: str) -> None:
        self._seconds = int(key)
        self.chart.show_series(self._series, self._seconds)


def link_text(tunnel: Tunnel) -> str:
    if tunnel.role is Role.SERVE:
        port = tr("listens at port {port}", port=tunnel.server.rpartition(":")[2])
        links = tr("{n} link|{n} links", tunnel.links) if tunnel.links else ""
        return "; ".join(part for part in (tunnel.link, port, links) if part)
    if not tunnel.links:
        return ", ".join(part for part in (tunnel.link, tunnel.server) if part)
    links = tr("{n} link to {server}|{n} links to {server}", tunnel.links, server=tunnel.server)
    return "; ".join(part for part in (tunnel.link, links) if part)


def turned_away(tunnel: Tunnel) -> str:
    """Who wanted what this tunnel does not give; empty for nobody."""
    parts = [
        tr("{n} connection|{n} connections", tunnel.refused) if tunnel.refused else "",
        tr("{n} link with a false key|{n} links with a false key", tunnel.forged) if tunnel.forged else "",
    ]
    return ", ".join(filter(None, parts))


class _Facts(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(20)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnMinimumWidth(0, theme.scaled(104))
        self._grid.setColumnStretch(1, 1)
        self._lines: list[tuple[QLabel, QLabel]] = []

    def tell(self, facts: list[tuple[str, str]]) -> None:
        facts = [fact for fact in facts if fact[1]]
        while len(self._lines) < len(facts):
            pair = (label(tone="muted"), paragraph())
            for place, part in enumerate(pair):
                self._grid.addWidget(part, len(self._lines), place, Qt.AlignmentFlag.AlignTop)
            self._lines.append(pair)
        for place, (name, value) in enumerate(self._lines):
            shown = place < len(facts)
            name.setVisible(shown)
            value.setVisible(shown)
            if shown:
                name.setText(facts[place][0])
                value.setText(facts[place][1])
