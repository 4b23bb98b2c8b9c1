"""Files that survive a crash, a full disk and a second program."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

LOCK_WAIT = 5.0
"""Seconds to wait for another program that writes at this moment."""
_LOCK_STEP = 0.02


class StoreError(Exception):
    """A file cannot be read or written; the text says which, why and what stays as it was."""


def explain(error: OSError, path: Path, doing: str) -> StoreError:
    """*doing* is what was tried, such as "saved"."""
    reason = error.strerror or str(error)
    return StoreError(f"{path} could not be {doing}: {reason}. What was there is unchanged.")


def write_atomic(path: Path, data: bytes) -> None:
    """Puts *data* in the place of the file, whole or not at all; readable by this user alone.

    Raises OSError; then the old file stands as it was.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Makes a rename last through a power cut, where the system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_directory(directory: Path) -> None:
    """Makes it, closed to others. Raises OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def keep_copy(path: Path, directory: Path, keep: int) -> None:
    """Puts the file as it is now into *directory* under the time, and removes all but the newest *keep*.

    Raises OSError.
    """
    private_directory(directory)
    copy = directory / f"{timestamp()}{path.suffix}"
    try:
        os.link(path, copy)
    except FileExistsError:
        return
    except OSError:
        shutil.copyfile(path, copy)
    for old in sorted(directory.iterdir())[:-keep]:
        old.unlink(missing_ok=True)


def timestamp() -> str:
    """Now, in UTC, so that names sort by time: ``20260131T235959.000001Z``."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


@contextlib.contextmanager
def locked(path: Path, wait: float = LOCK_WAIT) -> Iterator[None]:
    """Holds the lock file at *path* against other programs and threads.

    Raises StoreError after *wait* seconds, and OSError where the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = time.monotonic() + wait
        while not _try_lock(descriptor):
            if time.monotonic() >= end:
                raise StoreError(f"another program holds {path}: close it, or try again")
            time.sleep(_LOCK_STEP)
        try:
            yield
        finally:
            _unlock(descriptor)
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
