"""`xrgui expose`: share one local service through a public server that is there already."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import click

from xrgui import loop
from xrgui.address import Network, format_endpoint, parse_endpoint
from xrgui.commands.link import LOOK, bridge_of, run_bridge, say, wait_for_link
from xrgui.commands.run import log_level
from xrgui.commands.via import Via, read_via
from xrgui.engine.host import Host
from xrgui.profiles.compile import share_through
from xrgui.profiles.model import Service
from xrgui.rpc import BridgeStatus

NAME = "expose"
HELLO_WAIT = 1.0
"""Seconds after the link is up in which the server may still tell its public ports."""


class Target(NamedTuple):
    scheme: str
    network: Network
    host: str
    port: int

    def __str__(self) -> str:
        return format_endpoint(self.host, self.port)


def parse_target(text: str) -> Target:
    """``3000``, ``host:port``, with ``http://``, ``https://``, ``tcp:`` or ``udp:`` in front or not.

    Raises ValueError.
    """
    scheme, rest = "http", text.strip()
    for word in ("http", "https", "tcp", "udp"):
        if rest.lower().startswith(f"{word}:"):
            scheme, rest = word, rest[len(word) + 1 :].removeprefix("//").rstrip("/")
            break
    if rest.isascii() and rest.isdigit():
        rest = f":{rest}"
    host, port = parse_endpoint(rest)
    port = port or {"http": 80, "https": 443}.get(scheme if host and "://" in text else "")
    if not port:
        raise ValueError(f"{text!r} is no port and no host:port")
    return Target(scheme, Network.UDP if scheme == "udp" else Network.TCP, host or "127.0.0.1", port)


def public_url(target: Target, host: str, port: int) -> str:
    usual = {"http": 80, "https": 443}.get(target.scheme)
    where = format_endpoint(host, port).rpartition(":")[0] if port == usual else format_endpoint(host, port)
    return f"{target.scheme}://{where}{'/' if usual else ''}"


@click.command()
@click.argument("target", metavar="TARGET")
@click.option(
    "--via",
    required=True,
    envvar="XRGUI_VIA",
    metavar="LINK|FILE|-",
    help="The public server: a vless:// or vmess:// link, a file (JSON of the outbound that dials it, or the "
    "server's own configuration), or - for a link on stdin. Also read from XRGUI_VIA.",
)
@click.option("--public-url", metavar="URL", help="What visitors type, where the server does not tell.")
@click.option("--server", metavar="HOST", help="The server's address, where FILE does not hold it.")
@click.option("--domain", metavar="NAME", help="Tunnel domain; makes a vless:// link use the classic dialect.")
@log_level
def expose(
    target: str,
    via: str,
    public_url: str | None,
    server: str | None,
    domain: str | None,
    log_level: str | None,
) -> None:
    """Share TARGET, and nothing else of this computer, until Ctrl-C.

    TARGET is a port of this computer, host:port, or udp:port. The first line on stdout is the public URL.
    A link holds a secret: give it by stdin or XRGUI_VIA where others can see the process list.
    """
    try:
        wanted = parse_target(target)
    except ValueError as error:
        raise click.UsageError(f"{error}. Write 3000, host:3000 or udp:53.") from None
    found = read_via(via, server=server or "", domain=domain or "")
    loop.run(_expose(wanted, found, public_url or "", log_level or "info"))


async def _expose(target: Target, via: Via, url: str, level: str) -> None:
    service = Service(port=target.port, host=target.host, network=target.network)
    config = share_through(via.server, (service,), via.tunnel_domain)
    await run_bridge(NAME, config, level, lambda host: _announce(host, target, via, url))


async def _announce(host: Host, target: Target, via: Via, url: str) -> None:
    """Say the URL once the link is up, and what keeps it from coming up."""
    await _look_at_target(target)
    bridge = await wait_for_link(host, NAME)
    deadline = asyncio.get_running_loop().time() + HELLO_WAIT
    while not (url := url or _told_url(bridge, target, via)):
        if asyncio.get_running_loop().time() > deadline:
            say(
                "The link is up, but the server does not tell at which port visitors come in. "
                "Its configuration says; --public-url has it printed here."
            )
            return
        await asyncio.sleep(LOOK)
        bridge = bridge_of(host, NAME)
    print(url, flush=True)
    say(f"Visitors of {url} reach {target}. Ctrl-C ends it.")


def _told_url(bridge: BridgeStatus, target: Target, via: Via) -> str:
    """From the ports that the server or its configuration names."""
    for told in (*via.public, *bridge.public):
        network, _, port = told.partition(":")
        if network == target.network and port.isascii() and port.isdigit() and int(port):
            return public_url(target, via.host, int(port))
    return ""


async def _look_at_target(target: Target) -> None:
    if target.network is Network.UDP:
        return
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(target.host, target.port)
        writer.close()
    except OSError:
        say(f"Nothing answers at {target} yet: visitors fail until something listens there.")
