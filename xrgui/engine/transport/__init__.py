"""How bytes cross the network: TCP and unix sockets, TLS and WebSocket upon them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from xrgui.address import Destination, Network
from xrgui.config.model import Stream
from xrgui.engine.errors import DialError
from xrgui.engine.interfaces import ResolverLike
from xrgui.engine.transport import tcp
from xrgui.engine.transport.tcp import Listener

__all__ = ["DIAL_TIMEOUT", "Listener", "dial", "listen"]

DIAL_TIMEOUT = 16
"""Seconds (Xray transport/internet/system_dialer.go)."""


async def dial(
    stream: Stream,
    host: str,
    port: int,
    protocol_factory: Callable[[], asyncio.Protocol],
    *,
    local_addr: tuple[str, int] | None = None,
    resolver: ResolverLike | None = None,
) -> tuple[asyncio.Transport, asyncio.Protocol]:
    """Connect to *host* (a name, an IP address, the path or ``@name`` of a unix socket).

    `connection_made` of the protocol is called once the whole stack stands. Raises DialError.
    """
    try:
        async with asyncio.timeout(DIAL_TIMEOUT):
            return await tcp.connect(stream.sockopt, host, port, protocol_factory, local_addr, resolver)
    except OSError as error:
        raise DialError(Destination(Network.TCP, host, port), error) from error


async def listen(
    stream: Stream, listen: str, port: int, protocol_factory: Callable[[], asyncio.Protocol]
) -> Listener:
    """Accept connections on *listen* (see `model.Inbound.listen`) and *port* (0: any free one).

    Raises OSError whose text names the address and, where the system tells, who holds it.
    """
    return await tcp.listen(stream.sockopt, listen, port, protocol_factory)
