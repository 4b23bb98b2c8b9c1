"""Honest small answers to visitors who speak HTTP/1 and cannot be served; all others are just ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from xrgui.engine.errors import PeerResetError, describe
from xrgui.engine.mux import extension
from xrgui.engine.relay import Data, VisitorLeg, reset
from xrgui.engine.session import Session
from xrgui.engine.sniff import NEED_MORE, UNKNOWN, Verdict, sniff_request

log = logging.getLogger(__name__)

LINGER = 2.0
"""Seconds that a visitor has for the request, and then for reading the page."""

MOST_TOLD = 256
"""Visitors beyond a limit who are given a page at a time; it costs a descriptor for as long as they take to read it,
so all others are just ended."""


class Page(NamedTuple):
    status: str
    text: str
    headers: str = ""


NO_SERVER = Page("502 Bad Gateway", "The server behind this address does not answer.")
NO_BRIDGE = Page(
    "503 Service Unavailable",
    "The computer behind this address is not connected at the moment. Please try again soon.",
    "Retry-After: 10\r\n",
)
CROWDED = Page(
    "503 Service Unavailable",
    "Too many visitors are here at the moment. Please try again soon.",
    "Retry-After: 10\r\n",
)


def page(which: Page, method: str = "GET") -> bytes:
    """The whole answer to a request."""
    title, text, more = which
    body = (
        f"<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<title>{title}</title>\n<h1>{title}</h1>\n<p>{text}\n"
    ).encode()
    head = (
        f"HTTP/1.1 {title}\r\n{more}Content-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    ).encode()
    return head if method == "HEAD" else head + body


class HttpVisitorLeg(VisitorLeg):
    """The inbound side of a relay whose visitor gets a page where nothing else answers."""

    __slots__ = ("head",)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.head: bytes | None = b""
        """What the visitor said until the first byte of an answer came; None from then on."""

    def data_received(self, data: Data) -> None:
        if self.head is not None:
            self.head = None if self.session.down else self.head + data
            if self.head is not None and sniff_request(self.head) is not NEED_MORE:
                self.head = self.head[: self.head.find(b"\n") + 1] or self.head[:64]
        VisitorLeg.data_received(self, data)

    def target_lost(self, exc: Exception | None, was_open: bool) -> None:
        transport = self.transport
        if transport is None or transport.is_closing() or self.session.down or self.target.eof or self.failed:
            super().target_lost(exc, was_open)
            return
        self.transport = None
        which = NO_SERVER if was_open else NO_BRIDGE
        if isinstance(exc, PeerResetError) and exc.code == extension.OVER_LIMIT:
            which = CROWDED
        self.end("failed", describe(exc) if exc is not None else "no answer")
        _Answer(transport, which, self.head or b"")


class Doorman:
    """Tells visitors for whom there is no room."""

    def __init__(self) -> None:
        self._busy = 0

    def turn_away(self, transport: asyncio.Transport, head: bytes) -> bool:
        """Answer the request that begins with *head*; False if too many are being told already."""
        if self._busy >= MOST_TOLD:
            return False
        self._busy += 1
        _Answer(transport, CROWDED, head, self._told)
        return True

    def _told(self) -> None:
        self._busy -= 1


class _Answer(asyncio.Protocol):
    """Waits for the request, answers it, and gives the visitor time to read the page: closing while there is
    something unread would take it away again."""

    def __init__(
        self, transport: asyncio.Transport, which: Page, head: bytes, done: Callable[[], None] = lambda: None
    ) -> None:
        self._transport = transport
        self._page = which
        self._head = head
        self._done = done
        self._answered = False
        self._timer = asyncio.get_running_loop().call_later(LINGER, self._end)
        transport.set_protocol(self)
        transport.resume_reading()
        self._judge()

    def data_received(self, data: bytes) -> None:
        if not self._answered:
            self._head += data
            self._judge()

    def _judge(self) -> None:
        method = sniff_request(self._head)
        if method is UNKNOWN:
            self._end()
        elif not isinstance(method, Verdict):
            self._answered = True
            self._transport.write(page(self._page, method))
            if self._transport.can_write_eof():
                self._transport.write_eof()

    def eof_received(self) -> bool:
        self._end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._done()

    def _end(self) -> None:
        self._timer.cancel()
        if self._answered:
            self._transport.close()
        else:
            reset(self._transport)


class StandIn(asyncio.Transport):
    """In the place of a server that cannot be reached because of *error*, for an outbound to hand to *protocol*."""

    def __init__(self, session: Session, protocol: asyncio.Protocol, error: Exception) -> None:
        super().__init__()
        self._session = session
        self._protocol = protocol
        self._error = error
        self._head = b""
        self._answered = False
        self._open = True
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(LINGER, self.close)
        protocol.connection_made(self)

    def write(self, data: Data) -> None:
        if self._answered or not self._open:
            return
        self._head += data
        method = sniff_request(self._head)
        if method is UNKNOWN:
            self.close()
        elif not isinstance(method, Verdict):
            self._answered = True
            self._session.error = describe(self._error)
            log.info("%d answered with 502: %s", self._session.id, self._session.error)
            self._loop.call_soon(self._answer, page(NO_SERVER, method))

    def _answer(self, data: bytes) -> None:
        if self._open:
            self._protocol.data_received(data)
        if self._open and not self._protocol.eof_received():
            self.close()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._timer.cancel()
            self._loop.call_soon(self._protocol.connection_lost, None if self._answered else self._error)

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return not self._open

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """What the visitor asked is known by now; without that there is nothing to wait for."""
        if not self._answered:
            self.close()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None:
        """One page is no burden."""

    def resume_reading(self) -> None:
        """It was never paused."""

    def is_reading(self) -> bool:
        return self._open

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is buffered."""
