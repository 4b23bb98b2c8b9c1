from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.outbound.dialing import PlainDialer
from xrgui.address import Network
from xrgui.config.model import Account, HttpOutbound, Outbound
from xrgui.engine.errors import AuthenticationError, EngineError, RefusedError, RemoteProtocolError
from xrgui.engine.outbound.http import HttpOutbound as Http
from xrgui.engine.session import Session

MakeSession = Callable[..., Session]


def http(port: int, **settings: Any) -> Http:
    config = Outbound(settings=HttpOutbound(address="127.0.0.1", port=port, **settings), tag="proxy")
    return Http(config, PlainDialer())


class Proxy:
    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.head = b""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = await reader.readuntil(b"\r\n\r\n")
        writer.write(self.answer)
        while data := await reader.read(1000):
            writer.write(data)


async def test_a_stream(stream: Any, session: MakeSession, serve: Any) -> None:
    proxy = Proxy(b"HTTP/1.1 200 OK\r\n\r\nbanner")
    out = http(await serve(proxy), account=Account(user="me", password="pw"), headers={"X": "1"})
    out.connect(session("::1", 22), stream)
    assert await stream.read(6) == b"banner"
    stream.transport.write(b"hello")
    assert await stream.read(5) == b"hello"
    assert proxy.head.startswith(b"CONNECT [::1]:22 HTTP/1.1\r\nHost: [::1]:22\r\nX: 1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cHc=\r\n" in proxy.head
    stream.transport.close()
    await asyncio.wait_for(stream.lost.wait(), 5)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 407 Who\r\n\r\n", AuthenticationError),
        (b"HTTP/1.1 403 No\r\n\r\n", RemoteProtocolError),
        (b"SSH-2.0\r\n\r\n", RemoteProtocolError),
    ],
)
async def test_refusals(
    answer: bytes, error: type[EngineError], stream: Any, session: MakeSession, serve: Any
) -> None:
    http(await serve(Proxy(answer))).connect(session("a.b", 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, error)
    assert stream.events == ["lost"]


def test_no_packets(packets: Any, session: MakeSession) -> None:
    assert http(9).connect(session("a.b", 53, Network.UDP), packets) is None
    assert isinstance(packets.error, RefusedError)
    assert str(packets.error) == "an HTTP proxy carries no UDP (outbound proxy)"
