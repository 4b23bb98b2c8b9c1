"""Every kind of inbound and outbound, in one list each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from xrgui.config import model
from xrgui.engine import transport
from xrgui.engine.inbound.http import HttpInbound
from xrgui.engine.inbound.socks import SocksInbound
from xrgui.engine.inbound.tunnel import TunnelInbound
from xrgui.engine.inbound.vless import VlessInbound
from xrgui.engine.inbound.vmess import VmessInbound
from xrgui.engine.interfaces import Acceptor, Inbound, LinkTaker, Outbound, ResolverLike
from xrgui.engine.outbound.blackhole import BlackholeOutbound
from xrgui.engine.outbound.freedom import FreedomOutbound
from xrgui.engine.outbound.http import HttpOutbound
from xrgui.engine.outbound.mux import MuxOutbound
from xrgui.engine.outbound.socks import SocksOutbound
from xrgui.engine.outbound.vless import VlessOutbound
from xrgui.engine.outbound.vmess import VmessOutbound


class Dialer:
    """Opens the transport stack of one outbound."""

    def __init__(self, config: model.Outbound) -> None:
        self._stream = config.stream
        self._local = (config.send_through, 0) if config.send_through else None

    async def dial(
        self, host: str, port: int, protocol_factory: Callable[[], asyncio.Protocol]
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        return await transport.dial(self._stream, host, port, protocol_factory, local_addr=self._local)


def make_inbound(
    config: model.Inbound, acceptor: Acceptor, link_taker: Callable[[str], LinkTaker], policy: model.Policy
) -> Inbound:
    kind = config.settings
    if isinstance(kind, model.TunnelInbound):
        return TunnelInbound(config, acceptor)
    if isinstance(kind, model.VlessInbound):
        return VlessInbound(config, acceptor, link_taker, policy)
    if isinstance(kind, model.VmessInbound):
        return VmessInbound(config, acceptor, policy)
    if isinstance(kind, model.SocksInbound):
        return SocksInbound(config, acceptor, policy)
    return HttpInbound(config, acceptor, policy)


def make_outbound(config: model.Outbound, resolver: ResolverLike, buffer_limit: int) -> Outbound:
    """*buffer_limit*: bytes that a sub-connection may hold where `mux` is on."""
    kind = config.settings
    if isinstance(kind, model.FreedomOutbound):
        return FreedomOutbound(config, resolver)
    if isinstance(kind, model.BlackholeOutbound):
        return BlackholeOutbound(config)
    dialer = Dialer(config)
    if isinstance(kind, model.SocksOutbound):
        return SocksOutbound(config, dialer)
    if isinstance(kind, model.HttpOutbound):
        return HttpOutbound(config, dialer)
    carrier = VlessOutbound(config, dialer) if isinstance(kind, model.VlessOutbound) else VmessOutbound(config, dialer)
    if config.mux.enabled and config.mux.concurrency > 0:
        return MuxOutbound(carrier, config.mux.concurrency, buffer_limit)
    return carrier
