"""A tunnel as text for others: link, configuration, or the other end that fits. No secrets unless asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPlainTextEdit, QWidget

from xrgui.profiles.export import Exported, export_json, export_link, other_end
from xrgui.profiles.files import write_atomic
from xrgui.profiles.model import Profile
from xrgui.profiles.ownlink import own_link
from xrgui.profiles.problems import ProfileError
from xrgui.profiles.vault import without_secrets
from xrgui.ui import theme, words
from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.dialogs.qr import show_qr
from xrgui.ui.dialogs.simple import ask_where
from xrgui.ui.language import tr
from xrgui.ui.tasks import spawn
from xrgui.ui.widgets.basic import button, column, row, say_copied
from xrgui.ui.widgets.field import Note
from xrgui.ui.widgets.table import copy_text

KINDS = ("own", "link", "xray", "v2ray", "other:xray", "other:v2ray", "other:xrgui")


def kind_words(kind: str, role: str) -> str:
    other = tr("this computer's server") if role == "share" else tr("a computer that shares")
    return {
        "own": tr("xrgui link"),
        "link": tr("Server link (vless:// or vmess://)"),
        "xray": tr("JSON for Xray"),
        "v2ray": tr("JSON for v2ray and older Xray"),
        "other:xray": tr("The other end, {other}: JSON for Xray", other=other),
        "other:v2ray": tr("The other end, {other}: JSON for v2ray", other=other),
        "other:xrgui": tr("The other end, {other}: command for xrgui", other=other),
    }[kind]


class Export(Dialog):
    def __init__(
        self,
        parent: QWidget | None,
        profile: Profile,
        complete: Callable[[], Awaitable[Profile]],
        kind: str = "own",
    ) -> None:
        """*profile* has references in place of secrets; *complete* fetches them when they are asked for."""
        super().__init__(parent, tr("Export {name}", name=profile.name), width=680)
        self._profile = profile
        self._complete = complete
        self._whole: Profile | None = None
        self._build(kind)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(300)
        self._timer.timeout.connect(self._show)
        self._show()
        self.fit()

    def _build(self, kind: str) -> None:
        self.kind = QComboBox()
        self.kind.setAccessibleName(tr("Kind"))
        for key in KINDS:
            if self._fits(key):
                self.kind.addItem(kind_words(key, self._profile.role), key)
        self.kind.setCurrentIndex(max(0, self.kind.findData(kind)))
        self.kind.currentIndexChanged.connect(self._show)
        self.secrets = QCheckBox(tr("With secrets"))
        self.secrets.toggled.connect(self._secrets_toggled)
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setPlaceholderText(tr("Passphrase that opens it"))
        self.passphrase.setAccessibleName(tr("Passphrase"))
        self.passphrase.textEdited.connect(lambda: self._timer.start())
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(theme.font(theme.SMALL, fixed=True))
        self.text.setAccessibleName(tr("Exported text"))
        self.text.setMinimumHeight(220)
        self.note = Note()
        top = row(self.kind, None)
        line = row(self.secrets, self.passphrase, None, gap=14)
        self.set_body(column(top, line, self.text, self.note, gap=10))
        qr = button(tr("QR"), icon="qr")
        qr.clicked.connect(lambda: show_qr(self, self._profile.name, self.text.toPlainText()))
        save = button(tr("Save…"), icon="save")
        save.clicked.connect(self._ask_where)
        self.set_buttons(tr("Copy"), qr, save, cancel=tr("Close"))
        self.main.clicked.disconnect()
        self.main.clicked.connect(self._copy)

    def _fits(self, kind: str) -> bool:
        role = self._profile.role
        if self._profile.link:
            return kind in ("own", "link")
        if kind == "link":
            return role == "share"
        return not (kind.startswith("other") and role == "custom")

    # What is shown

    def _secrets_toggled(self, on: bool) -> None:
        if on and self._whole is None:
            fetching = spawn(self._fetch(), "fetch secrets", self._cannot)
            self.finished.connect(lambda: fetching.cancel())
        self._show()

    async def _fetch(self) -> None:
        self._whole = await self._complete()
        self._show()

    def _cannot(self, error: BaseException) -> None:
        self.secrets.setChecked(False)
        self.note.say("error", str(error))

    def _show(self) -> None:
        kind = self.kind.currentData()
        on = self.secrets.isChecked() and self._whole is not None
        self.passphrase.setVisible(self.secrets.isChecked() and kind == "own")
        try:
            made = self._made(kind, self._whole if on and self._whole is not None else self._profile, on)
        except ProfileError as error:
            self.text.setPlainText("")
            self.note.say("error", " ".join(words.problem(item) for item in error.problems))
            self.main.setEnabled(False)
            return
        self.text.setPlainText(made.text)
        self.main.setEnabled(bool(made.text))
        notes = [words.problem(item) for item in made.notes]
        if on and kind != "own":
            notes.append(tr("Whoever has this text can use the tunnel."))
        if not on and kind == "link":
            notes.append(tr("The id is left out: the link is of use only with its secrets."))
        self.note.say("waiting", "\n! ".join(notes))

    def _made(self, kind: str, profile: Profile, on: bool) -> Exported:
        if kind == "own":
            sealed = on and bool(self.passphrase.text())
            return Exported(own_link(profile, self.passphrase.text() if sealed else ""), ())
        if kind == "link":
            return Exported(export_link(profile if on else without_secrets(profile)), ())
        if kind.startswith("other:"):
            return other_end(profile, kind.partition(":")[2], secrets=on)  # type: ignore[arg-type]
        return export_json(profile, kind, secrets=on)  # type: ignore[arg-type]

    # Hands

    def _copy(self) -> None:
        copy_text(self.text.toPlainText())
        say_copied(self.main)

    def _ask_where(self) -> None:
        json = self.kind.currentData() in ("xray", "v2ray", "other:xray", "other:v2ray")
        name = f"{self._profile.name}.{'json' if json else 'txt'}".replace("/", "-")
        ask_where(self, tr("Save as"), name, self._write)

    def _write(self, path: str) -> None:
        try:
            write_atomic(Path(path), self.text.toPlainText().encode())
        except OSError as error:
            self.note.say("error", f"{path}: {error.strerror}")
