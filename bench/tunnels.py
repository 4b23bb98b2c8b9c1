"""The contestants: what makes a visitors' port out of nginx, by whose programs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import pick_port
from tests.interop import peers, topologies
from tests.interop.link import wait_answer
from tests.interop.topologies import LOOPBACK, Certificates, Service, Shape

SHAPES = {
    "raw": Shape("classic", "vless", "raw"),
    "tls": Shape("classic", "vless", "tls"),
    "ws": Shape("classic", "vless", "ws"),
    "vmess": Shape("classic", "vmess", "raw"),
}
FRP_SHAPES = ("raw", "tls")
DEFAULT = (
    "direct",
    "v2ray",
    "xrgui",
    "v2ray/xrgui",
    "xrgui/v2ray",
    "xrgui-reverse",
    "xray",
    "frp",
    "rathole",
)


EACH = 0
"""As the number of main connections: one for each visitor."""


@dataclass(frozen=True)
class Place:
    """Where things are: the servers to reach, a directory to write to, certificates."""

    page: int
    banner: int
    directory: Path
    certificates: Certificates


@dataclass
class Tunnel:
    """Visitors' ports that work, and the port at which the desktop side comes in.

    *public* and *desktop* are absent where nothing is between.
    """

    page: int
    banner: int
    link: int = 0
    public: peers.Running | None = None
    desktop: peers.Running | None = None


def programs(contestant: str) -> tuple[str, ...]:
    """Names of the programs that it needs: desktop side, public side."""
    if contestant == "direct":
        return ()
    if contestant == "frp":
        return ("frpc", "frps")
    name = contestant.removesuffix("-reverse")
    return tuple(name.split("/")) if "/" in name else (name, name)


def supports(contestant: str, shape: str) -> bool:
    """Whether the contestant can carry its link like this at all."""
    if contestant == "frp":
        return shape in FRP_SHAPES
    if contestant in ("rathole", "direct"):
        return shape == "raw"
    return shape != "vmess" if is_modern(contestant) else True


def is_modern(contestant: str) -> bool:
    """Current Xray loads VLESS reverse only."""
    return contestant.endswith("-reverse") or "xray" in programs(contestant)


@contextlib.contextmanager
def tunnel(
    contestant: str,
    shape: str,
    place: Place,
    wire: Callable[[int], AbstractContextManager[int]] = nullcontext,
    links: int | None = None,
) -> Iterator[Tunnel]:
    """The contestant's programs, up and answering; ended afterwards.

    *wire* may put something before the port at which the desktop side comes in; it gives the port to dial instead.
    *links*: main connections, for those who let one choose.
    """
    if contestant == "direct":
        yield Tunnel(place.page, place.banner)
        return
    page, banner, link = pick_port(), pick_port(), pick_port()
    services = (Service("page", page, place.page), Service("banner", banner, place.banner))
    desktop_program, public_program = programs(contestant)
    with contextlib.ExitStack() as stack:
        dialled = stack.enter_context(wire(link))
        public_config, _ = configurations(contestant, shape, link, services, place.certificates, links)
        _, desktop_config = configurations(contestant, shape, dialled, services, place.certificates, links)
        public = peers.start(public_program, public_config, place.directory, "public")
        stack.callback(public.stop)
        public.wait_listening(link)
        desktop = peers.start(desktop_program, desktop_config, place.directory, "desktop")
        stack.callback(desktop.stop)
        wait_answer(page, 20, [public, desktop])
        yield Tunnel(page, banner, link, public, desktop)


def configurations(
    contestant: str,
    shape: str,
    link: int,
    services: tuple[Service, ...],
    certificates: Certificates,
    links: int | None = None,
) -> tuple[topologies.Json | str, topologies.Json | str]:
    """For the public side and for the desktop's."""
    if contestant in FOREIGN:
        return FOREIGN[contestant](shape, link, services, links)
    spoken = SHAPES[shape]
    if is_modern(contestant):
        spoken = Shape("vless-reverse", "vless", spoken.transport)
    bridge = topologies.bridge(spoken, link, certificates)
    if links is not None and programs(contestant)[0] == "xrgui":
        end = bridge["reverse"]["bridges"][0] if "reverse" in bridge else bridge["outbounds"][1]["settings"]["reverse"]
        end["links"] = links
    return topologies.portal(spoken, link, services, certificates), bridge


def frp(shape: str, link: int, services: tuple[Service, ...], links: int | None) -> tuple[str, str]:
    """By itself it has one link, and gives up where the server is not there when it starts."""
    server = f'bindAddr = "{LOOPBACK}"\nbindPort = {link}\nproxyBindAddr = "{LOOPBACK}"\n'
    tls = "true" if shape == "tls" else "false"
    client = f'serverAddr = "{LOOPBACK}"\nserverPort = {link}\ntransport.tls.enable = {tls}\n'
    client += "loginFailExit = false\n"
    if links == EACH:
        server += "transport.tcpMux = false\n"
        client += "transport.tcpMux = false\ntransport.poolCount = 4\n"
    for service in services:
        client += (
            f'[[proxies]]\nname = "{service.name}"\ntype = "tcp"\nlocalIP = "{LOOPBACK}"\n'
            f"localPort = {service.target}\nremotePort = {service.port}\n"
        )
    return server, client


def rathole(shape: str, link: int, services: tuple[Service, ...], links: int | None) -> tuple[str, str]:
    """It has a link for each visitor."""
    server = f'[server]\nbind_addr = "{LOOPBACK}:{link}"\ndefault_token = "bench"\n'
    client = f'[client]\nremote_addr = "{LOOPBACK}:{link}"\ndefault_token = "bench"\n'
    for service in services:
        server += f'[server.services.{service.name}]\nbind_addr = "{LOOPBACK}:{service.port}"\n'
        client += f'[client.services.{service.name}]\nlocal_addr = "{LOOPBACK}:{service.target}"\n'
    return server, client


FOREIGN: dict[str, Callable[[str, int, tuple[Service, ...], int | None], tuple[str, str]]] = {
    "frp": frp,
    "rathole": rathole,
}
