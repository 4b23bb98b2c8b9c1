"""Commands that ask engines which run already: status, connections, logs, stop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import time
from typing import Any, TypeVar

import click
import msgspec

from xrgui import client, paths, rpc
from xrgui.commands.errors import CommandError
from xrgui.commands.options import Seconds
from xrgui.commands.tables import age, size, table

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that an engine has for an answer."""

pid_option = click.option("--pid", type=int, help="Only the engine with this process id.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@pid_option
@json_option
def status(pid: int | None, as_json: bool) -> None:
    """What the running engines do: bridges, portals, listeners, totals.

    Exit code 1 where none runs.
    """
    found = asyncio.run(ask_all(pid, lambda engine: engine.call(rpc.GetStatus())))
    if as_json:
        click.echo(_json({"engines": found}))
    else:
        click.echo("\n\n".join(_status_text(each) for each in found))


def _status_text(status: rpc.Status) -> str:
    totals = status.totals
    lines = [
        f"Engine {status.pid}, xrgui {status.version}, up {age(time() - status.started_at)}, "
        f"{size(status.memory)} of memory",
        f"{totals.open} open, {totals.opened} in all, {totals.refused} refused{_over_limit(totals)}, "
        f"{size(totals.up)} up, {size(totals.down)} down",
    ]
    for config in status.configs:
        lines.append(f"\n{config.name}")
        lines += table(
            [("bridge " + b.tag, _bridge_text(b), b.server) for b in config.bridges]
            + [row for p in config.portals for row in _portal_rows(p)]
            + [(f"inbound {i.tag}", f"{i.protocol}, {i.connections} open", i.listen) for i in config.inbounds],
            indent="  ",
        )
    return "\n".join(lines)


def _over_limit(totals: rpc.Totals) -> str:
    return f" ({totals.over_limit} of them over a limit)" if totals.over_limit else ""


def _bridge_text(bridge: rpc.BridgeStatus) -> str:
    if bridge.state == "up":
        rtt = f", {bridge.rtt_ms:.1f} ms" if bridge.rtt_ms is not None else ""
        return f"up for {age(time() - bridge.since)}{rtt}"
    if bridge.state == "waiting":
        return f"attempt {bridge.attempt} failed ({bridge.error}), again in {bridge.next_try_in:.0f} s"
    if bridge.state == "unapproved":
        return f"waits for approval: {bridge.error}"
    return f"{bridge.state}{f' (attempt {bridge.attempt})' if bridge.attempt > 1 else ''}"


def _portal_rows(portal: rpc.PortalStatus) -> list[tuple[str, str, str]]:
    """The portal, and the bridges that wait for `xrgui approve`."""
    there = (f"portal {portal.tag}", _portal_text(portal), ", ".join(filter(None, portal.peers)))
    return [there, *(("  waits for approval", name_of(bridge), bridge.address) for bridge in portal.waiting)]


def name_of(bridge: rpc.PendingBridge) -> str:
    return bridge.fingerprint or ("no key" if bridge.xrgui else "no key (Xray or v2ray)")


def _portal_text(portal: rpc.PortalStatus) -> str:
    if not portal.links:
        return "no bridge is connected"
    return f"{portal.links} link{'s' if portal.links > 1 else ''}, {portal.visitors} visitors"


@click.command()
@pid_option
@json_option
def connections(pid: int | None, as_json: bool) -> None:
    """The live sub-connections of the running engines."""
    found = asyncio.run(ask_all(pid, _sessions))
    rows = [(pid, row) for pid, listed in found for row in listed.rows]
    if as_json:
        click.echo(_json([{"pid": pid, **msgspec.structs.asdict(row)} for pid, row in rows]))
        return
    now = time()
    head = ("#", "state", "visitor", "target", "rule -> outbound", "up", "down", "age")
    body = [
        (
            str(row.id),
            row.state,
            row.source or "?",
            row.target,
            f"{row.rule or 'default'} -> {row.outbound}",
            size(row.up),
            size(row.down),
            age(now - row.started_at),
        )
        for _, row in rows
    ]
    click.echo("\n".join(table([head, *body])) if body else "No connections.")


async def _sessions(engine: client.Client) -> tuple[int, rpc.SessionList]:
    return engine.welcome.pid, await engine.call(rpc.GetSessions(limit=20_000))


@click.command()
@pid_option
@click.option("--all", "every", is_flag=True, help="All engines of this user.")
@click.option("--grace", type=Seconds(60), default=1.0, help="Seconds for live connections.")
def stop(pid: int | None, every: bool, grace: float) -> None:
    """Stop a running engine, and wait until it is gone."""
    asyncio.run(_stop(pid, every, grace))


async def _stop(pid: int | None, every: bool, grace: float) -> None:
    for path in _paths(pid) if every else [_only(pid)]:
        async with await _connect(path) as engine:
            await engine.call(rpc.Shutdown(grace))
            async with asyncio.timeout(grace + 5):
                await engine.wait_closed()
            click.echo(f"Stopped engine {engine.welcome.pid}.")


@click.command()
@pid_option
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@click.option("-n", "--lines", type=click.IntRange(0, 2000), default=100, show_default=True)
@click.option("--level", type=click.Choice(["debug", "info", "warning", "error"]), default="debug")
def logs(pid: int | None, follow: bool, lines: int, level: rpc.Level) -> None:
    """What a running engine logged, its last records first."""
    asyncio.run(_logs(pid, follow, lines, level))


async def _logs(pid: int | None, follow: bool, lines: int, level: rpc.Level) -> None:
    async with await _connect(_only(pid)) as engine:
        if not follow:
            for record in (await engine.call(rpc.GetLog(level, lines))).records:
                _print(record)
            return
        async for event in engine.subscribe("log", interval=rpc.MIN_INTERVAL, level=level, backlog=lines):
            if isinstance(event, rpc.LogEvent):
                if event.lost:
                    click.echo(f"({event.lost} records were lost)", err=True)
                for record in event.records:
                    _print(record)
    raise CommandError("The engine ended.")


def _print(record: rpc.LogRecord) -> None:
    from xrgui.logs import line

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    click.echo(line(record.at, record.level, record.message, colour), nl=False)


# Finding engines


def _paths(pid: int | None) -> list[Path]:
    found = [path for path in paths.endpoints() if pid in (None, int(path.stem))]
    if not found:
        what = "No engine runs" if pid is None else f"No engine has the process id {pid}"
        raise CommandError(f"{what}.", "`xrgui run -c FILE` starts one.")
    return found


def _only(pid: int | None) -> Path:
    found = _paths(pid)
    if len(found) > 1:
        pids = ", ".join(path.stem for path in found)
        raise CommandError(f"Several engines run: {pids}.", "Name one by --pid.")
    return found[0]


async def _connect(path: Path) -> client.Client:
    try:
        async with asyncio.timeout(PATIENCE):
            return await client.connect(path)
    except rpc.RpcError as error:
        raise CommandError(error.message, error.hint) from None
    except TimeoutError:
        raise _silent(path) from None
    except (OSError, msgspec.MsgspecError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"The engine at {path} does not answer: {reason}.") from None


async def ask_all(pid: int | None, ask: Callable[[client.Client], Awaitable[T]]) -> list[T]:
    answers: list[T] = []
    for path in _paths(pid):
        async with await _connect(path) as engine:
            try:
                async with asyncio.timeout(PATIENCE):
                    answers.append(await ask(engine))
            except TimeoutError:
                raise _silent(path) from None
    return answers


async def call(pid: int, what: rpc.Call[T]) -> T:
    """Raises RpcError."""
    async with await _connect(_only(pid)) as engine:
        return await engine.call(what)


def _silent(path: Path) -> CommandError:
    text = f"The engine at {path} has not answered for {PATIENCE:.0f} s."
    return CommandError(text, f"End the process {path.stem} if it hangs.")


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()
