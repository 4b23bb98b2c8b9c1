"""The event streams: each feed remembers what its reader knows and makes what has changed since.

Nothing is queued: a feed that is not asked for a while makes one larger change. Batches come in
parts, so that the data path runs between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import time

from xrgui.engine.host import Engine, Host, add_up, memory
from xrgui.engine.session import Session
from xrgui.logs import Ring, number
from xrgui.rpc import (
    Event,
    Level,
    LogEvent,
    LogRecord,
    SessionRow,
    SessionsEvent,
    Status,
    TotalsEvent,
)

ROWS = 500
"""Rows in one event: about 2 ms of work."""


def totals(host: Host) -> Iterator[Event]:
    """All totals, each time."""
    configs = {name: engine.totals() for name, engine in host.engines.items()}
    yield TotalsEvent(time(), memory(), add_up(configs.values()), configs)


class StatusFeed:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._told: object = None

    def __call__(self) -> Iterator[Event]:
        status = self._host.status()
        shape = _shape(status)
        if shape != self._told:
            self._told = shape
            yield status


def _shape(status: Status) -> object:
    """What a change of makes the status worth sending."""
    return [
        (
            config.name,
            config.started_at,
            [(i.tag, i.listen) for i in config.inbounds],
            [(o.tag, o.server) for o in config.outbounds],
            [
                (b.tag, b.state, b.server, b.attempt, b.links, b.error, b.rtt_ms, b.public, b.equal)
                for b in config.bridges
            ],
            [(p.tag, p.links, p.peers, p.rtt_ms, p.pending, p.forged) for p in config.portals],
        )
        for config in status.configs
    ]


class LogFeed:
    def __init__(self, ring: Ring, level: Level, backlog: int) -> None:
        self._ring = ring
        self._least = number(level)
        kept = ring.last(backlog, level)
        self._next = kept[0].seq if kept else ring.next

    def _wants(self, record: LogRecord) -> bool:
        return number(record.level) >= self._least

    def __call__(self) -> Iterator[Event]:
        records, lost = self._ring.since(self._next)
        self._next = self._ring.next
        wanted = tuple(record for record in records if self._wants(record))
        if wanted or lost:
            yield LogEvent(wanted, lost)


class SessionsFeed:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[int, _Known] = {}
        self._ends: dict[str, _Ends] = {name: _Ends(engine) for name, engine in host.engines.items()}
        self._first = True

    def __call__(self) -> Iterator[Event]:
        held: SessionsEvent | None = None
        for part in self._parts(time()):
            if held is not None:
                held.more = True
                yield held
            held = part
        if held is not None:
            yield held

    def _parts(self, now: float) -> Iterator[SessionsEvent]:
        engines = list(self._host.engines.items())
        live = [(name, session) for name, engine in engines for session in engine.sessions.values()]
        ended, lost = self._newly_ended(engines)
        gone = self._forget({session.id for _, session in live}, ended)
        yield from self._changes(now, live)
        for chunk in _chunks(ended, ROWS):
            yield SessionsEvent(now, closed=tuple(session_row(session, name) for name, session in chunk))
        if gone or lost:
            yield SessionsEvent(now, gone=gone, lost=lost)

    def _newly_ended(self, engines: list[tuple[str, Engine]]) -> tuple[list[tuple[str, Session]], int]:
        """Those that ended since the last batch, and how many more the engines no longer know."""
        found: list[tuple[str, Session]] = []
        lost = 0
        before, self._ends = self._ends, {}
        for name, engine in engines:
            ends = before.get(name)
            if ends is None or ends.engine is not engine:
                ends = _Ends(engine, from_start=True)
            sessions, missed = ends.take()
            found += [(name, session) for session in sessions]
            lost += missed
            self._ends[name] = ends
        return found, lost

    def _forget(self, live: set[int], ended: list[tuple[str, Session]]) -> tuple[int, ...]:
        """Drop the ended ones from what is known; the result are those that left no trace."""
        for _, session in ended:
            self._known.pop(session.id, None)
        gone = tuple(self._known.keys() - live)
        for session_id in gone:
            del self._known[session_id]
        return gone

    def _changes(self, now: float, live: list[tuple[str, Session]]) -> Iterator[SessionsEvent]:
        rows: list[SessionRow] = []
        counters: list[tuple[int, int, int]] = []
        for name, session in live:
            known = self._known.get(session.id)
            if known is None or known.state != session.state or known.link != session.link:
                if session.ended_at:
                    continue
                self._known[session.id] = _Known(session)
                rows.append(session_row(session, name))
                if len(rows) == ROWS:
                    yield SessionsEvent(now, rows=tuple(rows), counters=tuple(counters))
                    rows, counters = [], []
            elif known.total != (total := session.up + session.down):
                known.total = total
                counters.append((session.id, session.up, session.down))
        if rows or counters or self._first:
            self._first = False
            yield SessionsEvent(now, rows=tuple(rows), counters=tuple(counters))


class _Known:
    """What the reader was last told of a live session."""

    __slots__ = ("link", "state", "total")

    def __init__(self, session: Session) -> None:
        self.state = session.state
        self.link = session.link
        self.total = session.up + session.down


class _Ends:
    """How far the reader was told of the sessions that ended in one engine."""

    def __init__(self, engine: Engine, *, from_start: bool = False) -> None:
        self.engine = engine
        self.last: Session | None = None if from_start or not engine.closed else engine.closed[-1]
        self.count = 0 if from_start else _ended(engine)

    def take(self) -> tuple[list[Session], int]:
        fresh: list[Session] = []
        for session in reversed(self.engine.closed):
            if session is self.last:
                break
            fresh.append(session)
        fresh.reverse()
        count = _ended(self.engine)
        lost = max(0, count - self.count - len(fresh))
        self.count = count
        if fresh:
            self.last = fresh[-1]
        return fresh, lost


def _ended(engine: Engine) -> int:
    totals = engine.totals()
    return totals.opened - totals.open


def _chunks(items: list[tuple[str, Session]], size: int) -> Iterator[list[tuple[str, Session]]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def session_row(session: Session, config: str) -> SessionRow:
    source = session.source
    return SessionRow(
        session.id,
        config,
        session.state,
        session.inbound_tag,
        session.inbound_protocol,
        session.user,
        source.endpoint if source is not None else "",
        session.target,
        session.sniffed_host,
        session.rule,
        session.outbound_tag,
        session.link,
        session.up,
        session.down,
        session.started_at,
        session.ended_at,
        session.error,
    )
