"""All that a mouse reaches is reached by Tab, in the order in which one reads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QLabel,
    QMenu,
    QWidget,
)

from tests.ui.scenes import scenes
from tests.ui.test_accessibility import controls
from tests.ui.test_layout import HEAVY, laid_out
from xrgui.ui import mnemonics
from xrgui.ui.app import Program
from xrgui.ui.language import LANGUAGES

LEVEL = 24
"""Pixels by which controls of one line may differ in height."""


def walked(root: QWidget) -> list[QWidget]:
    """What Tab visits, once around; a text with links keeps it for as many steps as it has links."""
    if root.focusWidget() is None:
        root.focusNextChild()
    found: list[QWidget] = []
    for _ in range(200):
        now = root.focusWidget()
        if now is None or (now in found[:1] and len(found) > 1):
            break
        if now not in found:
            found.append(now)
        QTest.keyClick(now, Qt.Key.Key_Tab)
    return found


def wanted(root: QWidget) -> Iterator[QWidget]:
    """Controls that take part; of buttons that exclude one another only the chosen one does."""
    for widget in controls(root):
        chosen = not isinstance(widget, QAbstractButton) or widget.group() is None or widget.isChecked()
        if widget.isEnabled() and widget.isVisible() and chosen and widget.focusProxy() is None:
            yield widget


def described(widget: QWidget) -> str:
    words = widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""
    return f"{type(widget).__name__} {widget.accessibleName() or words!r}"


async def test_tab_reaches_every_control(program: Program) -> None:
    missed: list[str] = []
    for scene in scenes():
        if scene.name in HEAVY:
            continue
        program.shell.window.show_page(scene.page)
        above = scene.prepare(program)
        root = above if isinstance(above, QWidget) else program.shell.window
        if not isinstance(root, QMenu):
            root.activateWindow()
            await laid_out()
            reached = walked(root)
            missed += [f"{scene.name}: {described(part)}" for part in wanted(root) if part not in reached]
        if isinstance(above, QWidget):
            above.close()
    assert not missed, "\n".join(missed)


async def test_dialogs_are_walked_as_they_are_read(program: Program) -> None:
    jumps: list[str] = []
    for scene in scenes():
        if not scene.name.startswith("dialog-") or scene.name in HEAVY:
            continue
        dialog = scene.prepare(program)
        assert isinstance(dialog, QDialog)
        dialog.activateWindow()
        await laid_out()
        order = walked(dialog)
        top = min(range(len(order)), key=lambda n: place(order[n], dialog)) if order else 0
        order = order[top:] + order[:top]
        for one, other in pairwise(order):
            (y, x), (below, right) = place(one, dialog), place(other, dialog)
            if below < y - LEVEL or (abs(below - y) <= LEVEL and right < x):
                jumps.append(f"{scene.name}: from {described(one)} back to {described(other)}")
        dialog.close()
    assert not jumps, "\n".join(jumps)


def place(widget: QWidget, root: QWidget) -> tuple[int, int]:
    at = widget.mapTo(root, QPoint(0, 0))
    return at.y() + widget.height() // 2, at.x()


async def test_every_menu_line_has_a_letter_of_its_own(program: Program) -> None:
    for code in LANGUAGES:
        program.settings.language = code
        program.shell.choices.changed()
        bar = program.shell.window.menuBar()
        for menu in (bar, *(action.menu() for action in bar.actions())):
            if isinstance(menu, QMenu):
                menu.aboutToShow.emit()
            lines = [action for action in menu.actions() if not action.isSeparator()]
            letters = [action.text()[action.text().index("&") + 1].lower() for action in lines if "&" in action.text()]
            assert len(letters) == len(set(letters)) == len(lines), [action.text() for action in lines]


def test_letters_are_taken_off_again() -> None:
    assert mnemonics.plain("&File") == "File"
    assert mnemonics.plain("R&&D") == "R&&D"
