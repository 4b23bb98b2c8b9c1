from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.engine import sniff as module
from xrgui.engine.sniff import MAX_BYTES, NEED_MORE, UNKNOWN, Sniffed, Sniffer, sniff

GET = b"GET /a?b=1 HTTP/1.1\r\nHost: Example.com:8080\r\nX-Twice: 1\r\nX-Twice:  2 \r\n\r\nbody"


def client_hello(name: str | None) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def in_records(hello: bytes, size: int) -> bytes:
    body = hello[5:]
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2) + piece for piece in pieces)


HELLO = client_hello("www.Example.com")
NO_NAME = client_hello(None)


def test_http() -> None:
    assert sniff(GET) == Sniffed(
        "http1",
        "example.com",
        {"host": "Example.com:8080", "x-twice": "2", ":method": "GET", ":path": "/a?b=1"},
    )


@pytest.mark.parametrize(
    ("head", "host"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", ""),
        (b"GET / HTTP/1.1\nhost:a.b\n\n", "a.b"),
        (b"POST / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n", "2001:db8::1"),
        (b"PROPFIND /x HTTP/1.1\r\nHOST: 192.0.2.1\r\n\r\n", "192.0.2.1"),
        (b"GET / HTTP/1.1\r\nHost: /run/socket\r\n\r\n", ""),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", ""),
        (b"GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", ""),
    ],
)
def test_http_hosts(head: bytes, host: str) -> None:
    answer = sniff(head)
    assert isinstance(answer, Sniffed)
    assert answer.host == host


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n",
        b"GET /\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"AB / HTTP/1.1\r\n",
        b"\x13BitTorrent protocoX",
        b"\x16\x03\x05\x00\x01\x01",
        b"\x16\x02",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\x40\x01",
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x01",
        b"\x16\x03\x01\x00\x04\x01\x01\x00\x00",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
        b"\x00",
        b"Z" * 17,
    ],
)
def test_unknown(data: bytes) -> None:
    assert sniff(data) is UNKNOWN


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"G",
        b"GET",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"\x13Bit",
        b"\x16\x03",
        pytest.param(HELLO[:99], id="half a hello"),
    ],
)
def test_need_more(data: bytes) -> None:
    assert sniff(data) is NEED_MORE


def test_tls() -> None:
    assert sniff(HELLO) == Sniffed("tls", "www.example.com", {})
    assert sniff(NO_NAME) == Sniffed("tls", "", {})


@given(st.integers(1, 600))
def test_a_hello_may_be_cut_into_records(size: int) -> None:
    assert sniff(in_records(HELLO, size)) == sniff(HELLO)


def test_bittorrent() -> None:
    assert sniff(b"\x13BitTorrent protocol" + bytes(8)) == Sniffed("bittorrent", "", {})


streams = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([GET, HELLO, NO_NAME, in_records(HELLO, 100), b"\x13BitTorrent protocol12345"]),
    st.tuples(st.just(HELLO), st.integers(0, len(HELLO) - 1), st.binary(min_size=1, max_size=3)).map(
        lambda t: t[0][: t[1]] + t[2] + t[0][t[1] + len(t[2]) :]
    ),
    st.lists(st.sampled_from([b"GET", b" ", b"/", b"HTTP/1.1", b"\r", b"\n", b":", b"x"])).map(b"".join),
)


@given(streams, st.data())
def test_longer_data_never_changes_an_answer(stream: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(stream)))
    early = sniff(stream[:cut])
    assert early is NEED_MORE or early == sniff(stream)


class Wire(asyncio.Transport):
    """A transport that only remembers its protocol."""

    protocol: Any = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol


class Watch:
    def __init__(self, initial: bytes = b"") -> None:
        self.wire = Wire()
        self.found: list[tuple[Sniffed | None, bytes]] = []
        self.decided = asyncio.Event()
        self.sniffer = Sniffer(self.done, initial)
        self.wire.set_protocol(self.sniffer)
        self.sniffer.connection_made(self.wire)

    def done(self, sniffed: Sniffed | None, data: bytes) -> None:
        self.found.append((sniffed, data))
        self.decided.set()


async def test_sniffer_collects_until_it_knows() -> None:
    watch = Watch(GET[:10])
    for byte in GET[10:]:
        watch.sniffer.data_received(bytes((byte,)))
    [(sniffed, data)] = watch.found
    assert sniffed is not None
    assert sniffed.host == "example.com"
    assert GET.startswith(data)


async def test_sniffer_decides_at_once_where_it_can() -> None:
    assert Watch(b"\x00abc").found == [(None, b"\x00abc")]
    assert Watch(GET).found == [(sniff(GET), GET)]


async def test_sniffer_gives_up_after_its_limit() -> None:
    head = b"GET / HTTP/1.1\r\nX: "
    watch = Watch(head)
    watch.sniffer.data_received(b"x" * (MAX_BYTES - len(head) - 1))
    assert watch.found == []
    watch.sniffer.data_received(b"x")
    assert watch.found == [(None, head + b"x" * (MAX_BYTES - len(head)))]


async def test_sniffer_gives_up_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SECONDS", 0.01)
    watch = Watch()
    await asyncio.wait_for(watch.decided.wait(), 5)
    assert watch.found == [(None, b"")]


async def test_a_visitor_that_leaves_early_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SECONDS", 0.01)
    watch = Watch(b"GET")
    watch.sniffer.connection_lost(None)
    await asyncio.sleep(0.03)
    assert watch.found == []


async def test_an_end_of_stream_is_passed_on_to_the_next_protocol() -> None:
    class Next(asyncio.Protocol):
        def eof_received(self) -> bool:
            return True

    wire = Wire()
    sniffer = Sniffer(lambda sniffed, data: wire.set_protocol(Next()), b"GET")
    wire.set_protocol(sniffer)
    sniffer.connection_made(wire)
    assert sniffer.eof_received() is True

    watch = Watch(b"GET")
    assert watch.sniffer.eof_received() is None
    assert watch.found == [(None, b"GET")]
