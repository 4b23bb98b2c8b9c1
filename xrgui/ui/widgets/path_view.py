"""What the path says of a tunnel."""

from __future__ import annotations

from xrgui.ui import units
from xrgui.ui.language import tr
from xrgui.ui.tunnel import Phase, Role, Service, Trouble, Tunnel
from xrgui.ui.widgets.path import Leg, Node, PathWidget

SHOWN = 3
"""Services drawn; more are counted."""

_BROKEN = {
    Trouble.REFUSED_ID: lambda: tr("refused"),
    Trouble.CERTIFICATE: lambda: tr("wrong certificate"),
    Trouble.UNREACHABLE: lambda: tr("out of reach"),
    Trouble.NAME: lambda: tr("name unknown"),
    Trouble.REFUSED: lambda: tr("does not listen"),
    Trouble.TIMEOUT: lambda: tr("silent"),
    Trouble.PROTOCOL: lambda: tr("speaks otherwise"),
    Trouble.OTHER: lambda: tr("no link"),
    Trouble.DROPPED: lambda: tr("link lost"),
}


def show_tunnel(path: PathWidget, tunnel: Tunnel) -> None:
    if tunnel.role is Role.SERVE:
        _show_server(path, tunnel)
    else:
        _show_share(path, tunnel)


def _show_share(path: PathWidget, tunnel: Tunnel) -> None:
    broken = tunnel.phase is Phase.TROUBLE and tunnel.trouble in _BROKEN
    state = "broken" if broken else _leg_state(tunnel)
    trip = units.milliseconds(tunnel.round_trip) if tunnel.round_trip is not None and tunnel.links else ""
    if broken:
        server = Node("server", tunnel.server_host, _BROKEN[tunnel.trouble](), "error")
    elif tunnel.links:
        visitors = tr("portal, {n} visitor|portal, {n} visitors", tunnel.visitors)
        server = Node("server", tunnel.server_host, visitors)
    else:
        server = Node("server", tunnel.server_host or tr("Public server"), tr("portal"))
    here_text = tr("bridge, {n} link|bridge, {n} links", tunnel.links) if tunnel.links else tr("bridge")
    here = Node("here", tr("This computer"), here_text)
    path.show_path(server, Leg(trip, state), here, _services(tunnel))


def _show_server(path: PathWidget, tunnel: Tunnel) -> None:
    visitors = Node("server", tr("Visitors"), tr("{n} now|{n} now", tunnel.visitors))
    port = tunnel.server.rpartition(":")[2]
    here = Node("here", tr("This computer"), tr("portal, port {port}", port=port) if port else tr("portal"))
    front = Leg("", "up" if tunnel.phase in (Phase.UP, Phase.CONNECTING) else "idle")
    far: tuple[tuple[Leg, Node], ...]
    if tunnel.links:
        trip = units.milliseconds(tunnel.round_trip) if tunnel.round_trip is not None else ""
        text = tr("bridge, {n} link|bridge, {n} links", tunnel.links)
        peers = sorted({peer.rpartition(":")[0].strip("[]") for peer in tunnel.peers if peer})
        title = peers[0] if len(peers) == 1 else tr("{n} computer|{n} computers", max(1, len(peers)))
        far = ((Leg(trip, "up"), Node("peers", title, text)),)
    else:
        state = "waiting" if tunnel.phase is Phase.CONNECTING else "idle"
        far = ((Leg("", state), Node("peers", tr("Sharing computer"), tr("not connected"))),)
    path.show_path(visitors, front, here, far)


def _leg_state(tunnel: Tunnel) -> str:
    if tunnel.links:
        return "up"
    return "waiting" if tunnel.phase is Phase.CONNECTING else "idle"


def _services(tunnel: Tunnel) -> tuple[tuple[Leg, Node], ...]:
    shown = list(tunnel.services[:SHOWN])
    result = [_service(service) for service in shown]
    more = len(tunnel.services) - len(shown)
    if more > 0:
        leg, node = result[-1]
        result[-1] = (leg, Node("service", node.title, tr("and {n} more|and {n} more", more)))
    return tuple(result)


def _service(service: Service) -> tuple[Leg, Node]:
    if service.answers is None:
        text = "UDP" if service.network == "udp" else tr("not asked yet")
        return Leg("", "idle"), Node("service", service.label, text)
    if not service.answers:
        return Leg("", "broken"), Node("service", service.label, tr("does not answer"), "error")
    trip = units.milliseconds(service.round_trip) if service.round_trip is not None else ""
    return Leg(trip, "up"), Node("service", service.label, tr("answers"))
