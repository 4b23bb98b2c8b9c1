"""Throughput of the last minutes: down as a filled line, up as a line, rates beside the grid.

Only `chart_slot` imports this: it brings pyqtgraph and numpy along.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QToolTip

from xrgui.ui import theme, units
from xrgui.ui.language import tr
from xrgui.ui.models.traffic import Series, summary

GRID = 2
"""Lines above the ground."""
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TrafficChart(pg.PlotWidget):  # type: ignore[misc]
    """Draws a `Series`. The time axis ends now and slides; the rates' axis grows in round steps."""

    _end = 0.0
    """Unix time at the right edge; 0: nothing was shown yet."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumHeight(84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMouseEnabled(False, False)
        self.getPlotItem().setContentsMargins(0, 0, 0, 0)
        self.getPlotItem().layout.setContentsMargins(0, 0, 0, 0)
        for axis in ("left", "bottom"):
            self.hideAxis(axis)
        self._down = self.plot(antialias=True)
        self._up = self.plot(antialias=True)
        self._series = Series()
        self._seconds = 60
        self._top = 1000.0
        self._gutter = 0
        self._font = theme.font(11, tabular=True)
        self._recolour()
        theme.theme().changed.connect(self._recolour)

    def sizeHint(self) -> QSize:
        return QSize(300, 130)

    def _recolour(self) -> None:
        self.setBackground(theme.color("panel"))
        self._down.setPen(pg.mkPen(theme.color("accent"), width=1.6))
        self._down.setFillLevel(0)
        self._down.setBrush(theme.color("chart_fill"))
        self._up.setPen(pg.mkPen(theme.color("up"), width=1.6))
        self.viewport().update()

    def wheelEvent(self, event: QEvent) -> None:
        event.ignore()

    def show_series(self, series: Series, seconds: int, now: float | None = None) -> None:
        """Draw the last *seconds* of *series*; without *now* they end at the clock's time."""
        self._series, self._seconds = series, seconds
        self._end = time.time() if now is None else now
        first = bisect_left(series.at, self._end - seconds - 2)
        at = list(series.at)[first:]
        down, up = list(series.down)[first:], list(series.up)[first:]
        if seconds > 600:
            at, down, up = thin(at, 4), thin(down, 4), thin(up, 4)
        self._top = ceiling(max(max(down, default=0), max(up, default=0)))
        self._down.setData(at, down)
        self._up.setData(at, up)
        self._place()
        self.setYRange(0, self._top, padding=0.02)
        self.setAccessibleName(tr("Traffic chart"))
        self.setAccessibleDescription(summary(series, seconds, self._end))

    def _place(self) -> None:
        """The rates stand in a gutter at the left, so that no line runs through them."""
        metrics = QFontMetricsF(self._font)
        rates = (units.round_rate(self._top * step / GRID) for step in range(1, GRID + 1))
        self._gutter = math.ceil(max(map(metrics.horizontalAdvance, rates))) + 8
        width = max(1, self.viewport().width() - self._gutter)
        start = self._end - self._seconds * (1 + self._gutter / width)
        self.setXRange(start, self._end, padding=0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._end:
            self._place()

    def drawForeground(self, painter: QPainter, rect: object) -> None:
        """Grid and rates, over the picture, in pixels."""
        painter.save()
        painter.resetTransform()
        painter.setFont(self._font)
        width, height = self.viewport().width(), self.viewport().height()
        line = theme.color("line")
        line.setAlphaF(0.7)
        painter.fillRect(QRectF(0, 0, self._gutter, height), theme.color("panel"))
        for step in range(GRID + 1):
            y = round(height * (1 - 0.98 * step / GRID)) - (1 if not step else 0) + 0.5
            painter.setPen(QPen(line, 1))
            painter.drawLine(QPointF(self._gutter, y), QPointF(width, y))
            if step:
                painter.setPen(theme.color("muted"))
                box = QRectF(0, max(0, y - 8), self._gutter - 8, 16)
                painter.drawText(box, RIGHT, units.round_rate(self._top * step / GRID))
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 1))
            painter.drawRect(QRectF(0.5, 0.5, width - 1, height - 1))
        painter.restore()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self._series.at:
            self._tell(event.globalPos(), event.pos().x())
            return True
        return bool(super().viewportEvent(event))

    def _tell(self, where: QPoint, x: int) -> None:
        width = max(1, self.viewport().width() - self._gutter)
        at = self._end - self._seconds * (1 - (x - self._gutter) / width)
        place = min(bisect_left(self._series.at, at), len(self._series.at) - 1)
        text = tr(
            "{time}: down {down}, up {up}",
            time=units.time_of_day(self._series.at[place]),
            down=units.rate(self._series.down[place]),
            up=units.rate(self._series.up[place]),
        )
        QToolTip.showText(where, text, self)


def thin(values: list[float], by: int) -> list[float]:
    """Means of *by* neighbours."""
    return [sum(values[n : n + by]) / len(values[n : n + by]) for n in range(0, len(values), by)]


def ceiling(value: float) -> float:
    """The next of 1, 2, 4, 6, 8, 10 times a power of ten; at least 1 kB/s."""
    if value <= 1000:
        return 1000.0
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value)
