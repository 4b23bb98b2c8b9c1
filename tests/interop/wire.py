"""Hand-made Mux.cool frames, apart from xrgui's own codec so that one can prove the other.

Layout: metadata length u16, id u16, status u8, option u8, the rest of the metadata; then, with
option bit 1, data length u16 and data.
"""

from __future__ import annotations

import socket
from typing import NamedTuple
from uuid import UUID

from tests.interop.topologies import DOMAIN, LOOPBACK, USER, Shape

NEW, KEEP, END, KEEPALIVE = 1, 2, 3, 4
DATA, ERROR = 1, 2
TCP, UDP = 1, 2
PING = 0x7FF0
"""An id that no case uses: a Keep for it must be answered by End at once."""


class Frame(NamedTuple):
    id: int
    status: int
    option: int
    rest: bytes
    data: bytes | None

    @property
    def ends(self) -> bool:
        return self.status == END


def frame(id: int, status: int, data: bytes | None = None, *, option: int = 0, rest: bytes = b"") -> bytes:
    option |= DATA if data is not None else 0
    head = (4 + len(rest)).to_bytes(2) + id.to_bytes(2) + bytes([status, option]) + rest
    return head if data is None else head + len(data).to_bytes(2) + data


def address(port: int, host: str = LOOPBACK) -> bytes:
    """Port, address type, address."""
    if host[0].isdigit():
        return port.to_bytes(2) + b"\x01" + socket.inet_aton(host)
    return port.to_bytes(2) + b"\x02" + bytes([len(host)]) + host.encode()


def new(
    id: int,
    port: int,
    data: bytes | None = None,
    *,
    host: str = LOOPBACK,
    network: int = TCP,
    behind: bytes = b"",
) -> bytes:
    return frame(id, NEW, data, rest=bytes([network]) + address(port, host) + behind)


def link_request(shape: Shape) -> bytes:
    """What a bridge says first: VLESS, no addons, then the tunnel domain or command 4."""
    start = b"\x00" + UUID(USER).bytes + b"\x00"
    return start + (b"\x04" if shape.dialect == "vless-reverse" else b"\x01" + address(0, DOMAIN))


class Wire:
    """One end of a main connection, played by the test. Reads wait *patience* seconds at most."""

    def __init__(self, connection: socket.socket, patience: float = 5) -> None:
        self.socket = connection
        self.socket.settimeout(patience)
        self.control: list[Frame] = []
        """Frames of the portal's control session, and KeepAlives, which carry no visitor."""

    def send(self, *data: bytes) -> None:
        self.socket.sendall(b"".join(data))

    def exactly(self, size: int) -> bytes:
        """Raises EOFError at the end of the stream, TimeoutError where nothing comes."""
        data = bytearray()
        while len(data) < size:
            try:
                part = self.socket.recv(size - len(data))
            except ConnectionResetError:
                part = b""
            if not part:
                raise EOFError
            data += part
        return bytes(data)

    def any_frame(self) -> Frame:
        meta = self.exactly(int.from_bytes(self.exactly(2)))
        option = meta[3]
        data = self.exactly(int.from_bytes(self.exactly(2))) if option & DATA else None
        return Frame(int.from_bytes(meta[:2]), meta[2], option, meta[4:], data)

    def frame(self) -> Frame:
        """The next frame that is about a visitor; an echo ping of the peer's is answered."""
        while True:
            got = self.any_frame()
            if got.id == 0 and got.status == KEEP and got.data == b"":
                self.send(frame(0, END))
            elif got.status == KEEPALIVE or self.is_control(got):
                self.control.append(got)
            else:
                return got

    def is_control(self, got: Frame) -> bool:
        if got.status == NEW and got.rest[:1] == bytes([UDP]) and got.rest[1:4] == b"\0\0\x02":
            return True
        return any(got.id == known.id for known in self.control if known.status == NEW) and not got.ends

    def pinged(self) -> list[Frame]:
        """Send an echo ping and give what came before its answer: proof that the peer still follows."""
        self.send(frame(PING, KEEP, b""))
        frames = []
        while (got := self.frame()).id != PING:
            frames.append(got)
        assert got.ends, f"the echo ping was answered by {got}"
        return frames

    def of(self, id: int, size: int) -> bytes:
        """*size* bytes of data for sub-connection *id*; other frames fail the test."""
        data = b""
        while len(data) < size:
            got = self.frame()
            assert (got.id, got.status) == (id, KEEP), f"{got} in place of data for {id}"
            data += got.data or b""
        return data

    def broken(self, patience: float) -> str:
        """ "closed" if the peer ended the connection, "silent" if it only stopped to answer, or "alive"."""
        usual = self.socket.gettimeout()
        self.socket.settimeout(patience)
        try:
            self.pinged()
        except TimeoutError:
            return "silent"
        except (EOFError, ConnectionError):
            return "closed"
        finally:
            self.socket.settimeout(usual)
        return "alive"

    def close(self) -> None:
        self.socket.close()
