"""VLESS outbound: streams, packets, Mux.cool and reverse links to one server."""

from __future__ import annotations

import asyncio
from typing import cast

from xrgui.address import Network
from xrgui.config import model
from xrgui.engine.client_stream import ClientStream, Dialer, Server
from xrgui.engine.errors import LocalProtocolError
from xrgui.engine.packet_stream import PacketStream
from xrgui.engine.session import Cancellable, Session
from xrgui.engine.wire import vless
from xrgui.engine.wire.vless import Command

REFUSED = {
    Command.TCP: "it does not know this id, or cannot reach the target",
    Command.UDP: "it does not know this id, or cannot reach the target",
    Command.MUX: "it does not know this id",
    Command.REVERSE: "it does not know this id, or this user has no reverse tag there",
}


class VlessOutbound:
    def __init__(self, config: model.Outbound, dialer: Dialer) -> None:
        assert isinstance(config.settings, model.VlessOutbound)
        self.tag = config.tag
        self._id = config.settings.id
        self._server = Server(config.tag, config.settings.address, config.settings.port, dialer)

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        network, host, port = session.destination
        if network is Network.TCP:
            return self._open(Command.TCP, protocol, host, port)
        packets = PacketStream(
            vless.PacketReader(),
            vless.PacketWriter(),
            cast(asyncio.DatagramProtocol, protocol),
            session.destination,
        )
        return self._open(Command.UDP, packets, host, port)

    def connect_mux(self, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        """Open a Mux.cool connection, of which *protocol* is the client. As `connect` otherwise."""
        return self._open(Command.MUX, protocol)

    def connect_link(self, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        """Open a link of VLESS reverse, of which *protocol* is the bridge. As `connect` otherwise."""
        return self._open(Command.REVERSE, protocol)

    async def close(self) -> None:
        await self._server.close()

    def _open(
        self, command: Command, protocol: asyncio.BaseProtocol, host: str = "", port: int = 0
    ) -> Cancellable | None:
        upper = cast(asyncio.Protocol, protocol)
        try:
            request = vless.encode_request(self._id, command, host, port)
        except LocalProtocolError as error:
            upper.connection_lost(error)
            return None
        refusal = f"{self._server.destination.endpoint} closed the link right after the request: {REFUSED[command]}"
        return self._server.open(ClientStream(request, vless.decode_response, upper, refusal))
