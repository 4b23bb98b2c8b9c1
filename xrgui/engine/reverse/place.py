"""Who was here before: a bridge that is started after a crash can tell its portal which one has died.

Its visitors would else wait for the dead one until the grace time is over. A lock tells: it ends with its owner.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from pathlib import Path

from xrgui.engine.mux.extension import INSTANCE
from xrgui.paths import runtime_dir

if sys.platform != "win32":
    import fcntl

log = logging.getLogger(__name__)

PLACES = 16
"""Bridges of one name that this machine may run at once and still tell apart."""


class Place:
    """Held by one living bridge at a time, by the lock on a file that has its instance."""

    def __init__(self, file: Path | None = None, descriptor: int = -1, former: bytes = b"") -> None:
        self.former = former
        """The instance of the bridge that died here; empty where none did."""
        self._file = file
        self._descriptor = descriptor

    def leave(self) -> None:
        """In good order: the portal was told, and nobody needs to know who was here."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._file = None


def take(name: str, instance: bytes) -> Place:
    """A place for the bridge *instance*; *name* tells apart what dials another portal, or by another id. Where the
    system has no such locks, or no folder for them, it is one of which nothing is known."""
    if sys.platform == "win32":
        return Place()
    stem = hashlib.sha256(name.encode()).hexdigest()[:32]
    try:
        directory = runtime_dir()
        for number in range(PLACES):
            if (place := _take(directory / f"{stem}-{number}.place", instance)) is not None:
                return place
    except OSError as error:
        log.debug("no place for the bridge: %s", error)
    return Place()


def _take(file: Path, instance: bytes) -> Place | None:
    """None where somebody lives there. Raises OSError."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        former = os.pread(descriptor, INSTANCE, 0)
        os.pwrite(descriptor, instance, 0)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return Place(file, descriptor, former if len(former) == INSTANCE else b"")
