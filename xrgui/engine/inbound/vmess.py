"""VMess inbound (AEAD)."""

from __future__ import annotations

import asyncio
import os
import random
import time

from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine.handshake import Handshake, HandshakeInbound
from xrgui.engine.interfaces import Acceptor
from xrgui.engine.packet_stream import PacketStream
from xrgui.engine.vmess_stream import VmessStream
from xrgui.engine.wire import vmess
from xrgui.engine.wire.address import MUX_HOST
from xrgui.engine.wire.vmess import Command, Request
from xrgui.engine.wire.vmess_body import BodyReader, BodyWriter

LINGER_BYTES, LINGER_SECONDS = 3320, 8.0
"""A refused connection is read on for a random part of these, so that the moment of its end tells a
prober nothing (Xray drains 54 to 3384 bytes)."""


class VmessInbound(HandshakeInbound):
    protocol = "vmess"

    def __init__(self, config: model.Inbound, acceptor: Acceptor, policy: model.Policy) -> None:
        super().__init__(config, policy)
        assert isinstance(config.settings, model.VmessInbound)
        self.users = [(vmess.Account(user.id), user) for user in config.settings.users]
        self.replays = vmess.ReplayFilter()
        self.acceptor = acceptor

    def new_handshake(self) -> Handshake:
        return VmessHandshake(self)


class VmessHandshake(Handshake):
    def __init__(self, inbound: VmessInbound) -> None:
        super().__init__(inbound)
        self._acceptor = inbound.acceptor
        self._opener = vmess.RequestReader(inbound.users, inbound.replays)
        self._linger = 0

    def data_received(self, data: bytes) -> None:
        if not self._linger:
            super().data_received(data)
            return
        self._linger -= len(data)
        if self._linger <= 0:
            self.drop()

    def dismiss(self) -> None:
        self.timer.cancel()
        self.head = b""
        self._linger = random.randint(1, LINGER_BYTES)
        self.timer = self.loop.call_later(random.uniform(0, LINGER_SECONDS), self.drop)

    def advance(self) -> None:
        opened = self._opener.receive(self.head, time.time())
        if opened is None:
            return
        request, user, size = opened
        self._hand_on(request, user.email, self.head[size:])
        self.release()

    def _hand_on(self, request: Request, user: str, rest: bytes) -> None:
        transport, acceptor = self.transport, self._acceptor
        reader, writer = BodyReader(request, True), BodyWriter(request, False, os.urandom)
        network = Network.UDP if request.command is Command.UDP else Network.TCP
        host = MUX_HOST if request.command is Command.MUX else request.host
        session = self.session(Destination(network, host, request.port), user)
        # Peers read the response header by itself, so it need not wait for the first payload.
        response = vmess.seal_response(request)
        if network is Network.UDP:
            transport.write(response)
            packets = PacketStream(reader, writer)
            packets.accept(transport, lambda packets: acceptor.relay_packets(session, packets), rest)
            return
        stream = VmessStream(reader, writer, asyncio.Protocol())
        initial = b"".join(reader.receive_stream(rest))
        transport.write(response)
        stream.attach(transport, stream.upper)
        if host == MUX_HOST:
            acceptor.serve_mux(session, stream, initial)
        else:
            acceptor.relay(session, stream, initial)
        if reader.ended:
            stream.deliver_end()
