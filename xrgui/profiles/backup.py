"""All profiles in one file: plain JSON without secrets, or sealed with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from xrgui.links import base64text
from xrgui.profiles.document import DamagedError, NewerError, plain_profile, profile_from
from xrgui.profiles.model import Profile
from xrgui.profiles.sealed import header_of, seal
from xrgui.profiles.vault import without_secrets

SCHEMA = 1


def dump_backup(profiles: Iterable[Profile], passphrase: str = "") -> bytes:
    """In their order; with a *passphrase*, with the secrets that are in place. Raises ValueError."""
    if passphrase:
        plain = {"profiles": [plain_profile(profile) for profile in profiles]}
        body: dict[str, Any] = {"sealed": base64text.encode(seal(msgspec.json.encode(plain), passphrase))}
    else:
        body = {"profiles": [plain_profile(without_secrets(profile)) for profile in profiles]}
    return msgspec.json.format(msgspec.json.encode({"xrgui": "backup", "schema": SCHEMA} | body), indent=2) + b"\n"


def is_backup(plain: Any) -> bool:
    return isinstance(plain, dict) and plain.get("xrgui") == "backup"


def sealed_part(plain: dict[str, Any]) -> bytes:
    """What needs a passphrase; nothing if the backup is open. Raises DamagedError or NewerError."""
    if plain.get("schema") != SCHEMA:
        raise NewerError("was written by a newer xrgui")
    text = plain.get("sealed", "")
    try:
        sealed = base64text.decode_bytes(str(text))
        if sealed:
            header_of(sealed)
    except ValueError as error:
        raise DamagedError(f"cannot be opened: {error}") from None
    return sealed


def profiles_in(plain: Any) -> list[Profile | DamagedError | NewerError]:
    """Each profile, or in its place why it cannot be read. Raises DamagedError if there is no list."""
    listed = plain.get("profiles") if isinstance(plain, dict) else None
    if not isinstance(listed, list):
        raise DamagedError("holds no list of profiles")
    return [_profile(item) for item in listed]


def _profile(plain: Any) -> Profile | DamagedError | NewerError:
    try:
        return profile_from(plain)
    except (DamagedError, NewerError) as error:
        return error
