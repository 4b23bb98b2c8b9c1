"""Lines of the RPC: what an engine reads from a client that has not greeted yet and from one that has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tests.engine.fake import FakeTransport
from tests.fuzz.clock import FakeLoop
from tests.fuzz.support import pieces
from xrgui import rpc
from xrgui.engine import control


class Server:
    """As much of one as a client meets who never gives the right token."""

    token = "secret"

    def __init__(self) -> None:
        self.connections: set[Any] = set()

    def forget(self, connection: Any) -> None:
        self.connections.discard(connection)


class Transport(FakeTransport):
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


def seeds() -> Iterator[bytes]:
    yield b'{"id":1,"method":"hello","params":{"token":"x"}}\n'
    for method, kind in rpc.CALLS.items():
        yield b'{"id":2,"method":"%s","params":{}}\n' % method.encode()
        fields = {field.name: None for field in msgspec.structs.fields(kind)}
        yield msgspec.json.encode({"id": 3, "method": method, "params": fields}) + b"\n"
    yield b'{"id":1,"result":{"a":1}}\n{"event":"log","data":[]}\n'
    yield b'{"id":1,"error":{"code":"failed","message":"m","hint":"h"}}\n'


def check(data: bytes) -> None:
    assert talk([data]) == talk(list(pieces(data)))
    for line in data.split(b"\n"):
        try:
            request = control._decode_request(line)
            kind = rpc.CALLS.get(request.method)
            if kind is not None:
                repr(msgspec.json.decode(request.params, type=kind))
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError):
            pass
        try:
            answer = msgspec.json.decode(line, type=rpc.Answer)
            if answer.event in rpc.EVENTS:
                msgspec.json.decode(answer.data, type=rpc.EVENTS[answer.event])
        except ValueError:
            pass  # which is what xrgui/client.py catches


def talk(parts: list[bytes]) -> bytes:
    with FakeLoop():
        transport = Transport()
        connection = control.Connection(Server())  # type: ignore[arg-type]
        connection.connection_made(transport)
        for part in parts:
            if not transport.is_closing():
                connection.data_received(part)
        assert not connection.welcome
        connection.connection_lost(None)
        return transport.take()
