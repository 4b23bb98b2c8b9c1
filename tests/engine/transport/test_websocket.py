from __future__ import annotations

import asyncio
import os
from typing import Any, cast

import pytest

from xrgui.config.model import SockOpt, Stream, WebSocket
from xrgui.engine import transport
from xrgui.engine.errors import DialError, RemoteProtocolError, describe
from xrgui.engine.transport import websocket
from xrgui.engine.wire import websocket as wire

MASK = b"\x11\x22\x33\x44"


def stream(path: str = "/tunnel", sockopt: SockOpt | None = None, **options: Any) -> Stream:
    return Stream(network="ws", ws=WebSocket(path=path, **options), sockopt=sockopt or SockOpt())


class Raw:
    """One end spoken by hand."""

    def __init__(self, recorder: Any) -> None:
        self.recorder = recorder
        self.recorder.keep_open = True

    async def head(self) -> wire.Head:
        await self.recorder.until(lambda: b"\r\n\r\n" in self.recorder.received)
        head, rest = wire.split_head(bytes(self.recorder.received)) or pytest.fail("no head")
        self.recorder.received = bytearray(rest)
        return head

    def send(self, data: bytes) -> None:
        self.recorder.transport.write(data)

    async def end(self) -> bytes:
        await self.recorder.until(lambda: self.recorder.eof or self.recorder.lost.done())
        return bytes(self.recorder.received)


def frame(opcode: int, payload: bytes, *, masked: bool = True, fin: bool = True) -> bytes:
    raw = bytearray(wire.frame_header(opcode, len(payload), MASK if masked else b""))
    raw[0] &= 0xFF if fin else 0x7F
    return bytes(raw) + (wire.apply_mask(payload, MASK) if masked else payload)


def request(path: str = "/tunnel", **headers: str) -> bytes:
    fields = {"Host": "portal.example", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return wire.encode_request(path, fields, "I2HMURZu6zSo0exSVY+V8A==")


async def by_hand(bench: Any, theirs: Stream, *sent: bytes) -> tuple[Raw, Any]:
    """A client spoken by hand, and the queue of what the server accepted."""
    listener, accepted = await bench.listen(theirs)
    raw = Raw(await bench.dial(Stream(), listener.port))
    for data in sent:
        raw.send(data)
    return raw, accepted


# The server


async def test_good_requests_are_granted(bench: Any) -> None:
    raw, accepted = await by_hand(bench, stream("/tunnel?x=1"), request("/tunnel?y=2") + frame(wire.BINARY, b"hello"))
    head = await raw.head()
    assert head.first == ("HTTP/1.1", "101", "Switching Protocols")
    assert list(head.headers) == ["upgrade", "connection", "sec-websocket-accept"]
    assert await (await accepted.get()).at_least(5) == b"hello"


@pytest.mark.parametrize(
    ("theirs", "sent", "status"),
    [
        (stream(), request("/"), "404"),
        (stream(), request("/tunnel/x"), "404"),
        (stream(host="other.example"), request(), "404"),
        (stream(), b"GET /tunnel HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        (stream(), request().replace(b"Version: 13", b"Version: 8"), "426"),
    ],
)
async def test_other_requests_get_an_answer(bench: Any, theirs: Stream, sent: bytes, status: str) -> None:
    raw, accepted = await by_hand(bench, theirs, sent)
    head = await raw.head()
    assert head.first[1] == status
    assert head.headers["content-length"] == "0"
    assert await raw.end() == b""
    assert accepted.empty()


@pytest.mark.parametrize("sent", [b"\x16\x03\x01" + b"\0" * 9000, b"GET /" + b"x" * 9000, b"\r\n\r\n", b"A\r\n\r\n"])
async def test_what_is_no_request_is_dropped(bench: Any, sent: bytes) -> None:
    raw, accepted = await by_hand(bench, stream(), sent)
    assert await raw.end() == b""
    assert accepted.empty()


async def test_a_silent_client_is_dropped(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "SERVER_TIMEOUT", 0.05)
    raw, accepted = await by_hand(bench, stream(), b"GET /tunn")
    assert await raw.end() == b""
    assert accepted.empty()


async def test_a_configured_host_is_compared_without_its_port(bench: Any) -> None:
    raw, _ = await by_hand(bench, stream(host="portal.example"), request(Host="Portal.Example:8080"))
    assert (await raw.head()).first[1] == "101"


async def test_fragments_text_and_pings_in_between(bench: Any) -> None:
    raw, accepted = await by_hand(bench, stream(), request())
    await raw.head()
    raw.send(frame(wire.TEXT, b"one ", fin=False) + frame(wire.PING, b"?") + frame(wire.CONTINUATION, b"two "))
    raw.send(frame(wire.PONG, b"") + frame(wire.BINARY, b"three"))
    theirs = await accepted.get()
    assert await theirs.at_least(13) == b"one two three"
    assert await raw.recorder.at_least(3) == frame(wire.PONG, b"?", masked=False)


async def test_a_closing_client_is_answered(bench: Any) -> None:
    raw, accepted = await by_hand(bench, stream(), request())
    await raw.head()
    raw.send(frame(wire.BINARY, b"bye") + frame(wire.CLOSE, b"\x03\xe9later") + frame(wire.BINARY, b"ignored"))
    theirs = await accepted.get()
    assert await theirs.ended() is None
    assert (bytes(theirs.received), theirs.eof) == (b"bye", True)
    assert await raw.end() == frame(wire.CLOSE, b"\x03\xe9", masked=False)


async def test_our_goodbye(bench: Any) -> None:
    raw, accepted = await by_hand(bench, stream(), request())
    await raw.head()
    theirs = await accepted.get()
    theirs.transport.write(b"last")
    theirs.transport.close()
    theirs.transport.write(b"too late")
    assert await raw.end() == frame(wire.BINARY, b"last", masked=False) + bytes.fromhex("880203e8")


async def test_a_bad_frame_ends_the_connection(bench: Any) -> None:
    raw, accepted = await by_hand(bench, stream(), request())
    await raw.head()
    raw.send(frame(wire.BINARY, b"not masked", masked=False))
    theirs = await accepted.get()
    assert isinstance(await theirs.ended(), RemoteProtocolError)
    assert await raw.end() == frame(wire.CLOSE, b"\x03\xea", masked=False)


async def test_a_cut_is_not_an_end(bench: Any) -> None:
    ours, theirs = await bench.pair(stream(), stream())
    ours.transport.lower.close()
    assert describe(await theirs.ended()) == "cut off: the WebSocket was not closed"


@pytest.mark.parametrize(
    ("trusted", "headers", "expected"),
    [
        (("X-Forwarded-For",), {"X_Forwarded_For": "192.0.2.7, 10.0.0.1"}, ("192.0.2.7", 0)),
        (("x-cdn",), {"X_Forwarded_For": "2001:db8::1", "X_CDN": "yes"}, ("2001:db8::1", 0)),
        (("X-CDN",), {"X_Forwarded_For": "192.0.2.7"}, None),
        (("X-Forwarded-For",), {"X_Forwarded_For": "unknown"}, None),
        ((), {"X_Forwarded_For": "192.0.2.7"}, None),
    ],
)
async def test_whom_a_proxy_speaks_for(
    bench: Any, trusted: tuple[str, ...], headers: dict[str, str], expected: Any
) -> None:
    raw, accepted = await by_hand(bench, stream(sockopt=SockOpt(trusted_forwarded_for=trusted)), request(**headers))
    await raw.head()
    found = (await accepted.get()).transport.get_extra_info("peername")
    assert found == (expected or raw.recorder.transport.get_extra_info("sockname"))


async def test_heartbeats(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, accepted = await by_hand(bench, stream(heartbeat=1), request())
    await raw.head()
    ping = frame(wire.PING, b"", masked=False)
    assert await raw.recorder.at_least(2) == ping
    (await accepted.get()).transport._beat()
    assert await raw.recorder.at_least(4) == ping * 2


# The client


class Server:
    """A server spoken by hand, and the client's dial."""

    def __init__(self, bench: Any, ours: Stream) -> None:
        self.bench = bench
        self.ours = ours

    async def __aenter__(self) -> Server:
        listener, accepted = await self.bench.listen(Stream())
        self.dial = asyncio.ensure_future(self.bench.dial(self.ours, listener.port, "localhost"))
        self.raw = Raw(await accepted.get())
        self.head = await self.raw.head()
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.dial.done():
            self.dial.cancel()
        await asyncio.wait([self.dial])

    def grant(self) -> None:
        self.raw.send(wire.encode_response(self.head.headers["sec-websocket-key"]))


@pytest.mark.parametrize("early", [0, 100])
async def test_the_request(bench: Any, early: int) -> None:
    ours = stream(
        "/tunnel",
        host="front.example",
        early_data=early,
        headers={"user-agent": "curl/8", "X-Key": "1", "upgrade": "x"},
    )
    async with Server(bench, ours) as server:
        headers = dict(server.head.headers)
        assert len(headers.pop("sec-websocket-key")) == 24
        assert server.head.first == ("GET", "/tunnel", "HTTP/1.1")
        assert headers == {
            "host": "front.example",
            "user-agent": "curl/8",
            "connection": "Upgrade",
            "sec-websocket-version": "13",
            "upgrade": "websocket",
            "x-key": "1",
        }
        server.grant()
        await server.dial


async def test_the_host_header_defaults_to_the_address(bench: Any) -> None:
    async with Server(bench, stream()) as server:
        assert server.head.headers["host"] == "localhost"
        server.grant()
        await server.dial


async def test_frames_that_came_with_the_answer(bench: Any) -> None:
    async with Server(bench, stream()) as server:
        answer = wire.encode_response(server.head.headers["sec-websocket-key"])
        server.raw.send(answer + frame(wire.BINARY, b"220 ready", masked=False))
        assert await (await server.dial).at_least(9) == b"220 ready"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (wire.encode_refusal("404 Not Found"), "answers 404 Not Found"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", "answers 200 OK"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "answer to the WebSocket request is wrong"),
        (wire.encode_response("another key"), "answer to the WebSocket request is wrong"),
        (b"220 mail ready\r\n\r\n", "does not speak HTTP"),
        (b"x" * 9000, "more than 8192 bytes"),
        (b"", "closed during the handshake"),
    ],
)
async def test_answers_that_are_no_grant(bench: Any, answer: bytes, text: str) -> None:
    async with Server(bench, stream()) as server:
        server.raw.send(answer) if answer else server.raw.recorder.transport.close()
        with pytest.raises(DialError, match=text):
            await server.dial


async def test_no_answer(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "CLIENT_TIMEOUT", 0.05)
    async with Server(bench, stream()) as server:
        with pytest.raises(DialError, match="no answer to the handshake"):
            await server.dial


# Early data


class Speaker(asyncio.Protocol):
    """Writes at once, as an outbound does."""

    def __init__(self, recorder: Any, first: bytes) -> None:
        self.recorder = recorder
        self.first = first

    def __getattribute__(self, name: str) -> Any:
        if name in ("data_received", "eof_received", "connection_lost", "pause_writing", "resume_writing"):
            return getattr(self.recorder, name)
        return super().__getattribute__(name)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.recorder.connection_made(transport)
        cast(asyncio.Transport, transport).write(self.first)


async def speak(bench: Any, ours: Stream, port: int, first: bytes) -> Any:
    recorder = bench.recorder()
    await transport.dial(ours, "127.0.0.1", port, lambda: Speaker(recorder, first))
    return recorder


async def test_early_data_travels_in_the_request(bench: Any) -> None:
    listener, accepted = await bench.listen(Stream())
    first = bytes(range(200))
    ours = await speak(bench, stream(early_data=200), listener.port, first)
    raw = Raw(await accepted.get())
    head = await raw.head()
    assert wire.decode_early_data(head.headers["sec-websocket-protocol"]) == first
    ours.transport.write(b"second")
    raw.send(wire.encode_response(head.headers["sec-websocket-key"], head.headers["sec-websocket-protocol"]))
    found = wire.FrameDecoder(masked=True).receive_data(await raw.recorder.at_least(12))
    assert b"".join(found) == b"second"


@pytest.mark.parametrize("size", [1, 100, 101, 300_000])
async def test_early_data_between_our_ends(bench: Any, size: int) -> None:
    listener, accepted = await bench.listen(stream())
    first = os.urandom(size)
    ours = await speak(bench, stream(early_data=100), listener.port, first)
    ours.transport.write(b"more")
    theirs = await accepted.get()
    assert await theirs.at_least(size + 4) == first + b"more"
    theirs.transport.write(b"answer")
    assert await ours.at_least(6) == b"answer"
    await ours.until(lambda: not ours.paused)


async def test_the_server_echoes_the_protocol_of_early_data_alone(bench: Any) -> None:
    for protocol, echoed in (("aGVsbG8=", "aGVsbG8="), ("not base64!", None)):
        raw, accepted = await by_hand(bench, stream(), request(Sec_WebSocket_Protocol=protocol))
        assert (await raw.head()).headers.get("sec-websocket-protocol") == echoed
        theirs = await accepted.get()
        await theirs.until(lambda: theirs.made == 1)  # noqa: B023
        assert bool(theirs.received) == bool(echoed)


async def test_early_data_to_a_server_that_refuses(bench: Any) -> None:
    listener, _ = await bench.listen(stream("/other"))
    ours = await speak(bench, stream(early_data=100), listener.port, b"first")
    assert "answers 404" in describe(await ours.ended())


async def test_masks_differ(bench: Any) -> None:
    async with Server(bench, stream()) as server:
        server.grant()
        ours = await server.dial
        ours.transport.write(b"a" * 8)
        ours.transport.write(b"a" * 8)
        sent = await server.raw.recorder.at_least(28)
        assert sent[2:6] != sent[16:20]
