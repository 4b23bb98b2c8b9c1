import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.profiles.samples import custom, servers, share, shares
from xrgui.profiles.document import SCHEMA, DamagedError, NewerError, dump_profile, load_profile, migrate
from xrgui.profiles.model import Bridge, Profile


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shares() | servers() | st.text().map(lambda text: custom(json=text)))
def test_nothing_is_lost_in_a_file(profile: Profile):
    assert load_profile(dump_profile(profile)) == profile


def test_a_file_can_be_read_by_people():
    text = dump_profile(share()).decode()
    assert text.startswith('{\n  "schema": 3,\n  "id": "share1",\n  "name": "Home",\n  "role": "share",')
    assert json.loads(dump_profile(custom()))["json"][1] == "  // what a person wrote, with comments"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "has no schema version"),
        ('{"schema": true}', "has no schema version"),
        ('{"schema": 0, "id": "a", "name": "b"}', "has no schema version"),
        ('{"schema": 1, "name": "b"}', "missing required field `id`"),
        (
            '{"schema": 1, "id": "a", "name": "b", "role": "boss"}',
            r"Invalid enum value 'boss' - at `\$.role`",
        ),
        ('{"schema": 1, "id": "a", "name": "b", "services": [{"prot": 1}]}', "services"),
        ('{"schema": 1, "id": "a", "name": "b", "colour": "red"}', "unknown field `colour`"),
        ('{"schema": 1, "id": "a", "name": "b", "json": [1, []]}', ""),
    ],
)
def test_damage_is_named(text: str, reason: str):
    if not reason:
        assert load_profile(text.encode()).json == "1\n[]"
        return
    with pytest.raises(DamagedError, match=reason):
        load_profile(text.encode())


@given(st.binary() | st.text().map(str.encode))
def test_garbage_raises_only_our_error(data: bytes):
    with pytest.raises(DamagedError):
        load_profile(data)


def test_a_newer_file_is_told_from_a_damaged_one():
    with pytest.raises(NewerError, match="schema 4"):
        load_profile(b'{"schema": 4, "id": "a", "name": "b", "new": {}}')


def test_older_files_are_brought_up_step_by_step():
    steps = {1: lambda plain: plain | {"two": plain.pop("one")}, 2: lambda plain: plain | {"three": True}}
    assert migrate({"schema": 1, "one": 1}, steps, 3) == {"schema": 3, "two": 1, "three": True}
    with pytest.raises(DamagedError, match="from schema 1 to 2"):
        migrate({"schema": 1}, steps, 3)


@pytest.mark.parametrize("schema", [1, 2])
def test_a_file_of_an_older_schema_says_what_it_said(schema: int):
    profile = load_profile(b'{"schema": %d, "id": "a", "name": "b", "bridges": [{"name": "c"}]}' % schema)
    assert profile == Profile(id="a", name="b", bridges=(Bridge(name="c"),))
    assert not profile.approval


def test_there_is_a_way_up_from_every_schema():
    from xrgui.profiles.document import MIGRATIONS

    assert set(MIGRATIONS) == set(range(1, SCHEMA))
