"""Sub-connections as the engine tells them: the book of all that live and the last that ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal

from xrgui import rpc

CLOSED_KEPT = 2000
LINGER = 5.0
"""Seconds for which an ended one stays in its place among the open ones."""


class Row:
    """One sub-connection with what the window reckons: its rates and when it last moved bytes.

    Rows are equal only to themselves, so that lists and sets of them compare fast.
    """

    __slots__ = ("down_rate", "moved_at", "said", "session", "up_rate")

    def __init__(self, session: rpc.SessionRow, at: float) -> None:
        self.session = session
        self.down_rate = 0.0
        self.up_rate = 0.0
        self.moved_at = at
        self.said = text_of(session)

    def frozen(self) -> Row:
        """A copy that no batch changes."""
        copy = Row.__new__(Row)
        for name in Row.__slots__:
            setattr(copy, name, getattr(self, name))
        copy.session = rpc.SessionRow(*(getattr(self.session, f) for f in rpc.SessionRow.__struct_fields__))
        return copy


def text_of(session: rpc.SessionRow) -> str:
    """What the filter looks into."""
    return " ".join(
        (
            str(session.id),
            session.source,
            session.target,
            session.host,
            session.rule,
            session.outbound,
            session.user,
            session.reason,
        )
    ).casefold()


class Sessions(QObject):
    """Applies the engine's batches. `changed` after a whole batch, at most once a second."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.open: dict[int, Row] = {}
        self.lingering: dict[int, Row] = {}
        self.closed: deque[Row] = deque(maxlen=CLOSED_KEPT)
        self.at = 0.0
        """Unix time of the last batch: ages are counted from it, so that they stand still in a pause."""
        self.lost = 0
        self.membership = 0
        """Raised whenever a row comes or goes, so that a table need not look for that."""
        self._moving: set[int] = set()
        self._moved: set[int] = set()
        self._before = 0.0
        self._named: set[int] | None = None

    def rows(self) -> Iterator[Row]:
        """Open ones, and those that ended just now."""
        yield from self.open.values()
        yield from self.lingering.values()

    def apply(self, event: rpc.SessionsEvent) -> None:
        for session in event.rows:
            self._put(session, event.at)
            if self._named is not None:
                self._named.add(session.id)
        self._count(event)
        for session in event.closed:
            self._close(session, event.at)
        for number in event.gone:
            if (row := self.open.pop(number, None)) is not None:
                row.session.state, row.session.ended_at = "closed", event.at
                self._end(row)
        self.lost += event.lost
        if not event.more:
            self._finish(event.at)

    def clear(self) -> None:
        """The engine went away: nothing of it lives on."""
        self.membership += 1
        self.open.clear()
        self.lingering.clear()
        self._moving.clear()
        self._moved.clear()
        self._before = 0.0
        self.changed.emit()

    def begin(self) -> None:
        """The next batch names all that live; whatever it does not name is gone."""
        self._named = set()

    def _put(self, session: rpc.SessionRow, at: float) -> None:
        row = self.open.get(session.id)
        if row is None:
            row = self.open[session.id] = Row(session, at)
            self.membership += 1
            passed = max(at - session.started_at, 1.0)
            row.down_rate, row.up_rate = session.down / passed, session.up / passed
            if session.down or session.up:
                self._moved.add(session.id)
            return
        session.up, session.down = max(session.up, row.session.up), max(session.down, row.session.down)
        row.session = session
        row.said = text_of(session)

    def _count(self, event: rpc.SessionsEvent) -> None:
        passed = max(event.at - self._before, 0.05) if self._before else 1.0
        for number, up, down in event.counters:
            row = self.open.get(number)
            if row is None:
                continue
            session = row.session
            row.up_rate = (up - session.up) / passed
            row.down_rate = (down - session.down) / passed
            session.up, session.down = up, down
            row.moved_at = event.at
            self._moved.add(number)

    def _close(self, session: rpc.SessionRow, at: float) -> None:
        row = self.open.pop(session.id, None) or Row(session, at)
        row.session = session
        row.said = text_of(session)
        self._end(row)

    def _end(self, row: Row) -> None:
        self.membership += 1
        row.down_rate = row.up_rate = 0.0
        self.closed.append(row)
        self.lingering[row.session.id] = row

    def _finish(self, at: float) -> None:
        if self._named is not None:
            for number in self.open.keys() - self._named:
                del self.open[number]
                self.membership += 1
            self._named = None
        for number in self._moving - self._moved:
            if (row := self.open.get(number)) is not None:
                row.down_rate = row.up_rate = 0.0
        self._moving, self._moved = self._moved, set()
        for number in [n for n, row in self.lingering.items() if at - row.session.ended_at > LINGER]:
            del self.lingering[number]
            self.membership += 1
        self.at = self._before = at
        self.changed.emit()
