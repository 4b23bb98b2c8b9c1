"""What can go wrong in the engine. Failures of a socket stay OSError."""

from __future__ import annotations

from xrgui.address import Destination


class EngineError(Exception):
    """The parent of the engine's own errors; its text is fit for a user."""


class LocalProtocolError(EngineError):
    """This program misused one of its own protocol objects."""


class RemoteProtocolError(EngineError):
    """The peer sent what its protocol does not allow."""


class AuthenticationError(EngineError):
    """The peer's credentials, or ours, are not accepted."""


class DialError(EngineError):
    """A destination could not be reached."""

    def __init__(self, destination: Destination, cause: BaseException | str) -> None:
        super().__init__(f"{destination.endpoint}: {describe(cause)}")
        self.destination = destination
        self.cause = cause


class RefusedError(EngineError):
    """A rule, a limit or a missing outbound forbids this connection."""


def describe(error: BaseException | str) -> str:
    """One short phrase for *error*: what a log line or a table cell can show."""
    if isinstance(error, str):
        return error
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(error) or type(error).__name__
