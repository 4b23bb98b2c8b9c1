"""User ids as people write them (Xray common/uuid)."""

from __future__ import annotations

import re
from uuid import UUID, uuid5

_hex = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_root = UUID(int=0)


def parse_id(text: str) -> UUID:
    """A UUID with or without dashes, or free text of 1 to 30 bytes, which maps to a version 5 UUID.

    Raises ValueError, whose text never holds the id.
    """
    name = text.encode("utf-8", "replace")
    if 1 <= len(name) <= 30:
        return uuid5(_root, name.decode())
    if not _hex.fullmatch(text):
        raise ValueError("is neither a UUID nor a text of 1 to 30 bytes")
    return UUID(text)
