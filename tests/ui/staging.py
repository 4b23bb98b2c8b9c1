"""The real shell, filled with tunnels and visitors that do not exist; what scenes have in common."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import NamedTuple

from tests.ui import fakes
from xrgui import rpc
from xrgui.profiles.model import Bridge, Entry, Listen, Profile, Server, Service
from xrgui.totals import Amount
from xrgui.ui.app import Program
from xrgui.ui.engine import EngineState
from xrgui.ui.totals_keeper import amount_words
from xrgui.ui.tunnel import Tunnel

SECRET = "6f1ec0de-0000-4000-8000-000000000001"
BLOG = Profile(
    id="blog",
    name="Blog preview",
    services=(Service(port=3000, public_port=8443),),
    server=Server(address="box.example.net", transport="ws", path="/tunnel", secret=SECRET),
    public_url="https://box.example.net:8443",
)
TWO = Profile(
    id="two",
    name="Workbench",
    services=(Service(port=3000, public_port=8443), Service(port=22, public_port=2222)),
    server=Server(address="box.example.net", secret=SECRET),
    public_url="https://box.example.net:8443",
)
SERVE = Profile(
    id="serve",
    name="Public side",
    role="server",
    listen=Listen(port=443),
    bridges=(Bridge(name="Workbench", secret=SECRET), Bridge(name="Laptop", secret=SECRET[:-1] + "2")),
    entries=(Entry(port=8443, bridge="Workbench"), Entry(port=2222, bridge="Laptop", target_port=22)),
    public_url="https://box.example.net:8443",
)
JSON = Profile(
    id="own",
    name="My own",
    role="custom",
    json="""{
  // a bridge of the older kind
  "reverse": {"bridges": [{"tag": "bridge", "domain": "reverse.internal.example.com"}]},
  "inbounds": [{"protocol": "vless", "port": 99999}],
  "outbounds": [
    {"tag": "out", "protocol": "freedom"}
  ]
}
""",
)
LINKS = f"""vless://{SECRET}@box.example.net:443?security=tls&type=ws&path=%2Ftunnel#Blog%20preview
vmess://not-base64
trojan://secret@box.example.net:443#Trojan%20server
{{"outbounds": [{{"protocol": "freedom", "tag": "direct"}}], "inbounds": []}}"""


class Scene(NamedTuple):
    name: str
    page: str
    prepare: Callable[[Program], object]
    """Fills the window; a widget that it returns is drawn over it."""


def empty(program: Program) -> None:
    for number in program.tunnels.ids:
        program.tunnels.remove(number)
    program.sessions.clear()
    program.sessions.closed.clear()
    program.sessions.changed.emit()
    program.log.clear()
    program.traffic._series.clear()
    program.traffic.open.clear()
    program.traffic.changed.emit()
    shell = program.shell
    shell.window.notice.clear_all()
    shell.window.toast.hide()
    shell.tunnels.filter.clear()
    shell.logs.filter.clear()
    shell.connections.filter.clear()
    shell.routing.target.clear()
    shell.connections.set_paused(False)
    for view in shell.connections.views.values():
        view.clearSelection()
    shell.connections.which.choose("open")
    shell.connections.open.sort(1)
    shell.connections._count()
    program.engine.pulse.answers = True
    program.engine.state, program.engine.memory = EngineState.RUNNING, 41_000_000
    shell._show_figures()


def fill(program: Program, *more: Tunnel) -> None:
    """A day like any other, and *more* tunnels before the others."""
    empty(program)
    now = time.time()
    fakes.fill_traffic(program.traffic, now)
    program.totals.today = lambda _: amount_words(Amount(61_000_000, 4_200_000_000, 1934))
    program.totals.ever = lambda _: amount_words(Amount(1_400_000_000, 88_000_000_000, 40_211))
    for tunnel in (*more, *fakes.tunnels(now), *fakes.more_tunnels(now)):
        if (series := program.traffic.series(tunnel.id)).at:
            tunnel.down_rate, tunnel.up_rate = series.last()
        program.tunnels.put(tunnel)
    program.traffic.changed.emit()
    program.shell._show_figures()


def busy(tunnel_id: str, *more: Tunnel) -> Callable[[Program], None]:
    def prepare(program: Program) -> None:
        fill(program, *more)
        program.shell.tunnels.choose(tunnel_id)
        program.shell.tunnels.list.setFocus()

    return prepare


def visitors(count: int) -> Callable[[Program], None]:
    def prepare(program: Program) -> None:
        fill(program)
        now, draw = time.time(), random.Random(3)
        rows = [fakes.session_row(1000 + n, draw, now) for n in range(count)]
        ended = [fakes.session_row(300 + n, draw, now) for n in range(40)]
        for number, row in enumerate(ended):
            row.state, row.ended_at = "closed", now - (1 if number < 3 else 60 + number)
        ended[1].state, ended[1].reason = "failed", "10.0.0.5:22 is blocked (outbound blocked)"
        ended[1].target, ended[1].rule, ended[1].outbound = "tcp:10.0.0.5:22", "(not shared)", "blocked"
        first = rpc.SessionsEvent(at=now - 1, rows=tuple(rows), closed=tuple(ended))
        shares = [draw.random() ** 20 for _ in rows]
        down, up = (rate / sum(shares) for rate in program.traffic.series("").last())
        moved = tuple(
            (row.id, row.up + int(up * share), row.down + int(down * share))
            for row, share in zip(rows, shares, strict=True)
            if share > 1e-9
        )
        program.sessions.apply(first)
        program.sessions.apply(rpc.SessionsEvent(at=now, counters=moved))
        program.traffic.open[""] = count
        view = program.shell.connections.views["open"]
        view.sortByColumn(7, view.horizontalHeader().sortIndicatorOrder().DescendingOrder)
        view.scrollToTop()
        program.shell._show_figures()

    return prepare
