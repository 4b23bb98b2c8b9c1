"""xrgui among the applications of a Linux desktop, and the program that opens ``xrgui://`` links.

An installer of Python programs puts no entry there, so the program does it itself when the person asks.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from xrgui import paths

APPLICATION = "xrgui.desktop"


def supported() -> bool:
    return sys.platform.startswith("linux")


def _data_home() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")


def _entry() -> Path:
    return _data_home() / "applications" / APPLICATION


def _icon() -> Path:
    return _data_home() / "icons/hicolor/scalable/apps/xrgui.svg"


def is_on() -> bool:
    return _entry().is_file()


def set_on(on: bool) -> None:
    """Raises OSError."""
    if not on:
        _entry().unlink(missing_ok=True)
        _icon().unlink(missing_ok=True)
        return
    for path in (_entry(), _icon()):
        path.parent.mkdir(parents=True, exist_ok=True)
    _entry().write_text(entry_text(), encoding="utf-8")
    shutil.copyfile(paths.resources() / "icons" / "xrgui.svg", _icon())


def entry_text() -> str:
    """The packaged entry, started by this very program; ``%`` has a meaning in Exec."""
    command = shlex.join(paths.program()).replace("%", "%%")
    text = (paths.resources() / APPLICATION).read_text(encoding="utf-8")
    return text.replace("Exec=xrgui %U", f"Exec={command} %U")
