"""The public server in single fields, for those who have no link or want to change one thing."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QVBoxLayout, QWidget

from xrgui.address import parse_endpoint
from xrgui.profiles.model import Protocol, Server, Transport, is_reference
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import button, row
from xrgui.ui.widgets.field import Field, form_grid, show_text

PROTOCOLS: tuple[tuple[Protocol, str], ...] = (("vless", "VLESS"), ("vmess", "VMess"))
TRANSPORTS: tuple[tuple[Transport, str], ...] = (("raw", "TCP"), ("ws", "WebSocket"))


class SecretEdit(QLineEdit):
    """Hidden unless looked at. A stored secret is not fetched: it is replaced, or left alone."""

    def __init__(self) -> None:
        super().__init__()
        self._reference = ""
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.eye = button(tr("Show"))
        self.eye.setCheckable(True)
        self.eye.toggled.connect(self._look)

    def show_secret(self, secret: str) -> None:
        self._reference = secret if is_reference(secret) else ""
        show_text(self, "" if self._reference else secret)
        self.setPlaceholderText(tr("stored; type to replace it") if self._reference else "")
        self.eye.setVisible(not self._reference)

    @property
    def secret(self) -> str:
        return self.text().strip() or self._reference

    def _look(self, on: bool) -> None:
        self.setEchoMode(QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password)
        self.eye.setText(tr("Hide") if on else tr("Show"))


class ServerFields(QWidget):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._server = Server()
        self.address = QLineEdit()
        self.address.setPlaceholderText("box.example.net:443")
        self.secret = SecretEdit()
        self.protocol = combo(PROTOCOLS)
        self.transport = combo(TRANSPORTS)
        self.path = QLineEdit()
        self.path.setPlaceholderText("/")
        self.host = QLineEdit()
        self.tls = QCheckBox(tr("Encrypt with TLS"))
        self.sni = QLineEdit()
        self.pins = QLineEdit()
        self.pins.setPlaceholderText(tr("SHA-256 of the certificate, 64 hex digits"))
        secret = row(self.secret, self.secret.eye)
        secret.setStretch(0, 1)
        self.fields = {
            "server.address": Field(tr("Address"), self.address, self.address),
            "server.protocol": Field(tr("Protocol"), row(self.protocol, self.transport, None), self.protocol),
            "server.secret": Field(tr("Id"), secret, self.secret),
            "server.path": Field(tr("WebSocket path"), self.path, self.path),
            "server.host": Field(tr("WebSocket host"), self.host, self.host),
            "server.tls": Field("", self.tls, self.tls),
            "server.sni": Field(tr("Server name"), self.sni, self.sni),
            "server.pins": Field(tr("Pinned certificate"), self.pins, self.pins),
        }
        self.transport.setAccessibleName(tr("Transport"))
        grid = self.grid = form_grid()
        for field in self.fields.values():
            field.add_to(grid)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(grid)
        for edit in (self.address, self.secret, self.path, self.host, self.sni, self.pins):
            edit.textEdited.connect(self._edited)
        for box in (self.protocol, self.transport):
            box.activated.connect(self._edited)
        self.tls.clicked.connect(self._edited)
        self._arrange()

    def show_server(self, server: Server) -> None:
        self._server = server
        show_text(self.address, server.endpoint if server.address else "")
        self.secret.show_secret(server.secret)
        self.protocol.setCurrentIndex(self.protocol.findData(server.protocol))
        self.transport.setCurrentIndex(self.transport.findData(server.transport))
        self.path.setText(server.path)
        self.host.setText(server.host)
        self.tls.setChecked(server.tls)
        self.sni.setText(server.sni)
        show_text(self.pins, ", ".join(server.pins))
        self._arrange()

    @property
    def server(self) -> Server:
        """As typed; whatever has no field here stays as it was."""
        try:
            host, port = parse_endpoint(self.address.text().strip())
        except ValueError:
            host, port = self.address.text().strip(), None
        pins = self.pins.text().replace(":", "").lower().replace(";", ",")
        web = self.transport.currentData() == "ws"
        return msgspec.structs.replace(
            self._server,
            address=host,
            port=443 if port is None else port,
            secret=self.secret.secret,
            protocol=self.protocol.currentData(),
            transport=self.transport.currentData(),
            path=self.path.text().strip() if web else "",
            host=self.host.text().strip() if web else "",
            tls=self.tls.isChecked(),
            sni=self.sni.text().strip() if self.tls.isChecked() else "",
            pins=tuple(pin for part in pins.split(",") if (pin := part.strip())) if self.tls.isChecked() else (),
        )

    def _edited(self) -> None:
        self._arrange()
        self.changed.emit()

    def _arrange(self) -> None:
        web, tls = self.transport.currentData() == "ws", self.tls.isChecked()
        for key, shown in (("path", web), ("host", web), ("sni", tls), ("pins", tls)):
            self.fields[f"server.{key}"].set_visible(shown)


def combo(choices: tuple[tuple[str, str], ...]) -> QComboBox:
    box = QComboBox()
    for key, text in choices:
        box.addItem(text, key)
    return box


def dialects() -> tuple[tuple[str, str], ...]:
    """Key and words."""
    return ("vless-reverse", tr("Current Xray")), ("classic", tr("v2ray, older Xray (classic)"))
