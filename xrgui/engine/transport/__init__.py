"""How bytes cross the network: TCP and unix sockets, TLS and WebSocket upon them."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from functools import partial
from typing import cast

from xrgui.address import Destination, Network
from xrgui.config.model import Stream
from xrgui.engine.errors import DialError, EngineError
from xrgui.engine.interfaces import ResolverLike
from xrgui.engine.limits import Doorway
from xrgui.engine.transport import sockets, tcp, tls_context
from xrgui.engine.transport.handshake import HandshakeLayer
from xrgui.engine.transport.proxy_protocol import ProxyProtocolServer
from xrgui.engine.transport.tcp import Connection, Listener, ProtocolFactory
from xrgui.engine.transport.tls import TlsLayer

__all__ = ["DIAL_TIMEOUT", "Listener", "client_stack", "dial", "dial_at_once", "listen"]

DIAL_TIMEOUT = 16
"""Seconds for the whole stack (Xray transport/internet/system_dialer.go, there for TCP alone)."""


async def dial(
    stream: Stream,
    host: str,
    port: int,
    protocol_factory: ProtocolFactory,
    *,
    local_addr: tuple[str, int] | None = None,
    resolver: ResolverLike | None = None,
) -> Connection:
    """Connect to *host* (a name, an IP address, the path or ``@name`` of a unix socket).

    `connection_made` of the protocol is called once the whole stack stands. Raises DialError,
    whose `cause` keeps the errno of a socket's failure.
    """
    try:
        with _Limit() as limit:
            if stream.network == "raw" and stream.security == "none":
                return await tcp.connect(stream.sockopt, host, port, protocol_factory, local_addr, resolver)
            return await _dial_stack(stream, host, port, protocol_factory, local_addr, resolver)
    except (OSError, EngineError) as error:
        late = TimeoutError(errno.ETIMEDOUT, f"no answer in {DIAL_TIMEOUT} seconds")
        raise DialError(Destination(Network.TCP, host, port), late if limit.expired else error) from error


def dial_at_once(stream: Stream, host: str, port: int, protocol_factory: ProtocolFactory) -> bool:
    """`dial` for a server of this very host, as a plain call; False where it cannot be one, or does not answer."""
    plain = stream.network == "raw" and stream.security == "none" and not sockets.needs_early_options(stream.sockopt)
    return plain and host in sockets.LOOPBACK and tcp.connect_at_once(stream.sockopt, host, port, protocol_factory)


class _Limit:
    """DIAL_TIMEOUT around the body: `asyncio.timeout`, but quicker, since each visitor costs a dial."""

    def __enter__(self) -> _Limit:
        self.expired = False
        self._task = cast(asyncio.Task[object], asyncio.current_task())
        self._cancelling = self._task.cancelling()
        self._timer = asyncio.get_running_loop().call_later(DIAL_TIMEOUT, self._expire)
        return self

    def _expire(self) -> None:
        self.expired = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError


async def _dial_stack(
    stream: Stream,
    host: str,
    port: int,
    protocol_factory: ProtocolFactory,
    local_addr: tuple[str, int] | None,
    resolver: ResolverLike | None,
) -> Connection:
    top = _Top(protocol_factory)
    bottom = client_stack(stream, host, top)
    transport, _ = await tcp.connect(stream.sockopt, host, port, lambda: bottom, local_addr, resolver)
    try:
        return await top.ready
    except BaseException:
        transport.abort()
        raise


def client_stack(stream: Stream, host: str, protocol: asyncio.Protocol) -> asyncio.Protocol:
    """The protocol to give a bare connection to *host*, so that *protocol* gets the whole stack.

    For a connection that something else opened (an outbound that dials through another one).
    Where the stack fails, `protocol.connection_lost(error)` comes without a `connection_made`.
    Raises OSError about certificate files.
    """
    failed = protocol.connection_lost
    factory: ProtocolFactory = lambda: protocol  # noqa: E731
    if stream.network == "ws":
        # Here, since it costs each process 3 MB and few need it.
        from xrgui.engine.transport.websocket import WebSocketClient

        factory = partial(WebSocketClient, stream, host, factory, failed)
    if stream.security == "tls":
        client = tls_context.for_client(stream, host)
        factory = partial(
            TlsLayer,
            client.context,
            factory,
            server_name=client.server_name,
            verify=client.verify,
            failed=failed,
        )
    return factory()


class _Top(asyncio.Protocol):
    """Stands above a stack that is being set up, and makes room for the real protocol."""

    def __init__(self, factory: ProtocolFactory) -> None:
        self._factory = factory
        self.ready: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.Transport, transport)
        if self.ready.cancelled():
            stream.abort()
            return
        protocol = self._factory()
        stream.set_protocol(protocol)
        protocol.connection_made(stream)
        self.ready.set_result((stream, protocol))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionResetError("closed"))


async def listen(
    stream: Stream,
    listen: str,
    port: int,
    protocol_factory: ProtocolFactory,
    doorway: Doorway | None = None,
) -> Listener:
    """Accept connections on *listen* (see `model.Inbound.listen`) and *port* (0: any free one).

    Who is still in the handshake of a layer stands in *doorway*. Raises OSError whose text names the
    address and, where the system tells, who holds it, or the certificate at fault.
    """
    return await tcp.listen(stream.sockopt, listen, port, _server_stack(stream, protocol_factory, doorway))


def _server_stack(stream: Stream, factory: ProtocolFactory, doorway: Doorway | None) -> ProtocolFactory:
    if stream.network == "ws":
        from xrgui.engine.transport.websocket import WebSocketServer

        factory = _at(doorway, partial(WebSocketServer, stream, factory))
    if stream.security == "tls":
        factory = _at(doorway, _tls_server(tls_context.ServerTls(stream), factory))
    if stream.sockopt.accept_proxy_protocol:
        factory = _at(doorway, partial(ProxyProtocolServer, factory))
    return factory


def _at(doorway: Doorway | None, factory: Callable[[], HandshakeLayer]) -> ProtocolFactory:
    def make() -> HandshakeLayer:
        layer = factory()
        layer.doorway = doorway
        return layer

    return make


def _tls_server(server: tls_context.ServerTls, factory: ProtocolFactory) -> Callable[[], TlsLayer]:
    return lambda: TlsLayer(server.context(), factory)
