"""What the screenshots show and what tests of the whole window walk through."""

from __future__ import annotations

from collections.abc import Iterator

from tests.ui.scene_dialogs import dialogs
from tests.ui.scene_newcomers import newcomers
from tests.ui.scene_pages import pages
from tests.ui.staging import Scene


def scenes() -> Iterator[Scene]:
    yield from pages()
    yield from newcomers()
    yield from dialogs()


def scene(name: str) -> Scene:
    return next(found for found in scenes() if found.name == name)
