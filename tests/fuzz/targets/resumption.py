"""Two ends, links that come, stop, are cut and carry odd messages: no byte is lost, doubled or out of order, nothing
ends for no reason, and nothing is left behind. An input is a list of commands, two bytes each."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.fuzz.clock import FakeLoop
from tests.fuzz.wire import Pair, Side
from xrgui.engine.mux import extension, frames, resumption
from xrgui.engine.mux.worker import MuxWorker

MOST_STEPS, MOST_LINKS, MOST_STREAMS = 400, 12, 8
SIZES = (1, 9, 700, 4095, 4096, 9000, 16384, 40_000)
(OPEN, WRITE, DELIVER, CUT, LINK, FINISH, CLOSE, ABORT, PAUSE, RESUME, INJECT, TURN, DELIVER_ALL) = range(13)
COMMANDS = 13


def seeds() -> Iterator[bytes]:
    for seed in range(24):
        chance = Random(seed)
        kinds = (OPEN, WRITE, WRITE, WRITE, DELIVER, DELIVER_ALL, DELIVER_ALL, TURN, CUT, LINK, FINISH, PAUSE, RESUME)
        yield bytes(value for _ in range(60) for value in (chance.choice(kinds[: 6 + seed % 8]), chance.randrange(256)))


def check(data: bytes) -> None:
    with FakeLoop() as loop:
        pair = Pair(loop)
        broken = pair.broken
        pair.link()
        pair.deliver_all()
        for command, value in zip(data[: 2 * MOST_STEPS : 2], data[1 : 2 * MOST_STEPS : 2], strict=False):
            step(pair, command % COMMANDS, value, broken)
            pair.check_bounds()
        for _ in range(3):
            pair.heal()
        finish(pair, broken)


def step(pair: Pair, command: int, value: int, broken: set[int]) -> None:
    sides = [side for side in pair.sides() if side.transport is not None and not side.ended]
    side = sides[(value >> 1) % len(sides)] if sides else None
    if command == OPEN and len(pair.visitors) < MOST_STREAMS:
        pair.open()
    elif command == DELIVER:
        pair.deliver(value >> 4, value & 1, SIZES[value >> 1 & 7])
    elif command == DELIVER_ALL:
        pair.deliver_all()
    elif command == CUT:
        pair.cut(value >> 1, value & 1)
    elif command == LINK and len(pair.links) < MOST_LINKS:
        pair.link()
    elif command == INJECT:
        inject(pair, value)
    elif command == TURN:
        pair.loop.run()
    elif side is not None:
        act(pair, side, command, value, broken)


def act(pair: Pair, side: Side, command: int, value: int, broken: set[int]) -> None:
    stream = side.transport
    assert stream is not None
    if command == WRITE:
        side.write(SIZES[value >> 5 & 7])
    elif command == FINISH and not stream.is_closing():
        side.finished = True
        stream.write_eof()
    elif command in (CLOSE, ABORT):
        broken.add(stream.uid)
        stream.close() if command == CLOSE else stream.abort()
    elif command == PAUSE:
        stream.pause_reading()
    elif command == RESUME:
        stream.resume_reading()


def inject(pair: Pair, value: int) -> None:
    """A message that a peer may send at any time and that has to do no harm."""
    alive = [(link, side) for link in pair.links for side in (0, 1) if not link[side].closed]
    if not alive:
        return
    link, side = alive[(value >> 3) % len(alive)]
    worker: MuxWorker = link[side]
    some = next((stream for stream in worker.streams.values() if getattr(stream, "uid", 0)), None)
    stream_id = some.id if some is not None else 4711
    number = value & 7
    if number == 0:
        worker.put_control(frames.ECHO)
    elif number == 1:
        worker.put_control(frames.keep_alive(stream_id, bytes((value,)) * 5))
    elif number == 2:
        worker.put_control(frames.keep_alive(0))
    elif number == 3 and side == 0:
        worker.put_control(extension.Reopen(60_001, 4711, 0).encode())
    elif number == 4:
        worker.put_control(extension.Reopened(60_002, 9).encode())
    elif number == 5 and worker.hello is not None:
        worker.put_control(worker.hello.encode())
    elif number == 6:
        worker.put_control(extension.Credit(stream_id, 0, 1).encode())
    elif number == 7:
        worker.put_control(frames.keep_head(60_003, 3) + b"abc")


def finish(pair: Pair, broken: set[int]) -> None:
    for side in pair.visitors:
        stream = side.transport
        assert stream is not None
        if stream.uid in broken:
            continue
        other = pair.services.get(stream.uid)
        assert other is not None, "a sub-connection never arrived"
        for one, two in ((side, other), (other, side)):
            assert one.received == two.sent, f"{two.sent} bytes sent, {one.received} came"
            assert (one.eof or one.ended == [None]) == two.finished
            assert not one.ended or (one.ended == [None] and one.finished and two.finished), one.ended
            if one.finished and two.finished:
                assert one.ended == [None]
    for side in pair.sides():
        if side.transport is not None and not side.ended:
            side.transport.abort()
    pair.heal()
    pair.loop.pass_time(2 * resumption.GRACE)
    pair.heal()
    for both in pair.resumptions:
        assert not both.parked
        assert not both._streams, "something is left behind"
    for portal, bridge, _, _ in pair.links:
        for worker in (portal, bridge):
            assert not worker.closed or not (worker.streams or worker.settling)
            assert not worker.streams
            assert not worker.brake.on
            worker.abort(ConnectionResetError("over"))
