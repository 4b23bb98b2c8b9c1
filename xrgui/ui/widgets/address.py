"""A public address with what one does with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QPushButton, QWidget

from xrgui.ui import icons
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import Elided, button, row, set_tone


class AddressRow(QWidget):
    """Copy, Open (web addresses only) and QR; icons alone where their words would cut the address."""

    asked = Signal(str, str)
    """copy, open or qr, and the address."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self._text = Elided(address, fixed=True, size=15)
        set_tone(self._text, "accent")
        self._text.setAccessibleName(tr("Public address: {address}", address=address))
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._parts = {
            "copy": (tr("Copy"), button("", icon="copy", tip=tr("Copy the address"))),
            "open": (tr("Open"), button("", icon="open", tip=tr("Open in the browser"))),
            "qr": (tr("QR"), button("", icon="qr", tip=tr("Show as a QR code"))),
        }
        self._parts["open"][1].setVisible(address.startswith(("http://", "https://")))
        for key, (_, part) in self._parts.items():
            part.clicked.connect(lambda _=False, key=key: self.asked.emit(key, self.address))
        buttons: list[QPushButton] = [part for _, part in self._parts.values()]
        layout = row(self._text, *buttons)
        layout.setStretch(0, 1)
        self.setLayout(layout)
        self._set_narrow(False)
        shown = [part.sizeHint().width() + 8 for part in buttons if not part.isHidden()]
        self._wide = self._text.sizeHint().width() + sum(shown)
        self.setMinimumWidth(160)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_narrow(self.width() < self._wide)

    def _set_narrow(self, narrow: bool) -> None:
        for key, (text, part) in self._parts.items():
            part.setText("" if narrow else text)
            part.setIcon(icons.icon(key) if narrow else QIcon())
            set_tone(part, "icon" if narrow else "", "kind")
