"""How a tunnel stands, read from the engine's status and the health of its services."""

from __future__ import annotations

import time

from xrgui import bridge_key, rpc
from xrgui.ui import units
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.tunnel import Newcomer, Phase, Role, Trouble, Tunnel

_TROUBLES = {
    "name": Trouble.NAME,
    "refused": Trouble.REFUSED,
    "unreachable": Trouble.UNREACHABLE,
    "timeout": Trouble.TIMEOUT,
    "certificate": Trouble.CERTIFICATE,
    "closed": Trouble.REFUSED_ID,
    "protocol": Trouble.PROTOCOL,
}
_PATIENT = {Trouble.REFUSED, Trouble.UNREACHABLE, Trouble.TIMEOUT, Trouble.DROPPED}
PATIENCE = 10.0
"""Seconds for which a server that may come back is not yet a case for a person."""


def read(tunnel: Tunnel, status: rpc.ConfigStatus, now: float) -> tuple[Phase, float]:
    """Take over links, peers and trouble; the result is the phase and since when (unix time)."""
    tunnel.links = sum(bridge.links for bridge in status.bridges) + sum(p.links for p in status.portals)
    tunnel.peers = tuple(peer for portal in status.portals for peer in portal.peers)
    tunnel.forged = sum(portal.forged for portal in status.portals)
    tunnel.newcomers = newcomers(status, tunnel.ignored)
    trips = [bridge.rtt_ms for bridge in status.bridges] + [portal.rtt_ms for portal in status.portals]
    tunnel.round_trip = min((trip for trip in trips if trip is not None), default=None)
    if not tunnel.public:
        tunnel.public = announced(status)
    if status.bridges:
        return _bridge(tunnel, worst(status.bridges), now)
    if status.portals:
        return _portal(tunnel, status)
    _calm(tunnel)
    return Phase.UP, status.started_at


def newcomers(status: rpc.ConfigStatus, ignored: set[tuple[str, str]]) -> tuple[Newcomer, ...]:
    """One for each computer, however many links it holds ready."""
    return tuple(
        Newcomer(portal.tag, who.key, who.fingerprint, who.address, who.since, who.who, who.xrgui)
        for portal in status.portals
        for who in portal.waiting
        if (portal.tag, who.who) not in ignored
    )


def announced(status: rpc.ConfigStatus) -> tuple[str, ...]:
    """Where visitors come in, if the public server is an xrgui and has said so."""
    return tuple(
        f"{'udp' if public.startswith('udp') else 'http'}://{host}:{public.rpartition(':')[2]}"
        for bridge in status.bridges
        for public in bridge.public
        if (host := bridge.server.rpartition(":")[0])
    )


def worst(bridges: tuple[rpc.BridgeStatus, ...]) -> rpc.BridgeStatus:
    order = {"unapproved": 0, "waiting": 1, "connecting": 2, "stopped": 3, "up": 4}
    return min(bridges, key=lambda bridge: order[bridge.state])


def _bridge(tunnel: Tunnel, bridge: rpc.BridgeStatus, now: float) -> tuple[Phase, float]:
    tunnel.server = bridge.server or tunnel.server
    tunnel.attempt = bridge.attempt
    tunnel.retry_at = now + bridge.next_try_in if bridge.next_try_in else 0
    if bridge.state == "up":
        if tunnel.phase is not Phase.UP:
            tunnel.happened(now, tr("connected to {server}", server=tunnel.server))
        _calm(tunnel)
        return Phase.UP, bridge.since
    if bridge.state == "unapproved":
        _calm(tunnel)
        tunnel.trouble = Trouble.UNAPPROVED
        tunnel.detail = bridge_key.fingerprint(bridge_key.decode(tunnel.key)) if tunnel.key else ""
        return Phase.TROUBLE, bridge.since
    if not bridge.error:
        _calm(tunnel)
        tunnel.attempt = bridge.attempt
        return Phase.CONNECTING, bridge.since
    tunnel.trouble = _TROUBLES.get(bridge.fault, Trouble.OTHER)
    tunnel.detail = engine_words(bridge.error)
    if bridge.state == "waiting":
        wait = units.wait(bridge.next_try_in)
        text = tr("attempt {n}: {error}", n=bridge.attempt, error=tunnel.detail)
        tunnel.happened(now, text + tr("; next in {wait}", wait=wait))
    waits = tunnel.trouble in _PATIENT and now - bridge.since < PATIENCE
    return (Phase.CONNECTING if waits else Phase.TROUBLE), bridge.since


def _portal(tunnel: Tunnel, status: rpc.ConfigStatus) -> tuple[Phase, float]:
    _calm(tunnel)
    since = max((portal.since for portal in status.portals), default=status.started_at)
    return (Phase.UP if tunnel.links else Phase.CONNECTING), since


def _calm(tunnel: Tunnel) -> None:
    tunnel.trouble, tunnel.detail, tunnel.attempt, tunnel.retry_at = Trouble.NONE, "", 0, 0


def with_services(tunnel: Tunnel, phase: Phase) -> Phase:
    """A tunnel none of whose services answers needs a person, however well its link stands."""
    if phase is not Phase.UP or tunnel.role is Role.SERVE:
        return phase
    asked = [service for service in tunnel.services if service.answers is not None]
    if asked and not any(service.answers for service in asked):
        tunnel.trouble = Trouble.SERVICE
        return Phase.TROUBLE
    return phase


def forget(tunnel: Tunnel, trouble: Trouble = Trouble.NONE, detail: str = "") -> None:
    """Forget what only a running tunnel has."""
    tunnel.links = tunnel.visitors = tunnel.attempt = tunnel.refused = tunnel.forged = 0
    tunnel.peers = tunnel.newcomers = ()
    tunnel.round_trip = None
    tunnel.retry_at = tunnel.down_rate = tunnel.up_rate = 0
    tunnel.trouble, tunnel.detail = trouble, detail
    if detail:
        tunnel.happened(time.time(), detail)
