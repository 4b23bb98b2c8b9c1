"""Where files live on this system: the engines' endpoints, settings, logs, and the program's own data."""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
import tempfile
from pathlib import Path

APP = "xrgui"
_LONGEST_DIRECTORY = 85
"""Bytes: a unix socket's whole path may have 104 to 108."""


def config_dir() -> Path:
    import platformdirs

    return platformdirs.user_config_path(APP, appauthor=False, roaming=True)


def data_dir() -> Path:
    import platformdirs

    return platformdirs.user_data_path(APP, appauthor=False)


def log_dir() -> Path:
    import platformdirs

    return platformdirs.user_log_path(APP, appauthor=False)


def resources() -> Path:
    """The folder of icons, translations and examples: inside the installed package, or beside it in
    a checkout."""
    package = Path(__file__).parent
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"


def in_checkout() -> bool:
    """Whether this runs from its source rather than from an installed package or a bundle."""
    return resources().parent != Path(__file__).parent


def program(*args: str) -> list[str]:
    """The command line that starts this program again, from an install or a bundle. No module of the folder that it
    is started in counts (-P)."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *args]
    return [sys.executable, "-P", "-m", "xrgui", *args]


def runtime_dir() -> Path:
    """The folder for this process's endpoint, made private to this user.

    Raises OSError where that cannot be: somebody else owns it or could enter it.
    """
    directory = _runtime_dirs()[0]
    if sys.platform != "win32" and len(os.fsencode(directory)) > _LONGEST_DIRECTORY:
        raise OSError(
            errno.ENAMETOOLONG, f"{directory} is too long for a socket: set XRGUI_RUNTIME_DIR to a shorter one"
        )
    try:
        directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        text = f"{directory} cannot be made ({error.strerror}): set XRGUI_RUNTIME_DIR to a folder of your own"
        raise OSError(error.errno, text) from None
    if not _is_private(directory):
        raise PermissionError(
            f"{directory} is not private to you: remove it, or set XRGUI_RUNTIME_DIR to a folder of your own"
        )
    return directory


def new_endpoint() -> Path:
    """Where this process's RPC listens. Raises OSError as `runtime_dir` does."""
    return runtime_dir() / f"{os.getpid()}{'.tcp' if sys.platform == 'win32' else '.sock'}"


def endpoints() -> list[Path]:
    """The endpoints of engines whose process lives, oldest first. Those of dead ones are removed."""
    found: list[tuple[float, Path]] = []
    for directory in _runtime_dirs():
        if not _is_private(directory):
            continue
        for path in directory.iterdir():
            if path.suffix not in (".sock", ".tcp") or not path.stem.isdigit():
                continue
            if not _alive(int(path.stem)):
                path.unlink(missing_ok=True)
                continue
            if _refuses(path):
                continue
            try:
                found.append((path.stat().st_mtime, path))
            except FileNotFoundError:
                continue
    return [path for _, path in sorted(found)]


def _runtime_dirs() -> list[Path]:
    """Where endpoints may be, the place for new ones first.

    A service has no XDG_RUNTIME_DIR while a login has one, so that one may not find the other by it.
    """
    if given := os.environ.get("XRGUI_RUNTIME_DIR"):
        return [Path(given)]
    temporary = Path(tempfile.gettempdir())
    if sys.platform == "win32":
        return [temporary / APP]
    user = os.getuid()
    homes = [Path(login) / APP] if (login := os.environ.get("XDG_RUNTIME_DIR")) else []
    if sys.platform == "linux":
        system = Path("/run") if user == 0 else Path(f"/run/user/{user}")
        if os.access(system, os.W_OK):
            homes.append(system / APP)
    homes.append(temporary / f"{APP}-{user}")
    short = [home for home in homes if len(os.fsencode(home)) <= _LONGEST_DIRECTORY]
    return list(dict.fromkeys(short)) or [Path(f"/tmp/{APP}-{user}")]


def _is_private(directory: Path) -> bool:
    """Ours alone, in a folder where nobody else can replace it; False where there is none."""
    try:
        own, above = directory.lstat(), directory.parent.stat()
    except FileNotFoundError:
        return False
    if sys.platform == "win32":
        return stat.S_ISDIR(own.st_mode)
    safe_above = above.st_uid in (0, own.st_uid) and (not above.st_mode & 0o022 or above.st_mode & stat.S_ISVTX)
    return stat.S_ISDIR(own.st_mode) and own.st_uid == os.getuid() and not own.st_mode & 0o077 and bool(safe_above)


def _alive(pid: int) -> bool:
    if sys.platform == "win32":
        return _alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _refuses(path: Path) -> bool:
    """Whether nobody listens there: the number of a process that died may be another one's by now."""
    if path.suffix != ".sock" or sys.platform == "win32":
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


def _alive_on_windows(pid: int) -> bool:
    """`os.kill` would end the process there."""
    import ctypes

    query_limited_information, still_active = 0x1000, 259
    kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel32.OpenProcess(query_limited_information, False, pid)
    if not handle:
        return False
    code = ctypes.c_ulong()
    known = kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel32.CloseHandle(handle)
    return bool(known) and code.value == still_active
