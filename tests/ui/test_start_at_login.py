"""What is written for each system so that xrgui starts at login, and its entry among the applications."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from xrgui import paths
from xrgui.ui import autostart, desktop_entry

ODD = ["/opt/my programs/py$thon", "-m", "xrgui", "100%", 'a"b', "c\\d", "e`f"]


@pytest.fixture
def odd_command(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(paths, "program", lambda *more: [*ODD, *more])
    return [*ODD, "--minimized"]


def exec_of(text: str) -> str:
    """The value of Exec with the escapes of every value undone."""
    [line] = [line for line in text.splitlines() if line.startswith("Exec=")]
    return line.removeprefix("Exec=").replace("\\\\", "\\")


def test_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, odd_command: list[str]) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    entry = tmp_path / "autostart" / "xrgui.desktop"
    autostart.set_on(True)
    assert autostart.is_on()
    assert exec_of(entry.read_text()) == (
        '"/opt/my programs/py\\$thon" -m xrgui 100%% "a\\"b" "c\\\\d" "e\\`f" --minimized'
    )
    autostart.set_on(False)
    assert not entry.exists()
    autostart.set_on(False)


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-utils is not installed")
@pytest.mark.parametrize("module", [autostart, desktop_entry])
def test_the_desktops_own_checker_agrees(tmp_path: Path, module, odd_command: list[str]) -> None:
    text = autostart._desktop().decode() if module is autostart else desktop_entry.entry_text()
    entry = tmp_path / "xrgui.desktop"
    entry.write_text(text)
    done = subprocess.run(["desktop-file-validate", str(entry)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_macos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, odd_command: list[str]) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    entry = tmp_path / "Library/LaunchAgents/org.xrgui.plist"
    assert not autostart.is_on()
    autostart.set_on(True)
    written = plistlib.loads(entry.read_bytes())
    assert written == {"Label": "org.xrgui", "ProgramArguments": odd_command, "RunAtLoad": True}
    assert autostart.is_on()
    autostart.set_on(False)
    assert not autostart.is_on()


class Registry:
    """As much of winreg as is used."""

    HKEY_CURRENT_USER, REG_SZ = "HKCU", 1

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.module = SimpleNamespace(
            HKEY_CURRENT_USER=self.HKEY_CURRENT_USER,
            REG_SZ=self.REG_SZ,
            OpenKey=self.open,
            CreateKey=self.open,
            QueryValueEx=self.query,
            SetValueEx=self.set,
            DeleteValue=self.delete,
        )

    def open(self, root: str, path: str) -> Registry:
        assert (root, path) == ("HKCU", r"Software\Microsoft\Windows\CurrentVersion\Run")
        return self

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *what: object) -> None:
        pass

    def query(self, key: Registry, name: str) -> tuple[str, int]:
        if name not in self.values:
            raise FileNotFoundError(name)
        return self.values[name], self.REG_SZ

    def set(self, key: Registry, name: str, reserved: int, kind: int, value: str) -> None:
        assert (reserved, kind) == (0, self.REG_SZ)
        self.values[name] = value

    def delete(self, key: Registry, name: str) -> None:
        if name not in self.values:
            raise FileNotFoundError(name)
        del self.values[name]


def test_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    program = r"C:\Program Files\xrgui\xrgui.exe"
    monkeypatch.setitem(sys.modules, "winreg", registry.module)
    monkeypatch.setattr(paths, "program", lambda *more: [program, *more])
    monkeypatch.setattr(sys, "platform", "win32")
    assert not autostart.is_on()
    autostart.set_on(True)
    assert registry.values == {"xrgui": f'"{program}" --minimized'}
    assert autostart.is_on()
    autostart.set_on(False)
    autostart.set_on(False)
    assert not autostart.is_on()
