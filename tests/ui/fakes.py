"""Tunnels, traffic and sub-connections that no engine ever saw."""

from __future__ import annotations

import math
import random
import time

from xrgui import rpc
from xrgui.ui import units
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.models.traffic import ALL, Traffic
from xrgui.ui.tunnel import Happening, Phase, Role, Service, Trouble, Tunnel

GB, MB, KB = 1e9, 1e6, 1e3

REFUSED = "box.example.net:443 closed the link right after the request: it does not know this id"
"""As the engine says it."""


def tunnels(now: float | None = None) -> list[Tunnel]:
    now = time.time() if now is None else now
    blog = Tunnel(
        "blog",
        "Blog preview",
        server="box.example.net:443",
        public=("https://box.example.net:8443",),
        services=(Service("127.0.0.1", 3000, answers=True, round_trip=0.3),),
        link="VLESS, WebSocket, TLS",
        phase=Phase.UP,
        since=now - 8075,
        links=2,
        visitors=128,
        round_trip=38,
        down_rate=18.4 * MB,
        up_rate=312 * KB,
    )
    home = Tunnel(
        "ha",
        "Home Assistant",
        server="box.example.net:443",
        public=("https://ha.example.net",),
        services=(Service("192.168.1.20", 8123, answers=True, round_trip=1.4),),
        link="VLESS, TLS",
        phase=Phase.UP,
        since=now - 90000,
        links=1,
        visitors=3,
        round_trip=41,
        down_rate=1.1 * KB,
        up_rate=300,
    )
    ssh = Tunnel(
        "ssh",
        "SSH to workstation",
        server="box.example.net:443",
        public=("box.example.net:2222",),
        services=(Service("127.0.0.1", 22, answers=True, round_trip=0.2),),
        link="VLESS, TLS",
        phase=Phase.TROUBLE,
        since=now - 30,
        trouble=Trouble.REFUSED_ID,
        attempt=4,
        retry_at=now + 11.6,
    )
    for number, ago, wait in ((1, 28, 2), (2, 25, 4), (3, 20, 8), (4, 12, 16)):
        text = tr("attempt {n}: {error}", n=number, error=engine_words(REFUSED))
        ssh.happenings.append(Happening(now - ago, text + tr("; next in {wait}", wait=units.wait(wait))))
    mine = Tunnel(
        "mine",
        "Minecraft (UDP)",
        server="box.example.net:443",
        public=("box.example.net:19132",),
        services=(Service("127.0.0.1", 19132, "udp"),),
        link="VMess, TLS",
    )
    return [blog, home, ssh, mine]


def more_tunnels(now: float | None = None) -> list[Tunnel]:
    """What the four lack: several services, the public side, connecting, a local fault, long names."""
    now = time.time() if now is None else now
    many = Tunnel(
        "many",
        "Everything on the workbench in the cellar, behind the second door on the left",
        server="a-very-long-host-name.eu-central-1.compute.example.net:443",
        public=(
            "https://a-very-long-host-name.eu-central-1.compute.example.net:8443",
            "box.example.net:2222",
        ),
        services=(
            Service("127.0.0.1", 3000, answers=True, round_trip=0.3),
            Service("127.0.0.1", 22, answers=False),
            Service("workbench.local", 19132, "udp"),
            Service("127.0.0.1", 9090, answers=True, round_trip=0.4),
        ),
        link="VLESS, TLS",
        phase=Phase.UP,
        since=now - 400,
        links=2,
        visitors=1,
        round_trip=112,
    )
    serve = Tunnel(
        "serve",
        "Public side",
        Role.SERVE,
        server="0.0.0.0:443",
        public=("https://box.example.net:8443",),
        link="VLESS, TLS",
        phase=Phase.UP,
        since=now - 90,
        links=2,
        peers=("203.0.113.8:51034", "203.0.113.8:51036"),
        visitors=17,
        round_trip=21,
        down_rate=2.2 * MB,
        up_rate=40 * KB,
    )
    dialling = Tunnel(
        "dial",
        "Printer",
        server="box.example.net:443",
        services=(Service("192.168.1.9", 631, answers=True, round_trip=2.1),),
        link="VLESS, TLS",
        phase=Phase.CONNECTING,
        since=now - 9,
        attempt=3,
        retry_at=now + 7.5,
        trouble=Trouble.REFUSED,
        detail=engine_words("connection refused"),
    )
    return [many, serve, dialling]


def waiting_server() -> Tunnel:
    return Tunnel(
        "wait", "Nobody there yet", Role.SERVE, server="0.0.0.0:443", link="VLESS, TLS", phase=Phase.CONNECTING
    )


def fill_traffic(traffic: Traffic, now: float | None = None, seconds: int = 400) -> None:
    now = time.time() if now is None else now
    draw = random.Random(7)
    together = [[0.0, 0.0] for _ in range(seconds)]
    for key, top in (("blog", 31 * MB), ("ha", 90 * KB), ("serve", 3 * MB)):
        series = traffic.series(key)
        down, up = 0.5, 0.4
        for n in range(seconds):
            down = min(0.95, max(0.08, down + draw.uniform(-0.09, 0.09)))
            up = min(0.9, max(0.1, up + draw.uniform(-0.08, 0.08)))
            wave = 0.75 + 0.25 * math.sin(n / 40)
            rates = top * down * wave, top * up * 0.1
            together[n] = [sum(pair) for pair in zip(together[n], rates, strict=True)]
            series.add(now - seconds + 1 + n, *rates)
        traffic.open[key] = 128
    for n, rates_of_all in enumerate(together):
        traffic.series(ALL).add(now - seconds + 1 + n, *rates_of_all)
    traffic.open[ALL] = 128


def session_row(number: int, draw: random.Random, now: float) -> rpc.SessionRow:
    config = draw.choice(("blog", "blog", "blog", "ha"))
    return rpc.SessionRow(
        id=number,
        config=config,
        state="open" if draw.random() > 0.03 else "connecting",
        inbound="bridge",
        protocol="vless-reverse",
        user="",
        source=f"{draw.choice(('203.0.113', '198.51.100', '192.0.2'))}.{draw.randrange(1, 255)}"
        f":{draw.randrange(1024, 65535)}",
        target="tcp:127.0.0.1:3000" if config == "blog" else "tcp:192.168.1.20:8123",
        host="",
        rule=config,
        outbound="local" if config == "blog" else "lan",
        link=draw.randrange(1, 3),
        up=draw.randrange(200, 4_000_000),
        down=int(10 ** draw.uniform(3, 9.2)),
        started_at=now - 10 ** draw.uniform(0, 4),
        ended_at=0,
        reason="",
    )
