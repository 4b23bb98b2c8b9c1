"""A profile as the text of its file: pretty JSON with a schema version, and the way up from older ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from xrgui.profiles.model import Profile

SCHEMA = 3
Migration = Callable[[dict[str, Any]], dict[str, Any]]
MIGRATIONS: Mapping[int, Migration] = {1: dict, 2: dict}
"""From each older schema to the next one; `dict` where fields with defaults were added. Whoever adds a field raises
SCHEMA."""


class NewerError(Exception):
    """Written by a newer xrgui: to be left alone, not set aside."""


class DamagedError(ValueError):
    """No profile; the text says where and why."""


def dump_profile(profile: Profile) -> bytes:
    return msgspec.json.format(msgspec.json.encode(plain_profile(profile)), indent=2) + b"\n"


def plain_profile(profile: Profile) -> dict[str, Any]:
    """The profile as it stands in its file.

    The lines of a custom configuration stand one below the other, so that a diff shows them.
    """
    plain: dict[str, Any] = msgspec.to_builtins(profile)
    if profile.json:
        plain["json"] = profile.json.split("\n")
    named = {"schema": SCHEMA, "id": profile.id, "name": profile.name, "role": profile.role}
    return named | plain


def load_profile(data: bytes) -> Profile:
    """Raises DamagedError or NewerError."""
    try:
        plain = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DamagedError(f"is not JSON: {error}") from None
    return profile_from(plain)


def profile_from(plain: Any) -> Profile:
    """*plain* is decoded JSON. Raises DamagedError or NewerError."""
    if not isinstance(plain, dict):
        raise DamagedError("is not a JSON object")
    fields = migrate(plain)
    fields.pop("schema")
    if isinstance(lines := fields.get("json"), list):
        fields["json"] = "\n".join(map(str, lines))
    try:
        return msgspec.convert(fields, Profile)
    except (msgspec.ValidationError, RecursionError) as error:
        raise DamagedError(f"is not a profile: {error}") from None


def migrate(
    plain: dict[str, Any], migrations: Mapping[int, Migration] = MIGRATIONS, current: int = SCHEMA
) -> dict[str, Any]:
    """*plain* as a document of the schema *current*. Raises DamagedError or NewerError."""
    plain = dict(plain)
    schema = plain.get("schema")
    if type(schema) is not int or schema < 1:
        raise DamagedError("has no schema version")
    if schema > current:
        raise NewerError(f"was written by a newer xrgui (schema {schema}, this one knows {current})")
    for step in range(schema, current):
        try:
            plain = migrations[step](plain)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedError(f"could not be brought from schema {step} to {step + 1}: {error!r}") from None
    return plain | {"schema": current}
