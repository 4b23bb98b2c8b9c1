"""What waits for a full link, and leaves it for another one."""

from __future__ import annotations

from tests.engine.fake import FakeTransport, Upper
from xrgui.address import Destination, Network
from xrgui.engine.mux.substream import SubStream
from xrgui.engine.mux.worker import MuxWorker

TARGET = Destination(Network.TCP, "service.test", 80)


class Link(FakeTransport):
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The test says when it is full."""


def full_link() -> MuxWorker:
    worker = MuxWorker(client=True, lost=lambda *_: None)
    worker.connection_made(Link())
    worker.pause_writing()
    return worker


async def test_who_has_moved_to_another_link_is_served_there_alone() -> None:
    """Its former link, which is full, may still stand: once that has room it must not push into the new one."""
    former, new = full_link(), full_link()
    stream = former.open(TARGET, Upper())
    assert isinstance(stream, SubStream)
    stream.write(b"it waits")
    former.streams.pop(stream.id)
    new.streams[7] = stream
    stream.moved(new, 7)
    new.make_ready(stream)
    former.resume_writing()
    assert stream.queued == len(b"it waits")
    new.resume_writing()
    new.flush()
    assert isinstance(new.transport, Link)
    assert new.transport.written.endswith(b"it waits")
