"""What visitors may cost: how many there may be, from one address and in all, and how much memory takes what is
held for them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from xrgui.config.model import Limits
from xrgui.engine.mux import extension
from xrgui.engine.session import Session

if TYPE_CHECKING:
    from xrgui.engine.mux.resumption import Resumption
    from xrgui.engine.mux.substream import SubStream
    from xrgui.engine.mux.worker import MuxWorker

log = logging.getLogger(__name__)

QUIET = 10.0
"""Seconds between two log lines about the same kind of refusal."""
LEAST_WINDOW = 64 * 1024
"""What a window shrinks to at most while memory is short."""


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
    """The live sessions, counted by visitor address."""

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


def default_memory() -> int:
    """A quarter of the machine's memory, or 256 MiB where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    except (AttributeError, OSError, ValueError):
        return 256 * 1024 * 1024


class Memory:
    """Bytes that all sub-connections of this process hold: received and not taken, queued, and sent without
    an acknowledgement. From half of `budget` on windows shrink; beyond it the largest holders end, those without
    credits first, since nothing else slows them."""

    __slots__ = ("_due", "_rare", "budget", "resumptions", "used", "workers")

    def __init__(self) -> None:
        self.budget = default_memory()
        self.used = 0
        self.workers: set[MuxWorker] = set()
        self.resumptions: WeakSet[Resumption] = WeakSet()
        self._due = False
        self._rare = RareLog(log)

    def window(self, wanted: int) -> int:
        """The window to grant where *wanted* bytes would be right."""
        free, half = self.budget - self.used, self.budget // 2
        if free >= half or wanted <= LEAST_WINDOW:
            return wanted
        return max(wanted * max(free, 0) // half, LEAST_WINDOW)

    def exceeded(self, loop: asyncio.AbstractEventLoop) -> None:
        """`used` is over `budget`: make room once this turn of the loop is over."""
        if not self._due:
            self._due = True
            loop.call_soon(self._make_room, loop)

    def _make_room(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = False
        ended = 0
        for stream in sorted(self._holders(), key=lambda one: (one.credited, -one.weight)):
            if self.used <= self.budget * 7 // 8:
                break
            stream.overflow(extension.OVER_LIMIT, "memory is short, and this one holds the most", quiet=True)
            ended += 1
        if ended:
            text = "%d sub-connections ended: %d MiB are held for slow visitors, the limit"
            self._rare.warning(loop.time(), text, ended, self.budget >> 20)

    def _holders(self) -> set[SubStream]:
        found = {stream for resumption in self.resumptions for stream in resumption.streams}
        for worker in self.workers:
            found.update(worker.holders)
        return {stream for stream in found if stream.weight and not stream.lost}


memory = Memory()
"""This process's."""
