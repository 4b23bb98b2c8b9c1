from __future__ import annotations

import random

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy

from tests.ui import fakes
from xrgui import rpc
from xrgui.ui.models.session_columns import COLUMNS, PLACES
from xrgui.ui.models.session_table import SessionTable, as_tsv
from xrgui.ui.models.sessions import LINGER, Sessions

NOW = 1_800_000_000.0


def rows(*numbers: int, at: float = NOW) -> tuple[rpc.SessionRow, ...]:
    made = tuple(fakes.session_row(number, random.Random(number), at) for number in numbers)
    for row in made:
        row.state, row.up, row.down = "open", 100, 1000
    return made


def ended(row: rpc.SessionRow, at: float, reason: str = "") -> rpc.SessionRow:
    row.state, row.ended_at, row.reason = "failed" if reason else "closed", at, reason
    return row


@pytest.fixture
def book() -> Sessions:
    return Sessions()


@pytest.fixture
def table(book: Sessions) -> SessionTable:
    table = SessionTable(book)
    table.tester = QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    return table


def ids(table: SessionTable) -> list[int]:
    return [int(table.index(place, PLACES["id"]).data()) for place in range(table.rowCount())]


def event(at: float, **parts: object) -> rpc.SessionsEvent:
    return rpc.SessionsEvent(at=at, **parts)


def test_rates_come_from_the_difference_and_fall_to_zero(book: Sessions) -> None:
    book.apply(event(NOW, rows=rows(1, 2)))
    book.apply(event(NOW + 2, counters=((1, 300, 5000),)))
    assert (book.open[1].up_rate, book.open[1].down_rate) == (100, 2000)
    book.apply(event(NOW + 3))
    assert (book.open[1].up_rate, book.open[1].down_rate) == (0, 0)
    assert book.open[1].moved_at == NOW + 2


def test_parts_of_a_batch_are_told_once(book: Sessions, qtbot) -> None:
    with qtbot.assertNotEmitted(book.changed):
        book.apply(event(NOW, rows=rows(1), more=True))
    with qtbot.waitSignal(book.changed):
        book.apply(event(NOW, rows=rows(2)))
    assert set(book.open) == {1, 2}


def test_ended_ones_linger_then_go_to_the_history(book: Sessions, table: SessionTable) -> None:
    first, second = rows(1, 2)
    book.apply(event(NOW, rows=(first, second)))
    book.apply(event(NOW + 1, closed=(ended(first, NOW + 1, "refused"),)))
    assert ids(table) == [2, 1]
    assert table.open_ids() == [2]
    book.apply(event(NOW + 2 + LINGER))
    assert ids(table) == [2]
    history = SessionTable(book, closed=True)
    assert ids(history) == [1]
    assert history.index(0, PLACES["ended"]).data() == "refused"


def test_gone_and_never_seen_ones(book: Sessions) -> None:
    book.apply(event(NOW, rows=rows(1)))
    stranger = ended(rows(7)[0], NOW + 1)
    book.apply(event(NOW + 1, gone=(1, 99), closed=(stranger,), lost=3))
    assert not book.open
    assert [row.session.id for row in book.closed] == [7, 1]
    assert book.lost == 3


def test_sort_is_numeric_and_follows_the_figures(book: Sessions, table: SessionTable) -> None:
    book.apply(event(NOW, rows=rows(9, 10, 100)))
    table.sort(PLACES["id"], Qt.SortOrder.AscendingOrder)
    assert ids(table) == [9, 10, 100]
    table.sort(PLACES["down_rate"], Qt.SortOrder.DescendingOrder)
    book.apply(event(NOW + 1, counters=((10, 200, 9_000_000), (9, 200, 50_000))))
    assert ids(table) == [10, 9, 100]


def test_addresses_sort_as_numbers(book: Sessions, table: SessionTable) -> None:
    made = rows(1, 2, 3)
    for row, source in zip(made, ("10.0.0.9:80", "9.0.0.10:80", "[::1]:80"), strict=True):
        row.source = source
    book.apply(event(NOW, rows=made))
    table.sort(PLACES["visitor"], Qt.SortOrder.AscendingOrder)
    assert ids(table) == [2, 1, 3]


def test_held_rows_keep_their_place(book: Sessions, table: SessionTable) -> None:
    made = rows(1, 2, 3)
    book.apply(event(NOW, rows=made))
    table.sort(PLACES["down_rate"], Qt.SortOrder.DescendingOrder)
    before = ids(table)
    table.held = True
    moved = tuple((number, 200, 10_000 * number) for number in (1, 2, 3))
    book.apply(event(NOW + 1, rows=rows(4), counters=moved, closed=(ended(made[1], NOW + 1),)))
    assert ids(table) == [*before, 4]
    book.apply(event(NOW + 2 + LINGER))
    assert ids(table) == [*before, 4]
    table.held = False
    book.apply(event(NOW + 3 + LINGER, counters=((3, 300, 10**9),)))
    assert ids(table)[0] == 3
    assert 2 not in ids(table)


def test_selection_follows_its_row(book: Sessions, table: SessionTable) -> None:
    book.apply(event(NOW, rows=rows(1, 2, 3)))
    table.sort(PLACES["id"], Qt.SortOrder.AscendingOrder)
    chosen = QPersistentModelIndex(table.index(2, PLACES["id"]))
    table.sort(PLACES["id"], Qt.SortOrder.DescendingOrder)
    assert (chosen.row(), chosen.data()) == (0, "3")
    book.apply(event(NOW + 1, rows=rows(8, 9)))
    assert (chosen.row(), chosen.data()) == (2, "3")


def test_a_pause_freezes_even_the_figures(book: Sessions, table: SessionTable) -> None:
    book.apply(event(NOW, rows=rows(1)))
    table.set_paused(True)
    shown = table.index(0, PLACES["down"]).data()
    book.apply(event(NOW + 60, rows=rows(2), counters=((1, 5, 10**9),)))
    assert ids(table) == [1]
    assert table.index(0, PLACES["down"]).data() == shown
    table.set_paused(False)
    assert sorted(ids(table)) == [1, 2]


def test_filter(book: Sessions, table: SessionTable) -> None:
    made = rows(1, 2, 3)
    made[0].source, made[0].config = "203.0.113.5:1", "a"
    made[1].source, made[1].config = "198.51.100.5:2", "b"
    made[2].source, made[2].reason, made[2].config = "192.0.2.5:3", "Denied", "b"
    book.apply(event(NOW, rows=made))
    for text, config, found in (("203.0", "", [1]), ("denied", "", [3]), ("", "b", [2, 3]), ("203", "b", [])):
        table.set_filter(text, config)
        assert sorted(ids(table)) == found


def test_a_batch_causes_no_reset_and_one_removal(book: Sessions, table: SessionTable) -> None:
    made = rows(*range(1, 201))
    book.apply(event(NOW, rows=made))
    resets, removals = QSignalSpy(table.modelReset), QSignalSpy(table.rowsRemoved)
    gone = tuple(ended(row, NOW - 60) for row in made[::3])
    book.apply(event(NOW + 1, rows=rows(*range(300, 340)), closed=gone))
    assert (resets.count(), removals.count()) == (0, 1)
    assert table.rowCount() == 200 - len(gone) + 40


def test_random_batches_leave_view_and_book_alike(book: Sessions, table: SessionTable) -> None:
    draw, at, live, number = random.Random(5), NOW, {}, 0
    table.sort(PLACES["down_rate"], Qt.SortOrder.DescendingOrder)
    for _ in range(60):
        at += 1
        coming = rows(*range(number + 1, number + 1 + draw.randrange(6)), at=at)
        number += len(coming)
        live.update((row.id, row) for row in coming)
        leaving = draw.sample(sorted(live), min(len(live), draw.randrange(4)))
        moved = tuple((n, 100, draw.randrange(10**6)) for n in live)
        table.held = draw.random() < 0.3
        book.apply(event(at, rows=coming, counters=moved, closed=tuple(ended(live.pop(n), at) for n in leaving)))
        shown = set(table.open_ids())
        assert shown == set(live)
    table.held = False
    book.apply(event(at + 2 * LINGER))
    assert set(ids(table)) == set(live)


def test_tsv_has_the_chosen_columns(book: Sessions, table: SessionTable) -> None:
    book.apply(event(NOW, rows=rows(1)))
    text = as_tsv(table, [0], [PLACES["state"], PLACES["id"], PLACES["target"]])
    assert text.splitlines() == ["State\t#\tTarget", f"Open\t1\t{table.index(0, PLACES['target']).data()}"]


def test_every_column_has_words_and_an_order(book: Sessions) -> None:
    book.apply(event(NOW, rows=rows(1)))
    row = book.open[1]
    for column in COLUMNS:
        assert isinstance(column.text(row, NOW), str)
        column.order(row)
