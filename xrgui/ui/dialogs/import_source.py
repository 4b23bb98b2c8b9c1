"""Where an import comes from: pasted text, a file, a picture."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from xrgui.ui import theme
from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import button, column


class ImportSource(Dialog):
    text_given = Signal(str)
    file_asked = Signal()
    picture_asked = Signal()

    def __init__(self, parent: QWidget | None) -> None:
        text = tr("Links, an Xray or v2ray configuration, or a backup. You see everything before it is taken.")
        super().__init__(parent, tr("Import"), text, width=560)
        self.text = QPlainTextEdit()
        self.text.setFont(theme.font(theme.SMALL, fixed=True))
        self.text.setAccessibleName(tr("Links or configuration"))
        self.text.setPlaceholderText(tr("Paste it here"))
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(150)
        self.text.textChanged.connect(self._changed)
        self.set_body(column(self.text))
        file, picture = button(tr("From file…"), icon="import"), button(tr("QR picture…"), icon="qr")
        file.clicked.connect(self._file)
        picture.clicked.connect(self._picture)
        self.set_buttons(tr("Continue"), file, picture)
        self.main.setEnabled(False)
        self.accepted.connect(lambda: self.text_given.emit(self.text.toPlainText()))
        self.text.setFocus()
        self.fit()

    def _changed(self) -> None:
        self.main.setEnabled(bool(self.text.toPlainText().strip()))

    def _file(self) -> None:
        self.reject()
        self.file_asked.emit()

    def _picture(self) -> None:
        self.reject()
        self.picture_asked.emit()
