"""What each call of the RPC does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from itertools import chain, islice
from time import time
from typing import Any

from xrgui import bridge_key, rpc
from xrgui.config import model
from xrgui.config.problem import Problem
from xrgui.engine.errors import EngineError, describe
from xrgui.engine.explain import explain
from xrgui.engine.feeds import session_row
from xrgui.engine.host import Host
from xrgui.engine.judging import Judge
from xrgui.engine.resolver import Resolver

LONGEST_GRACE = 60.0
MOST_ROWS = 20_000
"""Of one answer, which must stay below `rpc.MAX_LINE`."""


class Procedures:
    """Each takes its call and gives its result, or raises RpcError."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._judge = Judge().judge
        self._changing = asyncio.Lock()
        """Changes are made in the order in which they were asked for, however long judging them takes."""

    def of(self, call: rpc.Call[Any]) -> Awaitable[Any]:
        match call:
            case rpc.Apply():
                return self.apply(call)
            case rpc.Remove():
                return self.remove(call)
            case rpc.Check():
                return self.check(call)
            case rpc.GetStatus():
                return self.status()
            case rpc.Explain():
                return self.explain(call)
            case rpc.GetSessions():
                return self.sessions(call)
            case rpc.CloseSessions():
                return self.close_sessions(call)
            case rpc.Retry():
                return self.retry(call)
            case rpc.Approve():
                return self.approve(call)
            case rpc.GetLog():
                return self.log(call)
            case rpc.Shutdown():
                return self.shutdown(call)
        raise TypeError(f"{call.method} is no procedure")

    async def apply(self, call: rpc.Apply) -> rpc.AppliedAll:
        wanted = [named.name for named in call.configs]
        async with self._changing:
            gone = [name for name in self._host.engines if name not in wanted] if call.replace else []
            removed = await self._host.remove(gone)
            return rpc.AppliedAll(tuple([await self._apply(named) for named in call.configs]), tuple(removed))

    async def _apply(self, named: rpc.NamedConfig) -> rpc.Applied:
        config, problems = await self._judge(named.config)
        applied = rpc.Applied(named.name, problems=problems)
        if config is None:
            applied.error = _bad_config(problems)
            return applied
        try:
            changes = await self._host.apply(named.name, config)
        except (EngineError, OSError) as error:
            applied.error = rpc.Error("failed", describe(error))
            return applied
        applied.started, applied.stopped = tuple(changes.started), tuple(changes.stopped)
        applied.kept = tuple(changes.kept)
        return applied

    async def remove(self, call: rpc.Remove) -> rpc.AppliedAll:
        async with self._changing:
            return rpc.AppliedAll((), tuple(await self._host.remove(call.names)))

    async def check(self, call: rpc.Check) -> rpc.CheckedAll:
        found = [await self._judge(named.config, probe_ports=call.probe_ports) for named in call.configs]
        return rpc.CheckedAll(
            tuple(rpc.Checked(named.name, one.problems) for named, one in zip(call.configs, found, strict=True))
        )

    async def status(self) -> rpc.Status:
        return self._host.status()

    async def explain(self, call: rpc.Explain) -> rpc.Explanation:
        config = await self._config(call)
        try:
            return await explain(config, call, Resolver(config.dns))
        except ValueError as error:
            raise refusal("bad_request", f"{error}.") from None

    async def _config(self, call: rpc.Explain) -> model.Config:
        if call.config is None:
            found = self._host.configs.get(call.name)
            if found is None:
                raise self._unknown(call.name)
            return found
        config, problems = await self._judge(call.config)
        if config is None:
            raise rpc.RpcError(_bad_config(problems))
        return config

    def _unknown(self, name: str) -> rpc.RpcError:
        names = f"There are: {', '.join(self._host.configs)}." if self._host.configs else "None is running."
        return refusal("not_found", f"No configuration is called {name!r}.", names)

    async def sessions(self, call: rpc.GetSessions) -> rpc.SessionList:
        engines = self._host.engines.items()
        live = chain.from_iterable(((name, s) for s in engine.sessions.values()) for name, engine in engines)
        rows = [session_row(session, name) for name, session in islice(live, min(max(call.limit, 0), MOST_ROWS))]
        ended = [(name, session) for name, engine in engines for session in engine.closed]
        ended.sort(key=lambda pair: pair[1].ended_at)
        ended = ended[-call.closed :] if call.closed > 0 else []
        return rpc.SessionList(
            at=time(),
            open=sum(len(engine.sessions) for _, engine in engines),
            rows=tuple(sorted(rows, key=lambda row: row.id)),
            closed=tuple(session_row(session, name) for name, session in ended),
        )

    async def close_sessions(self, call: rpc.CloseSessions) -> rpc.Closed:
        return rpc.Closed(sum(self._host.close_session(number, call.reason) for number in call.ids))

    async def retry(self, call: rpc.Retry) -> rpc.Retried:
        if call.name and call.name not in self._host.engines:
            raise self._unknown(call.name)
        return rpc.Retried(
            tuple(
                f"{name}/{tag}"
                for name, engine in self._host.engines.items()
                if call.name in ("", name)
                for tag in engine.retry(call.tag)
            )
        )

    async def approve(self, call: rpc.Approve) -> rpc.Done:
        engine = self._host.engines.get(call.name)
        if engine is None:
            raise self._unknown(call.name)
        try:
            key = bridge_key.decode(call.key) if call.key else b""
        except ValueError as error:
            raise refusal("bad_request", f"That is {error}.") from None
        if not engine.approve(call.tag, key):
            tags = ", ".join(portal.tag for portal in engine.status().portals)
            raise refusal(
                "not_found",
                f"No portal has the tag {call.tag!r}.",
                f"There are: {tags}." if tags else f"{call.name!r} has no portal.",
            )
        return rpc.Done()

    async def log(self, call: rpc.GetLog) -> rpc.LogList:
        return rpc.LogList(tuple(self._host.logs.ring.last(call.limit, call.level)))

    async def shutdown(self, call: rpc.Shutdown) -> rpc.Done:
        async with self._changing:
            self._host.stop(min(max(call.grace, 0), LONGEST_GRACE))
        return rpc.Done()


def _bad_config(problems: tuple[Problem, ...]) -> rpc.Error:
    """The first thing that is wrong, for whoever reads no more."""
    first = next(problem for problem in problems if problem.is_error)
    return rpc.Error("bad_config", f"{first.place}: {first.message}.", first.hint)


def refusal(code: rpc.ErrorCode, message: str, hint: str = "") -> rpc.RpcError:
    return rpc.RpcError(rpc.Error(code, message, hint))
