"""What visitors do, and what they must see. Each works on any visitors' port on loopback."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from typing import cast

from tests.interop.origin import KEY
from tests.interop.topologies import LOOPBACK

_BLOCK = 1 << 20
_SENT = os.urandom(_BLOCK) * 2
_EXPECTED = _SENT.translate(KEY)


class EchoVisitor(asyncio.Protocol):
    """Sends *size* bytes to the XOR echo, compares every byte that comes back, then closes.

    `done` gets None, or what went wrong. Each *shift* gives a different stream.
    """

    def __init__(self, size: int, shift: int) -> None:
        self.size = size
        self.shift = shift
        self.sent = 0
        self.received = 0
        self.paused = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.send()

    def send(self) -> None:
        while not self.paused and self.sent < self.size:
            start = (self.shift + self.sent) % _BLOCK
            chunk = _SENT[start : start + min(65536, self.size - self.sent)]
            self.sent += len(chunk)
            self.transport.write(chunk)

    def data_received(self, data: bytes) -> None:
        start = (self.shift + self.received) % _BLOCK
        if data != _EXPECTED[start : start + len(data)]:
            self.finish(ValueError(f"wrong bytes after {self.received}"))
            return
        self.received += len(data)
        if self.received == self.size:
            self.finish(None)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.finish(exc or ConnectionError(f"closed after {self.received} of {self.size} bytes"))

    def finish(self, error: Exception | None) -> None:
        if not self.done.done():
            if error is None:
                self.done.set_result(None)
            else:
                self.done.set_exception(error)


async def echo(port: int, connections: int, size: int) -> float:
    """*connections* at once echo *size* bytes each; the result is MB/s, one way, of all together."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()

    async def one(number: int) -> None:
        transport, visitor = await loop.create_connection(lambda: EchoVisitor(size, number * 32749), LOOPBACK, port)
        try:
            await visitor.done
        finally:
            transport.abort()

    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            group.create_task(one(number))
    return connections * size / (time.perf_counter() - started) / 1e6


def sequential(port: int, count: int, size: int = 1024, timeout: float = 10) -> tuple[int, list[str], float]:
    """*count* connections one after another, an echo of *size* bytes each.

    The result: how many were answered in full, how each of the others failed, seconds in all.
    """
    payload, reply = _SENT[:size], _EXPECTED[:size]
    good, failures = 0, []
    started = time.perf_counter()
    for _ in range(count):
        try:
            with socket.create_connection((LOOPBACK, port), timeout) as visitor:
                visitor.sendall(payload)
                answer = read_up_to(visitor, size)
        except OSError as error:
            failures.append(type(error).__name__)
            continue
        if answer == reply:
            good += 1
        else:
            failures.append("closed" if not answer else "wrong or short answer")
    return good, failures, time.perf_counter() - started


def read_up_to(visitor: socket.socket, size: int) -> bytes:
    """*size* bytes, fewer if the stream ends before."""
    received = bytearray()
    while len(received) < size and (data := visitor.recv(size - len(received))):
        received += data
    return bytes(received)


def slow_download(port: int, page: str, size: int, rate: float) -> int:
    """How many of a page's *size* bytes reach a visitor who reads *rate* bytes per second."""
    received = 0
    with socket.socket() as visitor:
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        visitor.settimeout(10)
        visitor.connect((LOOPBACK, port))
        visitor.sendall(f"GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = visitor.recv(65536)
        received = len(head) - head.index(b"\r\n\r\n") - 4
        started = time.perf_counter()
        while received < size and (data := visitor.recv(256 * 1024)):
            received += len(data)
            time.sleep(max(0, received / rate - (time.perf_counter() - started)))
    return received


async def udp_echo(port: int, target: int, sizes: list[int]) -> list[bytes]:
    """One datagram of each size to the port, an echo server on *target*; the replies, in order.

    Each waits for its reply: UDP promises nothing else. Raises TimeoutError.
    """
    loop = asyncio.get_running_loop()
    server, _ = await loop.create_datagram_endpoint(DatagramEcho, (LOOPBACK, target))
    client, inbox = await loop.create_datagram_endpoint(Inbox, remote_addr=(LOOPBACK, port))
    try:
        replies = []
        for size in sizes:
            client.sendto(_SENT[:size])
            replies.append(await asyncio.wait_for(inbox.packets.get(), 5))
        return replies
    finally:
        server.close()
        client.close()


class DatagramEcho(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.transport.sendto(data.translate(KEY), addr)  # type: ignore[arg-type]


class Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.packets: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.packets.put_nowait(data)


def udp_answers(sizes: list[int]) -> list[bytes]:
    """What `udp_echo` must give."""
    return [_EXPECTED[:size] for size in sizes]


async def banner_delay(port: int, target: int, tries: int) -> float:
    """Best time in seconds from connecting to the first byte of a server that speaks first."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, LOOPBACK, target)
    try:
        return min([await first_byte(port) for _ in range(tries)])
    finally:
        server.close()
        await server.wait_closed()


async def first_byte(port: int) -> float:
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        line = await asyncio.wait_for(reader.readline(), 10)
        took = time.perf_counter() - started
        assert line == b"220 ready\r\n", f"got {line!r} in place of the banner"
        return took
    finally:
        writer.close()
        await writer.wait_closed()


async def closed_within(port: int, patience: float) -> float:
    """Seconds until a connection to *port* is closed from the other side without a byte.

    Raises TimeoutError, or AssertionError if there were bytes.
    """
    started = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except ConnectionError:
        return time.perf_counter() - started
    try:
        writer.write(b"hello")
        data = await asyncio.wait_for(reader.read(1), patience)
        assert data == b"", f"got {data!r} from a target that nobody serves"
    except ConnectionError:
        pass
    finally:
        writer.close()
    return time.perf_counter() - started


async def reset_seen(port: int, target: int, patience: float) -> float:
    """Seconds from a visitor's RST to the end of the connection at the server. Raises TimeoutError."""
    greeted, ended = asyncio.Event(), asyncio.Event()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readexactly(5) == b"hello"
            greeted.set()
            await reader.read()
        except ConnectionError:
            pass
        finally:
            ended.set()
            writer.close()

    server = await asyncio.start_server(watch, LOOPBACK, target)
    visitor = socket.create_connection((LOOPBACK, port))
    try:
        visitor.sendall(b"hello")
        await asyncio.wait_for(greeted.wait(), 10)
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        visitor.close()
        cut = time.perf_counter()
        await asyncio.wait_for(ended.wait(), patience)
        return time.perf_counter() - cut
    finally:
        visitor.close()
        server.close()
        await server.wait_closed()
