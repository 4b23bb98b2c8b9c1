"""How much went through each profile, by day: an SQLite file that outlives the program."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple, TypeVar

from xrgui.profiles.files import private_directory, timestamp

SCHEMA = 1
_PATIENCE = 5.0
"""Seconds to wait for another program that writes at this moment."""
_REMEMBERED = timedelta(days=30)
"""How long a source that says nothing more is known."""
_MOST = 2**53

_TABLES = """
CREATE TABLE IF NOT EXISTS days (
    profile TEXT NOT NULL, day TEXT NOT NULL,
    up INTEGER NOT NULL, down INTEGER NOT NULL, visitors INTEGER NOT NULL,
    PRIMARY KEY (profile, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS readings (
    profile TEXT NOT NULL, source TEXT NOT NULL,
    up INTEGER NOT NULL, down INTEGER NOT NULL, visitors INTEGER NOT NULL, seen TEXT NOT NULL,
    PRIMARY KEY (profile, source)) WITHOUT ROWID;
"""

T = TypeVar("T")


class TotalsError(Exception):
    """The file cannot be read or written; the text says why."""


class Amount(NamedTuple):
    """Payload bytes from and to visitors, and how many sub-connections."""

    up: int = 0
    down: int = 0
    visitors: int = 0


class Reading(NamedTuple):
    """What a running engine has counted for a profile since its start.

    `source` names one run of it, such as the engine's process id and the time at which the configuration
    started: its counters only grow.
    """

    profile: str
    source: str
    amount: Amount


class Totals:
    """Opens the file at *path*, or makes it. A damaged one is set aside: `set_aside` says where.

    Two programs may use it at once, even about the same engine: each byte is counted once. Calls may take a
    moment: a window makes them in a thread. Raises TotalsError, as all methods do.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set_aside: Path | None = None
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._safely(lambda connection: None)

    def record(self, readings: Iterable[Reading], day: date | None = None) -> None:
        """Adds what each source has counted since its last reading. One that comes late adds nothing."""
        today = day or date.today()
        batch = list(readings)

        def write(connection: sqlite3.Connection) -> None:
            with _transaction(connection):
                for reading in batch:
                    _add(connection, reading, today)
                forgotten = (today - _REMEMBERED).isoformat()
                connection.execute("DELETE FROM readings WHERE seen < ?", (forgotten,))

        self._safely(write)

    def total(self, profile: str) -> Amount:
        return self.totals().get(profile, Amount())

    def totals(self) -> dict[str, Amount]:
        """Of all days, by profile."""
        query = "SELECT profile, sum(up), sum(down), sum(visitors) FROM days GROUP BY profile"
        rows = self._safely(lambda connection: connection.execute(query).fetchall())
        return {profile: Amount(*amount) for profile, *amount in rows}

    def days(self, profile: str, since: date = date.min) -> list[tuple[date, Amount]]:
        """Days on which there was anything, oldest first."""
        query = "SELECT day, up, down, visitors FROM days WHERE profile = ? AND day >= ? ORDER BY day"
        values = (profile, since.isoformat())
        rows = self._safely(lambda connection: connection.execute(query, values).fetchall())
        return [(date.fromisoformat(day), Amount(*amount)) for day, *amount in rows]

    def forget(self, profile: str) -> None:
        def write(connection: sqlite3.Connection) -> None:
            with _transaction(connection):
                connection.execute("DELETE FROM days WHERE profile = ?", (profile,))
                connection.execute("DELETE FROM readings WHERE profile = ?", (profile,))

        self._safely(write)

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _safely(self, call: Callable[[sqlite3.Connection], T]) -> T:
        """Runs *call*; if the file proves damaged, sets it aside and runs it again on a new one."""
        with self._lock:
            try:
                try:
                    return call(self._opened())
                except sqlite3.DatabaseError as error:
                    if isinstance(error, sqlite3.OperationalError):
                        raise
                    self._put_aside()
                    return call(self._opened())
            except (sqlite3.Error, OSError) as error:
                self._close()
                raise TotalsError(f"{self.path}: {error}") from None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            private_directory(self.path.parent)
            self._connection = sqlite3.connect(
                self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._prepare(self._connection)
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA:
            raise sqlite3.OperationalError("was written by a newer xrgui")
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("is damaged")
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        if version < SCHEMA:
            with _transaction(connection):
                if connection.execute("PRAGMA user_version").fetchone() == (SCHEMA,):
                    return  # another program was quicker
                for statement in _TABLES.split(";")[:-1]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA}")
            self.path.chmod(0o600)

    def _put_aside(self) -> None:
        self._close()
        kept = self.path.with_name(f"{self.path.stem}.damaged.{timestamp()}{self.path.suffix}")
        self.path.replace(kept)
        for ending in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self.path}{ending}").replace(f"{kept}{ending}")
        self.set_aside = kept


def _write_ahead(connection: sqlite3.Connection) -> None:
    """SQLite does not wait by itself for another program that makes this very change."""
    deadline = monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if monotonic() > deadline:
                raise
            sleep(0.01)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Writes all or nothing; waits for other writers at its beginning, where that is safe."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _add(connection: sqlite3.Connection, reading: Reading, today: date) -> None:
    profile, source, counted = reading
    row = connection.execute(
        "SELECT up, down, visitors FROM readings WHERE profile = ? AND source = ?", (profile, source)
    ).fetchone()
    before = Amount(*row) if row else Amount()
    now = Amount(*(min(max(pair), _MOST) for pair in zip(counted, before, strict=True)))
    fresh = Amount(*(new - old for new, old in zip(now, before, strict=True)))
    connection.execute(
        "INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, ?, ?)",
        (profile, source, *now, today.isoformat()),
    )
    if any(fresh):
        connection.execute(
            "INSERT INTO days VALUES (?, ?, ?, ?, ?) ON CONFLICT (profile, day) DO UPDATE SET "
            "up = up + excluded.up, down = down + excluded.down, visitors = visitors + excluded.visitors",
            (profile, today.isoformat(), *fresh),
        )
