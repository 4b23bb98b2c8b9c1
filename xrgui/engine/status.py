"""What an engine tells of its parts."""

from __future__ import annotations

import asyncio
from time import time

from xrgui import bridge_key, rpc
from xrgui.address import format_endpoint
from xrgui.config import model
from xrgui.engine.interfaces import Inbound
from xrgui.engine.reverse.bridge import Bridge
from xrgui.engine.reverse.portal import Link, Portal


def inbound_status(entry: model.Inbound, running: Inbound, connections: int) -> rpc.InboundStatus:
    return rpc.InboundStatus(entry.tag, _protocol(entry), running.listening, connections)


def outbound_status(entry: model.Outbound, connections: int) -> rpc.OutboundStatus:
    return rpc.OutboundStatus(entry.tag, _protocol(entry), server_of(entry), connections)


def _protocol(entry: model.Inbound | model.Outbound) -> str:
    return str(entry.settings.__struct_config__.tag)


def server_of(entry: model.Outbound) -> str:
    """``host:port`` of a proxy; empty for outbounds that have none."""
    settings = entry.settings
    if isinstance(settings, model.FreedomOutbound | model.BlackholeOutbound):
        return ""
    return format_endpoint(settings.address, settings.port)


def bridge_status(bridge: Bridge) -> rpc.BridgeStatus:
    now = asyncio.get_running_loop().time()
    return rpc.BridgeStatus(
        tag=bridge.tag,
        dialect="vless" if bridge.reverse else "classic",
        state=bridge.state,
        server=bridge.server,
        attempt=bridge.attempt,
        next_try_in=max(bridge.next_try - now, 0) if bridge.state == "waiting" else 0,
        links=len(bridge.links),
        since=time() - (now - bridge.since),
        error=bridge.error,
        fault=bridge.fault,
        rtt_ms=_least_ms([link.worker.rtt for link in bridge.links]),
        public=bridge.public,
        equal=any(link.worker.equal for link in bridge.links),
    )


def portal_status(portal: Portal, visitors: int) -> rpc.PortalStatus:
    now = asyncio.get_running_loop().time()
    return rpc.PortalStatus(
        tag=portal.tag,
        dialect="classic" if portal.domain else "vless",
        links=len(portal.links),
        visitors=visitors,
        since=time() - (now - portal.since),
        peers=tuple(link.session.source.endpoint if link.session.source else "" for link in portal.links),
        rtt_ms=_least_ms([link.worker.rtt for link in portal.links]),
        pending=tuple(_pending(link) for link in portal.pending if link.introduced),
        forged=portal.forged,
    )


def _least_ms(rtts: list[float | None]) -> float | None:
    return min((rtt * 1000 for rtt in rtts if rtt is not None), default=None)


def _pending(link: Link) -> rpc.PendingBridge:
    key = link.proven_key()
    return rpc.PendingBridge(
        key=bridge_key.encode(key),
        fingerprint=bridge_key.fingerprint(key) if key else "",
        address=link.address,
        since=link.since,
        xrgui=link.worker.peer is not None,
    )
