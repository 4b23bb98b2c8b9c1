"""Scenes of the pages: empty, busy, waiting, failing."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QTimer

from tests.ui import fakes, strange
from tests.ui.staging import TWO, Scene, busy, empty, fill, visitors
from xrgui import rpc
from xrgui.profiles.store import Notice
from xrgui.ui import units
from xrgui.ui.app import Program
from xrgui.ui.engine import EngineState
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.preview import preview_config
from xrgui.ui.tunnel import Phase, Trouble, Tunnel

TAKEN = "0.0.0.0:443 is taken by another program"
OTHER_PIN = "the certificate is not the pinned one: expected ab12…77, seen 5f0c…91"


def pages() -> Iterator[Scene]:
    yield Scene("first-start", "tunnels", empty)
    yield Scene("first-start-menu", "tunnels", menu_offered)
    yield from tunnels()
    yield from notices()
    yield Scene("connections", "connections", visitors(1000))
    yield Scene("connections-few", "connections", visitors(7))
    yield Scene("connections-many", "connections", visitors(10_000))
    yield Scene("connections-strange", "connections", strange_visitors)
    yield Scene("connections-selected", "connections", selected)
    yield Scene("connections-filtered", "connections", no_visitor)
    yield Scene("connections-closed", "connections", closed)
    yield Scene("connections-empty", "connections", empty)
    yield Scene("logs", "logs", logs)
    yield Scene("logs-filtered", "logs", no_line)
    yield Scene("logs-empty", "logs", empty)
    yield Scene("routing", "routing", routing)
    yield Scene("routing-error", "routing", routing_error)
    yield Scene("routing-empty", "routing", empty)
    yield Scene("settings", "settings", settings)
    yield Scene("settings-end", "settings", settings_end)


def tunnels() -> Iterator[Scene]:
    """Every state of a tunnel."""
    yield Scene("tunnels", "tunnels", busy("blog"))
    yield Scene("stopped", "tunnels", busy("mine"))
    yield Scene("starting", "tunnels", starting)
    yield Scene("connecting", "tunnels", busy("dial"))
    yield Scene("trouble", "tunnels", busy("ssh"))
    yield Scene("certificate", "tunnels", broken(Trouble.CERTIFICATE, OTHER_PIN))
    yield Scene("unreachable", "tunnels", broken(Trouble.UNREACHABLE, "network unreachable"))
    yield Scene("port-taken", "tunnels", broken(Trouble.PORT_TAKEN, TAKEN, waits=False))
    yield Scene("service-down", "tunnels", service_down)
    yield Scene("no-secrets", "tunnels", broken(Trouble.SECRETS, "", waits=False))
    yield Scene("server", "tunnels", busy("serve"))
    yield Scene("server-waiting", "tunnels", busy("wait", fakes.waiting_server()))
    yield Scene("services", "tunnels", busy("many"))
    yield Scene("unsupported", "tunnels", busy("lack", strange.unsupported()))
    yield Scene("long-names", "tunnels", busy("long", strange.long_names()))
    yield Scene("scripts", "tunnels", busy("rtl", *strange.scripts()))
    yield Scene("many-tunnels", "tunnels", busy("n7", *strange.many(1000)))
    yield Scene("filtered", "tunnels", nothing_found)
    yield Scene("deleted", "tunnels", deleted)


def notices() -> Iterator[Scene]:
    """What concerns the whole program."""
    yield Scene("engine-died", "tunnels", engine_died)
    yield Scene("engine-gone", "tunnels", engine_gone)
    yield Scene("engine-silent", "tunnels", engine_silent)
    yield Scene("no-keyring", "tunnels", no_keyring)
    yield Scene("damaged-file", "tunnels", damaged_file)


# Tunnels


def starting(program: Program) -> None:
    fill(program)
    program.engine.state = EngineState.STARTING
    for tunnel in list(program.tunnels):
        tunnel.phase, tunnel.since, tunnel.attempt, tunnel.retry_at = Phase.CONNECTING, time.time(), 0, 0
        tunnel.links = tunnel.visitors = 0
        tunnel.trouble, tunnel.round_trip, tunnel.down_rate, tunnel.up_rate = Trouble.NONE, None, 0, 0
        program.tunnels.put(tunnel)
    program.shell._show_figures()
    program.shell.tunnels.choose("blog")


def broken(trouble: Trouble, detail: str, *, waits: bool = True) -> Callable[[Program], None]:
    def prepare(program: Program) -> None:
        busy("ssh")(program)
        _change(program, "ssh", trouble=trouble, detail=engine_words(detail))
        if not waits:
            _change(program, "ssh", attempt=0, retry_at=0, happenings=deque())

    return prepare


def service_down(program: Program) -> None:
    busy("blog")(program)
    services = program.tunnels.get("blog").services
    services[0].answers, services[0].round_trip = False, None
    _change(program, "blog", phase=Phase.TROUBLE, trouble=Trouble.SERVICE, services=services, down_rate=0, up_rate=0)


def _change(program: Program, tunnel_id: str, **values: object) -> None:
    tunnel = program.tunnels.get(tunnel_id)
    assert isinstance(tunnel, Tunnel)
    for name, value in values.items():
        setattr(tunnel, name, value)
    program.tunnels.put(tunnel)


def nothing_found(program: Program) -> None:
    fill(program)
    program.shell.tunnels.filter.setText("printer in the attic")


def deleted(program: Program) -> None:
    busy("blog")(program)
    program.shell.window.toast.say(tr("“{name}” was deleted", name="Home Assistant"), tr("Undo"), lambda: None)


def engine_died(program: Program) -> None:
    busy("blog")(program)
    _end_engine(program, "Out of memory.")


def engine_gone(program: Program) -> None:
    busy("mine")(program)
    _end_engine(program, "")
    program.shell._engine_given_up()


def _end_engine(program: Program, why: str) -> None:
    program.engine.state = EngineState.FAILED
    program.runner._died(why, True)
    program.shell._engine_changed(EngineState.FAILED, why)


def engine_silent(program: Program) -> None:
    busy("blog")(program)
    program.runner._carried = set(program.tunnels.ids)
    program.engine.pulse._set(False)


def menu_offered(program: Program) -> None:
    empty(program)
    program.shell.choices.ask_menu()


def no_keyring(program: Program) -> None:
    busy("blog")(program)
    text = tr("This system has no keyring: secrets are kept in memory only, until xrgui quits.")
    program.shell.window.notice.say("secrets", "warning", text, tr("Choose…"), lambda: None)


def damaged_file(program: Program) -> None:
    busy("blog")(program)
    folder = Path("/home/someone/.config/xrgui/profiles")
    kept = folder / "damaged" / "blog-preview.json.2026-03-01"
    reason = "is not JSON: the file ends too early: is a closing bracket missing?"
    program.shell.damaged(Notice("damaged", folder / "blog-preview.json", reason, kept, restored=True))


# Other pages


def strange_visitors(program: Program) -> None:
    visitors(3)(program)
    program.sessions.apply(rpc.SessionsEvent(at=time.time(), rows=strange.sessions(time.time())))


def selected(program: Program) -> None:
    visitors(1000)(program)
    view = program.shell.connections.views["open"]
    for place in (1, 2, 4):
        view.selectionModel().select(
            view.model().index(place, 0),
            view.selectionModel().SelectionFlag.Select | view.selectionModel().SelectionFlag.Rows,
        )
    program.shell.connections.set_paused(True)
    view.setFocus()


def no_visitor(program: Program) -> None:
    visitors(7)(program)
    program.shell.connections.filter.setText("8.8.8.8")


def closed(program: Program) -> None:
    visitors(7)(program)
    program.shell.connections.which.choose("closed")
    program.shell.connections._count()


def logs(program: Program) -> None:
    fill(program)
    draw, now = random.Random(2), time.time()
    messages = (
        ("info", "bridge bridge: connected to box.example.net:443"),
        ("info", "203.0.113.24:51220 -> tcp:127.0.0.1:3000 [bridge, 127.0.0.1:3000 -> service 127.0.0.1:3000]"),
        ("info", "198.51.100.7:40112 -> tcp:127.0.0.1:3000 [bridge, 127.0.0.1:3000 -> service 127.0.0.1:3000]"),
        ("warning", "bridge bridge: no link to box.example.net:443: connection refused"),
        ("error", "dial tcp:127.0.0.1:3000: connection refused"),
    )
    records = []
    for number in range(200):
        level, text = draw.choices(messages, (3, 20, 20, 2, 1))[0]
        records.append(rpc.LogRecord(0, now - 200 + number, level, text))
    program.log.apply(rpc.LogEvent(tuple(records)))


def no_line(program: Program) -> None:
    logs(program)
    program.shell.logs.filter.setText("no such words")


def routing(program: Program) -> None:
    fill(program)
    page = program.shell.routing
    page._config_of = lambda _: preview_config(TWO)
    page.tunnel.setCurrentIndex(0)
    page._chosen()
    page.target.setText("127.0.0.1:8443")
    steps = (
        rpc.RuleStep("127.0.0.1:3000", False, "port is 8443"),
        rpc.RuleStep("127.0.0.1:22", False, "port is 8443"),
        rpc.RuleStep("127.0.0.1:3000 (by public port)", True, "all of its conditions hold"),
    )
    rule = "127.0.0.1:3000 (by public port)"
    page.show_answer(rpc.Explanation("service 127.0.0.1:3000", rule, "", steps))


def routing_error(program: Program) -> None:
    routing(program)
    program.shell.routing.target.setText("3000")
    program.shell.routing._ask()


def settings(program: Program) -> None:
    fill(program)
    program.shell.settings.verticalScrollBar().setValue(0)
    program.shell.settings.show_secrets(tr("They lie in the system's keyring."))
    program.shell.settings.show_engine(tr("Engine running, {memory}", memory=units.whole_size(41e6)), [])


def settings_end(program: Program) -> None:
    settings(program)
    page = program.shell.settings
    page.show_engine(page._engine_text.text(), [("x", tr("Process {pid}", pid=4711))])
    bar = page.verticalScrollBar()
    QTimer.singleShot(10, bar, lambda: bar.setValue(bar.maximum()))
