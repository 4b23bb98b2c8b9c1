"""Small dialogs: a message, a question, a name, a file."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.language import tr
from xrgui.ui.widgets.field import Field, form_grid


def tell(parent: QWidget | None, title: str, text: str) -> Dialog:
    dialog = Dialog(parent, title, text, width=480)
    dialog.set_buttons("", cancel=tr("Close"))
    dialog.fit()
    dialog.open()
    return dialog


def ask(parent: QWidget | None, title: str, text: str, yes: str, then: Callable[[], None]) -> Dialog:
    dialog = Dialog(parent, title, text, width=480)
    dialog.set_buttons(yes)
    dialog.accepted.connect(then)
    dialog.fit()
    dialog.open()
    return dialog


def ask_name(parent: QWidget | None, title: str, name: str, then: Callable[[str], None]) -> Dialog:
    dialog = Dialog(parent, title, width=520)
    edit = QLineEdit(name)
    edit.setMaxLength(80)
    edit.selectAll()
    grid = form_grid()
    Field(tr("Name"), edit, edit).add_to(grid)
    dialog.set_body(grid)
    dialog.set_buttons(tr("Rename"))
    dialog.main.setEnabled(bool(name))
    edit.textChanged.connect(lambda text: dialog.main.setEnabled(bool(text.strip())))
    dialog.accepted.connect(lambda: then(edit.text().strip()))
    edit.setFocus()
    dialog.fit()
    dialog.open()
    return dialog


def ask_file(parent: QWidget, title: str, then: Callable[[str], object], kinds: str = "") -> None:
    """Which file to read; *kinds* as Qt filters them."""
    dialog = QFileDialog(parent, title, "", kinds)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    _open(dialog, then)


def ask_where(parent: QWidget, title: str, name: str, then: Callable[[str], object]) -> None:
    """Under which path to save, by default *name*."""
    dialog = QFileDialog(parent, title, name)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    _open(dialog, then)


def _open(dialog: QFileDialog, then: Callable[[str], object]) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(then)
    dialog.open()
