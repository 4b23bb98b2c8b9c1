"""Where secrets shall lie."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QWidget

from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import column, paragraph


class SecretsChoice(Dialog):
    chosen = Signal(str)
    """keyring, file or memory."""

    def __init__(self, parent: QWidget | None, kind: str) -> None:
        text = tr("Ids and keys never stand in the tunnels' files. Those that are stored move along.")
        super().__init__(parent, tr("Where secrets are kept"), text, width=520)
        self._group = QButtonGroup(self)
        parts: list[QWidget] = []
        for key, name, hint in (
            ("keyring", tr("The system's keyring"), tr("Unlocked with your login. The best place.")),
            ("file", tr("A file under a passphrase"), tr("Asked for once after each start of xrgui.")),
            ("memory", tr("Memory only"), tr("Nothing is stored; you type them again after each start.")),
        ):
            box = QRadioButton(name)
            box.setProperty("key", key)
            box.setChecked(key == kind)
            box.setAccessibleDescription(hint)
            self._group.addButton(box)
            small = paragraph(hint, tone="muted", size=12)
            small.setContentsMargins(24, 0, 0, 6)
            parts += [box, small]
        self.set_body(column(*parts, gap=2))
        self.set_buttons(tr("Use it"))
        self.main.clicked.disconnect()
        self.main.clicked.connect(self._choose)
        self.fit()

    def _choose(self) -> None:
        box = self._group.checkedButton()
        if box is not None:
            self.chosen.emit(str(box.property("key")))
            self.accept()
