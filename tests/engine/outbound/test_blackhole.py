from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from xrgui.address import Network
from xrgui.config.model import BlackholeOutbound, Outbound
from xrgui.engine.errors import RefusedError
from xrgui.engine.outbound import blackhole as module
from xrgui.engine.session import Session

MakeSession = Callable[..., Session]


def blackhole(response: Any) -> module.BlackholeOutbound:
    return module.BlackholeOutbound(Outbound(settings=BlackholeOutbound(response=response), tag="void"))


def test_streams_are_refused_by_name(stream: Any, session: MakeSession) -> None:
    assert blackhole("none").connect(session("a.b", 80), stream) is None
    assert stream.events == ["lost"]
    assert isinstance(stream.error, RefusedError)
    assert str(stream.error) == "a.b:80 is blocked (outbound void)"


async def test_http_is_answered_and_closed_a_little_later(
    stream: Any, session: MakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINGER", 0.01)
    blackhole("http").connect(session("a.b", 80), stream)
    assert bytes(stream.received).startswith(b"HTTP/1.1 403 Forbidden\r\n")
    stream.transport.write(b"GET / HTTP/1.1\r\n\r\n")
    stream.transport.writelines([b"x"])
    assert stream.events == ["made"]
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert stream.error is None
    assert stream.transport.is_closing()


async def test_a_visitor_may_leave_first(stream: Any, session: MakeSession) -> None:
    blackhole("http").connect(session("a.b", 80), stream)
    stream.transport.close()
    stream.transport.abort()
    await asyncio.wait_for(stream.lost.wait(), 0.5)
    assert stream.events == ["made", "lost"]


async def test_packets_vanish(packets: Any, session: MakeSession) -> None:
    blackhole("none").connect(session("a.b", 53, Network.UDP), packets)
    packets.transport.sendto(b"x", None)
    assert packets.received.empty()
    packets.transport.close()
    await asyncio.wait_for(packets.lost.wait(), 5)
