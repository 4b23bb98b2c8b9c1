from __future__ import annotations

import asyncio
from typing import Any

import pytest

from xrgui.address import Destination, Network
from xrgui.config.model import Account, HttpInbound, Inbound, Policy, PolicyLevel
from xrgui.engine.errors import DialError, RefusedError
from xrgui.engine.inbound.http import HttpInbound as Http

TARGET = Destination(Network.TCP, "a.b", 80)


def proxy(acceptor: Any, *, policy: Policy | None = None, **settings: Any) -> Http:
    config = Inbound(settings=HttpInbound(**settings), tag="proxy", listen="127.0.0.1", ports=((0, 0),))
    return Http(config, acceptor, policy or Policy())


async def ask(port: int, data: bytes, *, eof: bool = False) -> bytes:
    """Everything that comes back until the proxy closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if eof:
        writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


class Origin:
    """A server that keeps connections open and remembers what it was sent."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = b""
        while data := await reader.read(65536):
            received += data
            if b"\r\n\r\n" in received:
                self.requests.append(received)
                received = b""
                writer.write(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi")
        self.requests.append(received)


async def test_connect(acceptor: Any, running: Any, echo_port: int) -> None:
    port = await running(proxy(acceptor))
    request = f"CONNECT 127.0.0.1:{echo_port} HTTP/1.1\r\nHost: x\r\n\r\nearly".encode()
    assert await ask(port, request, eof=True) == b"HTTP/1.1 200 Connection established\r\n\r\nearly"
    [session] = acceptor.sessions
    assert (session.inbound_protocol, session.up, session.down) == ("http", 5, 5)


async def test_a_plain_request_reaches_the_origin_alone(acceptor: Any, running: Any, serve: Any) -> None:
    origin = Origin()
    port, there = await running(proxy(acceptor)), await serve(origin)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"POST http://127.0.0.1:{there}/x?y HTTP/1.1\r\nHost: z\r\nProxy-Connection: keep-alive\r\n"
        f"Content-Length: 4\r\n\r\nbo".encode()
    )
    writer.write(b"dyGET http://other.invalid/ HTTP/1.1\r\nHost: other.invalid\r\n\r\n")
    answer = await asyncio.wait_for(reader.readuntil(b"hi"), 5)
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
    writer.close()
    await acceptor.until_closed(1)
    head = f"POST /x?y HTTP/1.1\r\nHost: 127.0.0.1:{there}\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
    assert b"".join(origin.requests) == head.encode() + b"body"
    assert acceptor.sessions[0].attrs[":path"] == "/x"
    assert acceptor.sessions[0].sniffed_protocol == "http1"


async def test_an_answer_that_ends_early_is_passed_on(acceptor: Any, running: Any, serve: Any) -> None:
    async def short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")

    port, there = await running(proxy(acceptor)), await serve(short)
    assert (
        await ask(port, f"GET http://127.0.0.1:{there}/ HTTP/1.1\r\n\r\n".encode())
        == b"HTTP/1.1 200 OK\r\nX: "
    )


async def test_a_broken_body_ends_the_connection(acceptor: Any, running: Any, serve: Any) -> None:
    port, there = await running(proxy(acceptor)), await serve(Origin())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST http://127.0.0.1:{there}/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode())
    await asyncio.wait_for(reader.readuntil(b"hi"), 5)
    writer.write(b"no size\r\n")
    with pytest.raises((ConnectionError, EOFError)):
        await asyncio.wait_for(reader.readexactly(1), 5)
    writer.close()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x05\x01\x00\r\n\r\n",
        b"GET http://a.b/ HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ],
)
async def test_bad_requests_are_told_why(acceptor: Any, running: Any, request_bytes: bytes) -> None:
    answer = await ask(await running(proxy(acceptor)), request_bytes)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert acceptor.sessions == []


async def test_transparent_requests(acceptor: Any, running: Any, serve: Any) -> None:
    origin = Origin()
    port, there = await running(proxy(acceptor, allow_transparent=True)), await serve(origin)
    await ask(port, f"GET /p HTTP/1.0\r\nHost: 127.0.0.1:{there}\r\n\r\n".encode(), eof=True)
    assert origin.requests[0].startswith(b"GET /p HTTP/1.0\r\nHost: 127.0.0.1")


async def test_a_password_is_asked_for(acceptor: Any, running: Any, echo_port: int) -> None:
    port = await running(proxy(acceptor, accounts=(Account(user="me", password="pw"),)))
    request = f"CONNECT 127.0.0.1:{echo_port} HTTP/1.1\r\n"
    for credentials in ("", "Proxy-Authorization: Basic bWU6bm8=\r\n"):
        answer = await ask(port, f"{request}{credentials}\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 407 Proxy Authentication Required\r\n")
        assert b'Proxy-Authenticate: Basic realm="proxy"\r\n' in answer
    assert acceptor.sessions == []
    answer = await ask(port, f"{request}Proxy-Authorization: Basic bWU6cHc=\r\n\r\nx".encode(), eof=True)
    assert answer.endswith(b"\r\n\r\nx")
    assert acceptor.sessions[0].user == "me"


class Wall:
    tag = "wall"

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def connect(self, session: Any, protocol: Any) -> None:
        protocol.connection_lost(self.error)

    async def close(self) -> None: ...


@pytest.mark.parametrize("method", ["CONNECT a.b:80", "GET http://a.b/"])
@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (DialError(TARGET, ConnectionRefusedError()), b"502 Bad Gateway", b"a.b:80"),
        (DialError(TARGET, TimeoutError()), b"504 Gateway Timeout", b"timed out"),
        (RefusedError("no way"), b"503 Service Unavailable", b"no way"),
        (None, b"502 Bad Gateway", b"refused"),
    ],
)
async def test_failures_are_honest(
    acceptor: Any, running: Any, method: str, error: Exception | None, status: bytes, text: bytes
) -> None:
    acceptor.outbound = Wall(error)
    answer = await ask(await running(proxy(acceptor)), f"{method} HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert text in answer.partition(b"\r\n\r\n")[2]


async def test_a_slow_client_is_closed(acceptor: Any, running: Any) -> None:
    policy = Policy(levels={1: PolicyLevel(handshake=0.02)})
    assert await ask(await running(proxy(acceptor, policy=policy, level=1)), b"GET http") == b""


@pytest.mark.peer
async def test_curl_fetches_twice_over_what_it_keeps(
    acceptor: Any, running: Any, serve: Any, curl: Any
) -> None:
    port, url = await running(proxy(acceptor)), f"http://127.0.0.1:{await serve(Origin())}/"
    status, text = await curl("-x", f"127.0.0.1:{port}", "-d", "body", url, url)
    assert (status, text) == (0, "hihi")
    assert len(acceptor.sessions) == 2
