"""One main connection whose peer sends whatever it likes: nothing raises, and no more is held than the limits say."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.clock import FakeLoop
from tests.fuzz.support import captured, pieces
from tests.fuzz.targets import extension as messages
from tests.fuzz.wire import TARGET, Side, Wire
from xrgui.address import Destination, Network
from xrgui.engine.mux import extension, frames
from xrgui.engine.mux.packets import PacketStream
from xrgui.engine.mux.resumption import Resumption
from xrgui.engine.mux.worker import MuxWorker

LIMIT = 64 * 1024


class Packets(Side):
    def datagram_received(self, data: bytes, addr: object) -> None: ...


class Quiet(Side):
    """Takes what comes; the peer makes no promise about it. It reads nothing while *stopped*."""

    def data_received(self, data: bytes) -> None:
        assert not self.ended
        self.received += len(data)


def seeds() -> Iterator[bytes]:
    hello = messages.MESSAGES[0].encode()
    for raw in captured("raw_hex"):
        yield b"\0" + raw[:1000]
        yield b"\1" + raw[:1000]
    opened = extension.Open(5, 99).encode() + frames.new(5, TARGET)
    for role in range(8):
        yield bytes((role,)) + hello + b"".join(message.encode() for message in messages.MESSAGES[1:])
        yield bytes((role,)) + hello + opened + frames.keep_head(5, 3) + b"abc" + extension.Fin(5, 3).encode()
        yield bytes((role,)) + hello + extension.Credit(1, 5, 0).encode() + frames.end(1) + frames.end(2, error=True)
        yield bytes((role,)) + frames.new(5, Destination(Network.UDP, "a.b", 53), b"q") + frames.ECHO
        yield bytes((role,)) + hello + opened + extension.Reopen(6, 99, 0).encode() + frames.end(5)


def check(data: bytes) -> None:
    role, rest = data[0] if data else 0, data[1:]
    client, stopped, reverse = bool(role & 1), bool(role & 2), bool(role & 4)
    with FakeLoop() as loop:
        sides: list[Side] = []

        def take(stream: object) -> None:
            side = Packets() if isinstance(stream, PacketStream) else Quiet()
            sides.append(side)
            stream.set_protocol(side)  # type: ignore[attr-defined]
            side.connection_made(stream)  # type: ignore[arg-type]
            if stopped and isinstance(side, Quiet):
                stream.pause_reading()  # type: ignore[attr-defined]

        hello = extension.Hello(extension.FEATURES, extension.MIN_WINDOW, b"h" * 16)
        worker = MuxWorker(
            client=client,
            reverse=reverse,
            hello=hello,
            lost=lambda *_: None,
            accept=None if client else lambda stream, _: take(stream),
            buffer_limit=LIMIT,
        )
        worker.resumption = Resumption()
        worker.heard_hello = worker.resumption.reopen
        wire = Wire()
        wire.writer = worker
        worker.connection_made(wire)
        if client:
            for number in range(3):
                sides.append(Quiet())
                worker.open(TARGET, sides[-1])
                if number:
                    sides[-1].write(3000)
        for piece in pieces(rest):
            if not worker.closed:
                worker.data_received(piece)
                loop.run()
            wire.under_way.clear()
        loop.settle()
        held = sum(getattr(stream, "held_size", 0) for stream in worker.streams.values())
        assert held <= len(rest)
        worker.abort(ConnectionResetError("over"), final=False)
        worker.resumption.close()
        loop.pass_time(60)
        assert not worker.streams
        assert not worker.resumption._streams, "something is left behind"
        assert all(len(side.ended) == 1 for side in sides), "a local side was never told"
