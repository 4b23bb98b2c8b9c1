"""Opening the place where secrets lie, and moving them to another: with the person's help where it takes one."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from xrgui.profiles.files import StoreError
from xrgui.profiles.secrets import SecretError
from xrgui.ui import words
from xrgui.ui.dialogs.passphrase import Passphrase
from xrgui.ui.dialogs.secrets import SecretsChoice
from xrgui.ui.dialogs.simple import tell
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.library import Library, SecretsKind
from xrgui.ui.main_window import MainWindow
from xrgui.ui.settings import Settings
from xrgui.ui.tasks import spawn

NOTICE = "secrets"


class SecretsFlow(QObject):
    opened = Signal()
    chosen = Signal()
    """`settings.secrets` was changed."""

    def __init__(self, window: MainWindow, library: Library, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._library, self._settings = window, library, settings

    async def start(self) -> None:
        """Open what was chosen; what needs a person is asked for by a notice, not by a dialog at once."""
        kind = self._settings.secrets
        if kind == "file":
            self._notice(tr("Your secrets are locked: no tunnel can start."), tr("Unlock…"))
            return
        try:
            opened = await self._library.open_secrets(kind)
        except SecretError as error:
            self._notice(words.secret(error), tr("Try again"))
            return
        self._window.notice.clear(NOTICE)
        if opened == "memory" and not kind:
            text = tr("This system has no keyring: secrets are kept in memory only, until xrgui quits.")
            self._window.notice.say(NOTICE, "warning", text, tr("Choose…"), self.choose)
        self.opened.emit()

    def _notice(self, text: str, action: str) -> None:
        self._window.notice.say(NOTICE, "trouble", text, action, self.unlock)

    def unlock(self) -> None:
        """Ask for the passphrase, or try the keyring once more."""
        if self._settings.secrets != "file":
            spawn(self.start(), "open secrets")
            return
        dialog = Passphrase(
            self._window, tr("Unlock your secrets"), tr("They lie in a file under your passphrase."),
            tr("Unlock"), new=False,
        )  # fmt: skip

        def given(passphrase: str) -> None:
            unlocking = spawn(self._unlock(dialog, passphrase), "unlock secrets")
            dialog.finished.connect(lambda: unlocking.cancel())

        dialog.given.connect(given)
        dialog.open()

    async def _unlock(self, dialog: Passphrase, passphrase: str) -> None:
        try:
            await self._library.open_secrets("file", passphrase)
        except SecretError as error:
            dialog.refuse(words.secret(error))
            return
        dialog.accept()
        self._window.notice.clear(NOTICE)
        self.opened.emit()

    def choose(self) -> None:
        if not self._library.secrets_open:
            self.unlock()
            return
        dialog = SecretsChoice(self._window, self._library.secrets_kind)
        dialog.chosen.connect(self._chosen)
        dialog.open()

    def _chosen(self, kind: SecretsKind) -> None:
        if kind == self._library.secrets_kind:
            self._settings.secrets = kind
            self.chosen.emit()
            return
        if kind != "file":
            spawn(self._move(kind), "move secrets")
            return
        text = tr("It opens your secrets after each start. Nobody can bring it back if it is forgotten.")
        dialog = Passphrase(self._window, tr("A passphrase for your secrets"), text, tr("Use it"), new=True)

        def given(passphrase: str) -> None:
            dialog.accept()
            spawn(self._move(kind, passphrase), "move secrets")

        dialog.given.connect(given)
        dialog.open()

    async def _move(self, kind: SecretsKind, passphrase: str = "") -> None:
        try:
            await self._library.move_secrets(kind, passphrase)
        except (SecretError, StoreError) as error:
            text = words.secret(error) if isinstance(error, SecretError) else engine_words(error)
            tell(self._window, tr("The secrets stay where they are"), text)
            return
        self._settings.secrets = kind
        self._window.notice.clear(NOTICE)
        self.chosen.emit()
        self._window.toast.say(tr("Your secrets were moved"))

    def words(self) -> str:
        """Where they lie now, in one sentence."""
        return {
            "keyring": tr("They lie in the system's keyring."),
            "file": tr("They lie in a file under your passphrase."),
            "memory": tr("They are kept in memory only, until xrgui quits."),
            "": tr("They are locked."),
        }[self._library.secrets_kind]
