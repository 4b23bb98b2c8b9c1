"""What a changed configuration no longer has: it takes nobody new, and what runs over it may finish in a grace time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from xrgui.engine.dispatcher import Dispatcher
from xrgui.engine.interfaces import Outbound
from xrgui.engine.reverse.bridge import Bridge
from xrgui.engine.reverse.portal import Link, Portal
from xrgui.engine.session import Session

LOOK = 0.05
"""Seconds between two looks whether all have finished."""
REASON = "its part of the configuration was changed"


@dataclass(eq=False)
class Leaving:
    """Collected while a configuration is changed, and ended once that is done."""

    dispatcher: Dispatcher
    sessions: list[Session] = field(default_factory=list)
    bridges: list[Bridge] = field(default_factory=list)
    portals: list[Portal] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    """Of portals that stay, by an inbound that does not."""
    outbounds: list[Outbound] = field(default_factory=list)
    hurried: bool = False
    """The grace is over, whatever it was."""

    def __bool__(self) -> bool:
        return bool(self.sessions or self.bridges or self.portals or self.links or self.outbounds)

    def take(self, matches: Callable[[Session], bool]) -> None:
        self.sessions += filter(matches, self.dispatcher.sessions.values())

    @property
    def _busy(self) -> bool:
        running = self.dispatcher.sessions
        links = (*self.links, *(link for portal in self.portals for link in portal.links))
        return any(session.id in running for session in self.sessions) or any(link.busy for link in links)

    async def end(self, grace: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        while self._busy and not self.hurried and loop.time() < deadline:
            await asyncio.sleep(LOOK)
        await self._stop()

    async def _stop(self) -> None:
        for session in self.sessions:
            if session.id in self.dispatcher.sessions and session.abort is not None:
                session.abort(REASON)
        for bridge in self.bridges:
            bridge.stop()
        for portal in self.portals:
            await portal.close()
        for link in self.links:
            link.leave()
        for outbound in self.outbounds:
            await outbound.close()
