"""Mux.cool frames (Xray common/mux/frame.go): what the bytes are, nothing of what they cause.

    metadata length (2) | id (2) | status (1) | option (1) | rest of the metadata | [data length (2) | data]

The rest of a New is network, port, address type, address, then either a UDP flow's 8-byte global id or, on
a VLESS reverse connection, the visitor's source and local address. A Keep of a UDP flow may carry the address of its
packet. All integers are big-endian.
"""

from __future__ import annotations

import struct

from xrgui.address import Destination, Network
from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.wire import address

NEW, KEEP, END, KEEP_ALIVE = 1, 2, 3, 4
DATA, ERROR = 1, 2
MAX_METADATA = 512
MAX_DATA = 65535

_HEAD = struct.Struct("!HHBB")
_KEEP_HEAD = struct.Struct("!HHBBH")
_NETWORK_BYTE = {Network.TCP: b"\x01", Network.UDP: b"\x02"}
_NETWORKS = {1: Network.TCP, 2: Network.UDP}


def keep_head(stream_id: int, size: int) -> bytes:
    """The eight bytes before *size* bytes of payload of a stream."""
    return _KEEP_HEAD.pack(4, stream_id, KEEP, DATA, size)


def keep_packet(stream_id: int, data: bytes, where: Destination | None) -> bytes:
    """One datagram; *where* is its destination upstream, its source downstream."""
    if where is None:
        return _KEEP_HEAD.pack(4, stream_id, KEEP, DATA, len(data)) + data
    place = _place(where)
    return b"".join((_HEAD.pack(4 + len(place), stream_id, KEEP, DATA), place, len(data).to_bytes(2, "big"), data))


def end(stream_id: int, *, error: bool = False) -> bytes:
    return _HEAD.pack(4, stream_id, END, ERROR if error else 0)


def keep_alive(stream_id: int, data: bytes = b"") -> bytes:
    """Discarded by every stock peer, with or without data."""
    if not data:
        return _HEAD.pack(4, stream_id, KEEP_ALIVE, 0)
    return _KEEP_HEAD.pack(4, stream_id, KEEP_ALIVE, DATA, len(data)) + data


ECHO = keep_head(0, 0)
"""A Keep for an id that nobody has: every peer answers End for it at once, which makes it a ping."""


def new(
    stream_id: int,
    target: Destination,
    data: bytes | None = None,
    *,
    source: Destination | None = None,
    local: Destination | None = None,
    global_id: bytes = b"",
) -> bytes:
    """A New frame. *source* and *local* are only for VLESS reverse, *global_id* (8 bytes) only for UDP
    elsewhere. None as *data* leaves the data part out, which makes the peer open without waiting."""
    rest = _place(target)
    if source is not None:
        rest += _place(source)
        if local is not None:
            rest += _place(local)
    elif global_id and data is not None:
        rest += global_id
    head = _HEAD.pack(4 + len(rest), stream_id, NEW, 0 if data is None else DATA)
    return head + rest if data is None else b"".join((head, rest, len(data).to_bytes(2, "big"), data))


def _place(where: Destination) -> bytes:
    return _NETWORK_BYTE[where.network] + address.encode(where.host, where.port)


def read_place(metadata: bytes, offset: int) -> tuple[Destination, int]:
    """The network, port and address at *offset* and where they end. Raises RemoteProtocolError."""
    if offset >= len(metadata):
        raise RemoteProtocolError("a Mux.cool frame ends inside its address")
    network = _NETWORKS.get(metadata[offset])
    if network is None:
        raise RemoteProtocolError(f"a Mux.cool frame names the unknown network {metadata[offset]}")
    found = address.decode(metadata, offset + 1)
    if found is None:
        raise RemoteProtocolError("a Mux.cool frame ends inside its address")
    host, port, offset = found
    return Destination(network, host, port), offset
