"""The shapes that the parts of the engine show one another.

Streams are asyncio.Transport below and asyncio.Protocol above, for sockets, TLS, WebSocket, a
VMess body and a sub-connection alike. Packets are asyncio.DatagramTransport and
asyncio.DatagramProtocol, with a `Destination` (or None: the session's own) as the address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from xrgui.engine.limits import Doorway
from xrgui.engine.session import Cancellable, Session


class Outbound(Protocol):
    tag: str

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        """Open a connection for *session* and give its transport to *protocol*.

        Calls ``protocol.connection_made(transport)`` now or later; on failure calls
        ``protocol.connection_lost(error)`` without a `connection_made` before it. Never raises.
        The result, where there is one, stops a dial that is under way; a cancelled dial calls
        nothing. For a UDP destination *protocol* is an asyncio.DatagramProtocol.
        """

    async def close(self) -> None:
        """Free everything; connections through this outbound end."""


class MuxCarrier(Outbound, Protocol):
    """An outbound that can ask its server for a Mux.cool connection."""

    def connect_mux(self, protocol: asyncio.BaseProtocol) -> Cancellable | None: ...


class Inbound(Protocol):
    tag: str
    doorway: Doorway
    """Whoever is in a handshake."""

    @property
    def listening(self) -> str:
        """Where it listens, ``host:port`` with the real port of a 0; several are joined by a comma."""

    async def start(self) -> None:
        """Listen. Raises OSError, with a text that names the address, where that cannot be."""

    async def close(self) -> None:
        """Stop listening and drop handshakes that are under way."""


class LinkTaker(Protocol):
    """The public end of a reverse tunnel: takes over a bridge's connection."""

    def attach(self, session: Session, transport: asyncio.Transport, initial: bytes) -> None:
        """Run a main connection on *transport*, whose first bytes were *initial*."""


class Acceptor(Protocol):
    """What an inbound does with a connection whose handshake is over (the dispatcher)."""

    def relay(
        self,
        session: Session,
        transport: asyncio.Transport,
        initial: bytes = b"",
        *,
        opened: Callable[[], None] | None = None,
        failed: Callable[[BaseException | None], None] | None = None,
    ) -> None:
        """Route *session* and tie *transport* to its outbound.

        *opened* is called once the outbound stands, before any byte of it is relayed: the place
        to answer a SOCKS or HTTP request. *failed* is called in its place when it cannot be
        reached; the transport is closed afterwards. *initial* is payload that came with the
        handshake. The transport's protocol is replaced.
        """

    def relay_packets(
        self, session: Session, transport: asyncio.DatagramTransport
    ) -> asyncio.DatagramProtocol:
        """The same for packets: the result is the protocol to hand the visitor's packets to."""

    def serve_mux(self, session: Session, transport: asyncio.Transport, initial: bytes = b"") -> None:
        """Run the serving side of Mux.cool on *transport*: its sub-connections are routed."""


class ResolverLike(Protocol):
    async def resolve(self, host: str, strategy: str = "UseIP") -> tuple[str, ...]:
        """Addresses of *host*, best first. Raises OSError where there are none."""
