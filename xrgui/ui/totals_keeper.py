"""Writes down what each tunnel carried, so that it is known after a restart, and says it in words."""

from __future__ import annotations

import asyncio
import logging
from datetime import date
from pathlib import Path

from PySide6.QtCore import QObject

from xrgui import rpc
from xrgui.totals import Amount, Reading, Totals, TotalsError
from xrgui.ui import units
from xrgui.ui.language import tr
from xrgui.ui.tasks import spawn

log = logging.getLogger("xrgui.window")
EVERY = 15.0
"""Seconds between two writings."""


class TotalsKeeper(QObject):
    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._totals: Totals | None = None
        self._sources: dict[str, str] = {}
        self._last: dict[str, rpc.Totals] = {}
        self._today: dict[str, Amount] = {}
        self._ever: dict[str, Amount] = {}
        self._written = 0.0

    async def start(self, profiles: list[str]) -> None:
        """Open the file and read it. A file that cannot be opened costs the figures, nothing else."""
        try:
            self._totals = await asyncio.to_thread(Totals, self._path)
            await asyncio.to_thread(self._read, profiles)
        except TotalsError as error:
            log.warning("%s", error)

    def status(self, status: rpc.Status) -> None:
        """Who counts: a configuration that starts again counts from zero."""
        for config in status.configs:
            self._sources[config.name] = f"{status.pid}-{config.started_at:.3f}"
            self._last[config.name] = config.totals

    def take(self, event: rpc.TotalsEvent) -> None:
        self._last.update(event.configs)
        if event.at - self._written >= EVERY:
            self._written = event.at
            spawn(self.write(), "write totals")

    def engine_died(self) -> None:
        """Its last figures are all that is left of it."""
        spawn(self.write(), "write totals")

    async def write(self) -> None:
        if self._totals is not None:
            try:
                last, self._last = self._last, {}
                readings = [
                    Reading(name, self._sources[name], Amount(totals.up, totals.down, totals.opened))
                    for name, totals in last.items()
                    if name in self._sources
                ]
                await asyncio.to_thread(self._write, readings)
            except TotalsError as error:
                log.warning("%s", error)

    async def stop(self) -> None:
        await self.write()
        if self._totals is not None:
            self._totals.close()

    def _write(self, readings: list[Reading]) -> None:
        if readings and self._totals is not None:
            self._totals.record(readings)
            self._read([reading.profile for reading in readings])

    def _read(self, profiles: list[str]) -> None:
        if self._totals is None:
            return
        self._ever = self._totals.totals()
        for profile in profiles:
            days = dict(self._totals.days(profile, date.today()))
            self._today[profile] = days.get(date.today(), Amount())

    def today(self, profile: str) -> str:
        return amount_words(self._today.get(profile, Amount()))

    def ever(self, profile: str) -> str:
        return amount_words(self._ever.get(profile, Amount()))


def amount_words(amount: Amount) -> str:
    """``4.2 GB down, 61 MB up, 1,934 visitors``; nothing for nothing."""
    if not any(amount):
        return ""
    return tr(
        "{down} down, {up} up, {n} visitor|{down} down, {up} up, {n} visitors",
        amount.visitors,
        down=units.brief_size(amount.down),
        up=units.brief_size(amount.up),
    )
