from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.config.jsonc import Repeated, parse

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_plain_json_is_read_as_it_is(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert parse(text, "f") == (value, None)


def test_comments_of_three_kinds_and_none_inside_texts() -> None:
    text = """\ufeff// first
    { "a": "http://x/#y /* z */", # second
      /* third " */ "b": [1, /* // */ 2], "c\\"//": 3 } // last"""
    assert parse(text, "f") == ({"a": "http://x/#y /* z */", "b": [1, 2], 'c"//': 3}, None)


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ('{"a": 1,\n}', 1, 8, "comma with nothing behind it", "remove it"),
        ('// x\n{"a": [1, /* y */ ]}', 2, 9, "comma with nothing behind it", "remove it"),
        ('{"a": 1\n "b": 2}', 2, 2, "a comma or the closing bracket", ""),
        ("{'a': 1}", 1, 2, "double quotes", "double quotes"),
        ('{"a": ', 1, 7, "a value is expected", "ends too early"),
        ('{"a": 1} {', 1, 10, "behind the end", "bracket too many"),
        ('{"a": 1} /* never\n closed', 1, 10, "comment that never ends", "*/"),
        ("", 1, 1, "the file is empty", "{}"),
        ("// nothing", 1, 1, "the file is empty", "{}"),
        ('{"a": "x\n"}', 1, 9, "control character", ""),
        ('{"a" 1}', 1, 6, "a colon is expected", ""),
    ],
)
def test_syntax_errors_name_the_place(text: str, line: int, column: int, message: str, hint: str) -> None:
    value, problem = parse(text, "some.json")
    assert value is None
    assert problem is not None
    assert (problem.file, problem.line, problem.column) == ("some.json", line, column)
    assert message in problem.message
    assert hint in problem.hint
    assert str(problem).startswith(f"some.json:{line}:{column}: ")


@pytest.mark.parametrize("text", ["NaN", "[1, -Infinity]", "[" * 100_000, "9" * 10_000])
def test_what_python_would_take_or_choke_on_is_refused(text: str) -> None:
    value, problem = parse(text, "f")
    assert value is None
    assert problem is not None


def test_half_a_character_becomes_a_whole_one() -> None:
    assert parse(r'{"\ud800": ["\udfff x", "\ud83d\ude00"]}', "f") == ({"�": ["� x", "😀"]}, None)


def test_a_name_that_stands_twice_is_remembered() -> None:
    value, _ = parse('{"a": 1, "b": 2, "a": 3}', "f")
    assert isinstance(value, Repeated)
    assert value == {"a": 3, "b": 2}
    assert value.repeated == ["a"]


@given(st.text())
def test_garbage_gives_a_problem_never_an_exception(text: str) -> None:
    value, problem = parse(text, "f")
    assert (value is None) or (problem is None)


@given(st.text(alphabet='{}[]":,/*# \n\\a1'))
def test_near_json_gives_a_problem_never_an_exception(text: str) -> None:
    _, problem = parse(text, "f")
    if problem is not None and problem.line:
        assert 1 <= problem.line <= text.count("\n") + 1
