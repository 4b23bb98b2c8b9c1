"""Ties an inbound connection to an outbound one: two protocols that write into each other.

No task, no stream reader, no queue. Back-pressure is `pause_reading` on the other side.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Protocol, cast

from xrgui.address import Destination
from xrgui.engine.errors import describe
from xrgui.engine.session import Cancellable, Session

Data = bytes | bytearray | memoryview


class Registry(Protocol):
    """Who is told about the life of relayed sessions (the dispatcher)."""

    def session_opened(self, session: Session) -> None: ...
    def session_closed(self, session: Session) -> None: ...


def reset(transport: asyncio.Transport, exc: BaseException | None = None) -> None:
    """Abort *transport*; a TCP peer gets a reset rather than an orderly end, and one that can be told is told of
    *exc*."""
    if exc is not None and (tell := transport.get_extra_info("reset")) is not None:
        tell(exc)
        return
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.type == socket.SOCK_STREAM and sock.family != socket.AF_UNIX:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
    transport.abort()


class VisitorLeg(asyncio.Protocol):
    """The inbound side of a relay."""

    __slots__ = (
        "backlog",
        "eof",
        "failed",
        "opened",
        "pending",
        "registry",
        "session",
        "target",
        "transport",
    )

    def __init__(
        self,
        session: Session,
        registry: Registry,
        opened: Callable[[], None] | None,
        failed: Callable[[BaseException | None], None] | None,
    ) -> None:
        self.session = session
        self.registry = registry
        self.opened = opened
        self.failed = failed
        self.pending: Cancellable | None = None
        self.backlog: list[bytes] | None = []
        """What arrived before the outbound stood; None from then on."""
        self.eof = False
        self.transport: asyncio.Transport | None = None
        self.target = TargetLeg(self)
        session.abort = self.abort

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: Data) -> None:
        self.session.up += len(data)
        if self.backlog is not None:
            self.backlog.append(bytes(data))
            return
        out = self.target.transport
        if out is not None and not out.is_closing():
            out.write(data)

    def eof_received(self) -> bool:
        transport = self.transport
        if transport is None or not transport.can_write_eof():
            return False
        self.eof = True
        if self.backlog is None:
            finish(self.target.transport, both=self.target.eof)
            if self.target.eof:
                transport.close()
        return True

    def pause_writing(self) -> None:
        out = self.target.transport
        if out is not None and not out.is_closing():
            out.pause_reading()

    def resume_writing(self) -> None:
        out = self.target.transport
        if out is not None and not out.is_closing():
            out.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.pending is not None and self.backlog is not None:
            self.pending.cancel()
        self.pending = None
        self.target.leave(exc)
        self.end("failed" if exc is not None else "closed", describe(exc) if exc is not None else "")

    def target_opened(self) -> None:
        """The outbound stands: send what waited, then let the bytes run."""
        if self.opened is not None:
            self.opened()
        self.opened = self.failed = None
        self.session.state = "open"
        backlog, self.backlog = self.backlog, None
        out = cast(asyncio.Transport, self.target.transport)
        if backlog:
            out.writelines(backlog)
        if self.eof:
            finish(out)
        if self.transport is None:
            self.target.leave(None)
        elif not self.target.write_paused:
            self.transport.resume_reading()

    def target_lost(self, exc: Exception | None, was_open: bool) -> None:
        """The outbound is gone, or never came."""
        transport, self.transport = self.transport, None
        answered = not was_open and self.failed is not None
        if not was_open:
            self.end("failed", describe(exc) if exc is not None else "refused")
            if self.failed is not None:
                self.failed(exc)
            self.opened = self.failed = None
        else:
            self.end("failed" if exc is not None else "closed", describe(exc) if exc is not None else "")
        if transport is None or transport.is_closing():
            return
        if exc is not None and not answered:
            reset(transport, exc)
        else:
            transport.close()

    def abort(self, reason: str) -> None:
        """End both sides now."""
        transport = self.transport
        self.end("closed", reason)
        self.connection_lost(None)
        if transport is not None:
            reset(transport)

    def end(self, state: str, error: str) -> None:
        session = self.session
        if session.abort is not None:
            session.abort = None
            session.state = state
            session.error = error or session.error
            self.registry.session_closed(session)


class TargetLeg(asyncio.Protocol):
    """The outbound side of a relay."""

    __slots__ = ("eof", "transport", "visitor", "was_open", "write_paused")

    def __init__(self, visitor: VisitorLeg) -> None:
        self.visitor: VisitorLeg | None = visitor
        self.transport: asyncio.Transport | None = None
        self.was_open = False
        self.eof = False
        self.write_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.visitor is None:
            cast(asyncio.Transport, transport).abort()
            return
        self.transport = cast(asyncio.Transport, transport)
        self.was_open = True
        self.visitor.target_opened()

    def data_received(self, data: Data) -> None:
        visitor = self.visitor
        if visitor is None:
            return
        visitor.session.down += len(data)
        out = visitor.transport
        if out is not None and not out.is_closing():
            out.write(data)

    def eof_received(self) -> bool:
        transport = self.transport
        if self.visitor is None or transport is None or not transport.can_write_eof():
            return False
        self.eof = True
        both = self.visitor.eof
        finish(self.visitor.transport, both=both)
        if both:
            transport.close()
        return True

    def pause_writing(self) -> None:
        self.write_paused = True
        if self.visitor is not None and (out := self.visitor.transport) is not None and not out.is_closing():
            out.pause_reading()

    def resume_writing(self) -> None:
        self.write_paused = False
        if self.visitor is not None and (out := self.visitor.transport) is not None and not out.is_closing():
            out.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        visitor, self.visitor = self.visitor, None
        if visitor is not None:
            visitor.target_lost(exc, self.was_open)

    def leave(self, exc: Exception | None) -> None:
        """The visitor is gone."""
        self.visitor = None
        transport, self.transport = self.transport, None
        if transport is not None and not transport.is_closing():
            if exc is not None:
                reset(transport, exc)
            else:
                transport.close()


def finish(transport: asyncio.Transport | None, *, both: bool = False) -> None:
    """Pass an end of stream on: half-close where the transport can and the other direction, too, is not over."""
    if transport is None or transport.is_closing():
        return
    if not both and transport.can_write_eof():
        transport.write_eof()
    else:
        transport.close()


class PacketVisitorLeg(asyncio.DatagramProtocol):
    """The inbound side of a packet relay. Packets that come before the outbound stands wait, 64 of them
    and little more than 64 KiB at most."""

    __slots__ = ("backlog", "pending", "registry", "session", "target", "transport")

    def __init__(self, session: Session, registry: Registry, transport: asyncio.DatagramTransport) -> None:
        self.session = session
        self.registry = registry
        self.transport: asyncio.DatagramTransport | None = transport
        self.pending: Cancellable | None = None
        self.backlog: list[tuple[bytes, Destination | None]] | None = []
        self.target = PacketTargetLeg(self)
        session.abort = self.abort

    def datagram_received(self, data: bytes, addr: Destination | None) -> None:  # type: ignore[override]
        self.session.up += len(data)
        if self.backlog is not None:
            if len(self.backlog) < 64 and sum(len(packet) for packet, _ in self.backlog) < 65536:
                self.backlog.append((bytes(data), addr))
            return
        out = self.target.transport
        if out is not None and not out.is_closing():
            out.sendto(data, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.pending is not None and self.backlog is not None:
            self.pending.cancel()
        self.pending = None
        self.target.visitor = None
        out, self.target.transport = self.target.transport, None
        if out is not None and not out.is_closing():
            out.close()
        self.end("closed", "")

    def target_opened(self) -> None:
        self.session.state = "open"
        backlog, self.backlog = self.backlog, None
        out = cast(asyncio.DatagramTransport, self.target.transport)
        for data, addr in backlog or ():
            out.sendto(data, addr)

    def target_lost(self, exc: Exception | None) -> None:
        transport, self.transport = self.transport, None
        self.end("failed" if exc is not None else "closed", describe(exc) if exc is not None else "")
        if transport is None or transport.is_closing():
            return
        if exc is not None and (tell := transport.get_extra_info("reset")) is not None:
            tell(exc)
        else:
            transport.close()

    def abort(self, reason: str) -> None:
        transport = self.transport
        self.end("closed", reason)
        self.connection_lost(None)
        if transport is not None and not transport.is_closing():
            transport.abort()

    def end(self, state: str, error: str) -> None:
        session = self.session
        if session.abort is not None:
            session.abort = None
            session.state = state
            session.error = error
            self.registry.session_closed(session)


class PacketTargetLeg(asyncio.DatagramProtocol):
    """The outbound side of a packet relay."""

    __slots__ = ("transport", "visitor")

    def __init__(self, visitor: PacketVisitorLeg) -> None:
        self.visitor: PacketVisitorLeg | None = visitor
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.visitor is None:
            cast(asyncio.DatagramTransport, transport).abort()
            return
        self.transport = cast(asyncio.DatagramTransport, transport)
        self.visitor.target_opened()

    def datagram_received(self, data: bytes, addr: Destination | None) -> None:  # type: ignore[override]
        visitor = self.visitor
        if visitor is None:
            return
        visitor.session.down += len(data)
        out = visitor.transport
        if out is not None and not out.is_closing():
            out.sendto(data, addr)

    def error_received(self, exc: Exception) -> None:
        """An ICMP error: the service may come back, so the flow stays until it is idle."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        visitor, self.visitor = self.visitor, None
        if visitor is not None:
            visitor.target_lost(exc)
