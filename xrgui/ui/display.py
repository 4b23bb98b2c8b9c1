"""Whether a window can open here. Qt ends the process with a core dump where it cannot."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import NamedTuple

import PySide6  # noqa: F401  where it is not installed, that is the answer

LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""What Qt wants of the system for a window -> the package of Debian and Ubuntu."""

NO_WINDOW = "`xrgui --help` lists what works without a window."


class Obstacle(NamedTuple):
    message: str
    hint: str


def obstacle() -> Obstacle | None:
    """Why no window can open on this Linux, if so. Whoever chooses another platform of Qt (QT_QPA_PLATFORM) needs
    the libraries of every window only."""
    if not sys.platform.startswith("linux"):
        return None
    wayland, x11 = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("DISPLAY")
    plugins = ["libqwayland.so"] * bool(wayland) + ["libqxcb.so"]
    if os.environ.get("QT_QPA_PLATFORM"):
        plugins = []
    elif not (wayland or x11):
        return Obstacle("There is no desktop here: neither DISPLAY nor WAYLAND_DISPLAY is set.", NO_WINDOW)
    if complaint := _complaint(plugins):
        return _missing(complaint)
    if plugins == ["libqxcb.so"] and not _answers():
        return Obstacle(f"The display {x11} does not answer, or does not let you in.", NO_WINDOW)
    return None


def _complaint(plugins: list[str]) -> str:
    """The loader's words about what Qt would load; "" if it loads. Of the plugins Qt takes the first that does."""
    try:
        from PySide6.QtCore import QLibraryInfo
        from PySide6.QtGui import QGuiApplication  # noqa: F401
    except ModuleNotFoundError:
        raise
    except ImportError as error:
        return str(error)
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"
    faults = [_fault(str(folder / name)) for name in plugins if (folder / name).is_file()]
    return faults[-1] if faults and all(faults) else ""


def _fault(library: str) -> str:
    """The loader's words; "" if it loads."""
    try:
        ctypes.CDLL(library)
    except OSError as error:
        return str(error)
    return ""


def _missing(complaint: str) -> Obstacle:
    """Names all that is missing, not only what was missed first."""
    packages = [package for library, package in LIBRARIES.items() if _fault(library)]
    hint = "Install the package of your system that holds it."
    if packages:
        hint = f"On Debian and Ubuntu: sudo apt install {' '.join(packages)}"
    return Obstacle(f"The window needs a library that this system lacks: {complaint.partition(':')[0]}.", hint)


def _answers() -> bool:
    """Whether an X server takes us at $DISPLAY."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not refused
