"""No scene of the window cuts a word or lets parts overlap, in any language, at its least size."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.ending import delete_now
from tests.ui.layout_faults import faults
from tests.ui.scenes import scenes
from xrgui.ui import theme
from xrgui.ui.app import Program
from xrgui.ui.language import LANGUAGES

HEAVY = {"connections-many", "many-tunnels", "dialog-import-many"}
"""Their rows are drawn, not laid out."""


async def laid_out() -> None:
    for _ in range(3):
        QApplication.processEvents()
        delete_now()
        await asyncio.sleep(0.002)


@pytest.fixture
def large_font(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The system's font is 18 pixels high, not 13."""
    before = qapp.font()
    large = QFont(before)
    large.setPixelSize(18)
    monkeypatch.setattr(theme, "interface_font", lambda: large)
    qapp.setFont(large)
    yield
    qapp.setFont(before)


@pytest.mark.parametrize(("code", "size"), [*((code, (800, 560)) for code in LANGUAGES), ("en", (1280, 800))])
async def test_nothing_is_cut_and_nothing_overlaps(program: Program, code: str, size: tuple[int, int]) -> None:
    await look(program, code, size)


@pytest.mark.parametrize("code", LANGUAGES)
async def test_nothing_is_cut_with_a_large_font(large_font: None, program: Program, code: str) -> None:
    await look(program, code, (1000, 680))


async def look(program: Program, code: str, size: tuple[int, int]) -> None:
    program.settings.language = code
    program.shell.choices.changed()
    window = program.shell.window
    window.resize(*size)
    found: list[str] = []
    for scene in scenes():
        if scene.name in HEAVY:
            continue
        window.show_page(scene.page)
        above = scene.prepare(program)
        await laid_out()
        root = above if isinstance(above, QWidget) else window
        found += [f"{scene.name}: {fault}" for fault in faults(root)]
        if isinstance(above, QWidget):
            above.close()
    assert not found, "\n".join(found)
