"""Secret stores. The Secret Service is a real one: gnome-keyring on a bus of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import keyring.backend
import keyring.errors
import pytest

from xrgui.profiles import files
from xrgui.profiles.secrets import (
    FileSecrets,
    KeyringSecrets,
    MemorySecrets,
    Patience,
    SecretError,
    SecretStore,
    find_keyring,
)


class FakeKeyring(keyring.backend.KeyringBackend):
    priority = 9  # type: ignore[assignment]
    longest = 1280

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}
        self.fails: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.fails:
            raise self.fails
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        assert len(password) <= self.longest
        self.values[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.values:
            raise keyring.errors.PasswordDeleteError
        del self.values[service, username]


@pytest.fixture(params=["memory", "file", "keyring"])
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> SecretStore:
    if request.param == "memory":
        return MemorySecrets()
    if request.param == "file":
        return FileSecrets(tmp_path / "secrets.json", "pass")
    return KeyringSecrets(FakeKeyring(), timeout=5)


def test_stores_keep_change_and_forget(secrets: SecretStore):
    secrets.set("a/x", "one")
    secrets.set("a/x", "two — ✓")
    secrets.set("a/y", "")
    assert secrets.get("a/x") == "two — ✓"
    assert secrets.get("a/y") == ""
    secrets.delete("a/x")
    secrets.delete("a/x")
    with pytest.raises(SecretError, match="not in the store") as caught:
        secrets.get("a/x")
    assert caught.value.code == "missing"


def test_long_secrets_fit(secrets: SecretStore):
    for length in (1000, 1001, 5000, 20):
        secrets.set("a/key", "x" * length)
        assert secrets.get("a/key") == "x" * length
    secrets.set("a/key", "xrgui-parts:2")
    assert secrets.get("a/key") == "xrgui-parts:2"


def test_each_says_what_it_is(secrets: SecretStore):
    assert secrets.kind in ("memory", "file", "keyring")
    assert secrets.describe()
    secrets.set("a", "hidden-value")
    assert "hidden-value" not in repr(secrets)


def test_no_parts_are_left_in_the_keyring():
    backend = FakeKeyring()
    secrets = KeyringSecrets(backend)
    secrets.set("k", "x" * 5000)
    secrets.set("k", "short")
    assert backend.values == {("xrgui", "k"): "short"}
    secrets.set("k", "x" * 3000)
    secrets.delete("k")
    assert backend.values == {}


# The file


def test_the_file_holds_no_plain_text_and_opens_again(tmp_path: Path):
    path = tmp_path / "deep" / "secrets.json"
    FileSecrets(path, "pass").set("profile/server", "very-secret")
    text = path.read_text()
    assert "very-secret" not in text
    assert "profile" not in text
    assert path.stat().st_mode & 0o077 == 0
    assert FileSecrets(path, "pass").get("profile/server") == "very-secret"


def test_the_wrong_passphrase(tmp_path: Path):
    path = tmp_path / "secrets.json"
    FileSecrets(path, "pass").set("a", "b")
    for passphrase in ("other", ""):
        with pytest.raises(SecretError) as caught:
            FileSecrets(path, passphrase)
        assert caught.value.code == "passphrase"


def test_a_new_file_and_a_program_that_still_has_the_former_passphrase(tmp_path: Path):
    path = tmp_path / "secrets.json"
    former = FileSecrets(path, "old")
    former.set("a", "b")
    path.unlink()
    FileSecrets(path, "new").set("a", "c")
    for call in (lambda: former.get("a"), lambda: former.set("a", "d")):
        with pytest.raises(SecretError) as caught:
            call()
        assert caught.value.code == "passphrase"
    assert FileSecrets(path, "new").get("a") == "c"


def test_two_programs_share_one_file(tmp_path: Path):
    path = tmp_path / "secrets.json"
    FileSecrets(path, "pass").set("zero", "0")
    one, two = FileSecrets(path, "pass"), FileSecrets(path, "pass")
    one.set("a", "1")
    two.set("b", "2")
    assert [one.get(name) for name in ("zero", "a", "b")] == ["0", "1", "2"]


def test_a_damaged_file_is_not_replaced(tmp_path: Path):
    path = tmp_path / "secrets.json"
    for text in ("", "{", '{"schema": 1, "sealed": "!"}', '{"schema": 1, "sealed": "AAAA"}'):
        path.write_text(text)
        with pytest.raises(SecretError):
            FileSecrets(path, "pass")
        assert path.read_text() == text


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "secrets.json"
    secrets = FileSecrets(path, "pass")
    secrets.set("a", "b")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(SecretError, match="No space left"):
        secrets.set("c", "d")
    monkeypatch.undo()
    assert FileSecrets(path, "pass").get("a") == "b"
    secrets.set("c", "d")


# Patience


def test_a_keyring_that_hangs_is_not_waited_for():
    release = threading.Event()
    patience = Patience(0.05)
    with pytest.raises(SecretError) as caught:
        patience.run(release.wait)
    assert caught.value.code == "timeout"
    started = time.monotonic()
    with pytest.raises(SecretError):
        patience.run(lambda: None)
    assert time.monotonic() - started < 0.04, "others fail at once while one hangs"
    release.set()
    assert patience._last is not None
    patience._last.join(5)
    assert patience.run(lambda: 7) == 7


def test_failures_of_the_plug_in_become_ours_without_its_words():
    backend = FakeKeyring()
    secrets = KeyringSecrets(backend)
    backend.fails = RuntimeError("password is hunter2")
    with pytest.raises(SecretError) as caught:
        secrets.get("a")
    assert caught.value.code == "failed"
    assert "hunter2" not in str(caught.value)
    backend.fails = keyring.errors.KeyringLocked()
    with pytest.raises(SecretError) as caught:
        secrets.get("a")
    assert caught.value.code == "locked"


def test_plain_text_keyrings_are_not_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    monkeypatch.setattr(keyring.backend, "get_all_keyring", lambda: [FakeKeyring()])
    with pytest.raises(SecretError, match="no keyring") as caught:
        find_keyring(5)
    assert caught.value.code == "unavailable"


def test_a_null_keyring_that_was_configured_is_no_keyring(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with pytest.raises(SecretError) as caught:
        find_keyring(5)
    assert caught.value.code == "unavailable"


# A real Secret Service

PREPARE = """
import os, sys
from xrgui.profiles.secrets import SecretError, find_keyring
"""

FULL = """
secrets = find_keyring(20)
print(secrets.kind, secrets.describe())
secrets.set("p/server", "one")
secrets.set("p/key", "x" * 4000)
print(secrets.get("p/server"), len(secrets.get("p/key")))
print(find_keyring(20).get("p/server"))
secrets.delete("p/key")
secrets.delete("p/server")
for name in ("p/key", "p/server"):
    try:
        secrets.get(name)
    except SecretError as error:
        print(error.code)
"""

LOCKED = """
import time
import secretstorage
from jeepney import message_bus
from jeepney.io.blocking import open_dbus_connection
from contextlib import closing
secrets = find_keyring(20)
secrets.set("p/server", "one")
with closing(secretstorage.dbus_init()) as bus:
    secretstorage.get_default_collection(bus).lock()
prompter = open_dbus_connection(bus="SESSION")
prompter.send_and_get_reply(message_bus.RequestName("org.gnome.keyring.SystemPrompter"))
secrets = find_keyring(1.0)
started = time.monotonic()
try:
    secrets.get("p/server")
except SecretError as error:
    print(error.code)
print("soon" if time.monotonic() - started < 5 else "late", flush=True)
os._exit(0)
"""

NONE = """
try:
    find_keyring(5)
except SecretError as error:
    print(error.code)
"""

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={home}</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""

needs_service = pytest.mark.skipif(
    not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")),
    reason="gnome-keyring or dbus is not installed (packages gnome-keyring, dbus-x11)",
)


def with_service(program: str, home: Path, daemon: bool = True) -> list[str]:
    """Runs *program* on a bus of its own with an unlocked login keyring; returns the lines it printed.

    The bus finds no service files, so that it starts nothing by itself.
    """
    script = home / "program.py"
    script.write_text(PREPARE + textwrap.dedent(program))
    begin = "echo -n pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null; " if daemon else ""
    bus = home / "bus.conf"
    bus.write_text(BUS.format(home=home))
    shell = f"{begin}{sys.executable} {script}"
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run(
        ["dbus-run-session", "--config-file", str(bus), "--", "bash", "-c", shell],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@needs_service
def test_a_real_secret_service(tmp_path: Path):
    said = with_service(FULL, tmp_path)
    assert said == [
        "keyring in the system's keyring (SecretService Keyring)",
        "one 4000",
        "one",
        "missing",
        "missing",
    ]


@needs_service
def test_a_locked_collection_whose_prompt_nobody_answers(tmp_path: Path):
    """The program itself plays the prompter, and never reads what it is asked."""
    code, when = with_service(LOCKED, tmp_path)
    assert (code, when) == ("timeout", "soon")


@pytest.mark.skipif(not shutil.which("dbus-run-session"), reason="dbus is not installed")
def test_a_session_without_a_secret_service(tmp_path: Path):
    assert with_service(NONE, tmp_path, daemon=False) == ["unavailable"]
