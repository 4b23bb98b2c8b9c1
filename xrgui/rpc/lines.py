"""The lines themselves: requests, answers, errors, and where an engine listens."""

from __future__ import annotations

from typing import Literal

import msgspec

PROTOCOL = 1
"""Raised when an old client could misread a new engine; new fields and methods do not raise it."""
MAX_LINE = 16 * 1024 * 1024
"""The longest request, answer or event in bytes, its line feed included."""
MIN_INTERVAL = 0.2
MAX_INTERVAL = 60.0

Stream = Literal["totals", "status", "sessions", "log"]
Level = Literal["debug", "info", "warning", "error"]
ErrorCode = Literal[
    "bad_request",
    "unknown_method",
    "unauthorized",
    "bad_config",
    "failed",
    "not_found",
    "too_large",
    "internal",
]


class Struct(msgspec.Struct):
    """Unknown fields are ignored, so that a newer engine may say more."""


# Envelopes


class Request(Struct):
    id: int
    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")


class Error(Struct, omit_defaults=True):
    code: ErrorCode
    message: str
    """One sentence for a person."""
    hint: str = ""
    """The way out; may be empty."""


class Answer(Struct, omit_defaults=True):
    """What a client reads from a line: an answer (`id`) or an event (`event`)."""

    id: int | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: Error | None = None
    event: str = ""
    """Of a stream that this client may not know."""
    data: msgspec.Raw = msgspec.Raw()


class RpcError(Exception):
    """The engine refused a call, or the connection to it is gone (code "failed")."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.message)
        self.code = error.code
        self.message = error.message
        self.hint = error.hint


# Where it listens


class TcpEndpoint(Struct):
    """What a ``.tcp`` file holds, for systems without unix sockets."""

    port: int
    token: str

    def __repr__(self) -> str:
        return f"TcpEndpoint(port={self.port})"
