"""UDP flows that outlive a sub-connection (XUDP, Xray common/mux/session.go).

A New for a packet flow may carry an 8-byte global id. A second New with the same id, on any main connection, takes
the flow over with the upstream socket that it has; for a minute after its sub-connection ended it waits for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from xrgui.engine.mux.packets import PacketStream

KEPT = 60.0
MOST_FLOWS = 4096

Owner = tuple[str, str, bytes]
"""Inbound, user and global id: nobody takes over another's flow by its id."""
Open = Callable[[asyncio.DatagramTransport], asyncio.DatagramProtocol]


class RoamingFlows:
    """The flows of one configuration, by who opened them and their global ids."""

    def __init__(self) -> None:
        self._flows: dict[Owner, _Flow] = {}

    def accept(self, owner: Owner, stream: PacketStream, open_flow: Open) -> None:
        """Join *stream* to the flow of *owner*; *open_flow* relays a transport that begins one. Where there are too
        many it does not roam: whoever makes them up keeps nobody out."""
        flow = self._flows.get(owner)
        if flow is None:
            if len(self._flows) >= MOST_FLOWS:
                stream.set_protocol(open_flow(stream))
                return
            flow = self._flows[owner] = _Flow(lambda: self._flows.pop(owner, None))
            flow.join(stream)
            flow.upper = open_flow(flow)
        else:
            flow.join(stream)

    def close(self) -> None:
        for flow in list(self._flows.values()):
            flow.close()


class _Flow(asyncio.DatagramTransport):
    """What the relay sees as the visitor: the sub-connection of the moment."""

    def __init__(self, forget: Callable[[], object]) -> None:
        super().__init__()
        self.upper: asyncio.DatagramProtocol | None = None
        self._forget = forget
        self._stream: PacketStream | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def join(self, stream: PacketStream) -> None:
        former, self._stream = self._stream, stream
        if former is not None:
            former.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        stream.set_protocol(_Arm(self, stream))

    def left(self, stream: PacketStream) -> None:
        if self._stream is stream:
            self._stream = None
            self._timer = asyncio.get_running_loop().call_later(KEPT, self.close)

    def sendto(self, data: Any, addr: Any = None) -> None:
        if self._stream is not None:
            self._stream.sendto(data, addr)

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._forget()
        if self._timer is not None:
            self._timer.cancel()
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        if self.upper is not None:
            self.upper.connection_lost(None)

    def abort(self) -> None:
        self.close()


class _Arm(asyncio.DatagramProtocol):
    """The protocol of one sub-connection of a flow."""

    def __init__(self, flow: _Flow, stream: PacketStream) -> None:
        self._flow = flow
        self._stream = stream

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._flow.upper is not None:
            self._flow.upper.datagram_received(data, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        self._flow.left(self._stream)
