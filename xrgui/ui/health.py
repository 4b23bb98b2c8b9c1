"""Whether local services answer: a TCP connection now and then. UDP cannot be asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from xrgui.ui.tunnel import Service

TIMEOUT = 3.0
EVERY = 10.0
"""Seconds between two rounds; the first comes at once."""


async def ask(host: str, port: int) -> float | None:
    """Milliseconds until the connection stood; None if nothing answers."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, ValueError):
        return None
    trip = (time.perf_counter() - started) * 1000
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return trip


async def refresh(service: Service) -> bool:
    """Ask *service*; True if its light changed."""
    if service.network == "udp":
        return False
    before = service.answers
    service.round_trip = await ask(service.host, service.port)
    service.answers = service.round_trip is not None
    return service.answers is not before


class Watch:
    """Asks all services for ever, all at once in each round."""

    def __init__(self, services: Callable[[], list[Service]], changed: Callable[[], None]) -> None:
        """*changed* is called after each round."""
        self._services, self._changed = services, changed
        self._soon = asyncio.Event()

    def soon(self) -> None:
        """Do not wait for the next round: something began."""
        self._soon.set()

    async def run(self) -> None:
        while True:
            self._soon.clear()
            await asyncio.gather(*(refresh(service) for service in self._services()))
            self._changed()
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._soon.wait()
