"""What TLS, WebSocket and the PROXY protocol share: a layer that first has to agree with its peer."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import cast

from xrgui.engine.layer import Layer
from xrgui.engine.limits import Doorway

Failed = Callable[[Exception], None]


class HandshakeLayer(Layer):
    """Until `establish` the protocol above does not exist: *factory* makes it then.

    A handshake that fails closes the connection; the dialling side gives *failed*, which is told
    why, while a listener has nobody to tell. *timeout* is in seconds.
    """

    def __init__(self, factory: Callable[[], asyncio.Protocol], failed: Failed | None, timeout: float) -> None:
        self.factory = factory
        self.failed = failed
        self.timeout = timeout
        self.established = False
        self.error: Exception | None = None
        """Why this layer ended the connection; told to the protocol above in `connection_lost`."""
        self.ended_by_peer = False
        """The peer said goodbye and we close in answer: that it no longer listens is no error."""
        self.doorway: Doorway | None = None
        """Where it stands until it is established (the listening side)."""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.lower = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(self.timeout, self._timed_out)
        self.lower.set_protocol(self)
        if self.doorway is not None:
            self.doorway.enter(self)

    def establish(self) -> None:
        """The handshake is over: the protocol above gets its connection."""
        self.handshake_over()
        self.established = True
        self.upper = self.factory()
        self.upper.connection_made(self)

    def fail(self, error: Exception) -> None:
        """End the connection because of *error*."""
        if self.error is None:
            self.error = error
        if not self.lower.is_closing():
            self.lower.close()

    def drop(self) -> None:
        """Make room for another one."""
        self.handshake_over()
        self.lower.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.handshake_over()
        error = None if self.ended_by_peer else self.error or exc
        if self.established:
            self.upper.connection_lost(error)
        elif self.failed is not None:
            self.failed(error or ConnectionResetError(errno.ECONNRESET, "closed during the handshake"))

    def eof_received(self) -> bool | None:
        return self.upper.eof_received() if self.established else False

    def pause_writing(self) -> None:
        if self.established:
            self.upper.pause_writing()

    def resume_writing(self) -> None:
        if self.established:
            self.upper.resume_writing()

    def _timed_out(self) -> None:
        self._timer = None
        self.fail(TimeoutError(errno.ETIMEDOUT, "no answer to the handshake"))
        self.lower.abort()

    def handshake_over(self) -> None:
        if self.doorway is not None:
            self.doorway.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
