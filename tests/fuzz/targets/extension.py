"""The messages between two xrgui: only RemoteProtocolError, and what was read is written back the same."""

from __future__ import annotations

from collections.abc import Iterator

from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.mux import extension
from xrgui.engine.mux.connection import KeptAlive, MuxConnection

MESSAGES = (
    extension.Hello(extension.FEATURES, extension.MIN_WINDOW, b"i" * 16, ("tcp:443", "udp:53")),
    extension.Open(1, 7),
    extension.Credit(1, 1 << 40, 1 << 20),
    extension.Fin(1, 9),
    extension.Reset(1, 4, "denied by rule"),
    extension.Reopen(3, 7, 5),
    extension.Reopened(3, 5),
    extension.GoAway(),
    extension.Approval(True),
)


def seeds() -> Iterator[bytes]:
    for message in MESSAGES:
        yield payload(message)


def payload(message: extension.Message) -> bytes:
    (event,) = MuxConnection().receive_data(message.encode())
    assert isinstance(event, KeptAlive)
    return event.payload


def check(data: bytes) -> None:
    try:
        message = extension.decode(1, data)
    except RemoteProtocolError:
        return
    if isinstance(message, extension.Hello) and message.features >> 32:
        return  # a longer field of a later version
    if message is not None and len(data) < 400:
        again = extension.decode(1, payload(message))
        if isinstance(message, extension.Reset):
            assert isinstance(again, extension.Reset)
            assert again.code == message.code
        else:
            assert again == message
