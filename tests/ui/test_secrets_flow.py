"""Where secrets lie, from the first start to the locked file of the next one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog

from tests.ui.ending import end
from tests.ui.samples import SECRET, share
from xrgui.profiles.secrets import MemorySecrets, SecretError
from xrgui.ui import library as library_module
from xrgui.ui.app import Program
from xrgui.ui.dialogs.passphrase import Passphrase
from xrgui.ui.dialogs.secrets import SecretsChoice

PHRASE = "correct horse"


async def settle(seconds: float = 0.1) -> None:
    for _ in range(20):
        await asyncio.sleep(seconds / 20)


def start(qapp) -> Program:
    program = Program(qapp, [])
    program.engine.start = lambda: None
    program.shell.window.show()
    return program


@pytest.fixture
async def begin(qapp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A start of the program in the same home each time."""
    for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / name))
    monkeypatch.setattr(library_module, "find_keyring", no_keyring)
    made: list[Program] = []

    def start_again() -> Program:
        made.append(start(qapp))
        return made[-1]

    yield start_again
    for program in made:
        await end(program)


def no_keyring() -> None:
    raise SecretError("unavailable", "this system has no keyring that runs")


def dialog(program: Program, kind: type[QDialog]) -> QDialog:
    [found] = [part for part in program.shell.window.findChildren(kind) if part.isVisible()]
    return found


async def until_closed(part: QDialog) -> None:
    """Deriving a key takes a tenth of a second, more on a busy machine."""
    for _ in range(200):
        if not part.isVisible():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the dialog stays")


async def test_without_a_keyring_it_says_so_and_offers_a_file(begin) -> None:
    program = begin()
    await program.shell.secrets.start()
    assert program.library.secrets_kind == "memory"
    assert "kept in memory only" in program.shell.window.notice._text.text()
    await program.library.save(share())
    program.shell.window.notice._button.click()
    choice = dialog(program, SecretsChoice)
    next(box for box in choice._group.buttons() if box.property("key") == "file").click()
    choice.main.click()
    new = dialog(program, Passphrase)
    new.first.setText(PHRASE)
    new.second.setText(PHRASE)
    new.main.click()
    for _ in range(200):
        if program.settings.secrets == "file":
            break
        await asyncio.sleep(0.05)
    assert program.library.secrets_kind == "file"
    assert not program.shell.window.notice.isVisible()
    text = program.library.secrets_file.read_text() + program.settings_file.read_text()
    assert SECRET not in text
    assert PHRASE not in text

    again = begin()
    assert again.settings.secrets == "file"
    await again.library.load()
    await again.shell.secrets.start()
    assert "locked" in again.shell.window.notice._text.text()
    again.shell.window.notice._button.click()
    ask = dialog(again, Passphrase)
    ask.first.setText("wrong")
    ask.main.click()
    for _ in range(200):
        if ask.fields[0].note.text():
            break
        await asyncio.sleep(0.05)
    assert "does not open it" in ask.fields[0].note.text()
    ask.first.setText(PHRASE)
    ask.main.click()
    await until_closed(ask)
    assert (await again.library.complete("blog")).server.secret == SECRET


async def test_who_gives_up_the_passphrase_leaves_them_locked(begin, monkeypatch: pytest.MonkeyPatch) -> None:
    program = begin()
    program.settings.secrets = "file"
    opening = asyncio.Event()

    async def slow(kind: str, passphrase: str = "") -> None:
        opening.set()
        await asyncio.sleep(3600)

    monkeypatch.setattr(program.library, "open_secrets", slow)
    await program.shell.secrets.start()
    program.shell.window.notice._button.click()
    ask = dialog(program, Passphrase)
    ask.first.setText(PHRASE)
    ask.main.click()
    await opening.wait()
    ask.reject()
    await settle()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "unlock secrets"]


async def test_a_lost_secret_does_not_hold_the_others_back(begin) -> None:
    program = begin()
    await program.shell.secrets.start()
    await program.library.save(share(id="lost", name="Lost"))
    program.library._secrets = MemorySecrets()
    await program.library.save(share())
    await program.library.move_secrets("file", PHRASE)
    assert (await program.library.complete("blog")).server.secret == SECRET
    with pytest.raises(SecretError):
        await program.library.complete("lost")


async def test_a_keyring_that_does_not_answer_can_be_tried_again(begin, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> None:
        raise SecretError("timeout", "the keyring did not answer in time")

    monkeypatch.setattr(library_module, "find_keyring", silent)
    program = begin()
    await program.shell.secrets.start()
    notice = program.shell.window.notice
    assert "did not answer" in notice._text.text()
    assert not program.library.secrets_open
    monkeypatch.setattr(library_module, "find_keyring", MemorySecrets)
    notice._button.click()
    await settle()
    assert program.library.secrets_open
    assert "did not answer" not in notice._text.text()
