"""Tables in a terminal."""

from __future__ import annotations

import pytest

from xrgui.commands.tables import age, size, table


def test_columns_stand_below_one_another() -> None:
    assert table([("a", "bc", "d"), ("efg", "h", "")], indent=" ") == [" a    bc  d", " efg  h"]
    assert table([]) == []


def test_control_characters_are_spelled_out() -> None:
    assert table([("a\x1b[2J\nb", "c")]) == ["a\\x1b[2J\\nb  c"]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (12_000_000, "12 MB"), (5e15, "5000 TB")],
)
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (59, "59 s"), (61, "1 min"), (7500, "2 h 5 min"), (100_000, "1 d 3 h")],
)
def test_ages(seconds: float, text: str) -> None:
    assert age(seconds) == text
