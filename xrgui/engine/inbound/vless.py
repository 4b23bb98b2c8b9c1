"""VLESS inbound: visitors, Mux.cool, and the bridges of VLESS reverse."""

from __future__ import annotations

from collections.abc import Callable

from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine.errors import AuthenticationError, RemoteProtocolError
from xrgui.engine.handshake import Handshake, HandshakeInbound
from xrgui.engine.interfaces import Acceptor, LinkTaker
from xrgui.engine.packet_stream import PacketStream
from xrgui.engine.wire import vless
from xrgui.engine.wire.address import MUX_HOST
from xrgui.engine.wire.vless import Command, Request

HOSTS = {Command.MUX: MUX_HOST, Command.REVERSE: "v1.rvs.cool"}
"""How the log names the targets of commands that have none, as Xray's does."""


class VlessInbound(HandshakeInbound):
    protocol = "vless"

    def __init__(
        self,
        config: model.Inbound,
        acceptor: Acceptor,
        link_taker: Callable[[str], LinkTaker],
        policy: model.Policy,
    ) -> None:
        super().__init__(config, policy)
        assert isinstance(config.settings, model.VlessInbound)
        self.users = {vless.user_key(user.id): user for user in config.settings.users}
        self.acceptor = acceptor
        self.link_taker = link_taker

    def new_handshake(self) -> Handshake:
        return VlessHandshake(self)


class VlessHandshake(Handshake):
    def __init__(self, inbound: VlessInbound) -> None:
        super().__init__(inbound)
        self._vless = inbound

    def advance(self) -> None:
        decoded = vless.decode_request(self.head)
        if decoded is None:
            return
        request, size = decoded
        user = self._user(request)
        # Peers read the response header by itself, so it need not wait for the first payload.
        self.transport.write(vless.RESPONSE)
        self._hand_on(request, user, self.head[size:])
        self.release()

    def _user(self, request: Request) -> model.VlessUser:
        """Whose request it is. Raises AuthenticationError or RemoteProtocolError if it may not go on."""
        user = self._vless.users.get(vless.user_key(request.user))
        if user is None:
            raise AuthenticationError("unknown user id")
        if request.flow:
            raise RemoteProtocolError(f'flow {request.flow!r} is not supported: set flow to "" at the peer')
        if user.reverse_tag and request.command is not Command.REVERSE:
            raise AuthenticationError(f"user {user.email!r} is a bridge and may open a reverse link only")
        if request.command is Command.REVERSE and not user.reverse_tag:
            raise AuthenticationError(f"user {user.email!r} has no reverse tag and may open no reverse link")
        return user

    def _hand_on(self, request: Request, user: model.VlessUser, initial: bytes) -> None:
        transport, acceptor = self.transport, self._vless.acceptor
        network = Network.UDP if request.command is Command.UDP else Network.TCP
        host = HOSTS.get(request.command, request.host)
        session = self.session(Destination(network, host, request.port), user.email)
        if request.command is Command.REVERSE:
            self._vless.link_taker(user.reverse_tag).attach(session, transport, initial)
        elif network is Network.UDP:
            packets = PacketStream(vless.PacketReader(), vless.PacketWriter())
            packets.accept(transport, lambda packets: acceptor.relay_packets(session, packets), initial)
        elif host == MUX_HOST:
            acceptor.serve_mux(session, transport, initial)
        else:
            acceptor.relay(session, transport, initial)
