"""A UDP flow with a global id moves from one sub-connection to the next and keeps its upstream side."""

from __future__ import annotations

import asyncio
from typing import Any

from xrgui.engine import roaming
from xrgui.engine.roaming import RoamingFlows


class Stream:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False
        self.protocol: Any = None

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def sendto(self, data: bytes, addr: Any) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True
        self.protocol.connection_lost(None)


class Upper(asyncio.DatagramProtocol):
    def __init__(self, flow: Any) -> None:
        self.flow = flow
        self.got: list[bytes] = []
        self.ended = False

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.got.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True


async def test_a_second_new_takes_the_flow_over() -> None:
    flows, opened = RoamingFlows(), []

    def open_flow(flow: Any) -> Upper:
        opened.append(Upper(flow))
        return opened[-1]

    first, second, other = Stream(), Stream(), Stream()
    flows.accept(("in", "u", b"12345678"), first, open_flow)
    first.protocol.datagram_received(b"one", None)
    flows.accept(("in", "u", b"12345678"), second, open_flow)
    flows.accept(("in", "u", b"87654321"), other, open_flow)
    assert len(opened) == 2
    assert first.closed
    second.protocol.datagram_received(b"two", None)
    opened[0].flow.sendto(b"reply")
    assert opened[0].got == [b"one", b"two"]
    assert (first.sent, second.sent) == ([], [b"reply"])
    flows.close()
    assert opened[0].ended
    assert second.closed


async def test_a_flow_waits_for_its_next_stream_and_then_ends(monkeypatch) -> None:
    monkeypatch.setattr(roaming, "KEPT", 0.01)
    flows, ended = RoamingFlows(), asyncio.Event()
    upper = Upper(None)
    upper.connection_lost = lambda exc: ended.set()  # type: ignore[method-assign]
    stream = Stream()
    flows.accept(("in", "u", b"12345678"), stream, lambda flow: upper)
    stream.close()
    assert not ended.is_set()
    async with asyncio.timeout(5):
        await ended.wait()
