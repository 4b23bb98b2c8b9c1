"""An address as a QR code, for a phone."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import Elided, button, column, paragraph, row, say_copied
from xrgui.ui.widgets.qr import QrView
from xrgui.ui.widgets.table import copy_text


def show_qr(parent: QWidget | None, title: str, text: str) -> Dialog:
    dialog = Dialog(parent, title, width=360)
    view = QrView()
    view.setAccessibleName(tr("QR code of {text}", text=text))
    address = Elided(text, fixed=True)
    if view.show_text(text):
        dialog.set_body(column(row(None, view, None), row(None, address, None), gap=12))
    else:
        dialog.set_body(column(paragraph(tr("This is too long for a QR code."), tone="muted")))
    copy = button(tr("Copy"), icon="copy")
    copy.clicked.connect(lambda: copy_text(text))
    copy.clicked.connect(lambda: say_copied(copy))
    dialog.set_buttons("", copy, cancel=tr("Close"))
    dialog.fit()
    dialog.open()
    return dialog
