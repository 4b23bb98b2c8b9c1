"""Moves the secrets of a profile into a secret store, and back into their places."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from secrets import token_hex
from typing import Any, TypeVar

import msgspec

from xrgui.config import jsonc
from xrgui.profiles.model import REFERENCE, Certificate, Profile, Struct, is_reference
from xrgui.profiles.rawjson import map_texts
from xrgui.profiles.secrets import SecretError, SecretStore

P = TypeVar("P", bound=Struct)
Change = Callable[[str, str], str]
"""A place such as ``server.secret`` and the secret there; returns what shall stand there."""

_SECRET_NAMES = frozenset((
    "id", "password", "pass", "key", "seed", "privatekey", "secretkey", "presharedkey", "mldsa65seed",
    "decryption", "auth", "token", "authorization", "proxy-authorization", "cookie",
))  # fmt: skip
"""Names under which Xray and v2ray configurations hold secrets, in lower case."""


def put_away(profile: Profile, secrets: SecretStore) -> Profile:
    """Stores every secret that is still in its place, and leaves a reference there. Raises SecretError."""

    def put(place: str, value: str) -> str:
        if is_reference(value):
            return value
        name = f"{profile.id}/{place}-{token_hex(4)}"
        secrets.set(name, value)
        return REFERENCE + name

    return map_secrets(profile, put)


def bring_back(profile: Profile, secrets: SecretStore) -> Profile:
    """Puts every secret into the place of its reference. Raises SecretError."""

    def fetch(place: str, value: str) -> str:
        if not is_reference(value):
            return value
        try:
            return secrets.get(value.removeprefix(REFERENCE))
        except SecretError as error:
            raise SecretError(error.code, f"{profile.name}, {place}: {error}") from None

    return map_secrets(profile, fetch)


def without_secrets(profile: Profile) -> Profile:
    """The profile with nothing in their places, references included."""
    return map_secrets(profile, lambda place, value: "")


def move(references: tuple[str, ...], old: SecretStore, new: SecretStore) -> None:
    """Takes secrets over into *new*, and only then deletes them in *old*. Those that are missing stay so.

    Raises SecretError; then all are where they were.
    """
    names = [reference.removeprefix(REFERENCE) for reference in references]
    taken = []
    for name in names:
        try:
            new.set(name, old.get(name))
        except SecretError as error:
            if error.code != "missing":
                raise
        else:
            taken.append(name)
    for name in taken:
        with contextlib.suppress(SecretError):
            old.delete(name)


def forget(references: tuple[str, ...], secrets: SecretStore) -> None:
    """Deletes what `Store.empty_trash` named. Raises SecretError."""
    for reference in references:
        secrets.delete(reference.removeprefix(REFERENCE))


def secret_values(profile: Profile) -> tuple[str, ...]:
    """All secrets and references in the profile, for masking them elsewhere."""
    found: list[str] = []

    def collect(place: str, value: str) -> str:
        found.append(value)
        return value

    map_secrets(profile, collect)
    return tuple(found)


def map_secrets(profile: Profile, change: Change) -> Profile:
    """The profile with every secret that is not empty put through *change*."""

    def changed(place: str, value: str) -> str:
        return change(place, value) if value else ""

    return _with(
        profile,
        server=_with(profile.server, secret=changed("server", profile.server.secret)),
        bridges=tuple(_with(bridge, secret=changed("bridge", bridge.secret)) for bridge in profile.bridges),
        listen=_with(profile.listen, certificate=_with_key(profile.listen.certificate, changed)),
        json=_map_json(profile.json, changed),
        link=changed("link", profile.link),
    )


def _with_key(certificate: Certificate, change: Change) -> Certificate:
    return _with(certificate, key=change("certificate", certificate.key))


def _with(part: P, **fields: Any) -> P:
    """*part* itself where nothing differs: a part that is its default is not written."""
    if all(getattr(part, name) == value for name, value in fields.items()):
        return part
    return msgspec.structs.replace(part, **fields)


def _map_json(text: str, change: Change) -> str:
    """A text that is no JSON is a secret as a whole: nobody can say where in it secrets are."""
    if is_reference(text):
        text = change("json", text)
    _, problem = jsonc.parse(text, "")
    if problem is not None:
        return change("json", text)

    def one(name: str, value: str) -> str:
        return change("json", value) if _is_secret(name, value) else value

    return map_texts(text, one)


def _is_secret(name: str, value: str) -> bool:
    if name == "auth" and value in ("noauth", "password"):
        return False
    return is_reference(value) or (name in _SECRET_NAMES and value.lower() not in ("", "none"))
