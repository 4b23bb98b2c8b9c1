"""VMess outbound (AEAD): streams, packets and Mux.cool to one server."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from functools import partial
from typing import cast

from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine.client_stream import ClientStream, Dialer, Server
from xrgui.engine.errors import LocalProtocolError
from xrgui.engine.packet_stream import PacketStream
from xrgui.engine.session import Cancellable, Session
from xrgui.engine.vmess_stream import VmessStream
from xrgui.engine.wire import vmess
from xrgui.engine.wire.vmess import Command, Security
from xrgui.engine.wire.vmess_body import BodyReader, BodyWriter

AES_MACHINES = ("x86_64", "amd64", "arm64", "aarch64", "s390x")
"""Where processors have instructions for AES (Xray common/protocol/headers.go)."""

REFUSED = "it does not know this id, its clock is more than 2 minutes off ours, or it cannot reach the target"


def pick_security(name: str, machine: str) -> Security:
    if name == "auto":
        fast = machine.lower() in AES_MACHINES
        return Security.AES_128_GCM if fast else Security.CHACHA20_POLY1305
    return Security[name.upper().replace("-", "_")]


class VmessOutbound:
    def __init__(self, config: model.Outbound, dialer: Dialer) -> None:
        assert isinstance(config.settings, model.VmessOutbound)
        self.tag = config.tag
        self._account = vmess.Account(config.settings.id)
        self._security = pick_security(config.settings.security, platform.machine())
        self._server = Server(config.tag, config.settings.address, config.settings.port, dialer)

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        command = Command.UDP if session.destination.network is Network.UDP else Command.TCP
        return self._open(command, protocol, session.destination)

    def connect_mux(self, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        """Open a Mux.cool connection, of which *protocol* is the client. As `connect` otherwise."""
        return self._open(Command.MUX, protocol, Destination(Network.TCP, "", 0))

    async def close(self) -> None:
        await self._server.close()

    def _open(self, command: Command, protocol: asyncio.BaseProtocol, target: Destination) -> Cancellable | None:
        request = vmess.new_request(self._security, command, target.host, target.port, os.urandom)
        try:
            sealed = vmess.seal_request(self._account, request, time.time(), os.urandom(vmess.SALT_SIZE))
        except LocalProtocolError as error:
            cast(asyncio.Protocol, protocol).connection_lost(error)
            return None
        reader, writer = BodyReader(request, False), BodyWriter(request, True, os.urandom)
        body: asyncio.Protocol
        if command is Command.UDP:
            body = PacketStream(reader, writer, cast(asyncio.DatagramProtocol, protocol), target)
        else:
            body = VmessStream(reader, writer, cast(asyncio.Protocol, protocol))
        refusal = f"{self._server.destination.endpoint} closed the link right after the request: {REFUSED}"
        return self._server.open(ClientStream(sealed, partial(vmess.open_response, request), body, refusal))
