"""WebSocket: the HTTP handshake and the frames, sans-I/O (RFC 6455).

What Xray and v2ray make of it: transport/internet/websocket. A stream of bytes travels in binary
messages whose borders mean nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

from xrgui.engine.errors import RemoteProtocolError

try:
    from websockets.speedups import apply_mask as apply_mask
except ImportError:
    from websockets.utils import apply_mask as apply_mask

Data = bytes | bytearray | memoryview

MAX_HEAD = 8192
"""Bytes of an HTTP head (Xray transport/internet/websocket/hub.go)."""
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_ACCEPT_SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Head(NamedTuple):
    """The head of an HTTP message: three parts of its first line, and headers by lower-case name.

    Of a header that is repeated, the first value stands.
    """

    first: tuple[str, str, str]
    headers: dict[str, str]

    def has_token(self, name: str, token: str) -> bool:
        return token in (part.strip().lower() for part in self.headers.get(name, "").split(","))


def split_head(buffer: bytes) -> tuple[Head, bytes] | None:
    """The HTTP head at the beginning of *buffer* and what follows it; None where more is to come.

    Raises RemoteProtocolError for a head that is malformed or over MAX_HEAD bytes long.
    """
    head, end, rest = buffer.partition(b"\r\n\r\n")
    if len(head) > MAX_HEAD:
        raise RemoteProtocolError(f"an HTTP head of more than {MAX_HEAD} bytes")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2:
        raise RemoteProtocolError("this is not HTTP")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise RemoteProtocolError("a malformed HTTP header")
        headers.setdefault(name.lower(), value.strip())
    return Head((words[0], words[1], words[2] if len(words) > 2 else ""), headers), rest


def accept_key(key: str) -> str:
    return base64.b64encode(hashlib.sha1(key.encode("latin-1") + _ACCEPT_SUFFIX).digest()).decode()


def encode_request(path: str, headers: Mapping[str, str], key: str, early_data: bytes = b"") -> bytes:
    """The request of a client; *headers* hold Host and User-Agent, the others follow sorted, as Go does."""
    fields = {
        **headers,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
    }
    if early_data:
        fields["Sec-WebSocket-Protocol"] = base64.urlsafe_b64encode(early_data).decode().rstrip("=")
    lines = [f"{name}: {fields.pop(name)}" for name in ("Host", "User-Agent") if name in fields]
    lines += [f"{name}: {value}" for name, value in sorted(fields.items())]
    target = quote(_absolute(path), safe="/?#[]@!$&'()*+,;=:%~")
    lines = [line.replace("\r", " ").replace("\n", " ") for line in lines]
    return "\r\n".join((f"GET {target} HTTP/1.1", *lines, "", "")).encode("latin-1", "replace")


def _absolute(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


def encode_response(key: str, protocol: str = "") -> bytes:
    """The answer to a good request; *protocol* is the Sec-WebSocket-Protocol to echo."""
    lines = ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept_key(key)}"]
    if protocol:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    return "\r\n".join(("HTTP/1.1 101 Switching Protocols", *lines, "", "")).encode("latin-1", "replace")


def encode_refusal(status: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


def check_request(head: Head, path: str, host: str) -> str:
    """The status of a refusal, or nothing where *head* asks for a WebSocket at *path*.

    The query is ignored; *host* is compared, without the port, if there is one.
    """
    method, target, version = head.first
    if not version.startswith("HTTP/1.") or version == "HTTP/1.0" or method != "GET":
        return "400 Bad Request"
    if host and _without_port(head.headers.get("host", "")) != host.lower():
        return "404 Not Found"
    if _path(target) != _absolute(path).partition("?")[0]:
        return "404 Not Found"
    if not head.has_token("upgrade", "websocket") or not head.has_token("connection", "upgrade"):
        return "400 Bad Request"
    if head.headers.get("sec-websocket-version") != "13":
        return "426 Upgrade Required\r\nSec-WebSocket-Version: 13"
    return "" if head.headers.get("sec-websocket-key") else "400 Bad Request"


def _path(target: str) -> str:
    if target.lower().startswith(("http://", "https://")):
        target = "/" + target.partition("//")[2].partition("/")[2]
    return unquote(target.partition("?")[0])


def _without_port(host: str) -> str:
    name, colon, _ = host.lower().rpartition(":")
    return name.strip("[]") if colon and not name.endswith(":") else host.lower()


def check_response(head: Head, key: str) -> None:
    """Raises RemoteProtocolError where *head* does not grant the request that had *key*."""
    version, status, reason = head.first
    if not version.startswith("HTTP/1."):
        raise RemoteProtocolError("the server does not speak HTTP")
    if status != "101":
        raise RemoteProtocolError(
            f"the server answers {status} {reason}".rstrip() + " to the WebSocket request"
        )
    if (
        not head.has_token("upgrade", "websocket")
        or not head.has_token("connection", "upgrade")
        or head.headers.get("sec-websocket-accept") != accept_key(key)
    ):
        raise RemoteProtocolError("the server's answer to the WebSocket request is wrong")


def decode_early_data(protocol: str) -> bytes:
    """What *protocol*, a Sec-WebSocket-Protocol, carries: base64 of either alphabet, padded or not.

    Empty where it is the name of a protocol.
    """
    text = protocol.replace("+", "-").replace("/", "_").rstrip("=")
    try:
        if not text.isascii() or set(text) - _BASE64URL:
            return b""
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""


_BASE64URL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def frame_header(opcode: int, length: int, mask: bytes = b"") -> bytes:
    """The header of a whole message in one frame; *mask* (4 bytes) only from a client."""
    masked = 0x80 if mask else 0
    if length < 126:
        return bytes((0x80 | opcode, masked | length)) + mask
    if length < 65536:
        return struct.pack("!BBH", 0x80 | opcode, masked | 126, length) + mask
    return struct.pack("!BBQ", 0x80 | opcode, masked | 127, length) + mask


def encode_close(code: int) -> bytes:
    """The payload of a close frame."""
    return code.to_bytes(2)


class FrameDecoder:
    """Takes frames in any portions; payload comes out as it arrives, without waiting for its frame."""

    __slots__ = ("_buffer", "_closed", "_left", "_mask", "_masked", "control")

    def __init__(self, *, masked: bool) -> None:
        """*masked*: the peer is a client, whose frames must be masked."""
        self._masked = masked
        self._buffer = b""
        self._left = 0
        """Bytes of the current data frame that are still to come."""
        self._mask = b""
        """The mask in the phase that fits them; empty for none."""
        self._closed = False
        """A close frame came: what follows it means nothing."""
        self.control: list[tuple[int, bytes]] = []
        """Control frames that came, as (opcode, payload); whoever handles them clears it."""

    def receive_data(self, data: Data) -> list[Data]:
        """The payload of data frames in *data*, in order. Raises RemoteProtocolError."""
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        payload: list[Data] = []
        view = memoryview(data)
        position, end = 0, len(data)
        while position < end and not self._closed:
            if self._left:
                taken = min(self._left, end - position, _PIECE if self._mask else end)
                payload.append(self._unmask(view[position : position + taken]))
                position += taken
                continue
            header = self._read_header(view, position, end)
            if not header:
                self._buffer = bytes(view[position:])
                break
            position += header
        return payload

    def _unmask(self, piece: memoryview) -> Data:
        self._left -= len(piece)
        mask = self._mask
        if not mask:
            return piece if len(piece) >= _WORTH_A_VIEW else bytes(piece)
        if self._left and (shift := len(piece) & 3):
            self._mask = mask[shift:] + mask[:shift]
        return apply_mask(piece, mask)

    def _read_header(self, view: memoryview, position: int, end: int) -> int:
        """Read the frame header at *position*, and the whole of a control frame.

        The result is the number of bytes it takes, 0 where more of it is to come.
        """
        if end - position < 2:
            return 0
        first, second = view[position], view[position + 1]
        self._check(first, second)
        length, size = second & 0x7F, 2
        if length == 126:
            size = 4
        elif length == 127:
            size = 10
        size += 4 if second & 0x80 else 0
        if end - position < size:
            return 0
        if length == 126:
            length = view[position + 2] << 8 | view[position + 3]
        elif length == 127:
            length = int.from_bytes(view[position + 2 : position + 10])
            if length >> 63:
                raise RemoteProtocolError("a WebSocket frame of more than 2^63 bytes")
        mask = bytes(view[position + size - 4 : position + size]) if second & 0x80 else b""
        if not first & 0x08:
            self._left = length
            self._mask = b"" if mask == _NO_MASK else mask
            return size
        if end - position < size + length:
            return 0
        content = bytes(view[position + size : position + size + length])
        self.control.append((first & 0x0F, apply_mask(content, mask) if mask else content))
        self._closed = first & 0x0F == CLOSE
        return size + length

    def _check(self, first: int, second: int) -> None:
        opcode = first & 0x0F
        if first & 0x70:
            raise RemoteProtocolError("a WebSocket frame with reserved bits")
        if bool(second & 0x80) != self._masked:
            raise RemoteProtocolError(f"a WebSocket frame {'without' if self._masked else 'with'} a mask")
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise RemoteProtocolError(f"a WebSocket frame of the unknown kind {opcode}")
        if opcode >= CLOSE and (not first & 0x80 or second & 0x7F > 125):
            raise RemoteProtocolError("a WebSocket control frame that is too long or in parts")


_NO_MASK = bytes(4)
_PIECE = 64 * 1024
"""Unmasked at once: that makes a copy, which stays small enough for the allocator to be quick."""
_WORTH_A_VIEW = 16 * 1024
"""A smaller piece is copied: where somebody keeps it, a view would keep all that came with it."""
