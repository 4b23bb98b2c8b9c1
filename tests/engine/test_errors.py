from __future__ import annotations

import errno
import socket

import pytest

from xrgui.address import Destination, Network
from xrgui.engine.errors import AuthenticationError, DialError, RemoteProtocolError, UnansweredError, fault

TARGET = Destination(Network.TCP, "box.example.net", 443)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (None, "closed"),
        (ConnectionResetError("reset"), "closed"),
        (UnansweredError("it does not know this id"), "closed"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "name"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "refused"),
        (OSError(errno.ENETUNREACH, "no route"), "unreachable"),
        (OSError(errno.EMFILE, "too many"), "other"),
        (TimeoutError(), "timeout"),
        ("no answer in 8 seconds", "timeout"),
        (AuthenticationError("expired"), "certificate"),
        (RemoteProtocolError("answered 404"), "protocol"),
    ],
)
def test_kinds_of_failure_survive_the_dial_that_wraps_them(
    error: BaseException | str | None, kind: str
) -> None:
    assert fault(error) == kind
    if error is not None:
        assert fault(DialError(TARGET, error)) == kind
