"""`xrgui run`: a configuration from files, until a signal; `xrgui engine`: what the window starts."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import click

from xrgui import logs, loop, paths
from xrgui.commands.errors import CommandError
from xrgui.commands.files import Source, describe, option, summary
from xrgui.commands.options import Seconds
from xrgui.commands.stdin import watch_stdin
from xrgui.config import model
from xrgui.config.check import Checked
from xrgui.engine.control import Server
from xrgui.engine.engine import Engine
from xrgui.engine.errors import EngineError
from xrgui.engine.errors import describe as phrase
from xrgui.engine.host import Host
from xrgui.engine.tasks import spawn

log = logging.getLogger("xrgui")

LONGEST_END = 1.5
"""Seconds from a signal to the end of all connections, whatever hangs, unless a longer grace is asked for."""
GRACE = 1.0

log_level = click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error", "none"]),
    help="In place of the configuration's own level.",
)


@click.command()
@option
@log_level
@click.option(
    "--grace",
    type=Seconds(86400),
    default=GRACE,
    show_default=True,
    metavar="SECONDS",
    help="How long visitors may go on after SIGINT or SIGTERM. A second signal ends all at once.",
)
@click.option("--control/--no-control", default=True, help="Let `xrgui status` and the window reach it.")
def run(files: tuple[str, ...], log_level: str | None, grace: float, control: bool) -> None:
    """Run a configuration until SIGINT or SIGTERM. SIGHUP reads it again."""
    source = Source(files)
    checked = source.check(probe_ports=True)
    for problem in checked.problems:
        click.echo(describe(problem), err=True)
    if checked.config is None:
        raise CommandError(f"{summary(checked.problems)} in {', '.join(files)}.", "Nothing was started.")
    loop.run(_run(source, checked.config, log_level, grace, control))


async def _run(source: Source, config: model.Config, level: str | None, grace: float, control: bool) -> None:
    host = Host(partial(Engine, grace), logs.install(level or config.log.level), level=level)
    with_signals(host, lambda: spawn(_reload(host, source), "reload"), grace)
    try:
        await host.apply(source.name, config)
    except (EngineError, OSError) as error:
        raise CommandError(f"{_sentence(error)}.", "Nothing was started.") from None
    async with control_socket(host, control):
        log.info("running %s", ", ".join(source.files))
        await until_stopped(host)


@click.command()
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info")
@click.option("--until-eof", is_flag=True, help="End when stdin closes.")
def engine(log_level: str, until_eof: bool) -> None:
    """Wait for configurations over the RPC (docs/rpc.md).

    The first line on stdout is the path of its endpoint.
    """
    loop.run(_engine(log_level, until_eof))


async def _engine(level: str, until_eof: bool) -> None:
    host = Host(Engine, logs.install(level), level=level)
    with_signals(host, host.follow_logs)
    if until_eof:
        watch_stdin(lambda: host.stop(0))
    try:
        server = Server(host, paths.new_endpoint())
        await server.start()
    except OSError as error:
        raise CommandError(f"The engine cannot be reached: {_sentence(error)}.") from None
    click.echo(server.path)
    await until_stopped(host)
    await server.close()


def with_signals(host: Host, hang_up: Callable[[], object], grace: float = GRACE) -> None:
    """SIGINT and SIGTERM stop the host after *grace* seconds at most, the second one at once; SIGHUP calls
    *hang_up*."""
    running = asyncio.get_running_loop()

    def stop() -> None:
        if host.stopping.done():
            os._exit(1)
        host.stop(grace)

    if sys.platform == "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: running.call_soon_threadsafe(stop))
        return
    running.add_signal_handler(signal.SIGINT, stop)
    running.add_signal_handler(signal.SIGTERM, stop)
    running.add_signal_handler(signal.SIGHUP, hang_up)


async def until_stopped(host: Host) -> None:
    grace = await host.stopping
    log.info("stopping")
    try:
        await asyncio.wait_for(host.close(grace), max(grace + 0.5, LONGEST_END))
    except TimeoutError:
        log.warning("some connections did not end in time")


@asynccontextmanager
async def control_socket(host: Host, wanted: bool) -> AsyncIterator[None]:
    """The RPC beside a configuration that runs; without it the tunnel runs all the same."""
    server = None
    if wanted:
        try:
            server = Server(host, paths.new_endpoint())
            await server.start()
        except OSError as error:
            server = None
            log.warning("no control socket: %s", phrase(error))
    try:
        yield
    finally:
        if server is not None:
            await server.close()


async def _reload(host: Host, source: Source) -> None:
    """What is wrong goes to the log; what runs then runs on."""
    checked: Checked = source.check(probe_ports=False)
    for problem in checked.problems:
        log.log(logging.ERROR if problem.is_error else logging.WARNING, "%s", problem)
    if checked.config is None:
        log.error("not reloaded: %s", summary(checked.problems))
        return
    try:
        changes = await host.apply(source.name, checked.config)
    except (EngineError, OSError) as error:
        log.error("not reloaded: %s", phrase(error))
        return
    changed = [f"started {what}" for what in changes.started] + [f"stopped {what}" for what in changes.stopped]
    log.info("reloaded: %s", ", ".join(changed) or "nothing changed")


def _sentence(error: Exception) -> str:
    return phrase(error).rstrip(".")
