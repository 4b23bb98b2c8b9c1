"""Notices that the network has changed or that the machine has slept, so that links need not time out first."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from time import time

log = logging.getLogger(__name__)

TICK = 1.0
JUMP = 3.0
"""Seconds by which the wall clock must be ahead of the loop's for the machine to have slept."""
SETTLE = 0.2
"""Seconds for which changes are gathered: one cable gives a dozen messages."""

_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
"""RTMGRP_LINK, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR and IPV6_ROUTE (linux/rtnetlink.h)."""


class NetworkWatch:
    """Calls *changed* a moment after links, addresses or routes of this machine changed (Linux), and after sleep.

    *wall* gives Unix time.
    """

    def __init__(self, changed: Callable[[], None], *, wall: Callable[[], float] = time) -> None:
        self._changed = changed
        self._wall = wall
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._ahead = 0.0

    @property
    def running(self) -> bool:
        return self._tick is not None

    def start(self) -> None:
        """Does nothing where it runs already."""
        if self.running:
            return
        self._ahead = self._wall() - self._loop.time()
        self._tick = self._loop.call_later(TICK, self._look_at_clock)
        self._socket = _route_socket()
        if self._socket is not None:
            self._loop.add_reader(self._socket, self._read)

    def stop(self) -> None:
        for timer in (self._tick, self._settling):
            if timer is not None:
                timer.cancel()
        self._tick = self._settling = None
        self._close_socket()

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _look_at_clock(self) -> None:
        """A loop's clock stands still while the machine sleeps. One that does not makes this timer late instead."""
        self._tick = self._loop.call_later(TICK, self._look_at_clock)
        ahead = self._wall() - self._loop.time()
        if ahead - self._ahead > JUMP:
            log.info("the clock has jumped by %.0f s: looking after the links", ahead - self._ahead)
            self._notice()
        self._ahead = ahead

    def _read(self) -> None:
        """What changed does not matter. ENOBUFS says that there was more than the socket could hold."""
        assert self._socket is not None
        try:
            while self._socket.recv(65536):
                pass
        except BlockingIOError:
            pass
        except OSError as error:
            log.debug("route socket: %s", error)
        log.debug("links, addresses or routes have changed")
        self._notice()

    def _notice(self) -> None:
        if self._settling is None:
            self._settling = self._loop.call_later(SETTLE, self._settled)

    def _settled(self) -> None:
        self._settling = None
        self._changed()


def _route_socket() -> socket.socket | None:
    """None where the system has none, or forbids it."""
    if sys.platform != "linux":
        return None
    try:
        found = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    except OSError as error:
        log.debug("network changes are not told: %s", error)
        return None
    try:
        found.setblocking(False)
        found.bind((0, _GROUPS))
    except OSError as error:
        log.debug("network changes are not told: %s", error)
        found.close()
        return None
    return found
