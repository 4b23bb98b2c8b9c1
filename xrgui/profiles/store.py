"""Profiles on disk: one readable file each, which neither a crash nor a second program can spoil.

profiles/<id>.json   one profile each; secrets are references
order.json           the order in the list; made anew if it is lost
backups/<id>/        the last five states of each
damaged/             files that could not be read
trash/               deleted ones, until the trash is emptied
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from xrgui.profiles.document import DamagedError, NewerError, dump_profile, load_profile
from xrgui.profiles.files import (
    StoreError,
    explain,
    keep_copy,
    locked,
    private_directory,
    timestamp,
    write_atomic,
)
from xrgui.profiles.model import REFERENCE, Profile, is_id, new_id

BACKUPS = 5
SETTLED = 2.0
"""Seconds after which nobody is still writing a file by hand."""
_REFERENCES = re.compile(rf"{REFERENCE}[A-Za-z0-9_./-]+")


class Stored(NamedTuple):
    """A profile and the state of its file: `save` wants `version` back, and refuses if the file changed."""

    profile: Profile
    version: str


class Notice(NamedTuple):
    """A file that gave no profile.

    ``damaged``: set aside as `kept`, and `restored` says whether the last good backup took its place; where it
    is if `kept` is None, since even that failed, or since it changed within the last seconds.
    ``newer``: written by a newer xrgui, left alone. ``unreadable``: the system refuses.
    """

    kind: Literal["damaged", "newer", "unreadable"]
    path: Path
    reason: str
    kept: Path | None = None
    restored: bool = False

    @property
    def text(self) -> str:
        message = f"{self.path.name} {self.reason}."
        if self.kept is not None:
            message += f" It was set aside as {self.kept}."
        if self.restored:
            message += " The last good version took its place."
        return message


class Listing(NamedTuple):
    profiles: tuple[Stored, ...]
    notices: tuple[Notice, ...]


class ConflictError(StoreError):
    """Another program changed or deleted the profile since it was read; `theirs` is its state, if any."""

    def __init__(self, name: str, theirs: Stored | None, deleted: bool) -> None:
        what = "deleted" if deleted else "changed"
        super().__init__(f"{name} was {what} by another program: look at it again, or save it as a copy")
        self.theirs = theirs


class Store:
    """The profiles under *directory*, which is made when the first one is saved."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._profiles = directory / "profiles"
        self._order = directory / "order.json"

    def scan(self) -> Listing:
        """All profiles in their order; damaged files are set aside. Raises StoreError."""
        found: list[Stored] = []
        notices: list[Notice] = []
        for path in self._files():
            result = self._read(path)
            if isinstance(result, Notice) and result.kind == "damaged" and _is_settled(path):
                result = self._set_aside(result)
                notices.append(result)
                result = self._read(path) if result.restored else None
            elif isinstance(result, Notice):
                notices.append(result)
            if isinstance(result, Stored):
                found.append(result)
        return Listing(tuple(self._sorted(found)), tuple(notices))

    def load(self, profile_id: str) -> Stored:
        """Raises StoreError."""
        result = self._read(self._path(profile_id))
        if isinstance(result, Stored):
            return result
        raise StoreError(result.text if result else f"there is no profile {profile_id}")

    def save(self, profile: Profile, version: str | None) -> Stored:
        """Writes *profile* over the state *version* of its file, or as a new one for None.

        Raises ConflictError if the file is in another state by now, StoreError if it cannot be written.
        """
        path = self._path(profile.id)
        data = dump_profile(profile)
        with self._writing(path, "saved"):
            private_directory(self._profiles)
            current = _content(path)
            if _version(current) != version:
                theirs = self._read(path)
                readable = theirs if isinstance(theirs, Stored) else None
                raise ConflictError(profile.name, readable, deleted=current is None)
            if current is not None and current != data:
                keep_copy(path, self._backups(profile.id), BACKUPS)
            if current != data:
                write_atomic(path, data)
        return Stored(profile, str(_version(data)))

    def delete(self, profile_id: str) -> None:
        """Moves it to the trash, where `restore` finds it. Raises StoreError."""
        self._move(self._path(profile_id), self.directory / "trash" / f"{profile_id}.json", "deleted")

    def restore(self, profile_id: str) -> Stored:
        """Takes a deleted one back to its old place. Raises StoreError."""
        path = self._path(profile_id)
        self._move(self.directory / "trash" / path.name, path, "restored")
        return self.load(profile_id)

    def trash(self) -> tuple[Profile, ...]:
        """What `restore` could take back."""
        files = sorted(_json_files(self.directory / "trash"))
        return tuple(item.profile for path in files if isinstance(item := self._read(path), Stored))

    def empty_trash(self) -> tuple[str, ...]:
        """Removes the deleted ones with their backups.

        Returns the references of their secrets, for the caller to delete those too. Raises StoreError.
        """
        references: set[str] = set()
        trash = self.directory / "trash"
        with self._writing(trash, "emptied"):
            for path in sorted(_json_files(trash)):
                copies = sorted(_json_files(self._backups(path.stem)))
                for file in (*copies, path):
                    references.update(_REFERENCES.findall(file.read_text(errors="replace")))
                    file.unlink()
                with contextlib.suppress(OSError):
                    self._backups(path.stem).rmdir()
        return tuple(sorted(references))

    def references(self) -> tuple[str, ...]:
        """Of every secret that a profile names, deleted ones and backups included. Raises StoreError."""
        found: set[str] = set()
        folders = [self._profiles, self.directory / "trash", *_folders(self.directory / "backups")]
        try:
            for path in (path for folder in folders for path in _json_files(folder)):
                found.update(_REFERENCES.findall(path.read_text(errors="replace")))
        except OSError as error:
            raise explain(error, self.directory, "read") from None
        return tuple(sorted(found))

    def backups(self, profile_id: str) -> tuple[tuple[str, Profile], ...]:
        """Earlier states that can be read, newest first, each with its time (UTC, as in its file's name)."""
        files = sorted(_json_files(self._backups(profile_id)), reverse=True)
        found = ((path.stem, self._read(path)) for path in files)
        return tuple(
            (when, msgspec.structs.replace(item.profile, id=profile_id))
            for when, item in found
            if isinstance(item, Stored)
        )

    def set_order(self, ids: Iterable[str]) -> None:
        """Raises StoreError."""
        with self._writing(self._order, "saved"):
            write_atomic(self._order, msgspec.json.encode({"schema": 1, "order": list(ids)}) + b"\n")

    def _path(self, profile_id: str) -> Path:
        if not is_id(profile_id):
            raise StoreError(f"{profile_id!r} cannot be the id of a profile")
        return self._profiles / f"{profile_id}.json"

    def _backups(self, profile_id: str) -> Path:
        return self.directory / "backups" / profile_id

    def _files(self) -> list[Path]:
        try:
            return sorted(path for path in _json_files(self._profiles) if is_id(path.stem))
        except OSError as error:
            raise explain(error, self._profiles, "read") from None

    def _sorted(self, found: list[Stored]) -> list[Stored]:
        place = {name: number for number, name in enumerate(self._read_order())}
        last = len(place)
        return sorted(found, key=lambda item: (place.get(item.profile.id, last), item.profile.name.casefold()))

    def _read_order(self) -> list[str]:
        """Nothing if there is none or it is damaged: names are an order as well."""
        try:
            return msgspec.json.decode(self._order.read_bytes(), type=_Order).order
        except (OSError, msgspec.MsgspecError):
            return []

    def _read(self, path: Path) -> Stored | Notice | None:
        """None if there is no such file. The file's name counts, not the id inside it."""
        try:
            data = _content(path)
            if data is None:
                return None
            profile = msgspec.structs.replace(load_profile(data), id=path.stem)
            return Stored(profile, str(_version(data)))
        except OSError as error:
            return Notice("unreadable", path, f"cannot be read: {error.strerror or error}")
        except NewerError as error:
            return Notice("newer", path, str(error))
        except DamagedError as error:
            return Notice("damaged", path, str(error))

    def _set_aside(self, notice: Notice) -> Notice:
        path = notice.path
        kept = self.directory / "damaged" / f"{path.stem}.{timestamp()}.json"
        try:
            with self._writing(path, "set aside"):
                if isinstance(self._read(path), Stored):
                    return notice._replace(restored=True)
                private_directory(kept.parent)
                path.replace(kept)
                backups = self.backups(path.stem)
                if backups:
                    write_atomic(path, dump_profile(backups[0][1]))
        except StoreError as error:
            return notice._replace(reason=f"{notice.reason}. {error}", kept=kept if kept.exists() else None)
        return notice._replace(kept=kept, restored=bool(backups))

    def _move(self, path: Path, target: Path, doing: str) -> None:
        with self._writing(path, doing):
            if not path.exists():
                raise StoreError(f"{path} is not there any more")
            if target.exists() and doing == "restored":
                raise StoreError(f"{target} is there again: delete or rename that one first")
            private_directory(target.parent)
            path.replace(target)

    @contextlib.contextmanager
    def _writing(self, path: Path, doing: str) -> Iterator[None]:
        """Keeps other programs out and says in plain words what went wrong."""
        try:
            private_directory(self.directory)
            with locked(self.directory / ".lock"):
                yield
        except OSError as error:
            raise explain(error, path, doing) from None


class _Order(msgspec.Struct):
    order: list[str]


def copy_of(profile: Profile, names: Iterable[str]) -> Profile:
    """A new profile with the same content and a name of its own.

    Its secrets must be in place, not references: those would die with the other profile.
    """
    taken = set(names)
    base = re.sub(r" \d+$", "", profile.name)
    numbered = (f"{base} {number}" for number in range(2, len(taken) + 3))
    name = next(name for name in numbered if name not in taken)
    return msgspec.structs.replace(profile, id=new_id(), name=name, start_with_program=False)


def _json_files(directory: Path) -> list[Path]:
    try:
        return [path for path in directory.iterdir() if path.suffix == ".json" and not path.name.startswith(".")]
    except FileNotFoundError:
        return []


def _folders(directory: Path) -> list[Path]:
    try:
        return [path for path in directory.iterdir() if path.is_dir()]
    except FileNotFoundError:
        return []


def _is_settled(path: Path) -> bool:
    """False while a text editor may be half-way through."""
    try:
        return time.time() - path.stat().st_mtime >= SETTLED
    except OSError:
        return False


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _version(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()[:16]
