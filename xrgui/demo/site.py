"""The sample site: a page, a file of any size, a stream of events. HTTP/1.1, no dependencies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from time import strftime
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from xrgui import paths

BLOCK = bytes(range(256)) * 256
LARGEST = 10_000
"""MiB that `/big?mib=N` gives at most."""


class Answer(NamedTuple):
    status: str
    type: str
    body: bytes | AsyncIterator[bytes]
    length: int | None = None
    """Of a body that is made on the way; None: until the connection ends."""


async def serve(host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
    return await asyncio.start_server(_visit, host, port, limit=64 * 1024)


async def _visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await _answer_one(reader, writer):
            pass
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


async def _answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """False once the connection must end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *fields = head.split("\r\n")
    method, _, rest = line.partition(" ")
    target = rest.partition(" ")[0]
    headers = {name.strip().lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
    answer = _route(method, target, writer)
    keep = answer.length is not None or isinstance(answer.body, bytes)
    keep = keep and headers.get("connection", "").lower() != "close"
    writer.write(_head(answer, keep))
    if method != "HEAD":
        await _send(answer.body, writer)
    await writer.drain()
    return keep


def _head(answer: Answer, keep: bool) -> bytes:
    length = len(answer.body) if isinstance(answer.body, bytes) else answer.length
    lines = [
        f"HTTP/1.1 {answer.status}",
        f"Content-Type: {answer.type}",
        "Cache-Control: no-store",
        f"Connection: {'keep-alive' if keep else 'close'}",
    ]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _send(body: bytes | AsyncIterator[bytes], writer: asyncio.StreamWriter) -> None:
    if isinstance(body, bytes):
        writer.write(body)
        return
    async for part in body:
        writer.write(part)
        await writer.drain()


def _route(method: str, target: str, writer: asyncio.StreamWriter) -> Answer:
    parts = urlsplit(target)
    if method not in ("GET", "HEAD"):
        return _text("405 Method Not Allowed", "This site only answers GET.\n")
    match parts.path:
        case "/":
            page = (paths.resources() / "demo" / "index.html").read_bytes()
            return Answer("200 OK", "text/html; charset=utf-8", page)
        case "/ping":
            peer = writer.get_extra_info("peername")
            return Answer("200 OK", "application/json", json.dumps({"peer": f"{peer[0]}:{peer[1]}"}).encode())
        case "/big":
            asked = parse_qs(parts.query).get("mib", ["100"])[0]
            if not (asked.isascii() and asked.isdigit() and len(asked) < 9):
                return _text("400 Bad Request", "mib is a number.\n")
            length = min(int(asked), LARGEST) * 1024 * 1024
            return Answer("200 OK", "application/octet-stream", _big(length), length)
        case "/stream":
            return Answer("200 OK", "text/event-stream", _clock())
    return _text("404 Not Found", "There is /, /ping, /big?mib=100 and /stream.\n")


def _text(status: str, text: str) -> Answer:
    return Answer(status, "text/plain; charset=utf-8", text.encode())


async def _big(length: int) -> AsyncIterator[bytes]:
    for _ in range(length // len(BLOCK)):
        yield BLOCK


async def _clock() -> AsyncIterator[bytes]:
    number = 0
    while True:
        number += 1
        yield f"data: {json.dumps({'number': number, 'clock': strftime('%H:%M:%S')})}\n\n".encode()
        await asyncio.sleep(1)
