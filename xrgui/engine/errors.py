"""What can go wrong in the engine. Failures of a socket stay OSError."""

from __future__ import annotations

import errno
import socket
from typing import Literal

from xrgui.address import Destination

Fault = Literal[
    "", "name", "refused", "unreachable", "timeout", "certificate", "closed", "protocol", "unapproved", "other"
]
"""Kinds of failure that a window explains in the user's language."""
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)


class EngineError(Exception):
    """The parent of the engine's own errors; its text is fit for a user."""


class LocalProtocolError(EngineError):
    """This program misused one of its own protocol objects."""


class RemoteProtocolError(EngineError):
    """The peer sent what its protocol does not allow."""


class AuthenticationError(EngineError):
    """The peer's credentials, or ours, are not accepted."""


class UnansweredError(AuthenticationError):
    """The server ended the link in place of an answer: most likely it does not know our id."""


class DialError(EngineError):
    """A destination could not be reached."""

    def __init__(self, destination: Destination, cause: BaseException | str) -> None:
        super().__init__(f"{destination.endpoint}: {describe(cause)}")
        self.destination = destination
        self.cause = cause


class RefusedError(EngineError):
    """A rule, a limit or a missing outbound forbids this connection."""


class OverLimitError(RefusedError):
    """There are too many already."""


class PeerResetError(ConnectionResetError):
    """The other end of a main connection ended a sub-connection and said why: a code and a text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


_CLOSED = (UnansweredError, ConnectionResetError, BrokenPipeError, EOFError)


def describe(error: BaseException | str) -> str:
    """One short phrase for *error*: what a log line or a table cell can show."""
    if isinstance(error, str):
        return error
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(error) or type(error).__name__


def fault(error: BaseException | str | None) -> Fault:
    """What kind of failure of a dialled link *error* is; None is an end of stream."""
    if isinstance(error, DialError):
        return fault(error.cause)
    if error is None or isinstance(error, _CLOSED):
        return "closed"
    if isinstance(error, socket.gaierror):
        return "name"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, TimeoutError) or (isinstance(error, str) and error.startswith("no answer")):
        return "timeout"
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return "unreachable"
    if isinstance(error, AuthenticationError):
        return "certificate"
    return "protocol" if isinstance(error, RemoteProtocolError) else "other"
