"""Where secrets lie: the system's keyring, a file under a passphrase, or memory only. Never in plain text."""

from __future__ import annotations

import contextlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import keyring.backend
import keyring.core
import keyring.errors
import msgspec

from xrgui.links import base64text
from xrgui.profiles.files import StoreError, locked, private_directory, write_atomic
from xrgui.profiles.sealed import Key, PassphraseError, header_of

Kind = Literal["keyring", "file", "memory"]
Code = Literal["timeout", "locked", "missing", "unavailable", "passphrase", "failed"]
SERVICE = "xrgui"
TIMEOUT = 20.0
"""Seconds to wait for the keyring, which may ask the user to unlock it."""

_SYSTEM_KEYRINGS = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
_PART = 1000
"""Longest text in one entry: Windows takes 1,280 characters."""
_PARTS = "xrgui-parts:"

T = TypeVar("T")


class SecretError(Exception):
    """A secret cannot be read or stored; `code` says why, the text what to do."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


class SecretStore(ABC):
    """Texts by name. All calls may take up to `TIMEOUT` seconds: a window makes them in a thread."""

    kind: Kind

    @abstractmethod
    def describe(self) -> str:
        """Which one is in use, for people."""

    @abstractmethod
    def get(self, name: str) -> str:
        """Raises SecretError; code ``missing`` if there is none of that name."""

    @abstractmethod
    def set(self, name: str, value: str) -> None:
        """Raises SecretError."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Nothing happens if there is none. Raises SecretError."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.describe()})"


def _missing(name: str) -> SecretError:
    return SecretError("missing", f"the secret {name} is not in the store: enter it again")


class MemorySecrets(SecretStore):
    kind: Kind = "memory"

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def describe(self) -> str:
        return "in memory only: secrets must be entered again after each start"

    def get(self, name: str) -> str:
        try:
            return self._values[name]
        except KeyError:
            raise _missing(name) from None

    def set(self, name: str, value: str) -> None:
        self._values[name] = value

    def delete(self, name: str) -> None:
        self._values.pop(name, None)


class FileSecrets(SecretStore):
    """All secrets in one file under a passphrase (scrypt, AES-GCM)."""

    kind: Kind = "file"

    def __init__(self, path: Path, passphrase: str) -> None:
        """Opens the file, or begins a new one with the first secret.

        Raises SecretError: ``passphrase`` if it is wrong or empty, ``failed`` if the file cannot be read.
        """
        self.path = path
        sealed = self._read()
        try:
            self._key = Key(passphrase, header_of(sealed) if sealed else b"")
            self._open(sealed)
        except ValueError as error:
            raise SecretError("passphrase", f"{path}: {error}") from None

    def describe(self) -> str:
        return f"in the file {self.path}, under your passphrase"

    def get(self, name: str) -> str:
        try:
            return self._values()[name]
        except KeyError:
            raise _missing(name) from None

    def set(self, name: str, value: str) -> None:
        self._change(lambda values: {**values, name: value})

    def delete(self, name: str) -> None:
        self._change(lambda values: {key: value for key, value in values.items() if key != name})

    def _values(self) -> dict[str, str]:
        try:
            return self._open(self._read())
        except ValueError as error:
            raise SecretError("passphrase", f"{self.path}: {error}") from None

    def _open(self, sealed: bytes) -> dict[str, str]:
        if not sealed:
            return {}
        if header_of(sealed) != self._key.header:
            raise PassphraseError("another program changed the passphrase: enter it again")
        return msgspec.json.decode(self._key.open(sealed), type=dict[str, str])

    def _change(self, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        try:
            private_directory(self.path.parent)
            with locked(self.path.with_name(f".{self.path.name}.lock")):
                self._write(change(self._values()))
        except OSError as error:
            raise SecretError("failed", f"{self.path} could not be saved: {error.strerror or error}") from None
        except StoreError as error:
            raise SecretError("failed", str(error)) from None

    def _write(self, values: dict[str, str]) -> None:
        sealed = self._key.seal(msgspec.json.encode(values))
        document = {"schema": 1, "sealed": base64text.encode(sealed)}
        write_atomic(self.path, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")

    def _read(self) -> bytes:
        """The sealed bytes, nothing if there is no file."""
        try:
            document = msgspec.json.decode(self.path.read_bytes(), type=_SealedFile)
            return base64text.decode_bytes(document.sealed)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise SecretError("failed", f"{self.path} cannot be read: {error.strerror or error}") from None
        except ValueError as error:
            raise SecretError("failed", f"{self.path} is damaged: {error}") from None


class _SealedFile(msgspec.Struct):
    schema: int
    sealed: str


class KeyringSecrets(SecretStore):
    """The system's keyring. Each call runs in a thread, since an unlock prompt may never be answered."""

    kind: Kind = "keyring"

    def __init__(self, backend: keyring.backend.KeyringBackend, timeout: float = TIMEOUT) -> None:
        self._backend = backend
        self._patience = Patience(timeout)

    def describe(self) -> str:
        return f"in the system's keyring ({self._backend.name})"

    def get(self, name: str) -> str:
        value = self._ask(lambda: self._get(name))
        if value is None:
            raise _missing(name)
        return value

    def set(self, name: str, value: str) -> None:
        self._ask(lambda: self._set(name, value))

    def delete(self, name: str) -> None:
        self._ask(lambda: self._delete(name))

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return self._patience.run(call)
        except SecretError:
            raise
        except keyring.errors.KeyringLocked:
            raise SecretError("locked", "the keyring is locked: unlock it and try again") from None
        except Exception as error:  # a plug-in for somebody else's service raises what it likes
            raise SecretError("failed", f"the keyring failed: {type(error).__name__}") from None

    def _get(self, name: str) -> str | None:
        value = self._backend.get_password(SERVICE, name)
        if value is None or not value.startswith(_PARTS):
            return value
        parts = [self._backend.get_password(SERVICE, part) for part in _part_names(name, value)]
        return None if None in parts else "".join(part or "" for part in parts)

    def _set(self, name: str, value: str) -> None:
        self._delete(name)
        if len(value) <= _PART and not value.startswith(_PARTS):
            self._backend.set_password(SERVICE, name, value)
            return
        parts = [value[start : start + _PART] for start in range(0, len(value), _PART)]
        head = f"{_PARTS}{len(parts)}"
        for part_name, part in zip(_part_names(name, head), parts, strict=True):
            self._backend.set_password(SERVICE, part_name, part)
        self._backend.set_password(SERVICE, name, head)

    def _delete(self, name: str) -> None:
        value = self._backend.get_password(SERVICE, name)
        if value is None:
            return
        for entry in (name, *_part_names(name, value)):
            with contextlib.suppress(keyring.errors.PasswordDeleteError):
                self._backend.delete_password(SERVICE, entry)


def _part_names(name: str, head: str) -> list[str]:
    count = head.removeprefix(_PARTS) if head.startswith(_PARTS) else ""
    return [f"{name}#{number}" for number in range(1, int(count) + 1)] if count.isdigit() else []


class Patience:
    """Runs calls one after the other in a thread each, and stops waiting after `timeout` seconds.

    A call that hangs goes on in the background; while it does, others fail at once.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._turn = threading.Lock()
        self._last: threading.Thread | None = None

    def run(self, call: Callable[[], T]) -> T:
        """Raises SecretError with code ``timeout``, or what *call* raised."""
        with self._turn:
            if self._last is not None and self._last.is_alive():
                raise self._late()
            outcome: list[T] = []
            failure: list[BaseException] = []

            def work() -> None:
                try:
                    outcome.append(call())
                except BaseException as error:
                    failure.append(error)

            self._last = threading.Thread(target=work, name="keyring", daemon=True)
            self._last.start()
            self._last.join(self._timeout)
            if failure:
                raise failure[0]
            if not outcome:
                raise self._late()
            return outcome[0]

    @staticmethod
    def _late() -> SecretError:
        return SecretError("timeout", "the keyring did not answer in time: answer its prompt, then try again")


def find_keyring(timeout: float = TIMEOUT) -> KeyringSecrets:
    """The system's keyring, or the one that the user configured for the keyring package.

    Never one that keeps plain text. Raises SecretError: ``unavailable`` if there is none, ``timeout``.
    """
    backend = Patience(timeout).run(_find_backend)
    if backend is None:
        raise SecretError("unavailable", "this system has no keyring that runs")
    return KeyringSecrets(backend, timeout)


def _find_backend() -> keyring.backend.KeyringBackend | None:
    if os.environ.get("PYTHON_KEYRING_BACKEND"):
        chosen: Any = keyring.core.load_env()
        return chosen if chosen is not None and chosen.priority > 0 else None
    backends = keyring.backend.get_all_keyring()
    good = [item for item in backends if _is_system(item) and item.priority >= 1]
    return max(good, key=lambda item: item.priority, default=None)


def _is_system(backend: keyring.backend.KeyringBackend) -> bool:
    return type(backend).__module__ in [f"keyring.backends.{name}" for name in _SYSTEM_KEYRINGS]
