"""The reading side of one Mux.cool connection, sans-I/O: bytes in, events out.

`receive_data` may be given the bytes in any portions. Payload of a TCP stream comes out as it arrives, without
waiting for the rest of its frame; a datagram and the data of a KeepAlive come out whole. What the peer does wrong is
one `Broken` event, after which everything is ignored: framing is lost then, so the main connection has to end.
"""

from __future__ import annotations

import struct

import msgspec

from xrgui.address import Destination, Network
from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.mux import frames

Payload = bytes | memoryview


class Data(msgspec.Struct, frozen=True, gc=False):
    """Payload of a TCP stream, or of an id that is not known."""

    id: int
    payload: Payload
    """A view into the bytes that were received; copy it to keep it."""
    starts_frame: bool
    """False for the later portions of a frame that came in several."""


class Packet(msgspec.Struct, frozen=True, gc=False):
    """One datagram."""

    id: int
    payload: bytes
    where: Destination | None
    """Its destination or source, where the peer says one."""


class Opened(msgspec.Struct, frozen=True, gc=False):
    """The peer opens a sub-connection; its first payload, if any, follows as an event of its own."""

    id: int
    target: Destination
    source: Destination | None
    local: Destination | None
    global_id: bytes
    """8 bytes that name a UDP flow across main connections; empty for none."""


class Ended(msgspec.Struct, frozen=True, gc=False):
    id: int
    error: bool


class KeptAlive(msgspec.Struct, frozen=True, gc=False):
    id: int
    payload: bytes


class Broken(msgspec.Struct, frozen=True, gc=False):
    reason: str


Event = Data | Packet | Opened | Ended | KeptAlive | Broken

_HEAD = struct.Struct("!HHBB")
_STREAM, _PACKET, _KEEP_ALIVE, _DISCARD = range(4)
"""What becomes of the current frame's data."""
ALL = 1 << 62
"""More events than there ever are."""


class MuxConnection:
    """One direction's state. *reverse*: the connection is a VLESS reverse link, on which a New carries source
    and local address instead of a global id."""

    __slots__ = (
        "_buffer",
        "_current",
        "_fresh",
        "_left",
        "_mode",
        "_where",
        "_whole",
        "broken",
        "more",
        "packet_ids",
        "reverse",
    )

    def __init__(self, *, reverse: bool = False) -> None:
        self.reverse = reverse
        self.packet_ids: set[int] = set()
        """Ids whose payload is datagrams. Whoever opens or closes one keeps this up to date."""
        self.broken = False
        self._buffer = b""
        self._left = 0
        """Bytes that the current frame's data still lacks."""
        self._current = 0
        self._where: Destination | None = None
        self._fresh = True
        self._mode = _STREAM
        self._whole = bytearray()
        """What came so far of data that has to come out whole."""
        self.more = False
        """The last call gave as many events as it might, and left bytes for the next one."""

    def receive_data(self, data: bytes | bytearray | memoryview, most: int = ALL) -> list[Event]:
        """*most* events at once; a call without *data* gives the next ones."""
        events: list[Event] = []
        if self.broken:
            return events
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        view = memoryview(data)
        size = len(data)
        position = 0
        try:
            while position < size and len(events) < most:
                if self._left:
                    take = min(self._left, size - position)
                    self._continue(view[position : position + take], events)
                    position += take
                    continue
                if size - position < 2:
                    break
                length = data[position] << 8 | data[position + 1]
                if not 4 <= length <= frames.MAX_METADATA:
                    raise RemoteProtocolError(f"a Mux.cool frame says that its metadata has {length} bytes")
                if size - position < 2 + length:
                    break
                _, stream_id, status, option = _HEAD.unpack_from(data, position)
                after = position + 2 + length
                amount = -1
                if option & frames.DATA:
                    if size - after < 2:
                        break
                    amount = data[after] << 8 | data[after + 1]
                if status == frames.KEEP and length == 4 and stream_id not in self.packet_ids:
                    # The usual frame, kept short: this is the path of every byte.
                    if amount < 0:
                        position = after
                        continue
                    position = after + 2
                    take = min(amount, size - position)
                    events.append(Data(stream_id, view[position : position + take], True))
                    position += take
                    self._left = amount - take
                    self._current = stream_id
                    self._mode = _STREAM
                    self._fresh = False
                    continue
                if status == frames.KEEP_ALIVE and 0 < amount <= size - after - 2:
                    # A whole message of the extension: several for each sub-connection.
                    position = after + 2 + amount
                    events.append(KeptAlive(stream_id, bytes(view[after + 2 : position])))
                    continue
                self._begin(stream_id, status, option, bytes(view[position + 6 : after]), amount, events)
                position = after if amount < 0 else after + 2
        except RemoteProtocolError as error:
            self.broken = True
            events.append(Broken(str(error)))
            return events
        if position < size:
            self._buffer = bytes(view[position:])
        self.more = len(events) >= most and position < size
        return events

    def _begin(self, stream_id: int, status: int, option: int, rest: bytes, amount: int, events: list[Event]) -> None:
        """A frame of any kind but a plain stream's Keep; its data, *amount* bytes (-1: none), comes next."""
        self._current = stream_id
        self._left = max(amount, 0)
        self._where = None
        self._fresh = True
        if status == frames.NEW:
            opened = self._read_new(stream_id, rest, amount)
            events.append(opened)
            if opened.target.network is Network.UDP:
                self.packet_ids.add(stream_id)
                self._mode = _PACKET
            else:
                self.packet_ids.discard(stream_id)
                self._mode = _STREAM
        elif status == frames.KEEP:
            if stream_id in self.packet_ids:
                self._mode = _PACKET
                if rest and rest[0] == 2:
                    self._where, _ = frames.read_place(rest, 0)
            else:
                self._mode = _STREAM
                if not amount:
                    events.append(Data(stream_id, b"", True))
        elif status == frames.END:
            events.append(Ended(stream_id, bool(option & frames.ERROR)))
            self.packet_ids.discard(stream_id)
            self._mode = _DISCARD
        elif status == frames.KEEP_ALIVE:
            self._mode = _KEEP_ALIVE
            if amount < 1:
                events.append(KeptAlive(stream_id, b""))
        else:
            raise RemoteProtocolError(f"a Mux.cool frame has the unknown status {status}")

    def _read_new(self, stream_id: int, rest: bytes, amount: int) -> Opened:
        target, offset = frames.read_place(rest, 0)
        source = local = None
        global_id = b""
        if self.reverse:
            if offset < len(rest) and rest[offset]:
                source, offset = frames.read_place(rest, offset)
                if offset < len(rest) and rest[offset]:
                    local, offset = frames.read_place(rest, offset)
        elif amount >= 0 and target.network is Network.UDP and len(rest) - offset >= 8:
            global_id = rest[offset : offset + 8]
            if not any(global_id):
                global_id = b""
        return Opened(stream_id, target, source, local, global_id)

    def _continue(self, part: memoryview, events: list[Event]) -> None:
        """More data of the current frame."""
        self._left -= len(part)
        if self._mode == _STREAM:
            events.append(Data(self._current, part, self._fresh))
            self._fresh = False
        elif self._mode != _DISCARD:
            self._whole += part
            if not self._left:
                whole = bytes(self._whole)
                self._whole.clear()
                if self._mode == _PACKET:
                    events.append(Packet(self._current, whole, self._where))
                else:
                    events.append(KeptAlive(self._current, whole))
