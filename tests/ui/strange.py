"""Tunnels and visitors that strain the layout: very long names, other scripts, very many."""

from __future__ import annotations

import random

from tests.ui import fakes
from xrgui import rpc
from xrgui.ui.tunnel import Phase, Service, Tunnel

LONG = ("Everything on the workbench in the cellar, behind the second door on the left " * 3)[:200]
HOST = ".".join(["a-very-long-label-of-a-host-name-that-goes-on"] * 4 + ["example.net"])


def long_names() -> Tunnel:
    return Tunnel(
        "long",
        LONG,
        server=f"{HOST}:443",
        public=(f"https://{HOST}:8443/a/path/that/also/goes/on/and/on?and=a&query=too",),
        services=(Service(HOST, 3000, answers=True, round_trip=1234.0), Service("2001:db8::8a2e:370:7334", 65535)),
        link="VLESS, WebSocket, TLS",
        phase=Phase.UP,
        since=1.6e9,
        links=8,
        visitors=123_456,
        round_trip=2345.0,
        down_rate=999.4e6,
        up_rate=999.4e6,
    )


def unsupported() -> Tunnel:
    return Tunnel(
        "lack", "Trojan server", server="box.example.net:443", link="Trojan, TLS", unsupported="Trojan, REALITY"
    )


def scripts() -> tuple[Tunnel, ...]:
    """Right to left, Chinese, and pictures."""
    names = {
        "rtl": "החנות של סבתא (shop)",
        "arab": "متجر الجدة",
        "cjk": "家里的博客 预览版",
        "emoji": "🚀 Blog 👩‍👩‍👧 & <b>co</b>",
    }
    return tuple(
        Tunnel(
            key,
            name,
            server="box.example.net:443",
            public=("https://דוגמה.example.net:8443" if key == "rtl" else "https://box.example.net:8443",),
            services=(Service("127.0.0.1", 3000, answers=True, round_trip=0.3),),
            link="VLESS, TLS",
            phase=Phase.UP,
            since=1.7e9,
            links=1,
        )
        for key, name in names.items()
    )


def many(count: int) -> tuple[Tunnel, ...]:
    return tuple(
        Tunnel(f"n{n}", f"Machine {n + 1}", server="box.example.net:443", services=(Service("127.0.0.1", 3000 + n),))
        for n in range(count)
    )


def sessions(now: float) -> tuple[rpc.SessionRow, ...]:
    draw = random.Random(5)
    rows = [fakes.session_row(5_000_000_000 + n, draw, now) for n in range(4)]
    rows[0].source = "[2001:0db8:85a3:0000:0000:8a2e:0370:7334]:65535"
    rows[1].target, rows[1].rule, rows[1].outbound = f"tcp:{HOST}:65535", LONG, "an outbound with a long name"
    rows[2].down, rows[2].up = 99_900_000_000_000, 999_400_000_000
    rows[3].started_at = now - 40 * 86_400
    return tuple(rows)
