"""Base64 as share links write it: either alphabet, padding and line breaks optional."""

from __future__ import annotations

import base64
import binascii

_STANDARD = str.maketrans("-_", "+/")


def decode(text: str) -> str:
    """The UTF-8 text inside. Raises ValueError."""
    return decode_bytes(text).decode()


def decode_bytes(text: str) -> bytes:
    """Raises ValueError."""
    compact = "".join(text.split()).rstrip("=").translate(_STANDARD)
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from None


def encode(data: bytes) -> str:
    """The standard alphabet with padding."""
    return base64.b64encode(data).decode("ascii")


def encode_url(data: bytes) -> str:
    """The alphabet for addresses, without padding."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
