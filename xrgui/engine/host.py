"""The configurations that one process runs: an engine for each, by name."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from time import time
from typing import Protocol

from xrgui import __version__
from xrgui.config import model
from xrgui.engine.memory import default_memory
from xrgui.engine.memory import memory as held
from xrgui.engine.network_watch import NetworkWatch
from xrgui.engine.session import Session
from xrgui.logs import Log, secrets_of
from xrgui.rpc import ConfigStatus, EngineStatus, Status, Totals

log = logging.getLogger(__name__)


class Changes(Protocol):
    """What `Engine.apply` did: texts like ``inbound NAME``."""

    @property
    def started(self) -> Sequence[str]: ...
    @property
    def stopped(self) -> Sequence[str]: ...
    @property
    def kept(self) -> Sequence[str]: ...


class Engine(Protocol):
    """The face of `xrgui.engine.engine.Engine` that its host needs."""

    @property
    def sessions(self) -> Mapping[int, Session]: ...
    @property
    def closed(self) -> Sequence[Session]: ...
    async def apply(self, config: model.Config) -> Changes: ...
    async def close(self, grace: float = 1.0) -> None: ...
    def approve(self, portal_tag: str, key: bytes) -> bool: ...
    def status(self) -> EngineStatus: ...
    def totals(self) -> Totals: ...
    def close_session(self, session_id: int, reason: str) -> bool: ...
    def retry(self, tag: str = "") -> Sequence[str]: ...
    @property
    def has_bridges(self) -> bool: ...
    def check_links(self) -> None: ...


class Host:
    """Starts, changes and stops engines, one change at a time. A fault of one leaves the others alone."""

    def __init__(self, make: Callable[[], Engine], logs: Log, *, level: str | None = None) -> None:
        """*level*: the log's, whatever the configurations say."""
        self.engines: dict[str, Engine] = {}
        self.configs: dict[str, model.Config] = {}
        self.started_at = time()
        self.logs = logs
        self.stopping: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        """Done, with the grace in seconds, once somebody asked the process to end."""
        self._make = make
        self._level = level
        self._changing = asyncio.Lock()
        self._watch = NetworkWatch(self._network_changed)

    async def apply(self, name: str, config: model.Config) -> Changes:
        """Start *name*, or change it to *config*. Raises what `Engine.apply` raises; then nothing changed."""
        async with self._changing:
            self.logs.mask.know(_secrets([*self.configs.values(), config]))
            running = self.engines.get(name)
            engine = running or self._make()
            try:
                changes = await engine.apply(config)
            except BaseException:
                if running is None:
                    await engine.close(0)
                raise
            self.engines[name] = engine
            self.configs[name] = config
            self._changed()
            return changes

    async def remove(self, names: Iterable[str], grace: float = 1.0) -> list[str]:
        """Stop these; the result are those that ran."""
        async with self._changing:
            gone = [name for name in dict.fromkeys(names) if name in self.engines]
            engines = [self.engines.pop(name) for name in gone]
            for name in gone:
                del self.configs[name]
            await asyncio.gather(*(engine.close(grace) for engine in engines))
            self._changed()
            return gone

    def _changed(self) -> None:
        self.follow_logs()
        budgets = [config.limits.memory << 20 for config in self.configs.values() if config.limits.memory]
        held.budget = min(budgets, default=default_memory())
        if any(engine.has_bridges for engine in self.engines.values()):
            self._watch.start()
        else:
            self._watch.stop()

    def _network_changed(self) -> None:
        for engine in self.engines.values():
            engine.check_links()

    async def close(self, grace: float = 1.0) -> None:
        await self.remove(list(self.engines), grace)

    def stop(self, grace: float = 1.0) -> None:
        """Ask whoever runs this host to end the process."""
        if not self.stopping.done():
            self.stopping.set_result(grace)

    def follow_logs(self) -> None:
        """Log as the configurations say, into files that are opened anew."""
        self.logs.mask.know(_secrets(self.configs.values()))
        try:
            self.logs.configure((config.log for config in self.configs.values()), self._level)
        except OSError as error:
            log.warning("The log file %s cannot be written: %s", error.filename, error.strerror)

    def status(self) -> Status:
        parts = [(name, engine.status()) for name, engine in self.engines.items()]
        return Status(
            version=__version__,
            pid=os.getpid(),
            started_at=self.started_at,
            memory=memory(),
            totals=add_up(part.totals for _, part in parts),
            configs=tuple(_named(name, part) for name, part in parts),
            tasks=len(asyncio.all_tasks()),
        )

    def close_session(self, session_id: int, reason: str) -> bool:
        return any(engine.close_session(session_id, reason) for engine in self.engines.values())


def _named(name: str, status: EngineStatus) -> ConfigStatus:
    return ConfigStatus(
        name=name,
        started_at=status.started_at,
        inbounds=status.inbounds,
        outbounds=status.outbounds,
        bridges=status.bridges,
        portals=status.portals,
        totals=status.totals,
    )


def add_up(parts: Iterable[Totals]) -> Totals:
    total = Totals()
    for part in parts:
        total.up += part.up
        total.down += part.down
        total.open += part.open
        total.opened += part.opened
        total.refused += part.refused
        total.over_limit += part.over_limit
    return total


def _secrets(configs: Iterable[model.Config]) -> set[str]:
    return set().union(*(secrets_of(config) for config in configs))


def memory() -> int:
    """Resident bytes of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
