"""The engine's log: the last records, filtered by level and words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from xrgui import rpc
from xrgui.ui import units
from xrgui.ui.language import tr

Index = QModelIndex | QPersistentModelIndex
CAP = 10_000
SLACK = 1_000
"""Rows over the cap that may gather before they are dropped in one go."""
LEVELS = ("debug", "info", "warning", "error")
TIME, LEVEL, MESSAGE = range(3)


def level_word(level: str) -> str:
    return {
        "debug": tr("Debug"),
        "info": tr("Info"),
        "warning": tr("Warning"),
        "error": tr("Error"),
    }.get(level, level)


class LogModel(QAbstractTableModel):
    """New records come last; over `CAP` the oldest go."""

    RECORD = Qt.ItemDataRole.UserRole + 1

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: deque[rpc.LogRecord] = deque(maxlen=CAP + SLACK)
        self._shown: list[rpc.LogRecord] = []
        self._level = "info"
        self._words: list[str] = []
        self._last = 0
        self.lost = 0

    def apply(self, event: rpc.LogEvent) -> None:
        self.lost += event.lost
        self._append(event.records)

    def begin(self) -> None:
        """Another engine counts its records from one."""
        self._last = 0

    def say(self, at: float, level: rpc.Level, message: str) -> None:
        """A record of the window's own."""
        self._append([rpc.LogRecord(0, at, level, message)])

    def _append(self, records: Iterable[rpc.LogRecord]) -> None:
        fresh = [record for record in records if not record.seq or record.seq > self._last]
        self._last = max((record.seq for record in fresh), default=self._last) or self._last
        self._all.extend(fresh)
        coming = [record for record in fresh if self._accepts(record)]
        if coming:
            size = len(self._shown)
            self.beginInsertRows(QModelIndex(), size, size + len(coming) - 1)
            self._shown.extend(coming)
            self.endInsertRows()
        over = len(self._shown) - CAP
        if over > SLACK:
            self.beginRemoveRows(QModelIndex(), 0, over - 1)
            del self._shown[:over]
            self.endRemoveRows()

    def set_filter(self, level: str, text: str) -> None:
        """Records of *level* and above that contain all words of *text*."""
        self._level, self._words = level, text.casefold().split()
        self._refill()

    def clear(self) -> None:
        self._all.clear()
        self._refill()

    def _refill(self) -> None:
        self.beginResetModel()
        self._shown = [record for record in self._all if self._accepts(record)][-CAP:]
        self.endResetModel()

    def _accepts(self, record: rpc.LogRecord) -> bool:
        if LEVELS.index(record.level) < LEVELS.index(self._level):
            return False
        message = record.message.casefold() if self._words else ""
        return all(word in message for word in self._words)

    def text(self, rows: Iterable[int] | None = None) -> str:
        """The *rows* shown, or all of them, one line each."""
        chosen = self._shown if rows is None else [self._shown[row] for row in rows]
        return "".join(f"{units.moment(r.at, exact=True)} {r.level:7} {r.message}\n" for r in chosen)

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        record = self._shown[index.row()]
        if role == self.RECORD:
            return record
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == TIME:
                return units.time_of_day(record.at)
            return level_word(record.level) if index.column() == LEVEL else record.message
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == MESSAGE:
            return record.message
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < 3:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return (tr("Time"), tr("Level"), tr("Message"))[section]
        return None
