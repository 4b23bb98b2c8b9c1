"""Tables in a terminal."""

from __future__ import annotations

from xrgui.commands.tables import table


def test_columns_stand_below_one_another() -> None:
    assert table([("a", "bc", "d"), ("efg", "h", "")], indent=" ") == [" a    bc  d", " efg  h"]


def test_control_characters_are_spelled_out() -> None:
    assert table([("a\x1b[2J\nb", "c")]) == ["a\\x1b[2J\\nb  c"]
