"""What the first bytes of a stream tell: its protocol, the host it asks for, HTTP headers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, NamedTuple

from xrgui.address import parse_endpoint, parse_ip

MAX_BYTES = 32 * 1024
MAX_SECONDS = 0.2
"""For how much and how long a stream is watched (Xray app/dispatcher)."""


class Sniffed(NamedTuple):
    """`protocol` is http1, tls or bittorrent; `host` is in lower case, empty where none is named.

    `attrs` are the headers of an HTTP request by lower-case name, with ``:method`` and ``:path``.
    """

    protocol: str
    host: str
    attrs: dict[str, str]


class Verdict(Enum):
    NEED_MORE = auto()
    UNKNOWN = auto()


NEED_MORE: Final = Verdict.NEED_MORE
UNKNOWN: Final = Verdict.UNKNOWN
Answer = Sniffed | Verdict


def sniff(data: bytes) -> Answer:
    """What *data*, the beginning of a stream, is. Longer data never changes an answer."""
    if not data:
        return NEED_MORE
    if data[0] == 0x16:
        return sniff_tls(data)
    if data[0] == 0x13:
        return sniff_bittorrent(data)
    return sniff_http(data)


# HTTP/1

_request_start = re.compile(rb"[A-Z]{3,16} ")
_request_line = re.compile(rb"([A-Z]{3,16}) ([^ ]+) HTTP/1\.[01]\r?")
_partial_start = re.compile(rb"[A-Z]{0,16}")
_end_of_head = re.compile(rb"\r?\n\r?\n")
_host_name = re.compile(r"[0-9a-z._-]{1,255}").fullmatch


def sniff_http(data: bytes) -> Answer:
    if not _request_start.match(data):
        return NEED_MORE if _partial_start.fullmatch(data) else UNKNOWN
    line, newline, rest = data.partition(b"\n")
    if not newline:
        return NEED_MORE
    request = _request_line.fullmatch(line)
    if request is None:
        return UNKNOWN
    end = _end_of_head.search(data, len(line) - 1)
    if end is None:
        return NEED_MORE
    attrs: dict[str, str] = {}
    for header in rest[: max(end.start() - len(line) - 1, 0)].split(b"\n"):
        name, colon, value = header.partition(b":")
        if colon:
            attrs[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")
    attrs[":method"], attrs[":path"] = (part.decode("latin-1") for part in request.groups())
    return Sniffed("http1", _host_of(attrs.get("host", "")), attrs)


def sniff_request(data: bytes) -> str | Verdict:
    """The method of the HTTP/1 request that *data* begins with; the first line is enough."""
    if not _request_start.match(data):
        return NEED_MORE if _partial_start.fullmatch(data) else UNKNOWN
    line, newline, _ = data.partition(b"\n")
    if not newline:
        return NEED_MORE if len(data) < MAX_BYTES else UNKNOWN
    request = _request_line.fullmatch(line)
    return UNKNOWN if request is None else request[1].decode("ascii")


def _host_of(text: str) -> str:
    """The host in a Host header or a server name; empty for what is neither a name nor an address."""
    try:
        host = parse_endpoint(text.lower())[0]
    except ValueError:
        return ""
    return host if _host_name(host) or parse_ip(host) is not None else ""


# TLS

_CLIENT_HELLO = 1
_SERVER_NAME = 0


def sniff_tls(data: bytes) -> Answer:
    """The server name in a ClientHello (RFC 8446, 4.1.2; RFC 6066, 3)."""
    hello = _client_hello(data)
    if isinstance(hello, Verdict):
        return hello
    try:
        return Sniffed("tls", _host_of(_server_name(hello)), {})
    except IndexError:
        return UNKNOWN


def _client_hello(data: bytes) -> bytes | Verdict:
    """The body of the handshake message, put together from the records that it spans."""
    message = b""
    at = 0
    while True:
        if message and message[0] != _CLIENT_HELLO:
            return UNKNOWN
        if len(message) >= 4:
            end = 4 + int.from_bytes(message[1:4])
            if end > MAX_BYTES:
                return UNKNOWN
            if len(message) >= end:
                return message[4:end]
        head = data[at : at + 5]
        if head[:2] != b"\x16\x03"[: len(head)] or head[2:3] > b"\x04":
            return UNKNOWN
        if len(head) < 5:
            return NEED_MORE
        size = _uint16(head, 3)
        if not 0 < size <= 1 << 14:
            return UNKNOWN
        message += data[at + 5 : at + 5 + size]
        at += 5 + size


def _server_name(hello: bytes) -> str:
    """Empty where there is none. Raises IndexError for a message that ends early."""
    at = 34
    at += 1 + hello[at]
    at += 2 + _uint16(hello, at)
    at += 1 + hello[at]
    if at == len(hello):
        return ""
    end = at + 2 + _uint16(hello, at)
    at += 2
    while at < end:
        kind, size = _uint16(hello, at), _uint16(hello, at + 2)
        at += 4
        if kind == _SERVER_NAME:
            return hello[at + 5 : at + 5 + _uint16(hello, at + 3)].decode("latin-1")
        at += size
    return ""


def _uint16(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]


# BitTorrent

_BITTORRENT = b"\x13BitTorrent protocol"


def sniff_bittorrent(data: bytes) -> Answer:
    if data.startswith(_BITTORRENT):
        return Sniffed("bittorrent", "", {})
    return NEED_MORE if _BITTORRENT.startswith(data) else UNKNOWN


class Sniffer(asyncio.Protocol):
    """Watches the first bytes of a stream and hands them on with what they tell.

    *done* is called once, with None where nothing was recognised in 32 KiB or 200 ms; it gives
    the transport its next protocol. It is not called for a visitor that leaves before that.
    *initial* are bytes that were read before.
    """

    def __init__(self, done: Callable[[Sniffed | None, bytes], None], initial: bytes = b"") -> None:
        self._done = done
        self._data = initial
        self._transport: asyncio.BaseTransport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(MAX_SECONDS, self._finish, None)
        if self._data:
            self._judge()

    def data_received(self, data: bytes) -> None:
        self._data += data
        self._judge()

    def _judge(self) -> None:
        answer = sniff(self._data)
        if isinstance(answer, Sniffed):
            self._finish(answer)
        elif answer is UNKNOWN or len(self._data) >= MAX_BYTES:
            self._finish(None)

    def eof_received(self) -> bool | None:
        """The next protocol has to know of it too."""
        self._finish(None)
        after = self._transport.get_protocol() if self._transport is not None else self
        if after is self or not isinstance(after, asyncio.Protocol):
            return None
        return after.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()

    def _finish(self, sniffed: Sniffed | None) -> None:
        if self._stop():
            self._done(sniffed, self._data)

    def _stop(self) -> bool:
        """Whether the watch was still on."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None
