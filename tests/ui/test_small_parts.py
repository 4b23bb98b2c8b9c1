"""Second start, notifications, health, ports, certificates seen, settings, start at login, updates."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QLineEdit, QWidget

from tests.ui import fakes
from xrgui import certificate
from xrgui.profiles.model import Server
from xrgui.ui import desktop_entry, health, listening, notifications, server_check, settings, updates
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.single import SingleInstance
from xrgui.ui.tray import overall, short
from xrgui.ui.tunnel import Phase, Service, Trouble
from xrgui.ui.widgets.flow import FlowLayout
from xrgui.ui.widgets.notice_bar import NoticeBar
from xrgui.ui.widgets.toast import Toast

# Second start


def test_a_second_start_hands_its_arguments_over(qtbot, tmp_path: Path) -> None:
    first = SingleInstance(tmp_path)
    assert first.listen()
    code = (
        "import sys; from pathlib import Path; from PySide6.QtCore import QCoreApplication;"
        "from xrgui.ui.single import SingleInstance; app = QCoreApplication([]);"
        "sys.exit(not SingleInstance(Path(sys.argv[1])).hand_over(sys.argv[2:]))"
    )
    with qtbot.waitSignal(first.asked, timeout=10_000) as asked:
        second = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), "vless://x"])
    assert asked.args == [["vless://x"]]
    assert second.wait(10) == 0
    first.close()


def test_without_a_first_one_nobody_takes_them(qapp, tmp_path: Path) -> None:
    assert not SingleInstance(tmp_path).hand_over(["x"])


# Notifications


@pytest.fixture
def watched(qapp, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(notifications, "DELAY", 0.02)
    tunnels = TunnelsModel()
    for tunnel in fakes.tunnels():
        tunnels.put(tunnel)
    return tunnels, notifications.Notifications(tunnels, settings.Settings())


def test_down_for_a_while_then_up_again(qtbot, watched) -> None:
    tunnels, told = watched
    blog = tunnels.get("blog")
    with qtbot.waitSignal(told.told) as down:
        tunnels.set_phase(blog, Phase.CONNECTING, 1.0)
    assert down.args[0].title == "Blog preview is down"
    with qtbot.waitSignal(told.told) as up:
        tunnels.set_phase(blog, Phase.UP, 2.0)
    assert up.args[0].title == "Blog preview is up again"
    assert len(told.list) == 2


def test_who_waits_to_be_let_in_is_not_down(qtbot, watched) -> None:
    tunnels, told = watched
    mine = tunnels.get("mine")
    mine.trouble = Trouble.UNAPPROVED
    with qtbot.waitSignal(told.told) as waiting:
        tunnels.set_phase(mine, Phase.CONNECTING, 1.0)
        tunnels.set_phase(mine, Phase.TROUBLE, 1.0)
    said = waiting.args[0]
    assert (said.title, said.text) == ("Minecraft (UDP) waits to be let in", "The server's owner has to let you in")
    with qtbot.waitSignal(told.told) as up:
        tunnels.set_phase(mine, Phase.UP, 2.0)
    assert up.args[0].title == "Minecraft (UDP) was let in"
    assert len(told.list) == 2


def test_a_short_outage_is_not_worth_a_word(qtbot, watched) -> None:
    tunnels, told = watched
    blog = tunnels.get("blog")
    with qtbot.assertNotEmitted(told.told, wait=60):
        tunnels.set_phase(blog, Phase.CONNECTING, 1.0)
        tunnels.set_phase(blog, Phase.UP, 1.0)
        tunnels.set_phase(blog, Phase.CONNECTING, 1.0)
        tunnels.set_phase(blog, Phase.STOPPED, 1.0)
    assert not told.list


def test_what_is_switched_off_is_still_listed(qtbot, watched) -> None:
    tunnels, told = watched
    told.settings.notify_down = False
    with qtbot.assertNotEmitted(told.told):
        tunnels.set_phase(tunnels.get("blog"), Phase.TROUBLE, 1.0)
        qtbot.waitUntil(lambda: len(told.list) == 1)


# Tray


def test_the_trays_shape_is_the_worst_that_one_should_know() -> None:
    tunnels = TunnelsModel()
    assert overall(tunnels) is Phase.STOPPED
    made = {tunnel.id: tunnel for tunnel in fakes.tunnels() + fakes.more_tunnels()}
    for name, phase in (("mine", "stopped"), ("blog", "up"), ("dial", "connecting"), ("ssh", "trouble")):
        tunnels.put(made[name])
        assert overall(tunnels) == phase


def test_names_fit_into_a_menu() -> None:
    assert short("R&D") == "R&&D"
    assert len(short("x" * 200)) < 40


# Health


async def test_a_service_answers_or_not() -> None:
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    service = Service("127.0.0.1", port)
    assert await health.refresh(service)
    assert service.answers
    assert service.round_trip is not None
    server.close()
    await server.wait_closed()
    assert await health.refresh(service)
    assert service.answers is False
    assert not await health.refresh(Service("127.0.0.1", 53, "udp"))


async def test_the_watch_asks_again_at_once_when_something_began() -> None:
    rounds = asyncio.Semaphore(0)
    watch = health.Watch(list, rounds.release)
    task = asyncio.ensure_future(watch.run())
    await rounds.acquire()
    watch.soon()
    await asyncio.wait_for(rounds.acquire(), 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# Listening ports


async def test_ports_that_listen_are_found_with_their_program() -> None:
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    found = {item.port: item for item in await asyncio.to_thread(listening.listening)}
    assert found[port].host == "127.0.0.1"
    server.close()
    await server.wait_closed()


def test_other_systems_tools_are_read() -> None:
    text = "p1\ncnode\nn*:3000\nn[::1]:5173\np2\ncsshd\nn192.168.1.5:22\n"
    found = listening._lsof(text)
    assert [(item.host, item.port, item.program) for item in found] == [
        ("127.0.0.1", 3000, "node"),
        ("::1", 5173, "node"),
        ("192.168.1.5", 22, "sshd"),
    ]
    line = "  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1024"
    assert listening._netstat(line) == listening.Listening("127.0.0.1", 135, "")
    assert listening._netstat("  TCP    10.0.0.1:139   10.0.0.2:5000   ESTABLISHED  4") is None


# The server's certificate


@pytest.fixture
async def tls_server(tmp_path: Path):
    made = certificate.make(["127.0.0.1"])
    (tmp_path / "c.pem").write_text(made.chain + made.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "c.pem")
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0, ssl=context)
    yield Server(address="127.0.0.1", port=server.sockets[0].getsockname()[1]), made.pin
    server.close()
    await server.wait_closed()


async def test_a_self_signed_certificate_is_unknown_until_it_is_pinned(tls_server) -> None:
    import msgspec

    server, pin = tls_server
    answer = await server_check.ask(server)
    assert (answer.certificate, answer.pin) == ("unknown", pin)
    pinned = msgspec.structs.replace(server, pins=(pin,))
    assert (await server_check.ask(pinned)).certificate == "pinned"
    wrong = msgspec.structs.replace(server, pins=("00" * 32,))
    assert (await server_check.ask(wrong)).certificate == "unknown"


async def test_a_server_that_is_not_there_or_speaks_no_tls() -> None:
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert (await server_check.ask(Server(address="127.0.0.1", port=port))).certificate == "none"
    assert (await server_check.ask(Server(address="127.0.0.1", port=port, tls=False))).round_trip is not None
    server.close()
    await server.wait_closed()
    assert (await server_check.ask(Server(address="127.0.0.1", port=port))).error == "refused"


# Settings


def test_settings_come_back_and_damaged_ones_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    assert settings.load(path, settings.Settings) == (settings.Settings(), "")
    settings.save(path, settings.Settings(theme="dark", notify_up=False))
    loaded, note = settings.load(path, settings.Settings)
    assert (loaded.theme, loaded.notify_up, note) == ("dark", False, "")
    path.write_text('{"theme": "pink"}')
    loaded, note = settings.load(path, settings.Settings)
    assert loaded == settings.Settings()
    assert "damaged" in note
    assert len(list(tmp_path.glob("settings.damaged-*.json"))) == 1


def test_settings_of_a_newer_program_do_not_frighten(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "light", "what is new": 3}')
    assert settings.load(path, settings.Settings)[0].theme == "light"


def test_the_menu_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert not desktop_entry.is_on()
    desktop_entry.set_on(True)
    assert desktop_entry.is_on()
    assert "Exec=" in (tmp_path / "applications/xrgui.desktop").read_text()
    desktop_entry.set_on(False)
    assert not desktop_entry.is_on()


def test_nobody_is_asked_for_updates_by_default(qapp, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(updates.Updates, "check", lambda self: asked.append(True))
    watch = updates.Updates()
    watch.set_on(settings.Settings().check_updates)
    assert not asked
    watch.set_on(True)
    assert asked == [True]
    watch.stop()


def test_newer_versions() -> None:
    assert updates.newest("xrgui (1.10.0)\nAvailable versions: 1.10.0, 1.9.0") == "1.10.0"
    assert updates.newest("ERROR: nothing") == ""
    assert updates.version_key("1.10.0") > updates.version_key("1.9.9") > updates.version_key("1.9.9rc1")


# Widgets


def test_notices_stand_behind_one_another(qtbot) -> None:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    asked: list[str] = []
    bar.say("one", "trouble", "First", "Do", lambda: asked.append("one"))
    bar.say("two", "up", "Second")
    assert bar._text.text() == "Second"
    bar._close.click()
    assert bar._text.text() == "First"
    bar._button.click()
    assert asked == ["one"]
    bar.clear("one")
    assert not bar.isVisible()
    bar.clear("one")


def test_a_notice_that_is_refused_goes_and_says_so(qtbot) -> None:
    bar, asked = NoticeBar(), []
    qtbot.addWidget(bar)
    bar.say("one", "stopped", "First", "Add", None, "No", lambda: asked.append("refused"))
    assert not bar._refusal.isHidden()
    bar._refusal.click()
    assert (asked, bar.isHidden()) == (["refused"], True)
    bar.say("two", "stopped", "Second")
    assert bar._refusal.isHidden()


def test_a_toast_has_one_way_back(qtbot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(600, 400)
    parent.show()
    toast, undone = Toast(parent), []
    toast.say("Deleted", "Undo", lambda: undone.append(1))
    assert toast.isVisible()
    assert toast.geometry().bottom() < 400
    toast._button.click()
    assert (undone, toast.isVisible()) == ([1], False)


def test_buttons_wrap_where_the_width_ends(qtbot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = FlowLayout()
    for _ in range(3):
        part = QWidget()
        part.setFixedSize(100, 30)
        flow.addWidget(part)
    holder.setLayout(flow)
    assert flow.heightForWidth(400) == 30
    assert flow.heightForWidth(220) == 68
    assert flow.heightForWidth(100) == 106


def test_what_expands_takes_the_rest_of_its_line(qtbot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = FlowLayout()
    fixed, edit = QWidget(), QLineEdit()
    fixed.setFixedSize(100, 30)
    edit.setMinimumWidth(40)
    for part in (fixed, edit):
        flow.addWidget(part)
    holder.setLayout(flow)
    wide = 100 + edit.sizeHint().width() + 60
    for width, left in ((wide, 108), (wide - 80, 0)):
        flow.setGeometry(QRect(0, 0, width, 100))
        assert (edit.x(), edit.width()) == (left, width - left)
