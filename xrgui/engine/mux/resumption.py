"""Sub-connections that outlive their main connection, between two xrgui (docs/mux-extension.md, "Resumption").

When a link dies its sub-connections park: local sockets are not read, nothing is closed. On another link between the
same two processes each side sends REOPEN for those that it opened, the other one answers REOPENED, and both send on
from the offset that the other has named. Offsets decide, so nothing is lost and nothing comes twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from xrgui.config.model import Limits
from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.memory import memory
from xrgui.engine.mux import extension, frames
from xrgui.engine.mux.substream import SubStream

if TYPE_CHECKING:
    from xrgui.engine.mux.worker import MuxWorker

log = logging.getLogger(__name__)

GRACE = float(Limits().resume)
"""Seconds that a sub-connection waits for the next link, unless the configuration says otherwise."""
REMEMBERED = 4
"""Times the grace for which the end of one is remembered: its opener may notice the loss of the link late, and then
waits."""
MOST_UIDS, MOST_KNOWN = 65_536, 1024
"""How many uids that were unknown or are over are remembered, and how many portals."""


class Resumption:
    """The resumable sub-connections of one portal or bridge, on all its links."""

    def __init__(self) -> None:
        self.grace = GRACE
        self._streams: dict[tuple[bytes, int], SubStream] = {}
        """By the peer's instance and the uid."""
        self._parked: dict[bytes, dict[int, SubStream]] = {}
        self._known: dict[bytes, None] = {}
        """The instances of portals that were met, oldest first."""
        self._timers: dict[bytes, asyncio.TimerHandle] = {}
        self._reopening: dict[tuple[MuxWorker, int], SubStream] = {}
        """Those that wait for a REOPENED."""
        self._unknown: dict[tuple[bytes, int], MuxWorker] = {}
        """What the peer asked for by REOPEN and we had never met, and over which link."""
        self._over: dict[tuple[bytes, int], float] = {}
        """What the peer opened and has ended here, maybe without its knowledge, and when."""
        memory.resumptions.add(self)

    @property
    def streams(self) -> Iterable[SubStream]:
        return self._streams.values()

    @property
    def parked(self) -> int:
        return sum(len(streams) for streams in self._parked.values())

    def add(self, stream: SubStream) -> None:
        self._streams[_instance(stream), stream.uid] = stream
        self._unknown.pop((_instance(stream), stream.uid), None)

    def is_late(self, worker: MuxWorker, uid: int) -> bool:
        """Whether a New that comes over *worker* was overtaken by a REOPEN: the peer has given that link up and opens
        *uid* over another one, or has done so. Taking it would open it twice."""
        if worker.peer is None:
            return False
        key = worker.peer.instance, uid
        return key in self._streams or key in self._over or self._unknown.get(key, worker) is not worker

    def drop(self, stream: SubStream) -> None:
        """*stream* is over."""
        instance = _instance(stream)
        self._forget(instance, stream)
        parked = self._parked.get(instance)
        if parked is not None:
            parked.pop(stream.uid, None)

    def _forget(self, instance: bytes, stream: SubStream) -> None:
        known = self._streams.pop((instance, stream.uid), None) is stream
        if self._reopening.get((stream.worker, stream.id)) is stream:
            del self._reopening[stream.worker, stream.id]
        stream.drop_sent()
        if known and stream.introduction is None and not (stream.over or stream.end_seen):
            self._note_end(instance, stream)

    def _note_end(self, instance: bytes, stream: SubStream) -> None:
        """Its opener may ask for it on another link, and must not take it for one that never arrived."""
        now = stream.worker.loop.time()
        over = self._over
        over[instance, stream.uid] = now
        while len(over) > MOST_UIDS or now - next(iter(over.values())) > REMEMBERED * self.grace:
            del over[next(iter(over))]

    def lost(self, worker: MuxWorker) -> None:
        """*worker*'s link has died: nobody answers any more what was asked over it."""
        for key in [key for key in self._reopening if key[0] is worker]:
            del self._reopening[key]
        for unknown in [unknown for unknown, link in self._unknown.items() if link is worker]:
            del self._unknown[unknown]

    def park(self, worker: MuxWorker, instance: bytes) -> None:
        """*worker*'s link was lost: keep what can go on and leave the rest to it."""
        parked = self._parked.setdefault(instance, {})
        until = worker.loop.time() + self.grace
        for stream in [*worker.streams.values(), *worker.settling.values()]:
            if not isinstance(stream, SubStream) or self._streams.get((instance, stream.uid)) is not stream:
                continue
            worker.streams.pop(stream.id, None)
            if stream.peer_ended and stream.end_seen:
                self.drop(stream)
                stream.over = True  # it needs no link any more, only a reader for what it holds
                continue
            parked[stream.uid] = stream
            stream.waits_until = until
            if not stream.is_closing():
                stream.pause()
        worker.settling.clear()
        worker.ungranted.clear()
        if (timer := self._timers.pop(instance, None)) is not None:
            timer.cancel()
        self._watch(instance)
        if parked:
            log.info("%d sub-connections wait for the next link", len(parked))

    def _watch(self, instance: bytes) -> None:
        """Have a timer for the first of those that wait for a link to *instance*, and none if nobody does. Each has a
        grace time of its own: links that come and go must not keep what the peer has forgotten."""
        if parked := self._parked.get(instance):
            if instance not in self._timers:
                loop = asyncio.get_running_loop()
                first = min(stream.waits_until for stream in parked.values())
                self._timers[instance] = loop.call_later(max(first - loop.time(), 0), self._end_late, instance)
            return
        self._parked.pop(instance, None)
        if (timer := self._timers.pop(instance, None)) is not None:
            timer.cancel()

    def _end_late(self, instance: bytes) -> None:
        del self._timers[instance]
        now = asyncio.get_running_loop().time()
        late = [stream for stream in self._parked[instance].values() if stream.waits_until <= now]
        self._end(instance, late, "the link did not come back in time")

    def give_up(self, instance: bytes, reason: str) -> None:
        """End all that waits for a link to *instance*."""
        self._end(instance, list(self._parked.get(instance, {}).values()), reason)

    def _end(self, instance: bytes, streams: list[SubStream], reason: str) -> None:
        for stream in streams:
            del self._parked[instance][stream.uid]
        self._watch(instance)
        for stream in streams:
            self._forget(instance, stream)
            if stream.held and stream.peer_ended and stream.eof_sent:
                stream.over = True
            else:
                stream.finish(ConnectionResetError(reason))

    def met(self, worker: MuxWorker, links: list[MuxWorker]) -> None:
        """The portal of *worker*, a bridge's, has said HELLO. If its process is new, those that have no link any more
        were its predecessors: one alone listens there. Many may dial, so that a portal knows only what `succeeds`
        tells it."""
        if worker.peer is None:
            return
        instance = worker.peer.instance
        if instance not in self._known:
            self._known[instance] = None
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]
            alive = {link.peer.instance for link in links if link.peer is not None}
            for former in [key for key in self._parked if key not in alive]:
                self.give_up(former, "the other end was started anew")
                self._known.pop(former, None)

    def succeeds(self, worker: MuxWorker, links: list[MuxWorker]) -> None:
        """The bridge of *worker*, a portal's, has said HELLO, and maybe which one has died in whose place it is."""
        former = worker.peer.former if worker.peer is not None else b""
        if former and worker.peer is not None and former != worker.peer.instance:
            for link in [link for link in links if link.peer is not None and link.peer.instance == former]:
                link.abort(ConnectionResetError("the other end was started anew"))
            self.give_up(former, "the other end was started anew")

    def close(self) -> None:
        for instance in list(self._parked):
            self.give_up(instance, "the tunnel was stopped")

    # The side that opened them

    def reopen(self, worker: MuxWorker) -> None:
        """Send REOPEN over *worker* for everything of ours that waits for its peer."""
        if worker.peer is None or worker.closed:
            return
        parked = self._parked.get(worker.peer.instance, {})
        for stream in [stream for stream in parked.values() if stream.introduction is not None]:
            try:
                stream_id = worker.new_id()
            except RemoteProtocolError:
                break
            worker.streams[stream_id] = stream
            del parked[stream.uid]
            stream.suspend()
            self._reopening[worker, stream_id] = stream
            worker.put_control(extension.Reopen(stream_id, stream.uid, stream.received).encode())
            stream.moved(worker, stream_id)
        self._watch(worker.peer.instance)

    def answered(self, worker: MuxWorker, message: extension.Reopened) -> None:
        stream = self._reopening.pop((worker, message.id), None)
        if stream is not None:
            self._go_on(stream, message.received)

    def refused(self, worker: MuxWorker, stream_id: int, *, over: bool) -> bool:
        """The peer does not know what we reopened, or says that it is *over*. True if it was opened once more instead:
        one that is unknown, and of which nothing was ever received on either side, got lost with its New. Not so one
        that was closed: it may have arrived with its End, and been forgotten."""
        stream = self._reopening.pop((worker, stream_id), None)
        if stream is not None and stream.peer_ended:
            stream.ended(None)  # it was forgotten there because both ends were seen
            return True
        if stream is None or over or stream.introduction is None or stream.received or stream.acked or stream.closing:
            return False
        target, source, local = stream.introduction
        worker.put_control(extension.Open(stream_id, stream.uid).encode())
        worker.put_control(frames.new(stream_id, target, source=source, local=local))
        self._go_on(stream, 0)
        return True

    # The other side

    def answer(self, worker: MuxWorker, message: extension.Reopen) -> None:
        """The peer wants a sub-connection to go on here."""
        if worker.peer is None:
            return
        instance = worker.peer.instance
        stream = self._streams.get((instance, message.uid))
        if message.id in worker.streams:
            return  # a repetition, or nonsense that must not cost a living stream its id
        if (instance, message.uid) in self._over:
            text = "it ended while the link was away"
            worker.put_control(extension.Reset(message.id, extension.TIMED_OUT, text).encode())
            worker.put_control(frames.end(message.id, error=True))
            return
        if stream is None or stream.introduction is not None:
            if len(self._unknown) < MOST_UIDS:
                self._unknown[instance, message.uid] = worker
            worker.put_control(frames.end(message.id, error=True))
            return
        former = stream.worker
        former.streams.pop(stream.id, None)
        former.settling.pop(stream.id, None)
        former.ungranted.discard(stream)
        self._parked.get(instance, {}).pop(stream.uid, None)
        worker.streams[message.id] = stream
        stream.moved(worker, message.id)
        worker.put_control(extension.Reopened(message.id, stream.received).encode())
        self._go_on(stream, message.received)
        self._watch(instance)

    def _go_on(self, stream: SubStream, offset: int) -> None:
        if stream.rewind(offset):
            stream.go_on()
        else:
            stream.overflow(extension.FLOW_VIOLATION, "the two ends do not agree on what was received")


def _instance(stream: SubStream) -> bytes:
    peer = stream.worker.peer
    return peer.instance if peer is not None else b""
