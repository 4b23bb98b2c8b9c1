"""What the person chose, and apart from it how the window stood; both as JSON, replaced whole."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from xrgui.profiles.files import StoreError, explain, private_directory, timestamp, write_atomic

log = logging.getLogger("xrgui.window")

S = TypeVar("S", bound=msgspec.Struct)


class Settings(msgspec.Struct, omit_defaults=False):
    schema: int = 1
    theme: Literal["system", "light", "dark"] = "system"
    language: str = ""
    """A code of `language.LANGUAGES`; empty follows the system."""
    close: Literal["ask", "hide", "quit"] = "ask"
    """What closing the window does while a tunnel runs and a tray is there."""
    keep_tunnels: bool = False
    """The engine outlives the window."""
    start_hidden: bool = False
    notify_down: bool = True
    notify_up: bool = True
    notify_service: bool = True
    notify_newcomer: bool = True
    secrets: Literal["", "keyring", "file", "memory"] = ""
    """Where secrets lie; empty: not chosen yet, the keyring if there is one."""
    check_updates: bool = False
    menu_refused: bool = False
    """Not to be asked again whether xrgui shall be among the applications."""


class WindowState(msgspec.Struct):
    """Bytes are base64 of what Qt saved."""

    geometry: str = ""
    page: str = "tunnels"
    tunnel: str = ""
    splitter: str = ""
    open_columns: str = ""
    closed_columns: str = ""
    log_level: str = "info"
    engine: str = ""
    """The endpoint of the engine that was left running."""


def load(path: Path, kind: type[S]) -> tuple[S, str]:
    """What the file holds, or defaults; with a message if it was damaged, which sets it aside."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind, strict=False), ""
    except FileNotFoundError:
        return kind(), ""
    except OSError as error:
        return kind(), f"{path}: {error.strerror}"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        kept = path.with_name(f"{path.stem}.damaged-{timestamp()}{path.suffix}")
        try:
            path.replace(kept)
        except OSError as failure:
            log.warning("%s: %s", path, failure)
        return kind(), f"{path.name}: {error} → {kept.name}"


def save(path: Path, values: msgspec.Struct) -> None:
    """Raises StoreError."""
    try:
        private_directory(path.parent)
        write_atomic(path, msgspec.json.format(msgspec.json.encode(values), indent=2) + b"\n")
    except OSError as error:
        raise explain(error, path, "saved") from error


__all__ = ["Settings", "StoreError", "WindowState", "load", "save"]
