"""`xrgui forward`: reach a service beside the public server from this computer."""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple

import click
import msgspec

from xrgui import loop
from xrgui.address import Network, format_endpoint
from xrgui.commands.errors import CommandError
from xrgui.commands.link import bridge_of, run_bridge, say, wait_for_link
from xrgui.commands.run import log_level
from xrgui.commands.via import Via, read_via
from xrgui.config import model
from xrgui.engine.host import Host
from xrgui.profiles.compile import BRIDGE_TAG, share_through

replace = msgspec.structs.replace
NAME = LOCAL_TAG = "forward"
LOOK = 0.2
"""Seconds between two looks at what failed."""
HELLO_WAIT = 3.0
"""Seconds after the link is up in which an xrgui has said that it is one."""
_SPEC = re.compile(
    r"(?:(?P<listen>\[[^\]]+\]|[^:\[\]]+):)?(?P<local>\d{1,5}):(?P<host>\[[^\]]+\]|[^:\[\]]+):(?P<port>\d{1,5})",
    re.ASCII,
)


class Forward(NamedTuple):
    listen: str
    local: int
    """0: any free port."""
    host: str
    port: int

    def __str__(self) -> str:
        return format_endpoint(self.host, self.port)


def parse_forward(text: str) -> Forward:
    """``[ADDRESS:]PORT:HOST:PORT``. Raises ValueError."""
    found = _SPEC.fullmatch(text.strip())
    if found is None or int(found["local"]) > 65535 or not 0 < int(found["port"]) <= 65535:
        raise ValueError(f"{text!r} is no LOCAL:HOST:PORT")
    listen = (found["listen"] or "127.0.0.1").strip("[]")
    return Forward(listen, int(found["local"]), found["host"].strip("[]"), int(found["port"]))


def forward_through(via: Via, wanted: Forward) -> model.Config:
    """A bridge that shares nothing and whose links carry what comes in at *wanted*'s local port."""
    config = share_through(_without_visitors(via.server), (), via.tunnel_domain)
    inbound = model.Inbound(
        tag=LOCAL_TAG,
        listen=wanted.listen,
        ports=((wanted.local, wanted.local),),
        settings=model.TunnelInbound(address=wanted.host, port=wanted.port, networks=frozenset({Network.TCP})),
    )
    rule = model.Rule(outbound_tag=BRIDGE_TAG, name=f"(forward {wanted})", inbound_tags=frozenset({LOCAL_TAG}))
    routing = model.Routing(rules=(rule, *config.routing.rules))
    bridges = tuple(replace(end, visitors=False) for end in config.reverse.bridges)
    reverse = replace(config.reverse, bridges=bridges)
    return replace(config, inbounds=(inbound,), routing=routing, reverse=reverse)


def _without_visitors(server: model.Outbound) -> model.Outbound:
    """Visitors of a portal that others serve too must not end here, where nothing is shared."""
    settings = server.settings
    if not isinstance(settings, model.VlessOutbound) or settings.reverse is None:
        return server
    return replace(server, settings=replace(settings, reverse=replace(settings.reverse, visitors=False)))


@click.command()
@click.argument("forward", metavar="LOCAL:HOST:PORT")
@click.option(
    "--via",
    required=True,
    envvar="XRGUI_VIA",
    metavar="LINK|FILE|-",
    help="The public server, as `xrgui expose` takes it. Also read from XRGUI_VIA.",
)
@click.option("--server", metavar="HOST", help="The server's address, where FILE does not hold it.")
@click.option("--domain", metavar="NAME", help="Tunnel domain; makes a vless:// link use the classic dialect.")
@log_level
def forward(forward: str, via: str, server: str | None, domain: str | None, log_level: str | None) -> None:
    """Carry connections to LOCAL (a port, or address:port, of this computer) to HOST:PORT beside the public server.

    The server must be an xrgui whose rules allow it: one with inboundTag = the portal's tag. The first line on
    stdout says where to connect to, once it works.
    """
    try:
        wanted = parse_forward(forward)
    except ValueError as error:
        raise click.UsageError(f"{error}. Write 5432:db.internal:5432.") from None
    found = read_via(via, server=server or "", domain=domain or "")
    loop.run(_forward(wanted, found, log_level or "warning"))


async def _forward(wanted: Forward, via: Via, level: str) -> None:
    failures: list[CommandError] = []
    await run_bridge(NAME, forward_through(via, wanted), level, lambda host: _watch(host, wanted, failures))
    if failures:
        raise failures[0]


async def _watch(host: Host, wanted: Forward, failures: list[CommandError]) -> None:
    """Say where it listens once it works, then what fails."""
    await wait_for_link(host, NAME)
    if not await _is_equal(host):
        failures.append(
            CommandError(
                "The public server opens nothing for this end: this needs xrgui at the other end.",
                "Run xrgui there; what v2ray and Xray carry goes the other way only.",
            )
        )
        host.stop(0)
        return
    where = host.engines[NAME].status().inbounds[0].listen
    print(where, flush=True)
    say(f"{where} reaches {wanted} beside the public server. Ctrl-C ends it.")
    await _tell_failures(host)


async def _is_equal(host: Host) -> bool:
    deadline = asyncio.get_running_loop().time() + HELLO_WAIT
    while not bridge_of(host, NAME).equal:
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(LOOK / 4)
    return True


async def _tell_failures(host: Host) -> None:
    """Each reason once, until another one comes."""
    seen, said = 0, ""
    while True:
        for session in host.engines[NAME].closed:
            if session.id <= seen or session.inbound_tag != LOCAL_TAG:
                continue
            seen = session.id
            if session.error and session.error != said:
                said = session.error
                say(f"A connection failed: {said}.")
        await asyncio.sleep(LOOK)
