"""One UDP sub-connection as an asyncio transport."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from xrgui.address import Destination
from xrgui.engine.errors import describe
from xrgui.engine.mux import extension, frames

if TYPE_CHECKING:
    from xrgui.engine.mux.worker import MuxWorker


class PacketStream(asyncio.DatagramTransport):
    """A UDP sub-connection: no credits; what cannot leave at once is dropped, as a network would."""

    __slots__ = ("id", "lost", "protocol", "target", "worker")

    def __init__(self, worker: MuxWorker, stream_id: int, target: Destination) -> None:
        self.worker = worker
        self.id = stream_id
        self.target = target
        self.protocol: asyncio.DatagramProtocol = _NOBODY
        self.lost = False

    def sendto(self, data: Any, addr: Any = None) -> None:
        if self.lost or len(data) > self.worker.packet_limit or not data:
            return
        where = addr if addr is not None and addr != self.target else None
        self.worker.put_packet(frames.keep_packet(self.id, data, where))

    def feed(self, data: bytes, where: Destination | None) -> None:
        if not self.lost:
            self.protocol.datagram_received(data, cast(Any, where))

    def ended(self, exc: Exception | None) -> None:
        self.worker.forget(self)
        if not self.lost:
            self.lost = True
            self.protocol.connection_lost(exc)

    def close(self) -> None:
        self._leave(error=False)

    def abort(self) -> None:
        self._leave(error=True)

    def fail(self, exc: BaseException) -> None:
        """End and tell a peer that speaks the extension of *exc*."""
        self._leave(True, extension.reset_code(exc), describe(exc))

    def _leave(self, error: bool, code: int = 0, text: str = "") -> None:
        if not self.lost:
            self.lost = True
            if self.worker.forget(self):
                if code and self.worker.peer is not None:
                    self.worker.put_control(extension.Reset(self.id, code, text).encode())
                self.worker.put_control(frames.end(self.id, error=error))
            self.worker.loop.call_soon(self.protocol.connection_lost, None)

    def is_closing(self) -> bool:
        return self.lost

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast(asyncio.DatagramProtocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``reset``: as for `SubStream`."""
        return self.fail if name == "reset" else default


_NOBODY = asyncio.DatagramProtocol()
