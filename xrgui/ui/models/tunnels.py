"""The tunnels in the order that the person gave them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)

from xrgui.ui import units, words
from xrgui.ui.language import tr
from xrgui.ui.tunnel import Phase, Tunnel

Index = QModelIndex | QPersistentModelIndex
MIME = "application/x-xrgui-tunnel"


class TunnelsModel(QAbstractListModel):
    """A row for each tunnel; `TUNNEL` gives the whole object. Changes are told row by row."""

    TUNNEL = Qt.ItemDataRole.UserRole + 1

    reordered = Signal()
    """The person moved a row; `ids` is the new order."""
    phase_changed = Signal(str, str, str)
    """id, the phase before, the phase now."""
    newcomer = Signal(str, object)
    """id, and the `Newcomer` that was not there before."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tunnels: list[Tunnel] = []

    def __iter__(self) -> Iterator[Tunnel]:
        return iter(self._tunnels)

    def __len__(self) -> int:
        return len(self._tunnels)

    @property
    def ids(self) -> list[str]:
        return [tunnel.id for tunnel in self._tunnels]

    @property
    def up(self) -> int:
        return sum(tunnel.phase is Phase.UP for tunnel in self._tunnels)

    @property
    def running(self) -> int:
        return sum(tunnel.running for tunnel in self._tunnels)

    @property
    def known(self) -> bool:
        """The engine says how they do."""
        return all(tunnel.phase is not Phase.UNKNOWN for tunnel in self._tunnels)

    @property
    def summary(self) -> str:
        """All of them in a few words: for tray and status bar."""
        if not self._tunnels:
            return tr("No tunnels yet")
        if not self.known:
            return tr("State not known")
        return tr("{up} of {all} up", up=self.up, all=len(self))

    def get(self, tunnel_id: str) -> Tunnel | None:
        return next((tunnel for tunnel in self._tunnels if tunnel.id == tunnel_id), None)

    def row(self, tunnel_id: str) -> int:
        """Its row, or -1."""
        return next((row for row, tunnel in enumerate(self._tunnels) if tunnel.id == tunnel_id), -1)

    def name(self, tunnel_id: str) -> str:
        tunnel = self.get(tunnel_id)
        return tunnel.name if tunnel else tunnel_id

    # Changes

    def put(self, tunnel: Tunnel, row: int | None = None) -> None:
        """Add *tunnel*, or replace the one of its id in place."""
        known = self.row(tunnel.id)
        if known >= 0:
            self._tunnels[known] = tunnel
            self.touch(tunnel.id)
            return
        place = len(self._tunnels) if row is None else max(0, min(row, len(self._tunnels)))
        self.beginInsertRows(QModelIndex(), place, place)
        self._tunnels.insert(place, tunnel)
        self.endInsertRows()

    def remove(self, tunnel_id: str) -> None:
        row = self.row(tunnel_id)
        if row >= 0:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._tunnels[row]
            self.endRemoveRows()

    def touch(self, tunnel_id: str) -> None:
        """The tunnel's fields were changed in place."""
        row = self.row(tunnel_id)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))

    def set_phase(self, tunnel: Tunnel, phase: Phase, since: float) -> None:
        before, tunnel.phase = tunnel.phase, phase
        if before is not phase:
            tunnel.since = since
            self.phase_changed.emit(tunnel.id, before.value, phase.value)

    def move(self, row: int, before: int) -> bool:
        """Move a row so that it stands before what is row *before* now."""
        return self.moveRows(QModelIndex(), row, 1, QModelIndex(), before)

    def moveRows(self, source: Index, row: int, number: int, target: Index, before: int) -> bool:
        size = len(self._tunnels)
        if number != 1 or not 0 <= row < size or not 0 <= before <= size or before in (row, row + 1):
            return False
        self.beginMoveRows(QModelIndex(), row, row, QModelIndex(), before)
        tunnel = self._tunnels.pop(row)
        self._tunnels.insert(before - 1 if before > row else before, tunnel)
        self.endMoveRows()
        self.reordered.emit()
        return True

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._tunnels)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        tunnel = self._tunnels[index.row()]
        match role:
            case self.TUNNEL:
                return tunnel
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return tunnel.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{tunnel.name}, {words.state(tunnel)}"
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return ", ".join((*tunnel.public, units.rate(tunnel.down_rate)))
            case Qt.ItemDataRole.ToolTipRole:
                return "\n".join((tunnel.name, *tunnel.public, words.state(tunnel)))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        drag = Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return base | drag if index.isValid() else Qt.ItemFlag.ItemIsDropEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        data.setData(MIME, QByteArray(self._tunnels[indexes[0].row()].id.encode()))
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Moves at once and returns False, so that the view removes nothing itself."""
        if data.hasFormat(MIME):
            self.move(self.row(data.data(MIME).toStdString()), len(self._tunnels) if row < 0 else row)
        return False


class TunnelFilter(QSortFilterProxyModel):
    """Those whose name, address or service contains all the words typed."""

    def __init__(self, source: TunnelsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self.setSourceModel(source)

    def set_text(self, text: str) -> None:
        self.beginFilterChange()
        self._words = text.casefold().split()
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        if not self._words:
            return True
        tunnel: Tunnel = self.sourceModel().index(row, 0).data(TunnelsModel.TUNNEL)
        services = (service.label for service in tunnel.services)
        text = " ".join((tunnel.name, tunnel.server, *tunnel.public, *services)).casefold()
        return all(word in text for word in self._words)
