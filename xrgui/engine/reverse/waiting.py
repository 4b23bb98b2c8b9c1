"""Those who came while no link could take them."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from xrgui.engine.limits import address_of
from xrgui.engine.session import Cancellable, Session

PATIENCE = 5.0
"""Seconds that one waits for a link that is on its way back."""
MOST_WAITING = 2000
"""No address has more than are left for all others, so the visitors of one leave half of them free."""


class WaitingRoom:
    """*take* opens a session for its protocol, and says whether a link is there to do so. *refuse* sends one away."""

    def __init__(
        self,
        take: Callable[[Session, asyncio.BaseProtocol], bool],
        refuse: Callable[[asyncio.BaseProtocol], None],
    ) -> None:
        self._take = take
        self._refuse = refuse
        self._waiting: deque[Waiting] = deque()
        self._shares: Counter[str] = Counter()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        address = address_of(session.source.host) if session.source else ""
        if self._closed or self._shares[address] >= MOST_WAITING - len(self._waiting):
            self._refuse(protocol)
            return None
        self._shares[address] += 1
        waiting = Waiting(self, session, protocol, address)
        waiting.timer = asyncio.get_running_loop().call_later(PATIENCE, waiting.give_up)
        self._waiting.append(waiting)
        return waiting

    def admit(self) -> None:
        """A link came, or answers again: those who waited go on."""
        while self._waiting:
            first = self._waiting[0]
            if not self._take(first.session, first.protocol):
                return
            first.cancel()

    def leave(self, waiting: Waiting) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)
            self._shares[waiting.address] -= 1
            if not self._shares[waiting.address]:
                del self._shares[waiting.address]

    def turn_away(self, waiting: Waiting) -> None:
        self.leave(waiting)
        self._refuse(waiting.protocol)

    def close(self) -> None:
        self._closed = True
        while self._waiting:
            self._waiting[0].give_up()


@dataclass(slots=True, eq=False)
class Waiting:
    room: WaitingRoom
    session: Session
    protocol: asyncio.BaseProtocol
    address: str
    timer: asyncio.TimerHandle | None = None

    def _stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def cancel(self) -> None:
        self._stop_timer()
        self.room.leave(self)

    def give_up(self) -> None:
        self._stop_timer()
        self.room.turn_away(self)
