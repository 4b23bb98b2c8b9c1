import json

from hypothesis import given
from hypothesis import strategies as st

from xrgui.config import jsonc
from xrgui.profiles.rawjson import map_texts

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)


def mark(name: str, value: str) -> str:
    return f"<{name}|{value}>"


def expected(value: object, name: str = "") -> object:
    if isinstance(value, str):
        return mark(name, value)
    if isinstance(value, list):
        return [expected(item, name) for item in value]
    if isinstance(value, dict):
        return {key: expected(item, key.lower()) for key, item in value.items()}
    return value


@given(values)
def test_every_text_is_met_once_under_its_name(value: object):
    assert json.loads(map_texts(json.dumps(value), mark)) == expected(value)


@given(st.text())
def test_nothing_moves_where_nothing_changes(text: str):
    assert map_texts(text, lambda name, value: value) == text


def test_all_else_stays_as_it_was_written():
    text = """{ # "id": "comment"
  "ID" : "a\\u0041\\"" , // "id": "x"
  "list":["b",{"deep":"c"},"d"], /* "id": "y" */ "n": 1 }"""
    met: list[tuple[str, str]] = []

    def change(name: str, value: str) -> str:
        met.append((name, value))
        return "ж" if value == "c" else value

    assert map_texts(text, change) == text.replace('"c"', '"ж"')
    assert met == [("id", 'aA"'), ("list", "b"), ("deep", "c"), ("list", "d")]
    assert jsonc.parse(map_texts(text, change), "")[1] is None
