"""Every control of every page and dialog can be reached by Tab and says its name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QWidget,
)

from tests.ui.scenes import scenes
from xrgui.ui.app import Program
from xrgui.ui.widgets.path import PathWidget

CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QAbstractItemView, PathWidget)


def controls(root: QWidget) -> Iterator[QWidget]:
    """What a person uses, without the parts that Qt makes inside of it."""
    for kind in CONTROLS:
        for widget in root.findChildren(kind):
            parent = widget.parent()
            inside = isinstance(parent, QComboBox | QAbstractSpinBox | QLineEdit) or (
                isinstance(parent, QWidget) and isinstance(parent.parent(), QComboBox | QAbstractItemView)
            )
            if widget.isVisibleTo(root) and not inside and not isinstance(parent, QAbstractScrollArea):
                yield widget


async def test_every_control_has_a_name_and_a_place_in_the_tab_order(program: Program) -> None:
    seen = 0
    for scene in scenes():
        program.shell.window.show_page(scene.page)
        above = scene.prepare(program)
        root = above if isinstance(above, QWidget) else program.shell.window
        for _ in range(2):
            await asyncio.sleep(0)
        if not isinstance(root, QMenu):
            for widget in controls(root):
                seen += 1
                name = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
                assert name.strip(), f"{scene.name}: {widget} {widget.objectName()} in {widget.parent()}"
                grouped = isinstance(widget, QAbstractButton) and widget.group() is not None
                if widget.isEnabled() and not isinstance(widget, QLineEdit) and not grouped:
                    assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, f"{scene.name}: {name}"
        if isinstance(above, QWidget):
            above.close()
    assert seen > 300


async def test_every_command_has_words_and_no_shortcut_twice(program: Program) -> None:
    shortcuts: dict[str, str] = {}
    for key, action in program.shell.actions._all.items():
        assert action.text(), key
        text = action.shortcut().toString()
        assert not text or text not in shortcuts, (key, shortcuts.get(text))
        shortcuts[text] = key
    wanted = {"Ctrl+N": "new", "Ctrl+O": "import_file", "Ctrl+V": "import_clipboard", "Ctrl+D": "duplicate",
              "F2": "rename", "Ctrl+R": "restart", "Ctrl+Shift+C": "copy_address", "Ctrl+F": "find",
              "Ctrl+1": "page_tunnels",
              "Ctrl+4": "page_routing", "Ctrl+,": "settings", "Ctrl+Q": "quit"}  # fmt: skip
    assert wanted.items() <= shortcuts.items()


async def test_delete_means_a_tunnel_only_where_one_sees_it(program: Program) -> None:
    next(scene for scene in scenes() if scene.name == "tunnels").prepare(program)
    assert program.shell.actions["delete"].isEnabled()
    program.shell.window.show_page("connections")
    assert not program.shell.actions["delete"].isEnabled()


async def test_a_change_of_language_keeps_page_and_tunnel(program: Program) -> None:
    next(scene for scene in scenes() if scene.name == "trouble").prepare(program)
    program.shell.window.show_page("settings")
    program.settings.language = "ru"
    program.shell.choices.changed()
    assert program.shell.window.page == "settings"
    assert program.shell.tunnels.current.id == "ssh"
    assert program.shell.actions["quit"].text() == "Выйти"
    assert program.shell.window.menuBar().actions()[0].text() == "&Файл"
    program.settings.language = "en"
    program.shell.choices.changed()
    assert program.shell.actions["quit"].text() == "Quit"
    program.shell.window.show_page("tunnels")
