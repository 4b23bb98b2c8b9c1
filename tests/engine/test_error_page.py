"""A visitor who speaks HTTP is told the truth; everybody else is just let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.conftest import pick_port
from tests.engine.pair import LOOPBACK, Pair, pair, until
from xrgui.config.model import Limits
from xrgui.engine import error_page
from xrgui.engine.error_page import CROWDED, NO_BRIDGE, NO_SERVER, page
from xrgui.engine.reverse import waiting
from xrgui.engine.sniff import NEED_MORE, UNKNOWN, sniff_request

HTTP = {"http": True}
GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.1)
    monkeypatch.setattr(error_page, "LINGER", 0.5)


async def fate(tunnel: Pair, request: bytes) -> bytes:
    """What the visitor gets; a reset counts as nothing."""
    try:
        return await tunnel.ask(request)
    except ConnectionResetError:
        return b""


def test_a_page_has_the_length_that_it_says() -> None:
    for which, status in ((NO_SERVER, 502), (NO_BRIDGE, 503), (CROWDED, 503)):
        head, _, body = page(which).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert b"Content-Length: %d\r\n" % len(body) in head
        assert b"Connection: close" in head
        assert (b"Retry-After: " in head) == (status == 503)
        assert page(which, "HEAD") == head + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"", NEED_MORE),
        (b"GE", NEED_MORE),
        (b"GET /" + b"x" * 9000, NEED_MORE),
        (b"GET /" + b"x" * 40000, UNKNOWN),
        (b"GET / HTTP/1.1\r\n", "GET"),
        (b"HEAD / HTTP/1.0\nHost", "HEAD"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", UNKNOWN),
        (b"\x16\x03\x01\x02\x00", UNKNOWN),
        (b"SSH-2.0-OpenSSH_9\r\n", UNKNOWN),
        (b"GET /\r\n", UNKNOWN),
    ],
)
def test_only_http_1_is_taken_for_a_request(data: bytes, answer: object) -> None:
    assert sniff_request(data) == answer


async def test_without_a_bridge_comes_503() -> None:
    async with pair(9, tunnel=HTTP, linked=False) as tunnel:
        answer = await tunnel.ask(GET)
        assert answer == page(NO_BRIDGE)
        assert not tunnel.portal.sessions
        assert tunnel.portal.closed[-1].state == "failed"
        assert "no bridge" in tunnel.portal.closed[-1].error


async def test_a_large_request_body_does_not_cost_the_page() -> None:
    async with pair(9, tunnel=HTTP, linked=False) as tunnel:
        body = b"x" * 300_000
        assert await tunnel.ask(b"POST / HTTP/1.1\r\nContent-Length: 300000\r\n\r\n" + body) == page(NO_BRIDGE)


async def test_a_dead_server_gives_502_from_the_portal() -> None:
    async with pair(pick_port(), tunnel=HTTP) as tunnel:
        assert await tunnel.ask(GET) == page(NO_SERVER)
        assert await tunnel.ask(b"HEAD / HTTP/1.1\r\n\r\n") == page(NO_SERVER, "HEAD")


async def test_a_dead_server_gives_502_from_the_bridge() -> None:
    async with pair(pick_port(), freedom=HTTP) as tunnel:
        assert await tunnel.ask(GET) == page(NO_SERVER)
        await until(lambda: tunnel.bridge.closed)
        assert tunnel.bridge.closed[-1].error.endswith("refused")


@pytest.mark.parametrize("side", ["tunnel", "freedom"])
@pytest.mark.parametrize("said", [b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"hello\r\n"])
async def test_others_are_just_let_go(side: str, said: bytes) -> None:
    async with pair(pick_port(), **{side: HTTP}) as tunnel:  # type: ignore[arg-type]
        assert await fate(tunnel, said) == b""


async def test_who_says_nothing_is_let_go_in_time() -> None:
    async with pair(9, tunnel=HTTP, linked=False) as tunnel:
        assert await fate(tunnel, b"") == b""


async def test_where_it_is_off_nothing_is_said() -> None:
    async with pair(9, linked=False) as tunnel:
        assert await fate(tunnel, GET) == b""


@asynccontextmanager
async def server(answer: bytes) -> AsyncIterator[int]:
    """Sends *answer* and resets."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if answer:
            await reader.read(1)
        writer.transport.abort()

    listening = await asyncio.start_server(serve, LOOPBACK, 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def test_a_server_that_has_begun_to_answer_is_not_talked_over() -> None:
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab"
    async with server(begun) as port, pair(port, tunnel=HTTP, freedom=HTTP) as tunnel:
        reader, writer = await tunnel.visit()
        writer.write(GET)
        assert await reader.readexactly(len(begun)) == begun
        writer.write(b"x")
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass
        writer.close()


async def test_a_served_visitor_notices_nothing() -> None:
    async with server(b"HTTP/1.1 204 No Content\r\n\r\n") as port, pair(port, tunnel=HTTP, freedom=HTTP) as tunnel:
        reader, writer = await tunnel.visit()
        for byte in GET:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        assert await reader.readexactly(27) == b"HTTP/1.1 204 No Content\r\n\r\n"
        writer.close()


# Too many


async def hold(tunnel: Pair) -> asyncio.StreamWriter:
    """A visitor who stays."""
    _, writer = await tunnel.visit()
    await until(lambda: tunnel.portal.sessions)
    return writer


async def test_a_crowd_is_told_so(caplog: pytest.LogCaptureFixture) -> None:
    async with pair(9, tunnel=HTTP, linked=False, limits={"perAddress": 1}) as tunnel:
        first = await hold(tunnel)
        for _ in range(3):
            assert await tunnel.ask(GET) == page(CROWDED)
        assert await tunnel.ask(b"HEAD / HTTP/1.1\r\n\r\n") == page(CROWDED, "HEAD")
        assert await fate(tunnel, b"SSH-2.0-x\r\n") == b""
        totals = tunnel.portal.totals()
        assert (totals.refused, totals.over_limit) == (5, 5)
        assert sum("refused a visitor" in record.getMessage() for record in caplog.records) == 1
        first.transport.abort()


async def test_few_of_a_crowd_are_told_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_page, "MOST_TOLD", 3)
    async with pair(9, tunnel=HTTP, linked=False, limits={"perAddress": 1}) as tunnel:
        first = await hold(tunnel)
        silent = [await tunnel.visit() for _ in range(3)]
        await until(lambda: tunnel.portal.totals().over_limit == 3)
        assert await fate(tunnel, GET) == b""
        for _, writer in silent:
            writer.transport.abort()
        await until(lambda: not tunnel.portal.dispatcher._doorman._busy)
        assert await tunnel.ask(GET) == page(CROWDED)
        first.transport.abort()


async def test_a_crowd_at_the_private_end_is_told_by_the_public_one() -> None:
    async with pair(9, tunnel=HTTP) as tunnel:
        tunnel.bridge.dispatcher.crowd.limits = Limits(connections=0)
        assert await tunnel.ask(GET) == page(CROWDED)
        assert tunnel.bridge.totals().over_limit == 1
