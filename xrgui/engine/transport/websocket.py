"""WebSocket as a layer: a stream of bytes in binary messages."""

from __future__ import annotations

import asyncio
import base64
import errno
import logging
import os
from collections.abc import Iterable, Iterator
from typing import Any

from xrgui.address import format_endpoint, parse_ip
from xrgui.config.model import Stream
from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.transport.handshake import Failed, HandshakeLayer
from xrgui.engine.transport.tcp import ProtocolFactory
from xrgui.engine.wire import websocket as wire

log = logging.getLogger(__name__)

Data = bytes | bytearray | memoryview

SERVER_TIMEOUT = 4
CLIENT_TIMEOUT = 8
"""Seconds for the HTTP handshake (Xray transport/internet/websocket/hub.go, dialer.go)."""
MESSAGE = 256 * 1024
"""Payload of the biggest message sent."""
PIECE = 64 * 1024
"""Masked at once: masking makes a copy, which stays small enough to be cheap."""
JOIN = 4096
"""A payload up to this size is joined with its header; a longer one is passed beside it."""
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36"
"""Some proxies turn unknown programs away."""


class WebSocketLayer(HandshakeLayer):
    """What client and server share: the frames. `data_received` first belongs to the handshake."""

    client: bool

    def __init__(self, stream: Stream, factory: ProtocolFactory, failed: Failed | None, timeout: float) -> None:
        super().__init__(factory, failed, timeout)
        self.config = stream.ws
        self._decoder = wire.FrameDecoder(masked=not self.client)
        self._head = b""
        self._framed = False
        """The handshake is over: frames go both ways."""
        self._closing = False
        self._heartbeat: asyncio.TimerHandle | None = None

    # From below

    def data_received(self, data: Data) -> None:
        if self._framed:
            self._receive_frames(data)
        elif not self._closing:
            self._receive_head(data)

    def _receive_head(self, data: Data) -> None:
        self._head += data
        try:
            found = wire.split_head(self._head)
            if found is not None:
                self._head = b""
                self.head_received(*found)
        except RemoteProtocolError as error:
            self.fail(error)

    def head_received(self, head: wire.Head, rest: bytes) -> None:
        """The peer's half of the handshake. Raises RemoteProtocolError."""
        raise NotImplementedError

    def start_frames(self) -> None:
        self.handshake_over()
        self._framed = True
        if self.config.heartbeat:
            self._beat()

    def _receive_frames(self, data: Data) -> None:
        decoder = self._decoder
        try:
            payload = decoder.receive_data(data)
        except RemoteProtocolError as error:
            self._send_close(1002)
            self.fail(error)
            return
        for piece in payload:
            if self._closing:
                return
            self.upper.data_received(piece)  # type: ignore[arg-type]
        if decoder.control:
            self._receive_control()

    def _receive_control(self) -> None:
        frames, self._decoder.control = self._decoder.control, []
        for opcode, content in frames:
            if self._closing:
                return
            if opcode == wire.PING:
                self._send(wire.PONG, [content], len(content))
            elif opcode == wire.CLOSE:
                self._send_close(int.from_bytes(content[:2]) if len(content) >= 2 else 1000)
                self.ended_by_peer = True
                self.upper.eof_received()
                self.close()

    def eof_received(self) -> bool | None:
        if self._framed and not self._closing:
            self.fail(ConnectionResetError(errno.ECONNRESET, "cut off: the WebSocket was not closed"))
        return False

    def fail(self, error: Exception) -> None:
        self._closing = True
        if self.failed is None and not self.established:
            log.debug("WebSocket handshake with %s: %s", self.lower.get_extra_info("peername"), error)
        super().fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        super().connection_lost(exc)

    # From above

    def write(self, data: Data) -> None:
        self.writelines((data,))

    def writelines(self, list_of_data: Iterable[Data]) -> None:
        """What is written together travels in one message, as far as one holds."""
        if self._closing:
            return
        message: list[Data] = []
        size = 0
        for data in list_of_data:
            for piece in (data,) if len(data) <= PIECE else _pieces(data):
                if size + len(piece) > MESSAGE:
                    self._send(wire.BINARY, message, size)
                    message, size = [], 0
                message.append(piece)
                size += len(piece)
        if size:
            self._send(wire.BINARY, message, size)

    def _send(self, opcode: int, pieces: list[Data], size: int) -> None:
        if self.lower.is_closing():
            return
        if size <= JOIN:
            pieces = [b"".join(pieces)]
        if self.client:
            mask = os.urandom(4)
            out: list[Data] = [wire.frame_header(opcode, size, mask)]
            for piece in pieces:
                out.append(wire.apply_mask(piece, mask))
                shift = len(piece) & 3
                mask = mask[shift:] + mask[:shift]
        else:
            out = [wire.frame_header(opcode, size), *pieces]
        if size <= JOIN:
            self.lower.write(b"".join(out))
        else:
            self.lower.writelines(out)

    def _send_close(self, code: int) -> None:
        if not self._closing:
            self._send(wire.CLOSE, [wire.encode_close(code)], 2)
            self._closing = True

    def _beat(self) -> None:
        if not self._closing:
            self._send(wire.PING, [], 0)
            loop = asyncio.get_running_loop()
            self._heartbeat = loop.call_later(self.config.heartbeat, self._beat)

    def can_write_eof(self) -> bool:
        return False

    def write_eof(self) -> None:
        raise NotImplementedError("a WebSocket cannot be closed by halves")

    def is_closing(self) -> bool:
        return self._closing or self.lower.is_closing()

    def close(self) -> None:
        if self._framed:
            self._send_close(1000)
        self._closing = True
        self.lower.close()

    def abort(self) -> None:
        self._closing = True
        self.lower.abort()


class WebSocketServer(WebSocketLayer):
    client = False

    def __init__(self, stream: Stream, factory: ProtocolFactory) -> None:
        super().__init__(stream, factory, None, SERVER_TIMEOUT)
        self._trusted = stream.sockopt.trusted_forwarded_for
        self._peername: tuple[str, int] | None = None

    def head_received(self, head: wire.Head, rest: bytes) -> None:
        if refusal := wire.check_request(head, self.config.path, self.config.host):
            self.lower.write(wire.encode_refusal(refusal))
            raise RemoteProtocolError(f"answered {refusal.splitlines()[0]}")
        if any(name.lower() in head.headers for name in self._trusted):
            self._peername = _forwarded_for(head)
        protocol = head.headers.get("sec-websocket-protocol", "")
        early_data = wire.decode_early_data(protocol)
        self.lower.write(wire.encode_response(head.headers["sec-websocket-key"], protocol if early_data else ""))
        self.start_frames()
        self.establish()
        if early_data:
            self.upper.data_received(early_data)
        if rest and not self._closing:
            self._receive_frames(rest)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "peername" and self._peername is not None:
            return self._peername
        return super().get_extra_info(name, default)


def _pieces(data: Data) -> Iterator[memoryview]:
    view = memoryview(data)
    return (view[start : start + PIECE] for start in range(0, len(view), PIECE))


def _forwarded_for(head: wire.Head) -> tuple[str, int] | None:
    address = parse_ip(head.headers.get("x-forwarded-for", "").partition(",")[0].strip())
    return None if address is None else (str(address), 0)


class WebSocketClient(WebSocketLayer):
    """With early data the protocol above gets its connection before the handshake: what it writes in
    that turn of the loop travels inside the request."""

    client = True

    def __init__(self, stream: Stream, address: str, factory: ProtocolFactory, failed: Failed) -> None:
        super().__init__(stream, factory, failed, CLIENT_TIMEOUT)
        self._host = stream.ws.host or stream.tls.server_name or _host_header(address)
        self._key = base64.b64encode(os.urandom(16)).decode()
        self._waiting: list[Data] = []
        self._waiting_size = 0
        self._close_waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.config.early_data > 0:
            self.establish()
            asyncio.get_running_loop().call_soon(self._request)
        else:
            self._request()

    def _request(self) -> None:
        if super().is_closing():
            return
        early_data = b""
        if 0 < self._waiting_size <= self.config.early_data:
            early_data = self._take_waiting()
        self.lower.write(wire.encode_request(self.config.path, self._headers(), self._key, early_data))

    def _headers(self) -> dict[str, str]:
        own = {name.title(): value for name, value in self.config.headers.items()}
        kept = {name: own[name] for name in own if not name.startswith(_RESERVED)}
        return {"User-Agent": USER_AGENT} | kept | {"Host": self._host}

    def head_received(self, head: wire.Head, rest: bytes) -> None:
        wire.check_response(head, self._key)
        self.start_frames()
        if not self.established:
            self.establish()
        elif self._waiting:
            paused = self._waiting_size > PIECE
            self.write(self._take_waiting())
            if paused:
                self.upper.resume_writing()
        if self._close_waits:
            super().close()
        elif rest and not self._closing:
            self._receive_frames(rest)

    def close(self) -> None:
        """What was written before the handshake ended still goes out."""
        if self._waiting and not self._framed and not self._closing:
            self._close_waits = True
        else:
            super().close()

    def is_closing(self) -> bool:
        return self._close_waits or super().is_closing()

    def writelines(self, list_of_data: Iterable[Data]) -> None:
        if self._framed or self._closing:
            super().writelines(list_of_data)
        elif not self._close_waits:
            was_full = self._waiting_size > PIECE
            self._waiting += [bytes(data) for data in list_of_data]
            self._waiting_size = sum(map(len, self._waiting))
            if not was_full and self._waiting_size > PIECE:
                self.upper.pause_writing()

    def _take_waiting(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting, self._waiting_size = [], 0
        return data


_RESERVED = ("Connection", "Upgrade", "Sec-Websocket-", "Host")


def _host_header(address: str) -> str:
    return format_endpoint(address, 0).removesuffix(":0")
