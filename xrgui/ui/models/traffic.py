"""How many bytes passed in each of the last seconds, for each tunnel and in all."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from xrgui import rpc
from xrgui.ui import units
from xrgui.ui.language import tr

SPAN = 3600
"""Seconds kept."""
ALL = ""
"""The key of all tunnels together."""


@dataclass(slots=True)
class Series:
    """Times (unix) and rates (octets per second), oldest first."""

    at: deque[float] = field(default_factory=lambda: deque(maxlen=SPAN))
    down: deque[float] = field(default_factory=lambda: deque(maxlen=SPAN))
    up: deque[float] = field(default_factory=lambda: deque(maxlen=SPAN))

    def add(self, at: float, down: float, up: float) -> None:
        self.at.append(at)
        self.down.append(down)
        self.up.append(up)

    def last(self) -> tuple[float, float]:
        return (self.down[-1], self.up[-1]) if self.at else (0.0, 0.0)


class Traffic(QObject):
    """Fed with counters once a second; `changed` after each."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._series: dict[str, Series] = {}
        self._before: dict[str, tuple[float, rpc.Totals]] = {}
        self.open: dict[str, int] = {}

    def series(self, key: str = ALL) -> Series:
        return self._series.setdefault(key, Series())

    def apply(self, event: rpc.TotalsEvent) -> None:
        for key, totals in ((ALL, event.totals), *event.configs.items()):
            self._take(key, event.at, totals)
        for key in self._before.keys() - event.configs.keys() - {ALL}:
            del self._before[key]
            self.open[key] = 0
            self.series(key).add(event.at, 0, 0)
        self.changed.emit()

    def forget(self) -> None:
        """Another engine counts from zero."""
        self._before.clear()
        self.open.clear()
        self.changed.emit()

    def _take(self, key: str, at: float, totals: rpc.Totals) -> None:
        self.open[key] = totals.open
        before = self._before.get(key)
        self._before[key] = (at, totals)
        if before is None:
            return
        passed = max(at - before[0], 0.001)
        down = max(totals.down - before[1].down, 0) / passed
        up = max(totals.up - before[1].up, 0) / passed
        self.series(key).add(at, down, up)


def peak(series: Series, seconds: int, now: float) -> float:
    first = bisect_left(series.at, now - seconds)
    return max(list(series.down)[first:], default=0.0)


def summary(series: Series, seconds: int, now: float) -> str:
    """The chart in words."""
    down, up = series.last()
    return tr(
        "Down {down}, up {up}, peak {peak} in the last {span}",
        down=units.rate(down),
        up=units.rate(up),
        peak=units.rate(peak(series, seconds, now)),
        span=units.span(seconds),
    )
