from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from xrgui.address import Destination, Network
from xrgui.config.model import SockOpt, Stream
from xrgui.engine import transport
from xrgui.engine.transport import proxy_protocol
from xrgui.engine.wire.proxy_protocol import encode

VISITOR = Destination(Network.TCP, "192.0.2.7", 4711)
PORTAL = Destination(Network.TCP, "198.51.100.1", 443)


def accepting(stream: Stream) -> Stream:
    return msgspec.structs.replace(stream, sockopt=SockOpt(accept_proxy_protocol=True))


class After(asyncio.Protocol):
    """Writes a PROXY header before it gives its connection to a stack."""

    def __init__(self, header: bytes, stack: asyncio.Protocol) -> None:
        self.header = header
        self.stack = stack

    def connection_made(self, transport: Any) -> None:
        transport.write(self.header)
        transport.set_protocol(self.stack)
        self.stack.connection_made(transport)


@pytest.mark.parametrize("version", [1, 2])
async def test_the_header_names_the_visitor_under_every_stack(bench: Any, stack: Any, version: Any) -> None:
    listener, accepted = await bench.listen(accepting(stack.server))
    ours = bench.recorder()
    client = transport.client_stack(stack.client, "127.0.0.1", ours)
    header = encode(version, VISITOR, PORTAL)
    await transport.dial(Stream(), "127.0.0.1", listener.port, lambda: After(header, client))
    await ours.until(lambda: ours.made == 1)
    ours.transport.write(b"x" * 300_000)
    theirs = await accepted.get()
    await theirs.at_least(300_000)
    assert theirs.transport.get_extra_info("peername") == ("192.0.2.7", 4711)
    assert theirs.transport.get_extra_info("sockname") == ("198.51.100.1", 443)
    assert theirs.transport.get_extra_info("socket") is not None
    theirs.transport.write(b"answer")
    assert await ours.at_least(6) == b"answer"
    theirs.transport.close()
    assert await ours.ended() is None
    assert await theirs.ended() is None


async def test_a_health_check_keeps_its_own_name(bench: Any) -> None:
    listener, accepted = await bench.listen(accepting(Stream()))
    ours = await bench.dial(Stream(), listener.port)
    for byte in encode(1, None, None):
        ours.transport.write(bytes((byte,)))
        await asyncio.sleep(0)
    theirs = await accepted.get()
    assert theirs.transport.get_extra_info("peername") == ours.transport.get_extra_info("sockname")
    ours.transport.write(b"ping")
    assert await theirs.at_least(4) == b"ping"


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"PROXY TCP4 nonsense\r\n", b"\x16\x03\x01"])
async def test_a_connection_without_a_header_is_dropped(bench: Any, sent: bytes) -> None:
    listener, accepted = await bench.listen(accepting(Stream()))
    ours = await bench.dial(Stream(), listener.port)
    ours.transport.write(sent)
    await ours.ended()
    assert accepted.empty()


async def test_who_sends_no_header_in_time_is_dropped(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_protocol, "HANDSHAKE_TIMEOUT", 0.05)
    listener, accepted = await bench.listen(accepting(Stream()))
    ours = await bench.dial(Stream(), listener.port)
    ours.transport.write(b"PROXY TCP4 ")
    await ours.ended()
    assert accepted.empty()
