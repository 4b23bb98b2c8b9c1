from __future__ import annotations

import random
import time

import pytest
from PySide6.QtCore import Qt

from tests.ui import fakes
from tests.ui.samples import share
from xrgui import rpc
from xrgui.ui.models.log import CAP, LogModel
from xrgui.ui.models.sessions import Sessions
from xrgui.ui.models.traffic import Traffic
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.pages.connections import ConnectionsPage
from xrgui.ui.pages.logs import LogsPage
from xrgui.ui.pages.routing import RoutingPage
from xrgui.ui.pages.settings import SettingsPage
from xrgui.ui.pages.tunnels import TunnelsPage
from xrgui.ui.preview import preview_config
from xrgui.ui.settings import Settings
from xrgui.ui.tunnel import Phase, Role, Tunnel
from xrgui.ui.widgets.address import AddressRow


@pytest.fixture
def tunnels() -> TunnelsModel:
    model = TunnelsModel()
    for tunnel in fakes.tunnels():
        model.put(tunnel)
    return model


@pytest.fixture
def page(qtbot, tunnels: TunnelsModel) -> TunnelsPage:
    page = TunnelsPage(tunnels, Traffic(), lambda _: ("today", "ever"))
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    page.choose("blog")
    return page


# Tunnels


def test_the_last_tunnel_gone_the_first_start_comes(page: TunnelsPage, tunnels: TunnelsModel, qtbot) -> None:
    assert page.currentWidget() is not page.first
    for number in tunnels.ids:
        tunnels.remove(number)
    assert page.currentWidget() is page.first
    share_button = page.first.findChildren(type(page.detail._header._edit))[0]
    with qtbot.waitSignal(page.first_asked) as asked:
        share_button.click()
    assert asked.args == ["share"]


def test_the_error_card_offers_the_next_step(page: TunnelsPage, qtbot) -> None:
    page.choose("ssh")
    notice = page.detail._notice
    assert notice.isVisible()
    assert notice._title.text() == "The server refused the id"
    assert notice._attempt.text().startswith("Attempt 4, again in 1")
    buttons = notice.findChildren(type(page.detail._header._edit))
    assert [part.text() for part in buttons] == ["Edit the id", "Show the server's part", "Retry now"]
    with qtbot.waitSignal(page.asked) as asked:
        buttons[2].click()
    assert asked.args == ["retry"]
    page.choose("blog")
    assert not notice.isVisible()


def test_a_server_that_nobody_uses_offers_its_link(page: TunnelsPage, tunnels: TunnelsModel, qtbot) -> None:
    tunnels.put(Tunnel("box", "Box", Role.SERVE, phase=Phase.CONNECTING))
    page.choose("box")
    notice = page.detail._notice
    assert notice.isVisible()
    [link] = notice.findChildren(type(page.detail._header._edit))
    with qtbot.waitSignal(page.asked) as asked:
        link.click()
    assert asked.args == ["copy_link"]
    tunnels.set_phase(tunnels.get("box"), Phase.UP, 1.0)
    tunnels.touch("box")
    qtbot.waitUntil(lambda: not notice.isVisible())


def test_keys_of_the_list(page: TunnelsPage, tunnels: TunnelsModel, qtbot) -> None:
    asked: list[str] = []
    page.asked.connect(asked.append)
    qtbot.keyClick(page.list, Qt.Key.Key_Return)
    qtbot.keyClick(page.list, Qt.Key.Key_Space)
    assert asked == ["edit", "toggle"]
    qtbot.keyClick(page.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert tunnels.ids[:2] == ["ha", "blog"]
    assert page.current.id == "blog"


def test_filter_keeps_something_chosen(page: TunnelsPage) -> None:
    page.filter.setText("ssh")
    assert page.current.id == "ssh"
    page.filter.setText("nothing like it")
    assert page.current is None
    assert page._none.isVisible()
    page.choose("ha")
    assert (page.filter.text(), page.current.id) == ("", "ha")


def test_small_windows_show_one_line_for_each(page: TunnelsPage) -> None:
    high = page.list.sizeHintForRow(0)
    page.resize(740, 500)
    assert page.list.sizeHintForRow(0) < high / 1.5


def address_row(page: TunnelsPage) -> AddressRow:
    """The only one of the tunnel that is shown; those of others go when Qt comes to it."""
    return page.detail.findChildren(AddressRow)[-1]


def test_addresses_ask_what_to_do(page: TunnelsPage, qtbot) -> None:
    row = address_row(page)
    with qtbot.waitSignal(page.address_asked) as asked:
        row._parts["copy"][1].click()
    assert asked.args == ["copy", "https://box.example.net:8443"]
    page.choose("mine")
    assert address_row(page)._parts["open"][1].isHidden(), "a UDP port opens in no browser"


def test_the_path_is_walked_by_keys(page: TunnelsPage, qtbot) -> None:
    path = page.detail._path
    assert path.accessibleName().startswith("box.example.net, portal, 128 visitors")
    asked: list[str] = []
    path.clicked.connect(asked.append)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(path, key)
    assert asked == ["server", "here", "service"]


# Connections


@pytest.fixture
def connections(qtbot, tunnels: TunnelsModel) -> ConnectionsPage:
    sessions = Sessions()
    page = ConnectionsPage(sessions, Traffic(), tunnels)
    page.book = sessions
    draw, now = random.Random(3), time.time()
    rows = tuple(fakes.session_row(number, draw, now) for number in range(1, 51))
    for row in rows:
        row.source = f"203.0.113.{row.id}:4000"
    sessions.apply(rpc.SessionsEvent(now, rows=rows))
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    return page


def test_close_shown_closes_what_the_filter_leaves(connections: ConnectionsPage, qtbot) -> None:
    connections.filter.setText("203.0.113.7:")
    with qtbot.waitSignal(connections.close_asked) as asked:
        connections.close_shown.click()
    assert asked.args == [[7]]


def test_delete_closes_the_selected_ones(connections: ConnectionsPage, qtbot) -> None:
    connections.view.selectRow(2)
    chosen = connections.table.row(connections.table.index(2, 0)).session.id
    with qtbot.waitSignal(connections.close_asked) as asked:
        qtbot.keyClick(connections.view, Qt.Key.Key_Delete)
    assert asked.args == [[chosen]]
    assert connections.open.held
    qtbot.keyClick(connections.view, Qt.Key.Key_Escape)
    assert not connections.open.held


def test_one_tunnels_sub_connections(connections: ConnectionsPage) -> None:
    connections.show_tunnel("ha")
    rows = [connections.open.row(connections.open.index(n, 0)) for n in range(connections.open.rowCount())]
    assert rows
    assert {row.session.config for row in rows} == {"ha"}


def test_of_a_tunnel_that_was_deleted_all_are_shown(connections: ConnectionsPage, tunnels: TunnelsModel) -> None:
    connections.show_tunnel("ha")
    assert connections.open.rowCount() < 50
    tunnels.remove("ha")
    assert connections.tunnel.currentData() == ""
    assert connections.open.rowCount() == 50


def test_counts_and_the_empty_page(connections: ConnectionsPage) -> None:
    assert connections.which._buttons["open"].text() == "Open 50"
    connections.filter.setText("nobody")
    assert connections._empty.isVisible()
    connections._empty.step.click()
    assert connections.filter.text() == ""
    assert not connections._empty.isVisible()


def test_columns_and_sort_survive_a_restart(connections: ConnectionsPage, qtbot, tunnels: TunnelsModel) -> None:
    view = connections.views["open"]
    view.sortByColumn(9, Qt.SortOrder.DescendingOrder)
    view.setColumnHidden(3, True)
    view.setColumnWidth(4, 222)
    kept = connections.save()
    again = ConnectionsPage(Sessions(), Traffic(), tunnels)
    qtbot.addWidget(again)
    again.restore(kept)
    header = again.views["open"].horizontalHeader()
    assert (header.sortIndicatorSection(), header.isSectionHidden(3), header.sectionSize(4)) == (9, True, 222)


# Logs


def record(number: int, level: str = "info", text: str = "hello") -> rpc.LogRecord:
    return rpc.LogRecord(number, 1_800_000_000 + number, level, text)


def test_the_log_follows_until_one_reads(qtbot) -> None:
    model = LogModel()
    page = LogsPage(model, "info")
    qtbot.addWidget(page)
    page.resize(700, 300)
    page.show()
    model.apply(rpc.LogEvent(tuple(record(n) for n in range(1, 200))))
    bar = page.table.verticalScrollBar()
    assert bar.value() == bar.maximum()
    bar.setValue(3)
    bar.triggerAction(bar.SliderAction.SliderSingleStepSub)
    assert not page.follow.isChecked()
    model.apply(rpc.LogEvent((record(300),)))
    assert bar.value() < bar.maximum()
    page.follow.click()
    assert bar.value() == bar.maximum()


def test_the_log_is_capped_filtered_and_told_once() -> None:
    model = LogModel()
    for start in range(1, 3 * CAP, 1000):
        model.apply(rpc.LogEvent(tuple(record(n) for n in range(start, start + 1000))))
    assert model.rowCount() <= CAP + 1000
    before = model.rowCount()
    model.apply(rpc.LogEvent((record(5),)))
    assert model.rowCount() == before, "an old record of a second subscription is not shown twice"
    model.apply(rpc.LogEvent((record(10**6, "error", "Broken pipe"), record(10**6 + 1, "debug", "detail"))))
    model.set_filter("warning", "")
    assert model.rowCount() == 1
    model.set_filter("debug", "PIPE broken")
    assert model.rowCount() == 1
    assert model.text().rstrip().endswith("error   Broken pipe")


# Routing


def test_a_dry_run_marks_the_rule_that_takes_it(qtbot, tunnels: TunnelsModel) -> None:
    page = RoutingPage(tunnels, lambda _: preview_config(share()))
    qtbot.addWidget(page)
    page.show()
    assert page.model.rowCount() == 3
    page.target.setText("127.0.0.1:3000")
    with qtbot.waitSignal(page.asked) as asked:
        page.run.click()
    call = asked.args[0]
    assert (call.target, call.inbound) == ("tcp:127.0.0.1:3000", "bridge")
    steps = (rpc.RuleStep("1", False, "port is 3000"), rpc.RuleStep("(not shared)", True, "all"))
    page.show_answer(rpc.Explanation("blocked", "(not shared)", "", steps))
    assert page.model.index(0, 4).data() == "no: the port is 3000"
    assert page.model.index(1, 4).data() == "takes it"
    assert "blocked: dropped" in page._result.text()
    page.target.setText("3000")
    page.run.click()
    assert page._result.text() == "Write the target as host:port."


# Settings


def test_a_choice_counts_at_once(qtbot) -> None:
    page = SettingsPage(Settings(theme="dark"))
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.changed):
        page.findChildren(type(page.login))[1].click()
    assert page.settings.start_hidden
    page.show_engine("Engine running", [("/run/x.sock", "Process 4711")])
    with qtbot.waitSignal(page.engine_asked) as asked:
        use = next(b for b in page.findChildren(type(page.menu).__mro__[1]) if b.text() == "Use this one")
        use.click()
    assert asked.args == ["/run/x.sock"]
