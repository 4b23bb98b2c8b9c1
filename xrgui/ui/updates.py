"""Is there a newer version? Asked once a day, only if the person wants it, of whoever xrgui was installed from."""

from __future__ import annotations

import re
import sys

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from xrgui import __version__

DAY = 24 * 3600 * 1000


def version_key(text: str) -> tuple[int, ...]:
    """For comparing releases; anything but numbers and dots counts as nothing."""
    return tuple(int(part) for part in text.split(".")) if re.fullmatch(r"\d+(\.\d+)*", text) else ()


def newest(output: str) -> str:
    """The first release that pip names: ``xrgui (1.2.3)``."""
    found = re.match(r"xrgui \(([^)]+)\)", output)
    return found[1] if found else ""


class Updates(QObject):
    found = Signal(str)
    """A version that is newer than this one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(DAY)
        self._timer.timeout.connect(self.check)

    def set_on(self, on: bool) -> None:
        if on == self._timer.isActive():
            return
        if on:
            self._timer.start()
            self.check()
        else:
            self._timer.stop()

    def check(self) -> None:
        """Ask pip, which knows where xrgui came from. A bundle has none, and then nothing happens."""
        if self._process is not None or getattr(sys, "frozen", False):
            return
        process = self._process = QProcess(self)
        process.setProgram(sys.executable)
        process.setArguments(["-m", "pip", "--disable-pip-version-check", "index", "versions", "xrgui"])
        process.setStandardErrorFile(QProcess.nullDevice())
        process.finished.connect(self._answered)
        process.errorOccurred.connect(self._answered)
        process.start()

    def _answered(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        version = newest(bytes(process.readAllStandardOutput().data()).decode(errors="replace"))
        process.deleteLater()
        if version_key(version) > version_key(__version__):
            self.found.emit(version)

    def stop(self) -> None:
        self._timer.stop()
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.waitForFinished(1000)
