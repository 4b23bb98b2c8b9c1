"""What an import would bring. Nothing is taken over before the person says so, and nothing is started."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from xrgui.profiles.model import Profile
from xrgui.profiles.sealed import PassphraseError
from xrgui.profiles.transfer import Failure, Item, Preview, unlock
from xrgui.ui import profile_view, words
from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import Card, Elided, button, column, label, paragraph, row, set_tone
from xrgui.ui.widgets.field import Note
from xrgui.ui.widgets.state_icon import StateIcon


def kind_words(profile: Profile) -> str:
    """What sort of tunnel it is, and whereto."""
    server = profile_view.server_of(profile)
    link = profile_view.link_words(profile)
    if profile.link:
        return tr("A link that xrgui cannot use yet")
    if profile.role == "share":
        services = ", ".join(service.label for service in profile.services) or tr("nothing yet")
        return tr("Shares {services} through {server} ({link})", services=services, server=server, link=link)
    if profile.role == "server":
        return tr("Public server at port {port} ({link})", port=profile.listen.port, link=link)
    return tr("A configuration of its own (Xray JSON)")


class _Line(Card):
    changed = Signal()

    def __init__(self, item: Item) -> None:
        self.item = item
        profile = item.profile
        self.box = QCheckBox(item.name)
        self.box.setChecked(True)
        parts: list[QWidget] = [self.box]
        if profile is not None:
            text = Elided(kind_words(profile), size=12)
            set_tone(text, "muted")
            parts.append(text)
        for warning in item.warnings:
            note = Note()
            note.say("waiting", words.problem(warning))
            parts.append(note)
        super().__init__(column(*parts, gap=4), 10)
        self.box.toggled.connect(self.changed)


class _SealedLine(Card):
    """Asks for the passphrase and then becomes what lay under it."""

    opened = Signal(object)

    def __init__(self, item: Item, existing: Sequence[Profile]) -> None:
        self._item, self._existing = item, existing
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setPlaceholderText(tr("Passphrase"))
        self.passphrase.setAccessibleName(tr("Passphrase"))
        self.note = Note()
        unlock_button = button(tr("Unlock"))
        unlock_button.clicked.connect(self._unlock)
        self.passphrase.returnPressed.connect(self._unlock)
        line = row(label(item.name or tr("Backup"), bold=True), None, self.passphrase, unlock_button)
        hint = label(tr("Sealed with its secrets"), tone="muted", size=12)
        super().__init__(column(line, hint, self.note, gap=4), 10)

    def _unlock(self) -> None:
        try:
            self.opened.emit(unlock(self._item, self.passphrase.text(), self._existing))
        except PassphraseError:
            self.note.say("error", tr("The passphrase does not open it."))


class _Failed(QWidget):
    def __init__(self, failure: Failure) -> None:
        super().__init__()
        mark = StateIcon(14)
        mark.show_state("trouble", tr("Cannot be imported"))
        text = paragraph(f"{failure.origin}: {engine_words(failure.reason)}", size=12)
        layout = row(mark, text)
        layout.setStretch(1, 1)
        self.setLayout(layout)


class ImportPreview(Dialog):
    chosen = Signal(list)
    """Profiles to take over, their secrets in place."""

    def __init__(self, parent: QWidget | None, preview: Preview, existing: Sequence[Profile]) -> None:
        super().__init__(parent, tr("Import"), tr("Nothing is started. Look at each before you do."), width=600)
        self._existing = existing
        self._lines: list[_Line] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.addLayout(self._list)
        layout.addStretch(1)
        self.set_body(body, scrolls=True)
        self.set_buttons(tr("Import"))
        self.main.clicked.disconnect()
        self.main.clicked.connect(self._import)
        self._add(preview)
        self.fit()

    def _add(self, preview: Preview) -> None:
        for item in preview.items:
            if item.profile is None:
                sealed = _SealedLine(item, self._existing)
                sealed.opened.connect(lambda found, sealed=sealed: self._opened(sealed, found))
                self._list.addWidget(sealed)
                continue
            line = _Line(item)
            line.changed.connect(self._count)
            self._lines.append(line)
            self._list.addWidget(line)
        named = [failure for failure in preview.failures if failure.origin]
        for failure in named:
            self._list.addWidget(_Failed(failure))
        if not preview.items and not named:
            self.explanation.hide()
            self._list.addWidget(
                paragraph(tr("Nothing was found that xrgui can import: no link, no configuration."), tone="muted")
            )
        self._count()

    def _opened(self, sealed: QWidget, found: Preview) -> None:
        self._list.removeWidget(sealed)
        sealed.hide()
        sealed.deleteLater()
        self._add(found)

    def _count(self) -> None:
        number = sum(line.box.isChecked() for line in self._lines)
        self.main.setText(tr("Import {n}|Import {n}", number) if number > 1 else tr("Import"))
        self.main.setEnabled(number > 0)

    def _import(self) -> None:
        taken = [line.item.profile for line in self._lines if line.box.isChecked()]
        self.chosen.emit([profile for profile in taken if profile is not None])
        self.accept()
