from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication

from tests.ui.ending import delete_now, end
from xrgui.ui import theme
from xrgui.ui.app import Program
from xrgui.ui.language import language


@pytest.fixture(scope="session")
def _themed(qapp: QApplication) -> theme.Theme:
    return theme.install(qapp)


@pytest.fixture(autouse=True)
def _clean(_themed: theme.Theme) -> Iterator[None]:
    if theme.theme().colors is not theme.LIGHT:
        theme.theme().choose(theme.Scheme.LIGHT)
    language.choose("en")
    yield
    delete_now()


@pytest.fixture
async def program(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Program]:
    """The whole program without an engine, its window shown."""
    for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / name))
    made = Program(qapp, [])
    made.shell.window.resize(1280, 800)
    made.shell.window.show()
    yield made
    await end(made)
