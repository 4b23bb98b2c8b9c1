"""What the screenshots show: the real shell, filled with tunnels and visitors that do not exist."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from PySide6.QtWidgets import QApplication, QWidget

from tests.ui import fakes
from xrgui import rpc
from xrgui.profiles.model import Bridge, Entry, Listen, Profile, Server, Service
from xrgui.profiles.transfer import preview_text
from xrgui.ui import server_check
from xrgui.ui.app import Program
from xrgui.ui.dialogs.close_question import CloseQuestion
from xrgui.ui.dialogs.editor import Editor
from xrgui.ui.dialogs.export import Export
from xrgui.ui.dialogs.import_preview import ImportPreview
from xrgui.ui.dialogs.import_source import ImportSource
from xrgui.ui.dialogs.info import show_about, show_guide, show_notifications
from xrgui.ui.dialogs.passphrase import Passphrase
from xrgui.ui.dialogs.qr import show_qr
from xrgui.ui.dialogs.secrets import SecretsChoice
from xrgui.ui.dialogs.share_form import server_words
from xrgui.ui.engine import EngineState
from xrgui.ui.language import tr
from xrgui.ui.notifications import Notification
from xrgui.ui.preview import preview_config

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


def scenes() -> Iterator[Scene]:
    yield Scene("first-start", "tunnels", empty)
    yield Scene("tunnels", "tunnels", busy("blog"))
    yield Scene("trouble", "tunnels", busy("ssh"))
    yield Scene("stopped", "tunnels", busy("mine"))
    yield Scene("connecting", "tunnels", busy("dial"))
    yield Scene("server", "tunnels", busy("serve"))
    yield Scene("services", "tunnels", busy("many"))
    yield Scene("filtered", "tunnels", nothing_found)
    yield Scene("engine-died", "tunnels", engine_died)
    yield Scene("connections", "connections", visitors(1000))
    yield Scene("connections-few", "connections", visitors(7))
    yield Scene("connections-closed", "connections", closed)
    yield Scene("connections-empty", "connections", empty)
    yield Scene("logs", "logs", logs)
    yield Scene("logs-empty", "logs", empty)
    yield Scene("routing", "routing", routing)
    yield Scene("routing-error", "routing", routing_error)
    yield Scene("settings", "settings", settings)
    yield Scene("settings-end", "settings", settings_end)
    yield from dialogs()


def dialogs() -> Iterator[Scene]:
    yield Scene("dialog-new", "tunnels", over(new_tunnel))
    yield Scene("dialog-new-errors", "tunnels", over(new_tunnel_errors))
    yield Scene("dialog-edit", "tunnels", over(edit_advanced))
    yield Scene("dialog-serve", "tunnels", over(lambda p: Editor(p.shell.window, SERVE, new=False)))
    yield Scene("dialog-json", "tunnels", over(lambda p: Editor(p.shell.window, JSON, new=False)))
    yield Scene("dialog-import", "tunnels", over(lambda p: ImportSource(p.shell.window)))
    yield Scene("dialog-import-preview", "tunnels", over(import_preview))
    yield Scene("dialog-export", "tunnels", over(lambda p: export(p, "xray")))
    yield Scene("dialog-other-end", "tunnels", over(lambda p: export(p, "other:xray")))
    yield Scene("dialog-qr", "tunnels", over(lambda p: show_qr(p.shell.window, BLOG.name, BLOG.public_url)))
    yield Scene("dialog-close", "tunnels", over(lambda p: CloseQuestion(p.shell.window, 2, tray=True)))
    yield Scene("dialog-secrets", "settings", over(lambda p: SecretsChoice(p.shell.window, "keyring")))
    yield Scene("dialog-passphrase", "tunnels", over(passphrase))
    yield Scene("dialog-notifications", "tunnels", over(notifications))
    yield Scene("dialog-guide", "tunnels", over(lambda p: show_guide(p.shell.window)))
    yield Scene("dialog-about", "tunnels", over(lambda p: show_about(p.shell.window)))
    yield Scene("tray", "tunnels", over(tray))


# Filling


def empty(program: Program) -> None:
    for number in program.tunnels.ids:
        program.tunnels.remove(number)
    program.sessions.clear()
    program.sessions.closed.clear()
    program.sessions.changed.emit()
    program.log.clear()
    program.traffic._series.clear()
    program.traffic.open.clear()
    shell = program.shell
    shell.window.notice.clear_all()
    shell.tunnels.filter.clear()
    shell.connections.which.choose("open")
    shell.connections.open.sort(1)
    shell.connections._count()
    program.engine.state, program.engine.memory = EngineState.RUNNING, 41_000_000
    shell._show_figures()


def fill(program: Program) -> None:
    empty(program)
    now = time.time()
    fakes.fill_traffic(program.traffic, now)
    program.totals.today = lambda _: amount(4.2e9, 61e6, 1934)
    program.totals.ever = lambda _: amount(88e9, 1.4e9, 40_211)
    for tunnel in (*fakes.tunnels(now), *fakes.more_tunnels(now)):
        program.tunnels.put(tunnel)
    program.traffic.changed.emit()
    program.shell._show_figures()


def amount(down: float, up: float, visitors: int) -> str:
    from xrgui.totals import Amount
    from xrgui.ui.totals_keeper import amount_words

    return amount_words(Amount(int(up), int(down), visitors))


def busy(tunnel_id: str) -> Callable[[Program], None]:
    def prepare(program: Program) -> None:
        fill(program)
        program.shell.tunnels.choose(tunnel_id)
        program.shell.tunnels.list.setFocus()

    return prepare


def nothing_found(program: Program) -> None:
    fill(program)
    program.shell.tunnels.filter.setText("printer in the attic")


def engine_died(program: Program) -> None:
    busy("blog")(program)
    program.shell._engine_changed(EngineState.FAILED, "Out of memory.")


def visitors(count: int) -> Callable[[Program], None]:
    def prepare(program: Program) -> None:
        fill(program)
        now, draw = time.time(), random.Random(3)
        rows = [fakes.session_row(1000 + n, draw, now) for n in range(count)]
        ended = [fakes.session_row(300 + n, draw, now) for n in range(40)]
        for number, row in enumerate(ended):
            row.state, row.ended_at = "closed", now - (1 if number < 3 else 60 + number)
        ended[1].state, ended[1].reason = "failed", "refused: not a service of this tunnel"
        ended[1].target, ended[1].rule, ended[1].outbound = "tcp:10.0.0.5:22", "(not shared)", "blocked"
        first = rpc.SessionsEvent(at=now - 1, rows=tuple(rows), closed=tuple(ended))
        moved = tuple(
            (row.id, row.up + 300, row.down + draw.randrange(9_800_000)) for row in rows if draw.random() < 0.8
        )
        program.sessions.apply(first)
        program.sessions.apply(rpc.SessionsEvent(at=now, counters=moved))
        program.traffic.open[""] = count
        view = program.shell.connections.views["open"]
        view.sortByColumn(7, view.horizontalHeader().sortIndicatorOrder().DescendingOrder)
        view.scrollToTop()
        program.shell._show_figures()

    return prepare


def closed(program: Program) -> None:
    visitors(7)(program)
    program.shell.connections.which.choose("closed")
    program.shell.connections._choose("closed")


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
    program.shell.settings.show_engine(tr("Engine running, {memory}", memory="41 MB"), [])


def settings_end(program: Program) -> None:
    settings(program)
    other = [("x", tr("Process {pid}", pid=4711))]
    program.shell.settings.show_engine(tr("Engine running, {memory}", memory="41 MB"), other)
    QApplication.processEvents()
    bar = program.shell.settings.verticalScrollBar()
    bar.setValue(bar.maximum())


# Dialogs


def over(make: Callable[[Program], QWidget]) -> Callable[[Program], QWidget]:
    def prepare(program: Program) -> QWidget:
        busy("blog")(program)
        widget = make(program)
        widget.show()
        return widget

    return prepare


def new_tunnel(program: Program) -> Editor:
    editor = Editor(program.shell.window, BLOG, new=True)
    editor.form.stop()
    editor.form.services.rows[0].note.say("up", tr("answers in {time}", time="0.3 ms") + " (node)")
    answer = server_check.Answer(38.0, certificate="trusted")
    editor.form.fields["server"].say(*server_words(BLOG.server, answer))
    return editor


def new_tunnel_errors(program: Program) -> Editor:
    editor = Editor(program.shell.window, Profile(id="x", name=""), new=True)
    editor._save()
    return editor


def edit_advanced(program: Program) -> Editor:
    editor = Editor(program.shell.window, TWO, new=False)
    editor.form.stop()
    answer = server_check.Answer(38.0, certificate="unknown", pin="ab" * 32)
    editor.form.fields["server"].say(*server_words(TWO.server, answer))
    editor.advanced.click()
    return editor


def import_preview(program: Program) -> ImportPreview:
    return ImportPreview(program.shell.window, preview_text(LINKS, [BLOG]), [BLOG])


def export(program: Program, kind: str) -> Export:
    async def complete() -> Profile:
        return BLOG

    return Export(program.shell.window, BLOG, complete, kind)


def passphrase(program: Program) -> Passphrase:
    text = tr("It opens your secrets after each start. Nobody can bring it back if it is forgotten.")
    title = tr("A passphrase for your secrets")
    dialog = Passphrase(program.shell.window, title, text, tr("Use it"), new=True)
    dialog.first.setText("secret")
    dialog._give()
    return dialog


def notifications(program: Program) -> QWidget:
    now = time.time()
    listed = program.notifications.list
    listed.clear()
    down = tr("{name} is down", name="SSH to workstation")
    listed.append(Notification(now - 4000, "ssh", down, tr("The server refused the id"), "trouble"))
    listed.append(Notification(now - 100, "ssh", tr("{name} is up again", name="SSH to workstation"), "", "up"))
    return show_notifications(program.shell.window, program.notifications)


def tray(program: Program) -> QWidget:
    program.tray._actions = program.shell.actions
    program.tray.refresh_menu()
    program.tray.menu.ensurePolished()
    program.tray.menu.resize(program.tray.menu.sizeHint())
    return program.tray.menu
