"""Can every inbound listen where it wants to?"""

from __future__ import annotations

from collections import defaultdict
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

_WILDCARDS = ("", "0.0.0.0", "::")
_Space = tuple[Network, str]
"""A network, and one of the groups of addresses that `_places` names."""


class _Listener(NamedTuple):
    path: str
    label: str
    listen: str
    first: int
    last: int
    networks: Networks
    v6only: bool


def check_ports(config: Config, found: Findings, *, probe: bool) -> None:
    wanted: defaultdict[_Space, _Wanted] = defaultdict(_Wanted)
    for index, inbound in enumerate(config.inbounds):
        if is_unix(inbound.listen):
            _check_unix(inbound.listen, f"inbounds[{index}].listen", found)
            continue
        for listener in _listeners(index, inbound):
            if rival := _rival(listener, wanted):
                number = max(listener.first, rival.first)
                found.error(
                    listener.path, f"port {number} is wanted by {rival.label} too", "give one another port"
                )
            elif probe:
                _probe(listener, found)


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


def _rival(listener: _Listener, wanted: defaultdict[_Space, _Wanted]) -> _Listener | None:
    """Who wants one of the ports of *listener* too; the ports are its own from now on as well."""
    if listener.last == 0:
        return None
    rival: _Listener | None = None
    for network in sorted(listener.networks):
        for at, against in _places(listener.listen, listener.v6only):
            rival = rival or wanted[network, against].rival(listener)
            wanted[network, at].add(listener)
    return rival


def _places(listen: str, v6only: bool) -> Iterator[tuple[str, str]]:
    """The groups of addresses that *listen* belongs to, each with the group that it must not meet: who listens at
    one address meets the same one and those who take all of its family, and these meet everybody."""
    wild = listen in _WILDCARDS
    families = ("4", "6") if listen in ("", "::") else ("6" if ":" in listen else "4",)
    if not wild:
        yield listen, listen
    for family in families[1:] if v6only and len(families) > 1 else families:
        if wild:
            yield f"all {family}", f"any {family}"
        yield f"any {family}", f"{'any' if wild else 'all'} {family}"


class _Wanted:
    """Who wants which ports: a segment tree over them, of which only the nodes are there that somebody touches.
    The leaf of a port is `_LEAVES` + port, the parent of a node is half of it."""

    def __init__(self) -> None:
        self._whole: dict[int, _Listener] = {}
        """Who wants all ports of a node."""
        self._part: dict[int, _Listener] = {}
        """Who wants some of them."""

    def rival(self, listener: _Listener) -> _Listener | None:
        """Somebody who wants one of these ports."""
        for node in _nodes(listener.first, listener.last):
            if found := self._part.get(node):
                return found
            while node := node >> 1:
                if found := self._whole.get(node):
                    return found
        return None

    def add(self, listener: _Listener) -> None:
        for node in _nodes(listener.first, listener.last):
            self._whole.setdefault(node, listener)
            while node and node not in self._part:
                self._part[node] = listener
                node >>= 1


_LEAVES = 0x10000


def _nodes(first: int, last: int) -> Iterator[int]:
    """The fewest nodes that make up the ports from *first* to *last*."""
    left, right = first + _LEAVES, last + 1 + _LEAVES
    while left < right:
        if left & 1:
            yield left
            left += 1
        if right & 1:
            right -= 1
            yield right
        left, right = left >> 1, right >> 1


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
