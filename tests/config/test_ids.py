from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.config.ids import parse_id


def test_the_example_of_the_specification() -> None:
    assert parse_id("我爱🍉老师1314") == UUID("5783a3e7-e373-51cd-8642-c83782b807c5")


@given(st.uuids())
def test_with_and_without_dashes(identity: UUID) -> None:
    assert parse_id(str(identity)) == parse_id(identity.hex) == parse_id(str(identity).upper()) == identity


@pytest.mark.parametrize("text", ["", "x" * 31, "x" * 36, "é" * 16, "b831381d-6324-4d53-ad4f-8cda48b30811-"])
def test_what_is_no_id_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="neither a UUID nor") as error:
        parse_id(text)
    assert not text or text not in str(error.value)


@given(st.text(st.characters(codec=None), max_size=40))
def test_any_text_is_an_id_or_a_value_error(text: str) -> None:
    try:
        assert isinstance(parse_id(text), UUID)
    except ValueError:
        assert len(text.encode("utf-8", "replace")) > 30 or text == ""
