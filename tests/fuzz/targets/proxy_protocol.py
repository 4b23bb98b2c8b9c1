"""The PROXY protocol's header: what is complete stays what it is, and is written back the same."""

from __future__ import annotations

from collections.abc import Iterator

from xrgui.address import Destination, Network
from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.wire import proxy_protocol


def seeds() -> Iterator[bytes]:
    for first, second in (("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")):
        source, target = Destination(Network.TCP, first, 1), Destination(Network.TCP, second, 443)
        yield proxy_protocol.encode(1, source, target) + b"rest"
        yield proxy_protocol.encode(2, source, target) + b"rest"
    yield b"PROXY UNKNOWN\r\n"
    yield proxy_protocol.SIGNATURE + b"\x21\x11\0\x10" + bytes(16)


def check(data: bytes) -> None:
    found = None
    for end in (*range(min(len(data), 40)), len(data)):
        try:
            now = proxy_protocol.decode(data[:end])
        except RemoteProtocolError:
            assert found is None
            return
        assert found is None or now == found
        found = found or now
    if found is not None and found.source is not None:
        for version in (1, 2):
            again = proxy_protocol.encode(version, found.source, found.target)  # type: ignore[arg-type]
            read = proxy_protocol.decode(again)
            assert read is not None
            assert [side and side.ip for side in read[1:]] == [side and side.ip for side in found[1:]]
