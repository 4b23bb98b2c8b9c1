"""The control message of a reverse link (Xray app/reverse/config.proto), sans-I/O.

The portal's first sub-connection is UDP to a control domain and carries protobuf ``Control{state = 1, random = 99}``.
"""

from __future__ import annotations

DOMAINS = (
    "reverse.internal.v2ray.com",
    "reverse.internal.v2fly.org",
    "reverse",
    "reverse.internal.example.com",
)
"""v2ray 4, v2fly 5 (and Xray 1.5.4 to 25.9.5), Xray since 25.9.10, Xray before 1.5.4."""
VLESS_DOMAIN = "reverse"

ACTIVE, DRAIN = 0, 1


def encode(state: int, random: bytes) -> bytes:
    """A message with *random* padding (1 to 64 bytes); without it an ACTIVE would be empty, and not be sent."""
    head = b"\x08\x01" if state == DRAIN else b""
    return head + b"\x9a\x06" + bytes((len(random),)) + random


def decode(data: bytes) -> int:
    """The state that the message names. Raises ValueError if it is no Control message."""
    state = ACTIVE
    offset = 0
    while offset < len(data):
        key, offset = _varint(data, offset)
        field, wire = key >> 3, key & 7
        if wire == 0:
            value, offset = _varint(data, offset)
            if field == 1:
                state = value
        elif wire == 2:
            size, offset = _varint(data, offset)
            offset += size
        elif wire in (1, 5):
            offset += 8 if wire == 1 else 4
        else:
            raise ValueError(f"a control message has the unknown wire type {wire}")
        if offset > len(data):
            raise ValueError("a control message is cut short")
    return state


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    value = shift = 0
    while offset < len(data) and shift < 64:
        byte = data[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, offset
        shift += 7
    raise ValueError("a control message is cut short")
