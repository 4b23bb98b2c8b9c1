"""`xrgui approve`: who waits for a portal's owner, and his word."""

from __future__ import annotations

import asyncio
import json
from time import time
from typing import NamedTuple

import click

from xrgui import rpc
from xrgui.commands.attached import ask_all, call, name_of, pid_option
from xrgui.commands.errors import CommandError
from xrgui.commands.tables import age, table


class Waiting(NamedTuple):
    pid: int
    config: str
    portal: str
    bridge: rpc.PendingBridge


@click.command()
@click.argument("key", required=False, metavar="[KEY|FINGERPRINT]")
@pid_option
def approve(key: str | None, pid: int | None) -> None:
    """Let a bridge join the portal where it waits; without a key, list who waits.

    Lasts until the next start or change: the line on stdout belongs into the configuration.
    """
    waiting = asyncio.run(_waiting(pid))
    if key is None:
        _list(waiting)
        return
    meant = [each for each in waiting if _is_meant(each.bridge, key)]
    if not meant:
        raise CommandError("No bridge with this key waits.", "`xrgui approve` lists those that do.")
    asyncio.run(_approve(meant))
    for each in meant:
        text = f"It is let in at {each.config}, portal {each.portal}."
        click.echo(f"{text} To keep it so, list the key beside the portal's tag:", err=True)
    click.echo(f'"bridgeKeys": {json.dumps([meant[0].bridge.key])}')


async def _waiting(pid: int | None) -> list[Waiting]:
    return [
        Waiting(status.pid, config.name, portal.tag, bridge)
        for status in await ask_all(pid, lambda engine: engine.call(rpc.GetStatus()))
        for config in status.configs
        for portal in config.portals
        for bridge in portal.waiting
    ]


def _list(waiting: list[Waiting]) -> None:
    if not waiting:
        click.echo("Nobody waits for approval.")
        return
    now = time()
    head = ("key", "portal", "address", "since")
    rows = [(name_of(b), f"{config}/{portal}", b.address, age(now - b.since)) for _, config, portal, b in waiting]
    click.echo("\n".join(table([head, *rows])))
    if any(each.bridge.key for each in waiting):
        click.echo("`xrgui approve KEY` lets one in: compare it with what `xrgui key` prints there.", err=True)
    if not all(each.bridge.key for each in waiting):
        text = 'Who has no key comes in where "bridgeKeys" is taken away from the portal: its id alone is enough then.'
        click.echo(text, err=True)


def _is_meant(bridge: rpc.PendingBridge, text: str) -> bool:
    """Nothing short of the whole: a beginning can be forged."""
    return bool(bridge.key) and text in (bridge.key, bridge.fingerprint, bridge.fingerprint.removeprefix("SHA256:"))


async def _approve(meant: list[Waiting]) -> None:
    for each in meant:
        try:
            await call(each.pid, rpc.Approve(each.config, each.portal, each.bridge.key))
        except rpc.RpcError as error:
            raise CommandError(error.message, error.hint) from None
