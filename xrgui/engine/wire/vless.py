"""VLESS headers and its length-prefixed packets. Sans-I/O.

Request: version 0, user id (16), addons (1-byte length, protobuf), command, then for commands 1
and 2 the target. Response: version, addons. Source: Xray proxy/vless/encoding.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.wire import address
from xrgui.engine.wire.address import Data

VERSION = 0
RESPONSE = bytes((VERSION, 0))
"""What a server answers: version and empty addons."""

PACKET_LIMIT = 8190
"""Bytes of payload above which Xray drops a packet of command 2 (encoding/addons.go)."""


class Command(IntEnum):
    TCP = 1
    UDP = 2
    MUX = 3
    REVERSE = 4


class Request(NamedTuple):
    user: UUID
    """As sent: bytes 6 and 7 may be anything, see `user_key`."""
    command: Command
    host: str
    """Empty for MUX and REVERSE."""
    port: int
    flow: str


def user_key(user: UUID) -> bytes:
    """What identifies a user: the id without bytes 6 and 7, which Xray leaves to routing (validator.go)."""
    return user.bytes[:6] + bytes(2) + user.bytes[8:]


def encode_request(user: UUID, command: Command, host: str = "", port: int = 0) -> bytes:
    """A request header with empty addons. Raises LocalProtocolError for a target that cannot be sent."""
    target = address.encode(host, port) if command in (Command.TCP, Command.UDP) else b""
    return bytes((VERSION,)) + user.bytes + bytes((0, command)) + target


def decode_request(buf: Data) -> tuple[Request, int] | None:
    """The request at the start of *buf* and its length; None if *buf* ends too early.

    Raises RemoteProtocolError as soon as the bytes cannot become a request.
    """
    if buf and buf[0] != VERSION:
        raise RemoteProtocolError(f"version {buf[0]} is no VLESS request")
    if len(buf) < 19 or len(buf) < 19 + buf[17]:
        return None
    end = 18 + buf[17]
    flow = _flow(bytes(buf[18:end]))
    try:
        command = Command(buf[end])
    except ValueError:
        raise RemoteProtocolError(f"unknown VLESS command {buf[end]}") from None
    user = UUID(bytes=bytes(buf[1:17]))
    if command not in (Command.TCP, Command.UDP):
        return Request(user, command, "", 0, flow), end + 1
    target = address.decode(buf, end + 1)
    return None if target is None else (Request(user, command, *target[:2], flow), target[2])


def decode_response(buf: Data) -> int | None:
    """The length of the response header at the start of *buf*; None if *buf* ends too early.

    Raises RemoteProtocolError for another version.
    """
    if buf and buf[0] != VERSION:
        raise RemoteProtocolError("the answer is not VLESS: is this the right port and transport?")
    if len(buf) < 2 or len(buf) < 2 + buf[1]:
        return None
    return 2 + buf[1]


class PacketReader:
    """Takes the packets of command 2 out of the stream: length (2), payload."""

    ended = False

    def __init__(self) -> None:
        self._rest = b""

    def receive(self, data: Data) -> list[bytes]:
        """The packets that *data* completes, without empty ones."""
        buf = self._rest + data
        packets, start = [], 0
        while len(buf) - start >= 2:
            end = start + 2 + (buf[start] << 8 | buf[start + 1])
            if end > len(buf):
                break
            if end > start + 2:
                packets.append(buf[start + 2 : end])
            start = end
        self._rest = buf[start:]
        return packets


class PacketWriter:
    """Writes packets for command 2."""

    limit = PACKET_LIMIT

    def seal(self, packet: Data) -> bytes:
        return len(packet).to_bytes(2) + packet


def _flow(addons: bytes) -> str:
    """Field 1 of the protobuf message Addons; unknown fields are skipped."""
    flow, offset = "", 0
    while offset < len(addons):
        tag, offset = _varint(addons, offset)
        if tag & 7 == 2:
            size, offset = _varint(addons, offset)
            if tag >> 3 == 1:
                flow = addons[offset : offset + size].decode("utf-8", "replace")
        elif tag & 7 == 0:
            size, offset = 0, _varint(addons, offset)[1]
        elif tag & 7 in (1, 5):
            size = 8 if tag & 7 == 1 else 4
        else:
            raise RemoteProtocolError("malformed VLESS addons")
        offset += size
    if offset > len(addons):
        raise RemoteProtocolError("malformed VLESS addons")
    return flow


def _varint(buf: bytes, offset: int) -> tuple[int, int]:
    value = shift = 0
    while offset < len(buf) and shift < 64:
        byte = buf[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, offset
        shift += 7
    raise RemoteProtocolError("malformed VLESS addons")
