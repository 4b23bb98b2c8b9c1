"""Mux.cool: any split gives the same events, and nothing raises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.fuzz.support import captured, pieces
from xrgui.engine.mux.connection import Data, MuxConnection


def seeds() -> Iterator[bytes]:
    for raw in captured("raw_hex", "sent_hex", "received_hex", "c2s", "s2c"):
        yield b"\0" + raw
        yield b"\1" + raw


def check(data: bytes) -> None:
    reverse, stream = bool(data[:1] and data[0] & 1), data[1:]
    whole = joined(MuxConnection(reverse=reverse).receive_data(stream))
    connection = MuxConnection(reverse=reverse)
    events = [event for piece in pieces(stream) for event in kept(connection.receive_data(piece))]
    assert joined(events) == whole


def kept(events: list[Any]) -> list[Any]:
    return [Data(e.id, bytes(e.payload), e.starts_frame) if isinstance(e, Data) else e for e in events]


def joined(events: list[Any]) -> list[Any]:
    """Portions of one stream's payload put together: that is all that a split may change."""
    out: list[Any] = []
    for event in events:
        if not isinstance(event, Data):
            out.append(event)
        elif event.payload:
            if out and isinstance(out[-1], list) and out[-1][0] == event.id:
                out[-1][1] += bytes(event.payload)
            else:
                out.append([event.id, bytes(event.payload)])
    return out
