"""Can every inbound listen where it wants to?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from xrgui.address import Network
from xrgui.config.findings import Findings
from xrgui.config.inbounds import is_unix
from xrgui.config.model import Config, Inbound, Networks, TunnelInbound
from xrgui.config.ports import obstacle

MOST_PROBES = 256
"""Ports of one range that are tried: more would keep the user waiting."""

_wildcards = ("", "0.0.0.0", "::")


class _Listener(NamedTuple):
    path: str
    label: str
    listen: str
    first: int
    last: int
    networks: Networks
    v6only: bool


def check_ports(config: Config, found: Findings, *, probe: bool) -> None:
    listeners: list[_Listener] = []
    for index, inbound in enumerate(config.inbounds):
        if is_unix(inbound.listen):
            _check_unix(inbound.listen, f"inbounds[{index}].listen", found)
            continue
        for listener in _listeners(index, inbound):
            rival = next((other for other in listeners if _collide(listener, other)), None)
            if rival is not None:
                number = max(listener.first, rival.first)
                found.error(
                    listener.path, f"port {number} is wanted by {rival.label} too", "give one another port"
                )
            elif probe:
                _probe(listener, found)
            listeners.append(listener)


def _listeners(index: int, inbound: Inbound) -> Iterator[_Listener]:
    networks = frozenset({Network.TCP})
    if isinstance(inbound.settings, TunnelInbound):
        networks = inbound.settings.networks
    label = f'inbound "{inbound.tag}"' if inbound.tag else f"inbounds[{index}]"
    for first, last in inbound.ports:
        yield _Listener(
            f"inbounds[{index}].port",
            label,
            inbound.listen,
            first,
            last,
            networks,
            inbound.stream.sockopt.v6only,
        )


def _collide(one: _Listener, other: _Listener) -> bool:
    if one.last == 0 or one.last < other.first or other.last < one.first:
        return False
    if not one.networks & other.networks:
        return False
    return one.listen == other.listen or _covers(one, other) or _covers(other, one)


def _covers(one: _Listener, other: _Listener) -> bool:
    """Whether *one* listens on all addresses, that of *other* among them."""
    if one.listen not in _wildcards:
        return False
    is_v6 = ":" in other.listen
    if one.listen == "0.0.0.0":
        return not is_v6
    return is_v6 or not one.v6only


def _probe(listener: _Listener, found: Findings) -> None:
    for port in range(listener.first, min(listener.last, listener.first + MOST_PROBES - 1) + 1):
        for network in sorted(listener.networks):
            if port and (why := obstacle(listener.listen, port, network, v6only=listener.v6only)):
                found.error(listener.path, why, "choose another port, or end what holds it")


def _check_unix(listen: str, path: str, found: Findings) -> None:
    if listen.startswith("@"):
        return
    place = Path(listen.partition(",")[0])
    if not place.parent.is_dir():
        found.error(path, f"there is no folder {place.parent}", "make it first")
    elif place.exists() and not place.is_socket():
        found.error(path, f"{place} is there and is no socket", "choose another name")
