"""The profiles and their secrets; whatever touches a disk or a keyring runs in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from PySide6.QtCore import QObject

from xrgui.profiles.model import Profile, is_reference
from xrgui.profiles.secrets import FileSecrets, MemorySecrets, SecretError, SecretStore, find_keyring
from xrgui.profiles.store import Notice, Store, Stored
from xrgui.profiles.vault import bring_back, forget, move, put_away, secret_values

T = TypeVar("T")
SecretsKind = Literal["", "keyring", "file", "memory"]


class Library(QObject):
    """Raises StoreError and SecretError from where they arise; nothing here shows a message."""

    def __init__(self, directory: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store = Store(directory)
        self.secrets_file = directory / "secrets.json"
        self._stored: dict[str, Stored] = {}
        self._secrets: SecretStore | None = None
        self._one_at_a_time = asyncio.Lock()

    # Profiles

    @property
    def profiles(self) -> dict[str, Profile]:
        """By id, in their order; secrets are references."""
        return {number: stored.profile for number, stored in self._stored.items()}

    def get(self, profile_id: str) -> Profile | None:
        stored = self._stored.get(profile_id)
        return stored.profile if stored else None

    async def load(self) -> tuple[Notice, ...]:
        listing = await self._away(self.store.scan)
        self._stored = {stored.profile.id: stored for stored in listing.profiles}
        return listing.notices

    async def save(self, profile: Profile) -> Profile:
        """Put its secrets away and write it. Raises StoreError, SecretError."""
        before = self._stored.get(profile.id)

        def work() -> Stored:
            kept = put_away(profile, self.secrets)
            return self.store.save(kept, before.version if before else None)

        stored = await self._away(work)
        self._stored[profile.id] = stored
        return stored.profile

    def adopt(self, profile_id: str, theirs: Stored | None) -> None:
        """Another program's state of a profile is the one that counts; None: it deleted it."""
        if theirs is None:
            self._stored.pop(profile_id, None)
        else:
            self._stored[profile_id] = theirs

    async def complete(self, profile_id: str) -> Profile:
        """With its secrets in place. Raises SecretError, KeyError."""
        return await self.fetch(self._stored[profile_id].profile)

    async def fetch(self, profile: Profile) -> Profile:
        """*profile* with its secrets in place. Raises SecretError."""
        if not any(is_reference(value) for value in secret_values(profile)):
            return profile
        return await self._away(lambda: bring_back(profile, self.secrets))

    async def delete(self, profile_id: str) -> None:
        await self._away(lambda: self.store.delete(profile_id))
        self._stored.pop(profile_id, None)

    async def restore(self, profile_id: str) -> Profile:
        stored = await self._away(lambda: self.store.restore(profile_id))
        self._stored[profile_id] = stored
        return stored.profile

    async def deleted(self) -> int:
        """How many the trash holds."""
        return len(await self._away(self.store.trash))

    async def empty_trash(self) -> None:
        """Deleted profiles and their secrets go for good."""

        def work() -> None:
            forget(self.store.empty_trash(), self.secrets)

        await self._away(work)

    async def set_order(self, ids: list[str]) -> None:
        self._stored = {number: self._stored[number] for number in ids if number in self._stored}
        await self._away(lambda: self.store.set_order(ids))

    def new_name(self, wanted: str) -> str:
        """*wanted*, with a number if it is taken."""
        taken = {profile.name for profile in self.profiles.values()}
        names = (wanted, *(f"{wanted} {n}" for n in range(2, len(taken) + 3)))
        return next(name for name in names if name not in taken)

    # Secrets

    @property
    def secrets(self) -> SecretStore:
        """Raises SecretError while they are locked."""
        if self._secrets is None:
            raise SecretError("locked", "the secrets are locked")
        return self._secrets

    @property
    def secrets_open(self) -> bool:
        return self._secrets is not None

    @property
    def secrets_kind(self) -> SecretsKind:
        return self._secrets.kind if self._secrets is not None else ""

    async def open_secrets(self, kind: SecretsKind, passphrase: str = "") -> SecretsKind:
        """Open what was chosen; nothing chosen is the keyring, or memory where there is none.

        Raises SecretError: for the file without *passphrase*, or a keyring that does not answer.
        """
        self._secrets = await self._away(lambda: self._find_secrets(kind, passphrase))
        return self._secrets.kind

    def _find_secrets(self, kind: SecretsKind, passphrase: str) -> SecretStore:
        if kind == "file":
            return FileSecrets(self.secrets_file, passphrase)
        if kind == "memory":
            return MemorySecrets()
        try:
            return find_keyring()
        except SecretError as error:
            if kind or error.code != "unavailable":
                raise
            return MemorySecrets()

    async def move_secrets(self, kind: SecretsKind, passphrase: str = "") -> None:
        """Take every secret over into another place, those of deleted tunnels too. Raises SecretError, StoreError; then
        all stays."""
        old = self.secrets
        new = await self._away(lambda: self._find_secrets(kind, passphrase))

        def work() -> None:
            move(self.store.references(), old, new)

        await self._away(work)
        self._secrets = new

    async def _away(self, work: Callable[[], T]) -> T:
        async with self._one_at_a_time:
            return await asyncio.to_thread(work)
