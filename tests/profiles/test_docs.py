"""docs/profiles.md says what is: its fields are the model's, its vectors are what is made and read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from tests.profiles.samples import ID
from xrgui.links import parse_link
from xrgui.profiles import model
from xrgui.profiles.document import SCHEMA, load_profile
from xrgui.profiles.ownlink import open_link, own_link, sealed_part
from xrgui.profiles.sealed import unseal
from xrgui.profiles.vault import without_secrets

TEXT = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text(encoding="utf-8")
KINDS = {
    kind.__name__: kind
    for kind in vars(model).values()
    if isinstance(kind, type) and issubclass(kind, model.Struct) and kind is not model.Struct
}
REQUIRED = "required"


def documented() -> dict[str, dict[str, str]]:
    """By section: each field and its default as it stands there."""
    found = {}
    for part in TEXT.split("\n### ")[1:]:
        name, _, body = part.partition("\n")
        rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", body.split("\n#")[0], re.MULTILINE)
        if rows:
            found[name] = {field: default.strip("`") for field, default in rows}
    return found


def written(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return REQUIRED
    factory = field.default_factory
    default = field.default if factory is msgspec.NODEFAULT else factory()
    return msgspec.json.encode(default).decode()


def block(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*)\n```$", TEXT, re.MULTILINE)
    assert found is not None
    return found[1]


def test_every_part_of_a_profile_has_its_section():
    assert documented().keys() == KINDS.keys()


@pytest.mark.parametrize("name", KINDS)
def test_its_fields_and_defaults_are_the_models(name: str):
    fields = msgspec.structs.fields(KINDS[name])
    assert documented()[name] == {field.name: written(field) for field in fields}
    assert list(documented()[name]) == [field.name for field in fields]


def test_the_schema_is_the_current_one():
    assert f"`schema` is **{SCHEMA}**" in TEXT
    assert re.findall(r"^\| (\d) \| ", TEXT, re.MULTILINE) == [str(number) for number in range(1, SCHEMA + 1)]


def test_the_link_is_what_we_make_and_read():
    profile = load_profile(block("json").encode())
    assert own_link(profile) == block("link")
    assert open_link(parse_link(block("link"))) == profile
    assert json.loads(block("json"))["schema"] == SCHEMA


def test_the_sealed_link_opens():
    opened = load_profile(unseal(sealed_part(parse_link(block("sealed"))), "correct horse"))
    assert opened.server.secret == ID
    assert without_secrets(opened) == load_profile(block("json").encode())
