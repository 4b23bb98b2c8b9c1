"""Outbound ``freedom``: connects straight to where the visitor wants to go, if `finalRules` let it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Literal, cast
from weakref import WeakSet

from xrgui.address import Destination, Network, from_socket, parse_ip
from xrgui.config import model
from xrgui.engine import transport
from xrgui.engine.error_page import StandIn
from xrgui.engine.errors import DialError, EngineError, RefusedError
from xrgui.engine.interfaces import ResolverLike
from xrgui.engine.outbound.final_rules import FinalRules
from xrgui.engine.outbound.packets import PacketSocket
from xrgui.engine.session import Cancellable, Session
from xrgui.engine.tasks import spawn
from xrgui.engine.wire import proxy_protocol

_ANY_ADDRESS = ("", "0.0.0.0", "::")
"""A redirect to one of these changes the port only (Xray proxy/freedom)."""


class FreedomOutbound:
    def __init__(self, config: model.Outbound, resolver: ResolverLike) -> None:
        self.tag = config.tag
        self._settings = cast(model.FreedomOutbound, config.settings)
        self._stream = config.stream
        self._resolver = resolver
        self._rules = FinalRules(self._settings.final_rules)
        self._local = (config.send_through, 0) if config.send_through else None
        self._sockets: WeakSet[PacketSocket] = WeakSet()

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        target = self._redirected(session.destination)
        if target.network is Network.TCP:
            if self._open_at_once(session, target, cast(asyncio.Protocol, protocol)):
                return None
            work = self._open_stream(session, target, cast(asyncio.Protocol, protocol))
        else:
            work = self._open_packets(session, target, cast(asyncio.DatagramProtocol, protocol))
        return spawn(work, "freedom")

    async def close(self) -> None:
        for sock in list(self._sockets):
            sock.abort()

    def _redirected(self, destination: Destination) -> Destination:
        settings = self._settings
        host = settings.redirect_host
        if host in _ANY_ADDRESS and not settings.redirect_port:
            return destination
        return Destination(
            destination.network,
            destination.host if host in _ANY_ADDRESS else host,
            settings.redirect_port or destination.port,
        )

    # Streams

    def _open_at_once(self, session: Session, target: Destination, protocol: asyncio.Protocol) -> bool:
        """The way to most local servers. False, and nothing done, where it takes longer or fails."""
        if self._local is not None or parse_ip(target.host) is None or self._judge(session, target, target.host):
            return False
        return transport.dial_at_once(self._stream, target.host, target.port, self._factory(session, protocol))

    async def _open_stream(self, session: Session, target: Destination, protocol: asyncio.Protocol) -> None:
        try:
            allowed = await self._allowed(session, target)
            await self._dial(target, allowed, self._factory(session, protocol))
        except DialError as error:
            self._unreachable(session, protocol, DialError(target, error.cause))
        except OSError as error:
            self._unreachable(session, protocol, DialError(target, error))
        except EngineError as error:
            protocol.connection_lost(error)

    def _unreachable(self, session: Session, protocol: asyncio.Protocol, error: DialError) -> None:
        if self._settings.http:
            StandIn(session, protocol, error)
        else:
            protocol.connection_lost(error)

    async def _dial(
        self, target: Destination, allowed: tuple[str, ...], factory: Callable[[], asyncio.Protocol]
    ) -> None:
        """Connect to one of the *allowed* addresses, and to no other."""
        if len(allowed) == 1:
            await transport.dial(self._stream, allowed[0], target.port, factory, local_addr=self._local)
        else:
            await transport.dial(
                self._stream,
                target.host,
                target.port,
                factory,
                local_addr=self._local,
                resolver=_Known(allowed),
            )

    def _factory(self, session: Session, protocol: asyncio.Protocol) -> Callable[[], asyncio.Protocol]:
        version = self._settings.proxy_protocol
        if version == 0:
            return lambda: protocol
        return lambda: _Announcer(version, session.source, protocol)

    # Packets

    async def _open_packets(
        self, session: Session, target: Destination, protocol: asyncio.DatagramProtocol
    ) -> None:
        local = self._local[0] if self._local is not None else ""
        anonymous = self._redirected(session.destination) != session.destination
        sock = PacketSocket(
            session.destination,
            protocol,
            partial(self._locate, session),
            partial(self._accepts, session),
            anonymous,
        )
        try:
            await sock.open(await self._locate(session, session.destination), local, self._stream.sockopt)
        except OSError as error:
            protocol.connection_lost(DialError(target, error))
        except EngineError as error:
            protocol.connection_lost(error)
        else:
            self._sockets.add(sock)

    async def _locate(self, session: Session, destination: Destination) -> tuple[tuple[str, ...], int]:
        target = self._redirected(destination)
        return await self._allowed(session, target), target.port

    def _accepts(self, session: Session, source: Destination) -> bool:
        return not self._judge(session, source, source.host)

    # What is allowed

    async def objection(self, session: Session) -> str:
        """Why `connect` would refuse *session*; empty where it would try to reach its target."""
        target = self._redirected(session.destination)
        if parse_ip(target.host) is None and not self._rules.concern(session.inbound_protocol):
            return ""
        try:
            await self._allowed(session, target)
        except RefusedError as error:
            return str(error)
        except OSError:
            return ""
        return ""

    async def _allowed(self, session: Session, target: Destination) -> tuple[str, ...]:
        """The addresses of *target* that `finalRules` allow, at least one.

        Raises OSError where the name has none, RefusedError where none of them is allowed.
        """
        if parse_ip(target.host) is not None:
            found: tuple[str, ...] = (target.host,)
        else:
            found = await self._resolve(session, target.host)
        verdicts = [self._judge(session, target, text) for text in found]
        allowed = tuple(text for text, verdict in zip(found, verdicts, strict=True) if not verdict)
        if not allowed:
            raise RefusedError(f"{target.endpoint}: {verdicts[0]} (outbound {self.tag})")
        return allowed

    def _judge(self, session: Session, target: Destination, text: str) -> str:
        """Empty, or why *target* must not be reached at the address *text*."""
        address = parse_ip(text)
        if address is None:
            return f"{text!r} is no address"
        return self._rules.judge(session.inbound_protocol, target.network, address, target.port)

    async def _resolve(self, session: Session, host: str) -> tuple[str, ...]:
        strategy = self._settings.domain_strategy
        if strategy != "AsIs":
            try:
                return await self._resolver.resolve(host, strategy)
            except OSError:
                if strategy.startswith("Force") or self._rules.concern(session.inbound_protocol):
                    raise
        return await self._resolver.resolve(host, "AsIs")


class _Known:
    """Gives a dial the addresses that were allowed, whatever it asks for."""

    def __init__(self, addresses: tuple[str, ...]) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, strategy: str = "UseIP") -> tuple[str, ...]:
        return self._addresses


class _Announcer(asyncio.Protocol):
    """Writes the PROXY header before anything else."""

    def __init__(
        self, version: Literal[1, 2], source: Destination | None, protocol: asyncio.Protocol
    ) -> None:
        self._version = version
        self._source = source
        self._protocol = protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.Transport, transport)
        target = from_socket(stream.get_extra_info("peername"), Network.TCP)
        stream.write(proxy_protocol.encode(self._version, self._source, target))
        stream.set_protocol(self._protocol)
        self._protocol.connection_made(stream)
