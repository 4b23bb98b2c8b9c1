"""Sub-connections as a table: filtered and sorted here, since 10,000 rows leave no time for a proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from xrgui.ui.language import tr
from xrgui.ui.models.session_columns import COLUMNS, PLACES, STATE_PHASES, state_word
from xrgui.ui.models.sessions import Row, Sessions

Index = QModelIndex | QPersistentModelIndex
_LIVE = [place for place, column in enumerate(COLUMNS) if column.live]
_TUNNEL = PLACES["tunnel"]
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class SessionTable(QAbstractTableModel):
    """The open rows (with those that ended just now), or with *closed* the history.

    A batch becomes at most one removal, one insertion, one change of order and one change of data.
    While `held`, rows keep their place: new ones come last and ended ones stay.
    """

    ROW = Qt.ItemDataRole.UserRole + 1
    PHASE = Qt.ItemDataRole.UserRole + 2

    counted = Signal(int)
    """How many rows are shown."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        closed: bool = False,
        name: Callable[[str], str] = str,
        parent: QObject | None = None,
    ) -> None:
        """*name* gives the words for a configuration's name."""
        super().__init__(parent)
        self._sessions = sessions
        self._closed = closed
        self._name = name
        self._view: list[Row] = []
        self._words: list[str] = []
        self._config = ""
        self._sort = (PLACES["id"], Qt.SortOrder.DescendingOrder)
        self.held = False
        self._paused = False
        self._at = 0.0
        self._membership = -1
        sessions.changed.connect(self.refresh)
        self.refresh()

    # What is shown

    def set_filter(self, text: str, config: str = "") -> None:
        """Rows that contain all words of *text*, of one configuration or of all."""
        self._words, self._config = text.casefold().split(), config
        self.refresh(again=True)

    @property
    def paused(self) -> bool:
        return self._paused

    def set_paused(self, paused: bool) -> None:
        if paused == self._paused:
            return
        self._paused = paused
        if paused:
            self._view = [row.frozen() for row in self._view]
        else:
            fresh = {row.session.id: row for row in self._source()}
            self._view = [fresh.get(row.session.id, row) for row in self._view]
            self._membership = -1
            self.refresh()

    def row(self, index: Index) -> Row:
        return self._view[index.row()]

    def open_ids(self) -> list[int]:
        """Those shown that still live."""
        return [row.session.id for row in self._view if not row.session.ended_at]

    def refresh(self, *, again: bool = False) -> None:
        """Take over what the book says now; *again*: the filter or the order changed."""
        if self._paused and not again:
            return
        self._at = self._sessions.at
        if not again and self._sessions.membership == self._membership and not self._words:
            self._reorder()
        else:
            self._renew(again)
        if self._view:
            first, last = self.index(0, _LIVE[0]), self.index(len(self._view) - 1, _LIVE[-1])
            self.dataChanged.emit(first, last)
        self.counted.emit(len(self._view))

    def _reorder(self) -> None:
        """The same rows as before: only their figures changed."""
        if not self.held:
            wanted = list(self._view)
            self._order(wanted)
            self._rearrange(wanted)

    def _renew(self, again: bool) -> None:
        """Rows came or went, or the filter changed."""
        self._membership = -1 if self.held else self._sessions.membership
        wanted = self._filtered(self._view if self._paused else self._source())
        if self.held and not again:
            stay = self._filtered(self._view)
            known = set(stay)
            wanted = stay + [row for row in wanted if row not in known]
        else:
            self._order(wanted)
        self._become(wanted)

    def _source(self) -> Iterable[Row]:
        return reversed(self._sessions.closed) if self._closed else self._sessions.rows()

    def _filtered(self, rows: Iterable[Row]) -> list[Row]:
        if not self._words and not self._config:
            return list(rows)
        return [row for row in rows if self.accepts(row)]

    def accepts(self, row: Row) -> bool:
        """Whether the filter lets *row* through."""
        if self._config and row.session.config != self._config:
            return False
        return all(word in row.said for word in self._words)

    def _order(self, rows: list[Row]) -> None:
        place, order = self._sort
        rows.sort(key=COLUMNS[place].order, reverse=order == Qt.SortOrder.DescendingOrder)

    def _become(self, wanted: list[Row]) -> None:
        if wanted == self._view:
            return
        staying = set(wanted)
        kept = [row for row in self._view if row in staying]
        if len(kept) < len(self._view):
            leaving = [row for row in self._view if row not in staying]
            self._rearrange(kept + leaving)
            self.beginRemoveRows(QModelIndex(), len(kept), len(self._view) - 1)
            self._view = kept
            self.endRemoveRows()
        if len(wanted) > len(kept):
            there = set(kept)
            coming = [row for row in wanted if row not in there]
            self.beginInsertRows(QModelIndex(), len(kept), len(wanted) - 1)
            self._view = kept + coming
            self.endInsertRows()
        self._rearrange(wanted)

    def _rearrange(self, wanted: list[Row]) -> None:
        """The same rows in another order; selection and current row follow theirs."""
        if wanted == self._view:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        places = {row: place for place, row in enumerate(wanted)} if before else {}
        after = [self.index(places[self._view[i.row()]], i.column()) for i in before]
        self._view = wanted
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def cell(self, place: int, column: int) -> tuple[Row, str]:
        """A row and the words of one of its cells: for painting, which is in a hurry."""
        row, shown = self._view[place], COLUMNS[column]
        return row, self._name(row.session.config) if column == _TUNNEL else shown.text(row, self._at)

    # Qt

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(COLUMNS):
            self._sort = (column, order)
            self.refresh(again=True)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._view)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        column = COLUMNS[index.column()]
        row, text = self.cell(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.right else _LEFT
        if role == self.ROW:
            return row
        if role == self.PHASE:
            return STATE_PHASES.get(row.session.state, "stopped")
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return state_word(row) if column.key == "state" else text
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title()
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return column.title() or tr("State")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.right else _LEFT
        return None


def as_tsv(table: SessionTable, rows: list[int], columns: list[int]) -> str:
    """A header and *rows*, tab-separated."""
    lines = [[str(table.headerData(c, Qt.Orientation.Horizontal) or tr("State")) for c in columns]]
    for place in rows:
        cells = [table.index(place, column) for column in columns]
        role = Qt.ItemDataRole
        words = [cell.data(role.DisplayRole) or cell.data(role.AccessibleTextRole) for cell in cells]
        lines.append([str(word or "") for word in words])
    return "\n".join("\t".join(line) for line in lines)
