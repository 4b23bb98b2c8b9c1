from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from tests.ui import fakes
from xrgui.ui.models.tunnels import TunnelFilter, TunnelsModel
from xrgui.ui.tunnel import Phase


@pytest.fixture
def model() -> TunnelsModel:
    model = TunnelsModel()
    model.tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for tunnel in fakes.tunnels():
        model.put(tunnel)
    return model


def test_rows_come_change_and_go(model: TunnelsModel, qtbot) -> None:
    assert model.ids == ["blog", "ha", "ssh", "mine"]
    assert (model.up, model.running) == (2, 3)
    changed = fakes.tunnels()[1]
    changed.name = "Kitchen"
    with qtbot.waitSignal(model.dataChanged) as told:
        model.put(changed)
    assert told.args[0].row() == 1
    assert model.index(1).data() == "Kitchen"
    model.remove("ha")
    assert model.ids == ["blog", "ssh", "mine"]
    model.put(changed, 0)
    assert model.ids[0] == "ha"


@pytest.mark.parametrize(
    ("row", "before", "ids"),
    [
        (0, 3, ["ha", "ssh", "blog", "mine"]),
        (3, 0, ["mine", "blog", "ha", "ssh"]),
        (1, 2, None),
        (1, 1, None),
    ],
)
def test_move(model: TunnelsModel, row: int, before: int, ids: list[str] | None) -> None:
    was = model.ids
    assert model.move(row, before) is (ids is not None)
    assert model.ids == (ids or was)


def test_drop_moves_the_row_and_leaves_nothing_for_the_view_to_remove(model: TunnelsModel, qtbot) -> None:
    data = model.mimeData([model.index(3)])
    with qtbot.waitSignal(model.reordered):
        done = model.dropMimeData(data, Qt.DropAction.MoveAction, 1, 0, QModelIndex())
    assert not done
    assert model.ids == ["blog", "mine", "ha", "ssh"]


def test_phase_changes_are_told_once(model: TunnelsModel, qtbot) -> None:
    tunnel = model.get("mine")
    with qtbot.waitSignal(model.phase_changed) as told:
        model.set_phase(tunnel, Phase.CONNECTING, 5.0)
    assert told.args == ["mine", "stopped", "connecting"]
    assert tunnel.since == 5.0
    with qtbot.assertNotEmitted(model.phase_changed):
        model.set_phase(tunnel, Phase.CONNECTING, 9.0)
    assert tunnel.since == 5.0


def test_filter_looks_into_name_address_and_service(model: TunnelsModel) -> None:
    filtered = TunnelFilter(model)
    tester = QAbstractItemModelTester(filtered, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for text, count in (
        ("", 4),
        ("BLOG", 1),
        ("8123", 1),
        ("box.example", 4),
        ("ssh 2222", 1),
        ("ssh 3000", 0),
    ):
        filtered.set_text(text)
        assert filtered.rowCount() == count, text
    assert tester.model() is filtered


def test_screen_readers_hear_the_state(model: TunnelsModel) -> None:
    text = model.index(2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert text == "SSH to workstation, The server refused the id"
