"""What holds for every stack of transports."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
from typing import Any

import pytest

from xrgui.config.model import Stream
from xrgui.engine.transport.handshake import HandshakeLayer


async def test_bytes_arrive_in_both_directions(bench: Any, stack: Any) -> None:
    ours, theirs = await bench.pair(stack.server, stack.client)
    up, down = os.urandom(3_000_000), os.urandom(3_000_000)
    ends = random.Random(1)
    for recorder, data in ((ours, up), (theirs, down)):
        position = 0
        while position < len(data):
            size = ends.choice((1, 100, 5000, 16384, 70_000, 300_000))
            piece: bytes | memoryview = data[position : position + size]
            recorder.transport.write(memoryview(piece) if size == 5000 else piece)
            position += size
    assert await theirs.at_least(len(up)) == up
    assert await ours.at_least(len(down)) == down


async def test_pieces_written_together_keep_their_order(bench: Any, stack: Any) -> None:
    ours, theirs = await bench.pair(stack.server, stack.client)
    pieces = [os.urandom(size) for size in (0, 1, 200, 20_000, 5, 100_000, 3, 70_000)]
    ours.transport.writelines(pieces)
    assert await theirs.at_least(190_209) == b"".join(pieces)


async def test_the_server_may_speak_first(bench: Any, stack: Any) -> None:
    listener, accepted = await bench.listen(stack.server)
    ours = await bench.dial(stack.client, listener.port)
    theirs = await accepted.get()
    await theirs.until(lambda: theirs.made == 1)
    theirs.transport.write(b"220 ready")
    assert await ours.at_least(9) == b"220 ready"


async def test_what_is_written_before_close_arrives_and_the_end_is_clean(bench: Any, stack: Any) -> None:
    ours, theirs = await bench.pair(stack.server, stack.client)
    data = os.urandom(500_000)
    ours.transport.write(data)
    ours.transport.close()
    ours.transport.close()
    assert ours.transport.is_closing()
    assert await theirs.at_least(len(data)) == data
    assert await theirs.ended() is None
    assert theirs.eof
    assert await ours.ended() is None
    assert not ours.paused


async def test_who_sees_the_end_knows_that_it_is_closing(bench: Any, stack: Any) -> None:
    ours, theirs = await bench.pair(stack.server, stack.client)
    theirs.transport.close()
    await ours.ended()
    assert ours.transport.is_closing()


async def test_abort_ends_both_sides(bench: Any, stack: Any) -> None:
    ours, theirs = await bench.pair(stack.server, stack.client)
    ours.transport.abort()
    await ours.ended()
    await theirs.ended()
    assert theirs.received == b""


async def test_a_reader_that_pauses_stops_the_writer(bench: Any, stack: Any) -> None:
    ours, theirs = await bench.pair(stack.server, stack.client)
    theirs.transport.pause_reading()
    assert not theirs.transport.is_reading()
    sent = 0
    chunk = os.urandom(65536)
    while not ours.paused:
        ours.transport.write(chunk)
        sent += len(chunk)
        await asyncio.sleep(0)
        assert sent < 100_000_000
    before = len(theirs.received)
    assert before <= 1024 * 1024
    theirs.transport.resume_reading()
    await theirs.at_least(sent)
    await ours.until(lambda: not ours.paused)


async def test_the_protocol_can_be_replaced(bench: Any, stack: Any) -> None:
    ours, theirs = await bench.pair(stack.server, stack.client)
    other = bench.recorder()
    theirs.transport.set_protocol(other)
    ours.transport.write(b"for the other")
    assert await other.at_least(13) == b"for the other"
    assert theirs.transport.get_protocol() is other
    assert theirs.received == b""
    ours.transport.close()
    await other.ended()
    theirs.lost.set_result(None)


async def test_peers_have_names(bench: Any, stack: Any) -> None:
    ours, theirs = await bench.pair(stack.server, stack.client)
    assert theirs.transport.get_extra_info("peername") == ours.transport.get_extra_info("sockname")
    assert theirs.transport.get_extra_info("socket") is not None
    assert theirs.transport.get_extra_info("nothing", "default") == "default"


async def test_half_close_where_the_stack_can(bench: Any, stack: Any) -> None:
    ours, theirs = await bench.pair(stack.server, stack.client)
    if not ours.transport.can_write_eof():
        with pytest.raises(NotImplementedError):
            ours.transport.write_eof()
        return
    theirs.keep_open = True
    request, answer = os.urandom(200_000), os.urandom(900_000)
    ours.transport.write(request)
    ours.transport.write_eof()
    assert await theirs.at_least(len(request)) == request
    await theirs.until(lambda: theirs.eof)
    theirs.transport.write(answer)
    theirs.transport.close()
    assert await ours.at_least(len(answer)) == answer
    assert await ours.ended() is None


async def test_garbage_ends_a_connection_and_not_the_listener(bench: Any, stack: Any) -> None:
    listener, accepted = await bench.listen(stack.server)
    if stack.server == stack.client:
        return
    for garbage in (
        b"",
        b"\0" * 20_000,
        b"GET / HTTP/1.1\r\n\r\n",
        os.urandom(9000),
        b"\x16\x03\x01\xff\xff",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(garbage)
        writer.write_eof()
        async with asyncio.timeout(10):
            try:
                await reader.read()
            except ConnectionError:
                pass
        writer.close()
    ours = await bench.dial(stack.client, listener.port)
    ours.transport.write(b"still here")
    theirs = await accepted.get()
    assert await theirs.at_least(10) == b"still here"


async def test_a_dial_that_is_cancelled_leaves_nothing(bench: Any, stack: Any) -> None:
    silent, accepted = await bench.listen(Stream())
    dial = asyncio.ensure_future(bench.dial(stack.client, silent.port))
    theirs = await accepted.get()
    await theirs.until(lambda: theirs.made == 1)
    await asyncio.sleep(0)
    if not dial.done():
        dial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dial
        await theirs.ended()


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc")
async def test_nothing_is_left_of_connections_that_ended(bench: Any, stack: Any) -> None:
    listener, accepted = await bench.listen(stack.server)
    await _come_and_go(bench, stack, listener.port, accepted, 2)
    descriptors, objects = len(os.listdir("/proc/self/fd")), _connections()
    await _come_and_go(bench, stack, listener.port, accepted, 40)
    async with asyncio.timeout(10):
        while len(os.listdir("/proc/self/fd")) > descriptors:
            await asyncio.sleep(0.01)
    assert _connections() <= objects


async def _come_and_go(bench: Any, stack: Any, port: int, accepted: asyncio.Queue[Any], times: int) -> None:
    for number in range(times):
        if stack.server != stack.client:
            await _garbage(port, random.Random(number).randbytes(600) if number % 2 else b"\x16\x03\x01")
        ours = await bench.dial(stack.client, port)
        ours.transport.write(b"request")
        theirs = await accepted.get()
        await theirs.at_least(7)
        (theirs if number % 3 else ours).transport.close()
        await ours.ended()
        await theirs.ended()
    bench.made.clear()


async def _garbage(port: int, data: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    writer.close()
    try:
        await writer.wait_closed()
    except ConnectionError:
        pass


def _connections() -> int:
    gc.collect()
    return sum(isinstance(each, asyncio.Transport | HandshakeLayer) for each in gc.get_objects())
