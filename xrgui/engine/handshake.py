"""The server side of a connection's first bytes: collect, decide, hand on or refuse, in time."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from xrgui.address import Destination, Network, from_socket
from xrgui.config import model
from xrgui.engine import transport
from xrgui.engine.errors import AuthenticationError, EngineError
from xrgui.engine.limits import Doorway, RareLog
from xrgui.engine.session import Session

log = logging.getLogger(__name__)

class HandshakeInbound:
    """Listens, and keeps the handshakes that are under way. A subclass gives `protocol`, their name in
    sessions, and `new_handshake`."""

    protocol: str

    def __init__(self, config: model.Inbound, policy: model.Policy) -> None:
        self.tag = config.tag
        self.timeout = policy.level(0).handshake
        self.doorway = Doorway()
        self._config = config
        self._listeners: list[transport.Listener] = []
        self._rare = RareLog(log)

    def new_handshake(self) -> Handshake:
        raise NotImplementedError

    @property
    def listening(self) -> str:
        return ", ".join(listener.name for listener in self._listeners)

    async def start(self) -> None:
        config = self._config
        ports = [port for first, last in config.ports or ((0, 0),) for port in range(first, last + 1)]
        try:
            for port in ports:
                listener = await transport.listen(
                    config.stream, config.listen, port, self.new_handshake, self.doorway
                )
                self._listeners.append(listener)
        except OSError:
            await self.close()
            raise

    async def close(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        for guest in self.doorway:
            guest.drop()

    def log_refusal(self, peer: str, error: EngineError, now: float) -> None:
        self._rare.warning(now, "inbound %s: refused %s: %s", self.tag, peer, error)


class Handshake(asyncio.Protocol):
    """A connection until it is handed on. A subclass overrides `advance`."""

    def __init__(self, inbound: HandshakeInbound) -> None:
        self.loop = asyncio.get_running_loop()
        self.head = b""
        """What came so far."""
        self._inbound = inbound
        self.timer = self.loop.call_later(inbound.timeout, self._too_slow)

    def advance(self) -> None:
        """Look at `head`; call `release` once it is whole. Raises EngineError to refuse the connection."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._inbound.doorway.enter(self)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self.head += data
        try:
            self.advance()
        except EngineError as error:
            self.refuse(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self.release()

    def release(self) -> None:
        """The handshake is over: the connection belongs to somebody else now, or to nobody."""
        self.timer.cancel()
        self._inbound.doorway.leave(self)

    def refuse(self, error: EngineError) -> None:
        source = self.source
        peer = source.endpoint if source else "a local peer"
        self._inbound.log_refusal(peer, error, self.loop.time())
        self.dismiss()

    def dismiss(self) -> None:
        """End a refused connection."""
        self.drop()

    def drop(self) -> None:
        self.release()
        self.transport.close()

    def _too_slow(self) -> None:
        self.refuse(AuthenticationError(f"no complete request within {self._inbound.timeout:.0f} s"))

    @property
    def source(self) -> Destination | None:
        return from_socket(self.transport.get_extra_info("peername"), Network.TCP)

    def session(self, destination: Destination, user: str) -> Session:
        inbound = self._inbound
        return Session(
            inbound.tag,
            inbound.protocol,
            destination,
            source=self.source,
            local=from_socket(self.transport.get_extra_info("sockname"), Network.TCP),
            user=user,
        )
