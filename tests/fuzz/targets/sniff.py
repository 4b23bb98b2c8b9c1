"""What the first bytes tell: nothing raises, and longer data never changes an answer."""

from __future__ import annotations

from collections.abc import Iterator

from xrgui.engine import sniff


def seeds() -> Iterator[bytes]:
    yield b"GET /path?x HTTP/1.1\r\nHost: Example.com:81\r\nX-Y: z\r\n\r\nbody"
    yield b"POST / HTTP/1.0\n\n"
    yield b"\x13BitTorrent protocol" + bytes(8)
    name = b"\0\0\0\x10\0\x0e\0\0\x0bexample.com"
    hello = b"\3\3" + bytes(32) + b"\0\0\2\x13\1\1\0" + len(name).to_bytes(2) + name
    message = b"\1" + len(hello).to_bytes(3) + hello
    yield b"\x16\3\1" + len(message).to_bytes(2) + message
    yield b"\x16\3\1" + (20).to_bytes(2) + message[:20] + b"\x16\3\1" + (len(message) - 20).to_bytes(2) + message[20:]


def check(data: bytes) -> None:
    before: sniff.Answer = sniff.NEED_MORE
    for end in (*range(min(len(data), 80)), *range(80, len(data), 17), len(data)):
        answer = sniff.sniff(data[:end])
        assert before is sniff.NEED_MORE or answer == before
        before = answer
    if isinstance(before, sniff.Sniffed):
        assert before.host == before.host.lower()
