"""How many visitors there may be, from one address and in all, and how many strangers in a handshake."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Protocol

from xrgui.config.model import Limits
from xrgui.engine.session import Session

log = logging.getLogger(__name__)

QUIET = 10.0
"""Seconds between two log lines about the same kind of refusal."""


class RareLog:
    """Strangers who knock often get no more than one line each QUIET seconds; it tells how many there were."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._quiet_until = 0.0
        self._unsaid = 0

    def warning(self, now: float, text: str, *args: object) -> None:
        if now < self._quiet_until:
            self._unsaid += 1
            return
        more = f" ({self._unsaid} more since the last such line)" if self._unsaid else ""
        self._log.warning(f"{text}%s", *args, more)
        self._quiet_until, self._unsaid = now + QUIET, 0


class Guest(Protocol):
    """A connection that is not yet what it wants to be."""

    def drop(self) -> None:
        """End it; it leaves its doorway."""


class Doorway:
    """Those who are in a handshake at one inbound. Where it is full, who stands there longest goes: a stranger
    who only holds the door open keeps nobody out."""

    def __init__(self) -> None:
        self.most = Limits().handshakes
        self.refused = 0
        self._guests: dict[Guest, None] = {}
        self._rare = RareLog(log)

    def __len__(self) -> int:
        return len(self._guests)

    def __iter__(self) -> Iterator[Guest]:
        return iter(list(self._guests))

    def enter(self, guest: Guest) -> None:
        self._guests[guest] = None
        if len(self._guests) > self.most:
            self.refused += 1
            now = asyncio.get_running_loop().time()
            self._rare.warning(now, "more than %d handshakes at once: the oldest one was ended", self.most)
            next(iter(self._guests)).drop()

    def leave(self, guest: Guest) -> None:
        self._guests.pop(guest, None)


class Crowd:
    """The live sessions, and main connections of clients, counted by visitor address."""

    def __init__(self) -> None:
        self.limits = Limits()
        self._by_address: dict[str, int] = {}
        self._total = 0

    def refusal(self, session: Session) -> str:
        """Why *session* must not be let in; empty if it may come."""
        limits = self.limits
        if self._total >= limits.connections:
            return f"there are {self._total} connections already"
        source = session.source
        if source is not None and self._by_address.get(address_of(source.host), 0) >= limits.per_address:
            return f"{address_of(source.host)} has {limits.per_address} connections already"
        return ""

    def enter(self, session: Session) -> None:
        self._total += 1
        if session.source is not None:
            address = address_of(session.source.host)
            self._by_address[address] = self._by_address.get(address, 0) + 1

    def leave(self, session: Session) -> None:
        self._total -= 1
        if session.source is not None:
            address = address_of(session.source.host)
            if self._by_address[address] == 1:
                del self._by_address[address]
            else:
                self._by_address[address] -= 1


def address_of(host: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 network that one IPv6 host is given."""
    if ":" not in host:
        return host
    try:
        number = int(IPv6Address(host.partition("%")[0])) >> 64 << 64
    except ValueError:
        return host
    return f"{IPv6Address(number)}/64"
