"""How an outbound reaches its server: by the system, or through another outbound (`proxySettings`, `dialerProxy`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine import transport
from xrgui.engine.errors import DialError
from xrgui.engine.interfaces import Outbound
from xrgui.engine.session import Session

Connection = tuple[asyncio.Transport, asyncio.Protocol]


class Dialer:
    """Opens the transport stack of one outbound. *find* gives the outbound of a tag, at the time of a dial."""

    def __init__(self, config: model.Outbound, find: Callable[[str], Outbound | None]) -> None:
        self._stream = config.stream
        self._local = (config.send_through, 0) if config.send_through else None
        self._through = config.proxy_tag
        self._find = find

    async def dial(self, host: str, port: int, protocol_factory: Callable[[], asyncio.Protocol]) -> Connection:
        """Raises DialError."""
        if not self._through:
            return await transport.dial(self._stream, host, port, protocol_factory, local_addr=self._local)
        target = Destination(Network.TCP, host, port)
        carrier = self._find(self._through)
        if carrier is None:
            raise DialError(target, f"the outbound {self._through!r} that leads there is gone")
        arrival = _Arrival(protocol_factory())
        try:
            stack = transport.client_stack(self._stream, host, arrival)
        except OSError as error:
            raise DialError(target, error) from error
        pending = carrier.connect(Session("", "dialer", target), stack)
        try:
            async with asyncio.timeout(transport.DIAL_TIMEOUT):
                return await arrival.made
        except (OSError, TimeoutError) as error:
            raise DialError(target, error) from error
        finally:
            if pending is not None and not arrival.made.done():
                pending.cancel()


class _Arrival(asyncio.Protocol):
    """Waits for the stack to stand, then steps aside."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self._inner = inner
        self.made: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.Transport, transport)
        if self.made.done():
            stream.abort()
            return
        stream.set_protocol(self._inner)
        self._inner.connection_made(stream)
        self.made.set_result((stream, self._inner))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.made.done():
            error = exc or ConnectionAbortedError("closed before it stood")
            self.made.set_exception(error if isinstance(error, OSError) else OSError(str(error)))
