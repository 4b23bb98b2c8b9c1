"""Start at login, the way each system does it."""

from __future__ import annotations

import os
import plistlib
import sys
from pathlib import Path

from xrgui import paths
from xrgui.ui import desktop_entry

NAME = "xrgui"
_RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"


def command() -> list[str]:
    return paths.program("--minimized")


def _entry() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library/LaunchAgents/org.xrgui.plist"
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "autostart" / f"{NAME}.desktop"


def is_on() -> bool:
    return _windows_value() != "" if sys.platform == "win32" else _entry().is_file()


def set_on(on: bool) -> None:
    """Raises OSError."""
    if sys.platform == "win32":
        _set_windows(on)
        return
    entry = _entry()
    if not on:
        entry.unlink(missing_ok=True)
        return
    entry.parent.mkdir(parents=True, exist_ok=True)
    entry.write_bytes(_plist() if sys.platform == "darwin" else _desktop())


def _desktop() -> bytes:
    """Desktop Application Autostart Specification."""
    words = command()
    lines = ["[Desktop Entry]", "Type=Application", f"Name={NAME}", f"Icon={NAME}", "Terminal=false"]
    lines += [f"TryExec={words[0]}", f"Exec={desktop_entry.exec_line(words)}"]
    return "\n".join(lines).encode() + b"\n"


def _plist() -> bytes:
    return plistlib.dumps({"Label": "org.xrgui", "ProgramArguments": command(), "RunAtLoad": True})


def _windows_value() -> str:
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:  # type: ignore[attr-defined,unused-ignore]
            return str(winreg.QueryValueEx(key, NAME)[0])  # type: ignore[attr-defined,unused-ignore]
    except FileNotFoundError:
        return ""


def _set_windows(on: bool) -> None:
    import subprocess
    import winreg

    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:  # type: ignore[attr-defined,unused-ignore]
        if on:
            line = subprocess.list2cmdline(command())
            winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, line)  # type: ignore[attr-defined,unused-ignore]
        else:
            try:
                winreg.DeleteValue(key, NAME)  # type: ignore[attr-defined,unused-ignore]
            except FileNotFoundError:
                pass
