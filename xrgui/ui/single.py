"""One window for each person: a second start hands its arguments to the first and ends."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

PATIENCE, LONG = 1500, 10_000
"""Milliseconds that the first one has to be there, and to answer once it is: it may be busy, and two windows would
be worse than a wait."""
LARGEST = 1024 * 1024


def server_name(directory: Path) -> str:
    """Another configuration directory is another program."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    digest = hashlib.sha256(f"{user} {directory}".encode()).hexdigest()[:16]
    return f"xrgui-{digest}"


class SingleInstance(QObject):
    asked = Signal(list)
    """Another start's arguments: the window shall come to the front."""

    def __init__(self, directory: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = server_name(directory)
        self._guests: list[QLocalSocket] = []
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._connected)

    def hand_over(self, arguments: list[str]) -> bool:
        """True if a first one runs and took the arguments."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(PATIENCE):
            return False
        socket.write(json.dumps(arguments).encode() + b"\n")
        socket.waitForBytesWritten(LONG)
        answered = socket.bytesAvailable() > 0 or socket.waitForReadyRead(LONG)
        return answered and bytes(socket.readAll().data()) == b"ok\n"

    def listen(self) -> bool:
        """Be the first. What a crashed one left behind is removed."""
        if self._server.listen(self._name):
            return True
        QLocalServer.removeServer(self._name)
        return self._server.listen(self._name)

    def close(self) -> None:
        self._server.close()
        for socket in list(self._guests):
            socket.abort()

    def _connected(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            self._guests.append(socket)
            socket.readyRead.connect(self._read)
            socket.disconnected.connect(self._gone)

    def _gone(self) -> None:
        socket = self.sender()
        if socket in self._guests:
            self._guests.remove(socket)
            socket.deleteLater()

    def _read(self) -> None:
        socket = self.sender()
        if not isinstance(socket, QLocalSocket):
            return
        if socket.bytesAvailable() > LARGEST:
            socket.abort()
            return
        if not socket.canReadLine():
            return
        try:
            arguments = json.loads(bytes(socket.readLine().data()))
        except ValueError:
            socket.abort()
            return
        socket.write(b"ok\n")
        socket.flush()
        if isinstance(arguments, list):
            self.asked.emit([str(argument) for argument in arguments])
