"""The log: one line per record on stderr or in files, the last records in memory, no secrets in any.

Loggers are the standard library's, below "xrgui". The dispatcher tells of each connection on the
logger `ACCESS` at info.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TextIO, cast

import msgspec

from xrgui.config import model
from xrgui.rpc import Level, LogRecord

ACCESS = "xrgui.access"
KEPT = 2_000
"""Records in memory, for the RPC's log stream."""
MASK = "•••"

_LEVELS: dict[Level | str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "none": logging.CRITICAL + 1,
}
_COLOURS: dict[str, str] = {"debug": "2", "info": "", "warning": "33", "error": "31"}


def number(level: str) -> int:
    """A level's number in the standard library."""
    return _LEVELS[level]


def name(levelno: int) -> Level:
    if levelno >= logging.ERROR:
        return "error"
    if levelno >= logging.WARNING:
        return "warning"
    return "info" if levelno >= logging.INFO else "debug"


class Masker:
    """Puts `MASK` in place of every UUID (an id opens a tunnel) and of the passwords that it knows."""

    _uuid = r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{32}\b"

    def __init__(self) -> None:
        self.know(())

    def know(self, secrets: Iterable[str]) -> None:
        """Replace what is known. Texts under four characters are left out: they would hide words."""
        words = sorted({re.escape(text) for text in secrets if len(text) >= 4}, key=len, reverse=True)
        self._pattern = re.compile("|".join([f"(?i:{self._uuid})", *words]))

    def __call__(self, text: str) -> str:
        return self._pattern.sub(MASK, text)


def secrets_of(config: model.Config) -> set[str]:
    """Passwords and private keys anywhere in *config*."""
    found: set[str] = set()
    _gather(config, "", found)
    return found


def _gather(value: object, field: str, found: set[str]) -> None:
    if isinstance(value, msgspec.Struct):
        for key in value.__struct_fields__:
            _gather(getattr(value, key), key, found)
    elif isinstance(value, (tuple, list)):
        for item in value:
            _gather(item, field, found)
    elif isinstance(value, str) and field in ("password", "key"):
        found.add(value)


class Ring:
    """The last `KEPT` records. `seq` counts on for ever, so that a reader sees what it missed."""

    def __init__(self, size: int = KEPT) -> None:
        self.records: deque[LogRecord] = deque(maxlen=size)
        self.next = 1

    def add(self, at: float, level: Level, message: str) -> None:
        self.records.append(LogRecord(self.next, at, level, message))
        self.next += 1

    def since(self, seq: int) -> tuple[list[LogRecord], int]:
        """Records from *seq* on, and how many of those that were wanted are gone."""
        first = self.next - len(self.records)
        return list(islice(self.records, max(0, seq - first), None)), max(0, first - seq)

    def last(self, count: int, level: Level) -> list[LogRecord]:
        """The last *count* records of *level* or above."""
        wanted = [record for record in self.records if _LEVELS[record.level] >= _LEVELS[level]]
        return wanted[-count:] if count > 0 else []


class Log(logging.Handler):
    """The one handler: masks a record once and gives it to memory, stderr and files."""

    def __init__(self, stream: TextIO | None = None, *, colour: bool | None = None) -> None:
        super().__init__(logging.DEBUG)
        self.ring = Ring()
        self.mask = Masker()
        self.stream = stream
        self.colour = _wants_colour(stream) if colour is None else colour
        self.access = _Files()
        self.errors = _Files()
        self.threshold = logging.WARNING

    def configure(self, wanted: Iterable[model.Log], level: str | None = None) -> None:
        """Follow the `log` objects of all configurations: the most talkative level (or *level*) and
        every file. Opens files anew, so that a rotated one is let go; raises OSError where one cannot
        be written."""
        logs = list(wanted)
        levels = [_LEVELS[entry.level] for entry in logs] or [logging.WARNING]
        self.threshold = _LEVELS[level] if level else min(levels)
        self.access.open(entry.access for entry in logs)
        self.errors.open(entry.error for entry in logs)
        logging.getLogger().setLevel(self.threshold)
        access = logging.getLogger(ACCESS)
        access.setLevel(logging.INFO if self.access else logging.NOTSET)
        access.disabled = bool(logs) and all(entry.access == "none" for entry in logs)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._emit(record)
        except (OSError, TypeError, ValueError):
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that cannot be written must not end what it tells of."""

    def _emit(self, record: logging.LogRecord) -> None:
        message = visible(self.mask(record.getMessage()))
        if record.name == ACCESS and self.access:
            self.access.write(f"{_date(record.created)} {message}\n")
        if record.levelno < self.threshold:
            return
        level = name(record.levelno)
        self.ring.add(record.created, level, message)
        if record.exc_info and self.threshold <= logging.DEBUG:
            message += "\n" + self.mask(logging.Formatter().formatException(record.exc_info))
        if self.errors:
            self.errors.write(f"{_date(record.created)} {level} {message}\n")
        elif self.stream is not None:
            self.stream.write(line(record.created, level, message, self.colour))
            self.stream.flush()

    def close(self) -> None:
        self.access.open(())
        self.errors.open(())
        super().close()


class _Files:
    """The files that some kind of line goes to."""

    def __init__(self) -> None:
        self._open: list[TextIO] = []
        self._opened = ExitStack()

    def __bool__(self) -> bool:
        return bool(self._open)

    def open(self, paths: Iterable[str]) -> None:
        wanted = sorted({path for path in paths if path not in ("", "none")})
        with ExitStack() as fresh:
            files: list[TextIO] = [
                fresh.enter_context(Path(path).open("a", encoding="utf-8", buffering=1)) for path in wanted
            ]
            self._opened.close()
            self._opened = fresh.pop_all()
        self._open = files

    def write(self, text: str) -> None:
        for file in self._open:
            file.write(text)


_control = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """*text* on one line, with its control characters spelled out: what a stranger sent must not write lines of
    its own, nor steer a terminal."""
    return _control.sub(lambda match: ascii(match[0])[1:-1], text)


def line(at: float, level: Level, message: str, colour: bool) -> str:
    """``HH:MM:SS level message`` with its line feed."""
    clock = time.strftime("%H:%M:%S", time.localtime(at))
    if not colour:
        return f"{clock} {level} {message}\n"
    word = f"\x1b[{_COLOURS[level]}m{level}\x1b[0m" if _COLOURS[level] else level
    return f"\x1b[2m{clock}\x1b[0m {word} {message}\n"


def install(level: str = "warning", stream: TextIO | None = None) -> Log:
    """Take over the standard library's root logger, once for each process. *stream*: stderr."""
    log = Log(sys.stderr if stream is None else stream)
    root = logging.getLogger()
    root.handlers[:] = [log]
    log.configure((), level)
    return log


def _wants_colour(stream: TextIO | None) -> bool:
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    isatty = cast(Callable[[], bool] | None, getattr(stream, "isatty", None))
    return isatty is not None and isatty()


def _date(at: float) -> str:
    return time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(at))
