"""xrgui among the applications of a Linux desktop, and the program that opens ``xrgui://`` links.

pipx and a bundle put no entry there, so the program does it itself when the person asks. It names the program that
it starts (TryExec), so that nothing is shown of one that was uninstalled.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from xrgui import paths

APPLICATION = "xrgui.desktop"
ICON_SIZES = (48, 128, 256)
PATIENCE = 5
"""Seconds that the desktop's own tools may take."""


def supported() -> bool:
    return sys.platform.startswith("linux")


def _data_home() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")


def _entry() -> Path:
    return _data_home() / "applications" / APPLICATION


def _icons() -> dict[Path, Path]:
    """Where the desktop looks for it -> ours (Icon Theme Specification)."""
    theme, ours = _data_home() / "icons/hicolor", paths.resources() / "icons"
    sizes = {theme / f"{size}x{size}/apps/xrgui.png": ours / f"xrgui-{size}.png" for size in ICON_SIZES}
    return {theme / "scalable/apps/xrgui.svg": ours / "xrgui.svg", **sizes}


def is_missing() -> bool:
    """Neither we nor a package put an entry here. One who works in a checkout wants none."""
    return supported() and not paths.in_checkout() and not any(path.is_file() for path in _entries())


def _entries() -> list[Path]:
    """Where desktops look for it (XDG Base Directory Specification)."""
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return [_entry(), *(Path(folder) / "applications" / APPLICATION for folder in shared.split(":") if folder)]


def is_on() -> bool:
    return _entry().is_file()


def set_on(on: bool) -> None:
    """Raises OSError."""
    if on:
        for there, ours in _icons().items():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ours, there)
        _entry().parent.mkdir(parents=True, exist_ok=True)
        _entry().write_text(entry_text(), encoding="utf-8")
    else:
        for path in (_entry(), *_icons()):
            path.unlink(missing_ok=True)
    _tell_desktop()


def _tell_desktop() -> None:
    """Desktops look for the program of a link in a cache."""
    if (updater := shutil.which("update-desktop-database")) is None:
        return
    try:
        subprocess.run([updater, "-q", _entry().parent], timeout=PATIENCE, capture_output=True, check=False)
    except (OSError, subprocess.TimeoutExpired):
        pass


def entry_text() -> str:
    """The packaged entry, started by this very program."""
    text = (paths.resources() / APPLICATION).read_text(encoding="utf-8")
    command = paths.program()
    return text.replace("Exec=xrgui %U", f"TryExec={command[0]}\nExec={exec_line(command)} %U")


def exec_line(command: list[str]) -> str:
    """*command* as the value of Exec (Desktop Entry Specification, The Exec key): quoted in its own way, then
    backslashes doubled as in every value; ``%`` has a meaning."""
    return " ".join(map(_quoted, command)).replace("\\", "\\\\").replace("%", "%%")


def _quoted(word: str) -> str:
    if re.fullmatch(r"[\w@%+=:,./-]+", word):
        return word
    return '"' + re.sub(r'(["`$\\])', r"\\\1", word) + '"'
