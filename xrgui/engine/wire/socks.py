"""SOCKS 4, 4a and 5, both sides: bytes in, bytes to answer and a result out.

Sources: RFC 1928, RFC 1929; the SOCKS 4 and 4a notes. Xray proxy/socks.
"""

from __future__ import annotations

from collections.abc import Generator
from enum import IntEnum
from hmac import compare_digest
from ipaddress import IPv4Address, IPv6Address
from typing import Generic, NamedTuple, TypeVar

from xrgui.address import Destination
from xrgui.engine.errors import AuthenticationError, LocalProtocolError, RemoteProtocolError
from xrgui.engine.wire import address
from xrgui.engine.wire.address import host_name

T = TypeVar("T")
Steps = Generator[int, bytes, T]
"""Yields how many bytes it wants, is sent them, and returns its result."""

NO_AUTH, PASSWORD, NO_METHOD = 0, 2, 255
IPV4, DOMAIN, IPV6 = 1, 3, 4
MAX_TEXT = 255


class Command(IntEnum):
    CONNECT = 1
    BIND = 2
    UDP = 3


class Reply(IntEnum):
    """Answers of SOCKS 5; SOCKS 4 knows only whether it is SUCCESS."""

    SUCCESS = 0
    FAILURE = 1
    NOT_ALLOWED = 2
    NETWORK_UNREACHABLE = 3
    HOST_UNREACHABLE = 4
    REFUSED = 5
    TTL_EXPIRED = 6
    NO_SUCH_COMMAND = 7


_REFUSALS: dict[int, str] = {
    Reply.FAILURE: "it failed",
    Reply.NOT_ALLOWED: "its rules do not allow it",
    Reply.NETWORK_UNREACHABLE: "the network is unreachable",
    Reply.HOST_UNREACHABLE: "the host is unreachable",
    Reply.REFUSED: "the connection was refused",
    Reply.TTL_EXPIRED: "it took too long",
    Reply.NO_SUCH_COMMAND: "it does not know this command",
}


class Request(NamedTuple):
    """What a client wants. For UDP, host and port are what it will send from, or zeros."""

    version: int
    command: Command
    host: str
    port: int
    user: str = ""

    def reply(self, code: Reply, host: str = "0.0.0.0", port: int = 0) -> bytes:
        """The answer; *host* and *port* are where the server sends from or listens."""
        if self.version == 4:
            return bytes((0, 90 if code is Reply.SUCCESS else 91)) + bytes(6)
        return bytes((5, code, 0)) + encode_address(host, port)


class Handshake(Generic[T]):
    """One side of a handshake. `result` is None until it is over; then `rest` are the bytes after it.

    `receive_data` raises RemoteProtocolError or AuthenticationError; `data_to_send` has the
    goodbye even then.
    """

    def __init__(self) -> None:
        self.result: T | None = None
        self.rest = b""
        self._out = bytearray()
        self._steps = self.steps()
        self._wanted = next(self._steps)

    def steps(self) -> Steps[T]:
        raise NotImplementedError

    def receive_data(self, data: bytes) -> None:
        self.rest += data
        while self.result is None and len(self.rest) >= self._wanted:
            piece, self.rest = self.rest[: self._wanted], self.rest[self._wanted :]
            try:
                self._wanted = self._steps.send(piece)
            except StopIteration as stop:
                self.result = stop.value

    def send(self, data: bytes) -> None:
        self._out += data

    def data_to_send(self) -> bytes:
        data = bytes(self._out)
        self._out.clear()
        return data


class ServerHandshake(Handshake[Request]):
    """The server's side up to a request to connect or, with *udp*, for packets, which the caller
    answers by `Request.reply`. *accounts* are passwords by user; empty: everybody may come."""

    def __init__(self, accounts: dict[str, str], udp: bool = False) -> None:
        self._accounts = accounts
        self._served = {Command.CONNECT, Command.UDP} if udp else {Command.CONNECT}
        super().__init__()

    def steps(self) -> Steps[Request]:
        (version,) = yield 1
        if version == 4:
            return (yield from self._version_4())
        if version == 5:
            return (yield from self._version_5())
        raise RemoteProtocolError(f"{version} is no version of SOCKS")

    def _version_4(self) -> Steps[Request]:
        head = yield 7
        raw = head[3:7]
        host = str(IPv4Address(raw))
        yield from _until_zero()
        if raw[:3] == b"\0\0\0" and raw[3]:
            host = host_name((yield from _until_zero()))
        request = Request(4, Command.CONNECT, host, int.from_bytes(head[1:3]))
        if self._accounts:
            self.send(request.reply(Reply.NOT_ALLOWED))
            raise AuthenticationError("SOCKS 4 carries no password, and one is needed")
        if head[0] != Command.CONNECT:
            self.send(request.reply(Reply.NO_SUCH_COMMAND))
            raise RemoteProtocolError(f"SOCKS 4 command {head[0]} is not served")
        return request

    def _version_5(self) -> Steps[Request]:
        (count,) = yield 1
        methods = yield count
        method = PASSWORD if self._accounts else NO_AUTH
        if method not in methods:
            self.send(bytes((5, NO_METHOD)))
            raise AuthenticationError("the client offers no method of authentication that is accepted")
        self.send(bytes((5, method)))
        user = (yield from self._log_in()) if self._accounts else ""
        _, command, _, kind = yield 4
        host, port = yield from _address(kind)
        if command not in self._served:
            self.send(Request(5, Command.CONNECT, host, port).reply(Reply.NO_SUCH_COMMAND))
            raise RemoteProtocolError(f"SOCKS 5 command {command} is not served")
        return Request(5, Command(command), host, port, user)

    def _log_in(self) -> Steps[str]:
        _, size = yield 2
        user = (yield size).decode("utf-8", "replace")
        (size,) = yield 1
        password = yield size
        wanted = self._accounts.get(user)
        if wanted is None or not compare_digest(password, wanted.encode()):
            self.send(b"\x01\xff")
            raise AuthenticationError("wrong user or password")
        self.send(b"\x01\x00")
        return user


class Bound(NamedTuple):
    """What a server says it sends from or, for UDP, listens on; zeros where it does not say."""

    host: str
    port: int


class ClientHandshake(Handshake[Bound]):
    """The client's side of SOCKS 5. Raises LocalProtocolError for what cannot be asked for."""

    def __init__(self, command: Command, target: Destination, user: str = "", password: str = "") -> None:
        self._request = bytes((5, command, 0)) + encode_address(target.host, target.port)
        self._login = b""
        if user or password:
            self._login = b"\x01" + _text(user, "user") + _text(password, "password")
        super().__init__()

    def steps(self) -> Steps[Bound]:
        method = PASSWORD if self._login else NO_AUTH
        self.send(bytes((5, 1, method)))
        version, chosen = yield 2
        if version != 5:
            raise RemoteProtocolError("the server does not speak SOCKS 5")
        if chosen != method:
            wanted = "asks for a password" if method == NO_AUTH else "accepts no password"
            raise AuthenticationError(f"the SOCKS server {wanted}, or not the way we offer")
        if self._login:
            self.send(self._login)
            _, status = yield 2
            if status:
                raise AuthenticationError("the SOCKS server does not accept the user or password")
        self.send(self._request)
        _, code, _, kind = yield 4
        if code != Reply.SUCCESS:
            raise RemoteProtocolError(f"the SOCKS server says: {_REFUSALS.get(code, f'error {code}')}")
        return Bound(*(yield from _address(kind)))


# Packets


def encode_packet(host: str, port: int, data: bytes) -> bytes:
    return b"\0\0\0" + encode_address(host, port) + data


def decode_packet(packet: bytes) -> tuple[str, int, bytes]:
    """Host, port and payload. Raises RemoteProtocolError; fragments are not served."""
    if len(packet) < 4:
        raise RemoteProtocolError("a SOCKS packet that ends early")
    if packet[2]:
        raise RemoteProtocolError("a fragment of a SOCKS packet")
    steps = _address(packet[3])
    at, wanted = 4, next(steps)
    while at + wanted <= len(packet):
        piece, at = packet[at : at + wanted], at + wanted
        try:
            wanted = steps.send(piece)
        except StopIteration as stop:
            host, port = stop.value
            return host, port, packet[at:]
    raise RemoteProtocolError("a SOCKS packet that ends early")


# Addresses


_KINDS = {address.IPV4: IPV4, address.DOMAIN: DOMAIN, address.IPV6: IPV6}


def encode_address(host: str, port: int) -> bytes:
    """Type, address and port. Raises LocalProtocolError for what is neither address nor name."""
    raw = address.encode(host, port)
    return bytes((_KINDS[raw[2]],)) + raw[3:] + raw[:2]


def _address(kind: int) -> Steps[tuple[str, int]]:
    if kind == IPV4:
        host = str(IPv4Address((yield 4)))
    elif kind == IPV6:
        six = IPv6Address((yield 16))
        host = str(six.ipv4_mapped or six)
    elif kind == DOMAIN:
        (size,) = yield 1
        host = host_name((yield size))
    else:
        raise RemoteProtocolError(f"SOCKS knows no address of type {kind}")
    return host, int.from_bytes((yield 2))


def _until_zero() -> Steps[bytes]:
    text = b""
    while (byte := (yield 1)) != b"\0":
        text += byte
        if len(text) > MAX_TEXT:
            raise RemoteProtocolError("a SOCKS 4 text without an end")
    return text


def _text(text: str, what: str) -> bytes:
    raw = text.encode()
    if not 1 <= len(raw) <= MAX_TEXT:
        raise LocalProtocolError(f"the SOCKS {what} must have 1 to {MAX_TEXT} bytes")
    return bytes((len(raw),)) + raw
