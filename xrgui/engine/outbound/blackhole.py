"""Outbound ``blackhole``: nothing gets through."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from xrgui.address import Network
from xrgui.config import model
from xrgui.engine.errors import RefusedError
from xrgui.engine.session import Cancellable, Session

RESPONSE = (
    b"HTTP/1.1 403 Forbidden\r\n"
    b"Connection: close\r\n"
    b"Cache-Control: max-age=3600, public\r\n"
    b"Content-Length: 0\r\n"
    b"\r\n"
)
LINGER = 1.0
"""Seconds before the connection is closed, so that the visitor reads the response first."""


class BlackholeOutbound:
    """Refuses streams at once, or answers them with 403; packets vanish until the flow is idle."""

    def __init__(self, config: model.Outbound) -> None:
        self.tag = config.tag
        self._answers = cast(model.BlackholeOutbound, config.settings).response == "http"

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        if session.destination.network is Network.UDP:
            flow = cast(asyncio.DatagramProtocol, protocol)
            flow.connection_made(_NoPackets(flow))
        elif self._answers:
            stream = cast(asyncio.Protocol, protocol)
            hole = _Hole(stream)
            stream.connection_made(hole)
            stream.data_received(RESPONSE)
        else:
            refusal = RefusedError(f"{session.destination.endpoint} is blocked (outbound {self.tag})")
            cast(asyncio.Protocol, protocol).connection_lost(refusal)
        return None

    async def close(self) -> None:
        """Nothing to free: what is open ends by itself."""


class _End(asyncio.BaseTransport):
    """Ends once: tells its protocol in the next turn of the loop."""

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self._protocol = protocol
        self._open = True

    def is_closing(self) -> bool:
        return not self._open

    def close(self) -> None:
        if self._open:
            self._open = False
            asyncio.get_running_loop().call_soon(self._lost)

    def abort(self) -> None:
        self.close()

    def _lost(self) -> None:
        self._protocol.connection_lost(None)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class _NoPackets(_End, asyncio.DatagramTransport):
    def sendto(self, data: Any, addr: Any = None) -> None:
        """Gone."""


class _Hole(_End, asyncio.Transport):
    """Swallows what is written and closes a moment after it was made."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__(protocol)
        self._timer = asyncio.get_running_loop().call_later(LINGER, self.close)

    def close(self) -> None:
        self._timer.cancel()
        super().close()

    def write(self, data: Any) -> None:
        """Gone."""

    def writelines(self, list_of_data: Any) -> None:
        """Gone."""

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """The visitor may still read."""

    def pause_reading(self) -> None:
        """There is nothing to read."""

    def resume_reading(self) -> None:
        """There is nothing to read."""

    def is_reading(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0
