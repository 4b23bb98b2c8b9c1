"""The place of a chart, which is made when it is first seen: the program starts without numpy and pyqtgraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from xrgui.ui.models.traffic import Series

if TYPE_CHECKING:
    from xrgui.ui.widgets.chart import TrafficChart


class ChartSlot(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._chart: TrafficChart | None = None
        self._asked = False
        self._wanted: tuple[Series, int] | None = None

    def sizeHint(self) -> QSize:
        return QSize(300, 130)

    def show_series(self, series: Series, seconds: int) -> None:
        """Draw the last *seconds* of *series* up to now."""
        self._wanted = (series, seconds)
        if self._chart is not None:
            self._chart.show_series(series, seconds)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._asked:
            self._asked = True
            QTimer.singleShot(0, self, self._make)

    def _make(self) -> None:
        from xrgui.ui.widgets.chart import TrafficChart

        self._chart = TrafficChart()
        self._layout.addWidget(self._chart)
        if self._wanted is not None:
            self._chart.show_series(*self._wanted)
