"""HTTP/1 as proxies speak it: requests to a proxy, CONNECT, and where a body ends.

Sources: RFC 9110, RFC 9112; Xray proxy/http. Bytes in, results out.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import NamedTuple

from xrgui.address import format_endpoint, parse_endpoint, parse_ip
from xrgui.engine.errors import AuthenticationError, LocalProtocolError, RemoteProtocolError
from xrgui.engine.wire.address import host_name

MAX_HEAD = 64 * 1024
"""Bytes of a request's or a response's head."""

Headers = tuple[tuple[str, str], ...]

_head_end = re.compile(rb"\r?\n\r?\n")
_token = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_value = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*").fullmatch
_request_line = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP/1\.([01])").fullmatch
_status_line = re.compile(rb"HTTP/1\.[0-9] ([0-9]{3})(?: (.*))?").fullmatch
_absolute = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^#]*)", re.IGNORECASE).match

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "upgrade",
    }
)
_NEVER_REMOVED = frozenset({"content-length", "host", "transfer-encoding"})
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}


_CLOSE = ("Connection", "close")


class Head(NamedTuple):
    """The first line, the headers in order, and how many bytes both took."""

    line: bytes
    headers: Headers
    size: int

    def get(self, name: str) -> str:
        """The values of header *name* (in lower case), joined by commas; empty without one."""
        return ", ".join(value for found, value in self.headers if found.lower() == name)


def read_head(data: bytes) -> Head | None:
    """The head that *data* starts with; None where more is needed. Raises RemoteProtocolError."""
    end = _head_end.search(data)
    if end is None or end.start() > MAX_HEAD:
        if len(data) > MAX_HEAD:
            raise RemoteProtocolError(f"an HTTP head of more than {MAX_HEAD} bytes")
        return None
    line, *lines = (part.removesuffix(b"\r") for part in data[: end.start()].split(b"\n"))
    return Head(line, tuple(map(_header, lines)), end.end())


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon or not _token(name) or not _value(value):
        raise RemoteProtocolError(f"{line[:40]!r} is no HTTP header")
    return name.decode("ascii"), value.strip(b" \t").decode("latin-1")


# A proxy's side


class Request(NamedTuple):
    """A request to a proxy. `path` is what the origin server is asked for; empty for CONNECT."""

    method: str
    host: str
    port: int
    path: str
    version: str
    head: Head

    @property
    def connects(self) -> bool:
        return self.method == "CONNECT"

    def credentials(self) -> tuple[str, str] | None:
        """User and password of Proxy-Authorization; None without any that can be read."""
        scheme, _, text = self.head.get("proxy-authorization").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, colon, password = b64decode(text.strip(), validate=True).decode("utf-8").partition(":")
        except ValueError:
            return None
        return (user, password) if colon else None

    def attributes(self) -> dict[str, str]:
        """Headers by lower-case name, ``:method`` and ``:path``, as routing rules see them."""
        attrs = {name.lower(): value for name, value in self.head.headers}
        return attrs | {":method": self.method, ":path": self.path.partition("?")[0]}

    def for_origin(self) -> bytes:
        """The head as the origin server wants it, which is told to close after its answer."""
        lines = [f"{self.method} {self.path} {self.version}", f"Host: {self._authority()}"]
        kept = [(name, value) for name, value in _end_to_end(self.head) if name.lower() != "host"]
        return _head_bytes(*lines, headers=[*kept, _CLOSE])

    def _authority(self) -> str:
        return format_endpoint(self.host, self.port).removesuffix(":80")


def read_request(data: bytes, allow_transparent: bool = False) -> Request | None:
    """The request that *data* starts with; None where more is needed. Raises RemoteProtocolError.

    Its target is an absolute URL, or host and port for CONNECT; with *allow_transparent* also a
    path, and then the Host header says which host.
    """
    head = read_head(data)
    if head is None:
        return None
    line = _request_line(head.line)
    if line is None:
        raise RemoteProtocolError(f"{head.line[:40]!r} is no HTTP request")
    method, target = line[1].decode("ascii"), line[2].decode("latin-1")
    version = f"HTTP/1.{line[3].decode('ascii')}"
    if method == "CONNECT":
        host, port = _authority(target, 443)
        return Request(method, host, port, "", version, head)
    url = _absolute(target)
    if url is not None:
        scheme, authority, path = url[1].lower(), url[2].rpartition("@")[2], url[3]
        host, port = _authority(authority, _DEFAULT_PORTS.get(scheme, 80))
    elif allow_transparent and head.get("host"):
        path = target
        host, port = _authority(head.get("host"), 80)
    else:
        raise RemoteProtocolError("a request to a proxy names a whole URL, as http://example.com/")
    if not path.startswith("/") and not (method == "OPTIONS" and path in ("", "*")):
        path = "/" + path
    return Request(method, host, port, path or "*", version, head)


def _authority(text: str, default_port: int) -> tuple[str, int]:
    try:
        host, port = parse_endpoint(text)
    except ValueError as error:
        raise RemoteProtocolError(str(error)) from None
    if ":" not in host or parse_ip(host) is None:
        host = host_name(host.encode("latin-1"))
    return host, default_port if port is None else port


def _end_to_end(head: Head) -> Headers:
    """The headers that are not meant for this hop alone (RFC 9110, 7.6.1)."""
    named = {name.strip().lower() for name in head.get("connection").split(",")}
    hops = (_HOP_BY_HOP | named) - _NEVER_REMOVED
    return tuple((name, value) for name, value in head.headers if name.lower() not in hops)


def _head_bytes(*lines: str, headers: Iterable[tuple[str, str]]) -> bytes:
    named = [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, *named, "", ""]).encode("latin-1")


ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def response(status: int, text: str, *headers: tuple[str, str]) -> bytes:
    """A small answer of the proxy's own, after which it closes."""
    body = f"{status} {HTTPStatus(status).phrase}: {text}\n".encode()
    return (
        _head_bytes(
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            headers=[
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
                *headers,
                _CLOSE,
            ],
        )
        + body
    )


class RequestBody:
    """Cuts a stream off where the body of a request ends (RFC 9112, 6.3).

    Raises RemoteProtocolError for a length that two readers could understand differently.
    """

    def __init__(self, head: Head) -> None:
        lengths = {value for name, value in head.headers if name.lower() == "content-length"}
        codings = head.get("transfer-encoding").lower()
        self._chunked = bool(codings)
        if codings and (lengths or codings.rpartition(",")[2].strip() != "chunked"):
            raise RemoteProtocolError("the length of the request's body is not clear")
        if len(lengths) > 1 or not all(re.fullmatch("[0-9]{1,18}", length) for length in lengths):
            raise RemoteProtocolError("the request has no single Content-Length")
        self._left = int(lengths.pop()) if lengths else 0
        self._line = b""
        self._trailers = False
        self.ended = not self._chunked and not self._left

    def take(self, data: bytes) -> bytes:
        """The part of *data* that belongs to the body. Raises RemoteProtocolError."""
        at = 0
        while not self.ended and at < len(data):
            if self._left:
                size = min(self._left, len(data) - at)
                self._left -= size
                at += size
                self.ended = not self._left and not self._chunked
            else:
                at = self._read_line(data, at)
        return data[:at]

    def _read_line(self, data: bytes, at: int) -> int:
        """The offset behind the line that goes on at *at*: a chunk's size or a trailer."""
        end = data.find(b"\n", at)
        self._line += data[at:] if end < 0 else data[at:end]
        if len(self._line) > MAX_HEAD:
            raise RemoteProtocolError("a chunk of a request's body has no size")
        if end < 0:
            return len(data)
        line, self._line = self._line.removesuffix(b"\r"), b""
        if self._trailers:
            self.ended = not line
        else:
            size = _chunk_size(line)
            if size is None:
                raise RemoteProtocolError(f"{line[:20]!r} is no size of a chunk")
            self._trailers = not int(size[1], 16)
            self._left = int(size[1], 16) + 2 if not self._trailers else 0
        return end + 1


_chunk_size = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?").fullmatch


class ResponseHead:
    """Tells the client, in the origin server's answer, that the connection will close."""

    def __init__(self) -> None:
        self._held: bytes | None = b""
        """What came of the head; None once it has passed."""

    def receive(self, data: bytes) -> bytes:
        """What to send of *data* now. An answer that is no HTTP passes as it is."""
        if self._held is None:
            return data
        self._held += data
        out = b""
        while self._held is not None:
            try:
                head = read_head(self._held)
            except RemoteProtocolError:
                return out + self.flush()
            if head is None:
                break
            status = _status_line(head.line)
            if status is not None and status[1].startswith(b"1") and status[1] != b"101":
                out, self._held = out + self._held[: head.size], self._held[head.size :]
            elif status is None or status[1] == b"101":
                return out + self.flush()
            else:
                line = head.line.decode("latin-1")
                rest, self._held = self._held[head.size :], None
                out += _head_bytes(line, headers=[*_end_to_end(head), _CLOSE]) + rest
        return out

    def flush(self) -> bytes:
        """What is left when the answer ends within its head."""
        held, self._held = self._held, None
        return held or b""


# A proxy's client


class ConnectHandshake:
    """Asks a proxy for a connection. `result` is true once it stands; `rest` are the bytes after that.

    Raises LocalProtocolError for headers that cannot be sent, `receive_data` RemoteProtocolError or
    AuthenticationError.
    """

    def __init__(
        self, host: str, port: int, user: str = "", password: str = "", headers: Mapping[str, str] = {}
    ) -> None:
        authority = format_endpoint(host, port)
        sent = {"Host": authority, **headers}
        if user or password:
            token = b64encode(f"{user}:{password}".encode()).decode("ascii")
            sent["Proxy-Authorization"] = f"Basic {token}"
        for name, value in sent.items():
            if not _token(name.encode()) or not value.isascii() or not _value(value.encode()):
                raise LocalProtocolError(f"the header {name!r} cannot be sent")
        self._out = _head_bytes(f"CONNECT {authority} HTTP/1.1", headers=sent.items())
        self.result: bool | None = None
        self.rest = b""

    def data_to_send(self) -> bytes:
        data, self._out = self._out, b""
        return data

    def receive_data(self, data: bytes) -> None:
        self.rest += data
        while self.result is None and (head := read_head(self.rest)) is not None:
            self.rest = self.rest[head.size :]
            status = _status_line(head.line)
            if status is None:
                raise RemoteProtocolError("the proxy does not speak HTTP")
            if not status[1].startswith(b"1"):
                self._judge(int(status[1]), (status[2] or b"").decode("latin-1"))

    def _judge(self, code: int, reason: str) -> None:
        if code == 407:
            raise AuthenticationError("the HTTP proxy asks for a user and password that it accepts")
        if not 200 <= code < 300:
            raise RemoteProtocolError(f"the HTTP proxy answers {code} {reason}".rstrip())
        self.result = True
