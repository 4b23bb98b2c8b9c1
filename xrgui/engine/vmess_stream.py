"""The body of a VMess stream as a layer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import cast

from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.layer import Layer
from xrgui.engine.wire.address import Data
from xrgui.engine.wire.vmess_body import BodyReader, BodyWriter


class VmessStream(Layer):
    """Chunks below, payload above. It can half-close over any transport: the empty chunk says so."""

    def __init__(self, reader: BodyReader, writer: BodyWriter, upper: asyncio.Protocol) -> None:
        self.upper = upper
        self._reader = reader
        self._writer = writer
        self._end_sent = False
        self._error: RemoteProtocolError | None = None

    # Protocol side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.lower = cast(asyncio.Transport, transport)
        self.upper.connection_made(self)

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        if reader.ended:
            return
        try:
            for payload in reader.receive_stream(data):
                self.upper.data_received(cast(bytes, payload))
        except RemoteProtocolError as error:
            self._error = error
            self.lower.abort()
        if reader.ended:
            self.deliver_end()

    def deliver_end(self) -> None:
        """Pass the peer's empty chunk on."""
        if not self.lower.is_closing() and not self.upper.eof_received():
            self.close()

    def eof_received(self) -> bool | None:
        keep: bool | None = True
        if not self._reader.ended:
            if not self._reader.complete:
                self._error = RemoteProtocolError("the VMess stream ends inside a chunk")
                return False
            keep = self.upper.eof_received()
        return keep and self.lower.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self.upper.connection_lost(self._error or exc)

    # Transport side

    def write(self, data: Data) -> None:
        self.writelines((data,))

    def writelines(self, list_of_data: Iterable[Data]) -> None:
        for sealed in self._writer.seal_stream(tuple(list_of_data)):
            self.lower.write(sealed)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not self.lower.is_closing():
            self._send_end()
            if self.lower.can_write_eof():
                self.lower.write_eof()

    def close(self) -> None:
        if not self.lower.is_closing():
            self._send_end()
            self.lower.close()

    def _send_end(self) -> None:
        if not self._end_sent:
            self._end_sent = True
            self.lower.write(self._writer.end())
