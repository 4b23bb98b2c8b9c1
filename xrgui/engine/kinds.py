"""Every kind of inbound and outbound, in one list each.

Each is imported where it is made, so that a process carries only what its configuration uses.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from xrgui.config import model
from xrgui.engine.dialer import Dialer
from xrgui.engine.interfaces import Acceptor, Inbound, LinkTaker, MuxCarrier, Outbound, ResolverLike


def make_inbound(
    config: model.Inbound, acceptor: Acceptor, link_taker: Callable[[str], LinkTaker], policy: model.Policy
) -> Inbound:
    kind = config.settings
    if isinstance(kind, model.TunnelInbound):
        from xrgui.engine.inbound.tunnel import TunnelInbound

        return TunnelInbound(config, acceptor)
    if isinstance(kind, model.VlessInbound):
        from xrgui.engine.inbound.vless import VlessInbound

        return VlessInbound(config, acceptor, link_taker, policy)
    if isinstance(kind, model.VmessInbound):
        from xrgui.engine.inbound.vmess import VmessInbound

        return VmessInbound(config, acceptor, policy)
    from xrgui.engine.inbound.http import HttpInbound

    if isinstance(kind, model.SocksInbound):
        from xrgui.engine.inbound.socks import SocksInbound

        settings = model.HttpInbound(accounts=kind.accounts, level=kind.level)
        http = HttpInbound(msgspec.structs.replace(config, settings=settings), acceptor, policy)
        return SocksInbound(config, acceptor, policy, http if kind.accept_http else None)
    return HttpInbound(config, acceptor, policy)


def make_outbound(
    config: model.Outbound, resolver: ResolverLike, buffer_limit: int, find: Callable[[str], Outbound | None]
) -> Outbound:
    """*buffer_limit*: bytes that a sub-connection may hold where `mux` is on. *find*: the outbound of a tag, for one
    that dials through another."""
    kind = config.settings
    dialer = Dialer(config, find)
    if isinstance(kind, model.FreedomOutbound):
        from xrgui.engine.outbound.freedom import FreedomOutbound

        return FreedomOutbound(config, resolver)
    if isinstance(kind, model.BlackholeOutbound):
        from xrgui.engine.outbound.blackhole import BlackholeOutbound

        return BlackholeOutbound(config)
    if isinstance(kind, model.SocksOutbound):
        from xrgui.engine.outbound.socks import SocksOutbound

        return SocksOutbound(config, dialer)
    if isinstance(kind, model.HttpOutbound):
        from xrgui.engine.outbound.http import HttpOutbound

        return HttpOutbound(config, dialer)
    carrier = _carrier(config, dialer)
    if config.mux.enabled and config.mux.concurrency > 0:
        from xrgui.engine.outbound.mux import MuxOutbound

        return MuxOutbound(carrier, config.mux.concurrency, buffer_limit)
    return carrier


def _carrier(config: model.Outbound, dialer: Dialer) -> MuxCarrier:
    if isinstance(config.settings, model.VlessOutbound):
        from xrgui.engine.outbound.vless import VlessOutbound

        return VlessOutbound(config, dialer)
    from xrgui.engine.outbound.vmess import VmessOutbound

    return VmessOutbound(config, dialer)
