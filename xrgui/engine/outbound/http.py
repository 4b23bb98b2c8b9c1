"""Outbound ``http``: through an HTTP proxy, by CONNECT."""

from __future__ import annotations

import asyncio
from typing import cast

from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine.client_stream import Dialer
from xrgui.engine.errors import EngineError, RefusedError
from xrgui.engine.proxy_client import shake_hands
from xrgui.engine.session import Cancellable, Session
from xrgui.engine.tasks import spawn
from xrgui.engine.wire.http import ConnectHandshake


class HttpOutbound:
    def __init__(self, config: model.Outbound, dialer: Dialer) -> None:
        self.tag = config.tag
        self._settings = cast(model.HttpOutbound, config.settings)
        self._server = Destination(Network.TCP, self._settings.address, self._settings.port)
        self._dialer = dialer

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        upper = cast(asyncio.Protocol, protocol)
        if session.destination.network is Network.UDP:
            upper.connection_lost(RefusedError(f"an HTTP proxy carries no UDP (outbound {self.tag})"))
            return None
        return spawn(self._connect(session.destination, upper), "http outbound")

    async def _connect(self, target: Destination, upper: asyncio.Protocol) -> None:
        account = self._settings.account or model.Account(user="", password="")
        try:
            codec = ConnectHandshake(
                target.host, target.port, account.user, account.password, self._settings.headers
            )
            client = await shake_hands(self._dialer, self._server, codec)
        except EngineError as error:
            upper.connection_lost(error)
            return
        client.hand_over(upper)

    async def close(self) -> None:
        """Nothing to free: connections belong to their sessions."""
