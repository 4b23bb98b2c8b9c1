"""How much stands in line before a main connection.

Whoever comes last waits for all of it, in our buffer and in the kernel's: a quarter of a megabyte is nothing on a quick
path and a second on a slow one. So the depth follows the rate at which the line goes on.
"""

from __future__ import annotations

DELAY = 0.02
"""Seconds that the last one in line should wait. The rate is that of at least as many, since a line that loses packets
goes on in jumps."""
LEAST, FIRST, MOST = 16 * 1024, 64 * 1024, 256 * 1024


class Depth:
    """Told each time that the line gets full and that it has room again: *now* in seconds, *gone* the bytes that have
    left it so far."""

    def __init__(self) -> None:
        self.high = FIRST
        """Bytes at which it counts as full."""
        self._began: tuple[float, int] | None = None
        self._drained = 0.0

    def full(self, now: float, gone: int) -> None:
        if self._began is None or now - self._drained > DELAY:
            self._began = now, gone

    def drained(self, now: float, gone: int) -> bool:
        """Whether `high` is another one now."""
        self._drained = now
        if self._began is None or now - self._began[0] < DELAY:
            return False
        (since, before), self._began = self._began, None
        wanted = int((gone - before) * DELAY / (now - since))
        # In powers of two, so that a steady rate changes nothing.
        high = min(max(1 << max(wanted, 1).bit_length() - 1, LEAST), MOST)
        changed, self.high = high != self.high, high
        return changed
