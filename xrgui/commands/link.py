"""What `xrgui expose` and `xrgui forward` have in common: one bridge to a public server that is there already."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from xrgui import bridge_key, logs
from xrgui.commands.errors import CommandError
from xrgui.commands.run import control_socket, until_stopped, with_signals
from xrgui.config import model
from xrgui.config.check import check
from xrgui.engine.engine import Engine
from xrgui.engine.errors import EngineError
from xrgui.engine.errors import describe as phrase
from xrgui.engine.host import Host
from xrgui.engine.tasks import spawn
from xrgui.rpc import BridgeStatus

LOOK = 0.1
"""Seconds between two looks at the link."""


async def run_bridge(
    name: str, config: model.Config, level: str, watch: Callable[[Host], Coroutine[Any, Any, None]]
) -> None:
    """Run *config*, with *watch* beside it, until something asks the process to end. Raises CommandError."""
    host = Host(Engine, logs.install(level), level=level)
    _have_key()
    with_signals(host, host.follow_logs)
    judge(config)
    try:
        await host.apply(name, config)
    except (EngineError, OSError) as error:
        raise CommandError(f"{phrase(error)}.") from None
    async with control_socket(host, True):
        watching = spawn(watch(host), name)
        await until_stopped(host)
        watching.cancel()


def _have_key() -> None:
    """A public server may ask for this machine's key; it is made where there is none yet."""
    try:
        bridge_key.ensure(bridge_key.default_path())
    except (OSError, ValueError):
        return  # the engine says what is wrong with it


def judge(config: model.Config) -> None:
    """Tell what is doubtful about the server, such as a link without TLS. Raises CommandError."""
    for problem in check(config, probe_ports=False):
        hint = f"{problem.hint[:1].upper()}{problem.hint[1:]}." if problem.hint else ""
        if problem.is_error:
            raise CommandError(f"The public server: {problem.message}.", hint)
        say(f"The public server: {problem.message}. {hint}".strip())


async def wait_for_link(host: Host, name: str) -> BridgeStatus:
    """Its status once it is up; what to do about what keeps it from that is said meanwhile."""
    said = ""
    while True:
        bridge = bridge_of(host, name)
        if bridge.state == "up":
            return bridge
        if bridge.error and bridge.error != said:
            said = bridge.error
            say(ADVICE.get(bridge.fault, OTHERWISE))
        await asyncio.sleep(LOOK)


def bridge_of(host: Host, name: str) -> BridgeStatus:
    return host.engines[name].status().bridges[0]


ADVICE = {
    "refused": "Nothing listens there: look whether the server runs and the port is right.",
    "timeout": "Nothing answers there: look whether the address is right and no firewall is in between.",
    "unreachable": "There is no way there: look whether this computer is online and the address is right.",
    "certificate": "It is not the server that the link names: compare its certificate with the pin (pcs).",
    "name": "The server's name is not known: look at its spelling.",
    "closed": "The server hung up: look whether it knows this id as a bridge (a user with `reverse`).",
    "unapproved": "Give the server's owner this computer's key, which `xrgui key` shows.",
    "protocol": "The server speaks another protocol: look whether port, transport and TLS agree.",
}
"""What to do about the `fault` of a bridge."""
OTHERWISE = "The server's log may say more."


def say(text: str) -> None:
    colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    print(f"\x1b[1m{text}\x1b[0m" if colour else text, file=sys.stderr, flush=True)
