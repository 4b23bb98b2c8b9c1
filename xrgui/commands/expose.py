"""`xrgui expose`: share one local service through a public server that is there already."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import NamedTuple

import click

from xrgui import bridge_key, logs, loop
from xrgui.address import Network, format_endpoint, parse_endpoint
from xrgui.commands.errors import CommandError
from xrgui.commands.run import control_socket, log_level, until_stopped, with_signals
from xrgui.commands.via import Via, read_via
from xrgui.config import model
from xrgui.config.check import check
from xrgui.engine.engine import Engine
from xrgui.engine.errors import EngineError
from xrgui.engine.errors import describe as phrase
from xrgui.engine.host import Host
from xrgui.engine.tasks import spawn
from xrgui.profiles.compile import share_through
from xrgui.profiles.model import Service
from xrgui.rpc import BridgeStatus

NAME = "expose"
LOOK = 0.1
"""Seconds between two looks at the link."""
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


def have_key() -> None:
    """A public server may ask for this machine's key; it is made where there is none yet."""
    try:
        bridge_key.ensure(bridge_key.default_path())
    except (OSError, ValueError):
        return  # the engine says what is wrong with it


async def _expose(target: Target, via: Via, url: str, level: str) -> None:
    host = Host(Engine, logs.install(level), level=level)
    have_key()
    with_signals(host, host.follow_logs)
    service = Service(port=target.port, host=target.host, network=target.network)
    config = share_through(via.server, (service,), via.tunnel_domain)
    judge(config)
    try:
        await host.apply(NAME, config)
    except (EngineError, OSError) as error:
        raise CommandError(f"{phrase(error)}.") from None
    async with control_socket(host, True):
        watch = spawn(_announce(host, target, via, url), "announce")
        await until_stopped(host)
        watch.cancel()


def judge(config: model.Config) -> None:
    """Tell what is doubtful about the server, such as a link without TLS. Raises CommandError."""
    for problem in check(config, probe_ports=False):
        hint = f"{problem.hint[:1].upper()}{problem.hint[1:]}." if problem.hint else ""
        if problem.is_error:
            raise CommandError(f"The public server: {problem.message}", hint)
        say(f"The public server: {problem.message}. {hint}".strip())


async def _announce(host: Host, target: Target, via: Via, url: str) -> None:
    """Say the URL once the link is up, and what keeps it from coming up."""
    await _look_at_target(target)
    bridge = await wait_for_link(host, NAME)
    deadline = asyncio.get_running_loop().time() + HELLO_WAIT
    while not url:
        url = _told_url(bridge, target, via)
        if not url and asyncio.get_running_loop().time() > deadline:
            say(
                "The link is up, but the server does not tell at which port visitors come in. "
                "Its configuration says; --public-url has it printed here."
            )
            return
        await asyncio.sleep(0 if url else LOOK)
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


async def wait_for_link(host: Host, name: str) -> BridgeStatus:
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


async def _look_at_target(target: Target) -> None:
    if target.network is Network.UDP:
        return
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(target.host, target.port)
        writer.close()
    except OSError:
        say(f"Nothing answers at {target} yet: visitors fail until something listens there.")


def say(text: str) -> None:
    colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    print(f"\x1b[1m{text}\x1b[0m" if colour else text, file=sys.stderr, flush=True)
