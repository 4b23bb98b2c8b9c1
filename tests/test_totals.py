import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xrgui.totals import Amount, Reading, Totals, TotalsError

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "totals.db"


def read(up: int, down: int = 0, visitors: int = 0, profile: str = "a", source: str = "1") -> Reading:
    return Reading(profile, source, Amount(up, down, visitors))


def test_what_was_counted_survives_a_restart(path: Path):
    totals = Totals(path)
    totals.record([read(10, 20, 1), read(1, 2, 3, profile="b")], MONDAY)
    totals.record([read(15, 20, 2)], MONDAY)
    totals.record([read(16, 25, 2)], TUESDAY)
    totals.close()
    totals = Totals(path)
    assert totals.totals() == {"a": Amount(16, 25, 2), "b": Amount(1, 2, 3)}
    assert totals.days("a") == [(MONDAY, Amount(15, 20, 2)), (TUESDAY, Amount(1, 5, 0))]
    assert totals.days("a", since=TUESDAY) == [(TUESDAY, Amount(1, 5, 0))]
    assert totals.total("nobody") == Amount()
    assert path.stat().st_mode & 0o077 == 0
    totals.close()


def test_a_window_that_comes_back_counts_nothing_twice(path: Path):
    for _ in range(3):
        totals = Totals(path)
        totals.record([read(100, 5, 1)], MONDAY)
        totals.close()
    totals = Totals(path)
    assert totals.total("a") == Amount(100, 5, 1)
    totals.close()


def test_a_new_run_of_the_engine_counts_from_nothing(path: Path):
    totals = Totals(path)
    totals.record([read(100)], MONDAY)
    totals.record([read(7, source="2")], MONDAY)
    assert totals.total("a") == Amount(107)
    totals.close()


def test_a_reading_that_comes_late_adds_nothing(path: Path):
    """Two windows may watch one engine."""
    totals = Totals(path)
    for number in (100, 90, 100, 105):
        totals.record([read(number)], MONDAY)
    assert totals.total("a") == Amount(105)
    totals.close()


def test_days_without_anything_take_no_room(path: Path):
    totals = Totals(path)
    totals.record([read(0)], MONDAY)
    totals.record([read(5)], MONDAY)
    totals.record([read(5)], TUESDAY)
    assert totals.days("a") == [(MONDAY, Amount(5))]
    totals.close()


def test_forgetting(path: Path):
    totals = Totals(path)
    totals.record([read(5), read(6, profile="b")], MONDAY)
    totals.forget("a")
    assert totals.totals() == {"b": Amount(6)}
    totals.close()


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("12"), st.integers(-5, 2**70)), max_size=8))
def test_each_source_counts_as_far_as_it_came(steps: list[tuple[str, str, int]]):
    most: dict[tuple[str, str], int] = {}
    with TemporaryDirectory() as folder:
        totals = Totals(Path(folder) / "totals.db")
        for profile, source, number in steps:
            totals.record([read(number, profile=profile, source=source)], MONDAY)
            most[profile, source] = min(max(number, most.get((profile, source), 0)), 2**53)
        for profile in "ab":
            expected = sum(number for (name, _), number in most.items() if name == profile)
            assert totals.total(profile).up == expected
        totals.close()


@pytest.mark.parametrize(
    "content",
    [b"not a database at all, but long enough to be one" * 40, b"SQLite format 3\0" + b"\xff" * 4000],
)
def test_a_damaged_file_is_set_aside(path: Path, content: bytes):
    path.parent.mkdir()
    path.write_bytes(content)
    totals = Totals(path)
    assert totals.set_aside is not None
    assert totals.set_aside.read_bytes() == content
    totals.record([read(5)], MONDAY)
    assert totals.total("a") == Amount(5)
    totals.close()


def test_damage_while_it_is_open(path: Path):
    totals = Totals(path)
    for number in range(500):
        totals.record([read(5, profile=f"profile {number}")], MONDAY)
    totals.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    totals = Totals(path)
    totals.record([read(7)], MONDAY)
    assert totals.set_aside is not None
    assert totals.totals() == {"a": Amount(7)}
    totals.close()


def test_a_newer_file_is_left_alone(path: Path):
    Totals(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(TotalsError, match="newer xrgui"):
        Totals(path)
    assert list(path.parent.glob("*damaged*")) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TotalsError, match="file"):
        Totals(tmp_path / "file" / "totals.db")


def test_a_file_that_is_held_too_long(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("xrgui.totals._PATIENCE", 0.05)
    totals = Totals(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TotalsError, match="locked"):
        totals.record([read(5)], MONDAY)
    other.execute("ROLLBACK")
    other.close()
    totals.record([read(5)], MONDAY)
    assert totals.total("a") == Amount(5)
    totals.close()


WRITER = """
import sys, pathlib, datetime
from xrgui.totals import Amount, Reading, Totals
totals = Totals(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(1, 101):
    own = Reading("a", sys.argv[2], Amount(number, 2 * number, 1))
    shared = Reading("shared", "engine", Amount(number, 0, 0))
    totals.record([own, shared], datetime.date(2026, 11, 23))
totals.close()
"""


def test_two_programs_at_once(path: Path):
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "xy"
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.communicate("go\n", timeout=60)
        assert child.returncode == 0
    totals = Totals(path)
    assert totals.total("a") == Amount(200, 400, 2)
    assert totals.total("shared") == Amount(100)
    totals.close()
