"""A stream layer: a protocol to the transport below, a transport to the protocol above."""

from __future__ import annotations

import asyncio
from typing import Any, cast


class Layer(asyncio.Protocol, asyncio.Transport):
    """The base of every layer that changes bytes on their way (WebSocket, a VMess body).

    A subclass overrides `data_received` (decode, then give to ``self.upper.data_received``) and
    `write`; `writelines`, `eof_received` and `write_eof` where it has something to say there.
    Back-pressure, closing and loss pass straight through. `upper` is replaced by `set_protocol`,
    as on any transport. Call `attach` with the lower transport once the handshake is over.
    """

    lower: asyncio.Transport
    upper: asyncio.Protocol

    def attach(self, lower: asyncio.Transport, upper: asyncio.Protocol) -> None:
        """Take over *lower* and tell *upper* that its connection stands."""
        self.lower = lower
        self.upper = upper
        lower.set_protocol(self)
        upper.connection_made(self)

    # Protocol side

    def connection_lost(self, exc: Exception | None) -> None:
        self.upper.connection_lost(exc)

    def pause_writing(self) -> None:
        self.upper.pause_writing()

    def resume_writing(self) -> None:
        self.upper.resume_writing()

    def eof_received(self) -> bool | None:
        return self.upper.eof_received()

    # Transport side

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.upper = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.upper

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.lower.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self.lower.is_closing()

    def close(self) -> None:
        self.lower.close()

    def abort(self) -> None:
        self.lower.abort()

    def pause_reading(self) -> None:
        self.lower.pause_reading()

    def resume_reading(self) -> None:
        self.lower.resume_reading()

    def is_reading(self) -> bool:
        return self.lower.is_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.lower.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self.lower.get_write_buffer_size()

    def can_write_eof(self) -> bool:
        return self.lower.can_write_eof()

    def write_eof(self) -> None:
        self.lower.write_eof()
