from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.fake import FakeTransport, Upper
from xrgui.engine.client_stream import ClientStream, Server
from xrgui.engine.errors import DialError, RemoteProtocolError, UnansweredError
from xrgui.engine.wire import vless


def opened() -> tuple[FakeTransport, ClientStream, Upper]:
    lower, upper = FakeTransport(), Upper()
    stream = ClientStream(b"request", vless.decode_response, upper, "no such id")
    lower.protocol = stream
    stream.connection_made(lower)
    return lower, stream, upper


def test_the_request_goes_out_before_what_the_upper_protocol_writes() -> None:
    lower, _, upper = opened()
    upper.transport.write(b"!")
    upper.transport.writelines([b"a", b"b"])
    assert lower.take() == b"request!ab"
    assert upper.events == ["made"]


@pytest.mark.parametrize("cut", range(7))
def test_the_response_is_swallowed_and_the_stream_steps_aside(cut: int) -> None:
    lower, _, upper = opened()
    answer = b"\0\2xyrest"
    for part in (answer[:cut], answer[cut:]):
        if part:
            lower.protocol.data_received(part)
    assert upper.received == b"rest"
    assert lower.protocol is upper


def test_writing_costs_nothing_more_than_below() -> None:
    lower, stream, _ = opened()
    assert stream.write == lower.write
    assert stream.writelines == lower.writelines


@pytest.mark.parametrize("early", [True, False])
def test_the_upper_protocol_may_be_replaced_at_any_time(early: bool) -> None:
    lower, stream, _ = opened()
    other = Upper()
    if early:
        stream.set_protocol(other)
        lower.protocol.data_received(b"\0\0")
    else:
        lower.protocol.data_received(b"\0\0")
        stream.set_protocol(other)
    assert lower.protocol is other
    assert stream.get_protocol() is other


def test_back_pressure_and_ends_before_the_response_reach_the_upper_protocol() -> None:
    lower, stream, upper = opened()
    stream.pause_writing()
    stream.resume_writing()
    stream.write_eof()
    assert stream.eof_received() is True
    stream.connection_lost(None)
    assert upper.events == ["made", "pause", "resume", "eof", "lost"]
    assert upper.error is None
    assert lower.calls == ["write_eof"]


@pytest.mark.parametrize("exc", [None, ConnectionResetError("reset")])
def test_an_end_in_place_of_the_response_says_what_it_likely_is(exc: Exception | None) -> None:
    _, stream, upper = opened()
    if exc is None:
        assert not stream.eof_received()
    stream.connection_lost(exc)
    assert upper.events == ["made", "lost"]
    assert isinstance(upper.error, UnansweredError)
    assert str(upper.error) == "no such id"


@pytest.mark.parametrize("end", ["close", "abort"])
def test_an_end_from_above_is_no_refusal(end: str) -> None:
    lower, stream, upper = opened()
    getattr(upper.transport, end)()
    stream.connection_lost(None)
    assert lower.calls == [end]
    assert upper.error is None


def test_an_answer_of_another_protocol_ends_it() -> None:
    lower, stream, upper = opened()
    lower.protocol.data_received(b"HTTP/1.1 400")
    assert lower.calls == ["abort"]
    stream.connection_lost(None)
    assert isinstance(upper.error, RemoteProtocolError)
    assert upper.received == b""


class Dialer:
    """Gives *result*: a transport or an error; waits for ever without one."""

    def __init__(self, result: Any = None) -> None:
        self.result = result

    async def dial(
        self, host: str, port: int, protocol_factory: Callable[[], asyncio.Protocol]
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        if self.result is None:
            await asyncio.Event().wait()
        if isinstance(self.result, Exception):
            raise self.result
        protocol = protocol_factory()
        protocol.connection_made(self.result)
        return self.result, protocol


def dial(result: Any = None) -> tuple[Server, Any, Upper]:
    server = Server("out", "server.test", 443, Dialer(result))
    upper = Upper()
    return server, server.open(ClientStream(b"r", vless.decode_response, upper, "refused")), upper


@pytest.mark.parametrize("error", [ConnectionRefusedError(111, "refused"), TimeoutError()])
async def test_a_failed_dial_names_the_server(error: OSError) -> None:
    _, task, upper = dial(error)
    await task
    assert upper.events == ["lost"]
    assert isinstance(upper.error, DialError)
    assert upper.error.cause is error
    assert str(upper.error).startswith("server.test:443: ")


async def test_the_transports_own_errors_are_kept() -> None:
    error = RemoteProtocolError("the server answered 404")
    _, task, upper = dial(error)
    await task
    assert upper.error is error


async def test_a_cancelled_dial_says_nothing() -> None:
    _, task, upper = dial()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert upper.events == []


async def test_closing_ends_streams_and_dials() -> None:
    transport = FakeTransport()
    server, task, upper = dial(transport)
    await task
    await server.close()
    assert transport.calls == ["abort"]
    assert upper.events == ["made"]

    server, task, upper = dial()
    await asyncio.sleep(0)
    await server.close()
    await asyncio.wait([task])
    assert upper.events == ["lost"]
    assert "the outbound was stopped" in str(upper.error)
