"""What to share: one line for each local service."""

from __future__ import annotations

import asyncio
import re

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QComboBox, QLineEdit, QMenu, QVBoxLayout, QWidget

from xrgui.address import Network, format_endpoint, parse_endpoint
from xrgui.profiles.model import Service
from xrgui.ui import health, icons, theme, units
from xrgui.ui.language import tr
from xrgui.ui.listening import Listening, listening
from xrgui.ui.tasks import spawn
from xrgui.ui.widgets.basic import GAP, button, fit_hint, row, set_tone, tab_before
from xrgui.ui.widgets.field import HEIGHT, Note

PAUSE = 400
"""Milliseconds without a key until a service is asked."""
_WEB_PORTS = {"http": 80, "https": 443}


def parse_service(text: str) -> tuple[str, int]:
    """``3000``, ``host:3000``, ``http://host:3000/…`` as host and port; what is missing is "" or 0."""
    bare = text.strip()
    scheme = ""
    if found := re.match(r"(https?|tcp|udp)://", bare, re.IGNORECASE):
        scheme = found[1].lower()
        bare = bare[found.end() :].split("/")[0]
    if bare.isdigit():
        return "127.0.0.1", int(bare) if int(bare) <= 65535 else 0
    try:
        host, port = parse_endpoint(bare)
    except ValueError:
        return bare, 0
    return host or "127.0.0.1" if bare else "", port or _WEB_PORTS.get(scheme, 0)


class ServiceRow(QWidget):
    changed = Signal()
    removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._kept = Service(port=0)
        self.address = QLineEdit()
        self.address.setPlaceholderText("127.0.0.1:3000")
        self.address.setAccessibleName(tr("What to share"))
        self.network = QComboBox()
        self.network.addItem("TCP", Network.TCP)
        self.network.addItem("UDP", Network.UDP)
        self.network.setAccessibleName(tr("Network"))
        self.network.setFixedWidth(theme.scaled(74))
        self.public_port = QLineEdit()
        self.public_port.setPlaceholderText(tr("port there"))
        self.public_port.setAccessibleName(tr("Public port"))
        self.public_port.setToolTip(tr("The port of the public server where visitors of this service come in"))
        fit_hint(self.public_port, 92)
        self.pick = button(tr("Pick a port…"), tip=tr("Ports of this computer where something listens"))
        self.pick.clicked.connect(self._pick)
        self.remove = button("", kind="bare", icon="close", tip=tr("Do not share this"))
        self.remove.clicked.connect(self.removed)
        self.note = Note()
        line = row(self.address, self.network, self.public_port, self.pick, self.remove)
        line.setStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(line)
        layout.addWidget(self.note)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._ask)
        self._asking: asyncio.Task[object] | None = None
        for signal in (self.address.textEdited, self.public_port.textEdited):
            signal.connect(self._edited)
        self.network.activated.connect(self._edited)

    def show_service(self, service: Service) -> None:
        self._kept = service
        self.address.setText(format_endpoint(service.host, service.port) if service.port else "")
        self.network.setCurrentIndex(self.network.findData(service.network))
        self.public_port.setText(str(service.public_port or ""))
        self._timer.start()

    @property
    def service(self) -> Service:
        host, port = parse_service(self.address.text())
        public = self.public_port.text().strip()
        return Service(
            host=host,
            port=port,
            network=Network(self.network.currentData()),
            name=self._kept.name,
            public_port=int(public) if public.isascii() and public.isdigit() and len(public) < 6 else 0,
        )

    def set_places(self, *, first: bool, alone: bool) -> None:
        """The first one's public port stands in the public address; its button takes that field's place."""
        self.public_port.setVisible(not first)
        self.remove.setVisible(not alone)
        self.pick.setText(tr("Pick a port…") if first else "")
        self.pick.setIcon(QIcon() if first else icons.icon("search"))
        set_tone(self.pick, "" if first else "icon", "kind")
        if first:
            self.pick.setMinimumWidth(0 if alone else self.public_port.width() + GAP + HEIGHT)

    def _edited(self) -> None:
        self._timer.start()
        self.note.say("muted", "")
        self.changed.emit()

    def _pick(self) -> None:
        menu = QMenu(self)
        found = listening()
        for item in found[:40]:
            who = f"  ·  {item.program}" if item.program else ""
            action = menu.addAction(f"{format_endpoint(item.host, item.port)}{who}")
            action.triggered.connect(lambda _=False, item=item: self._picked(item))
        if not found:
            menu.addAction(tr("Nothing listens on this computer")).setEnabled(False)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.pick.mapToGlobal(self.pick.rect().bottomLeft()))

    def _picked(self, item: Listening) -> None:
        self.address.setText(format_endpoint(item.host, item.port))
        self._edited()

    def _ask(self) -> None:
        service = self.service
        if self._asking is not None:
            self._asking.cancel()
        if not service.host or not service.port:
            return
        if service.network is Network.UDP:
            self.note.say("muted", tr("UDP cannot be asked whether it answers"))
            return
        self._asking = spawn(self._look(service), "ask a service")

    async def _look(self, service: Service) -> None:
        trip = await health.ask(service.host, service.port)
        if self.service != service:
            return
        if trip is None:
            self.note.say("waiting", tr("nothing answers there yet; it can be started later"))
            return
        found = await asyncio.to_thread(listening)
        who = next((i.program for i in found if (i.host, i.port) == (service.host, service.port)), "")
        text = tr("answers in {time}", time=units.milliseconds(trip))
        self.note.say("up", f"{text} ({who})" if who else text)

    def stop(self) -> None:
        self._timer.stop()
        if self._asking is not None:
            self._asking.cancel()


class Services(QWidget):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ServiceRow] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self.add = button(tr("Share another one too"), kind="link")
        self.add.clicked.connect(self._add_another)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._list)
        layout.addLayout(row(self.add, None))

    def show_services(self, services: tuple[Service, ...]) -> None:
        for old in list(self.rows):
            self._drop(old)
        for service in services or (Service(port=0),):
            self._append().show_service(service)
        self._arrange()

    @property
    def services(self) -> tuple[Service, ...]:
        """Empty lines beyond the first do not count."""
        found = [part.service for part in self.rows if part.address.text().strip()]
        return tuple(found) or (self.rows[0].service,)

    def say(self, place: int, tone: str, text: str) -> None:
        if place < len(self.rows):
            self.rows[place].note.say(tone, text)

    def stop(self) -> None:
        for part in self.rows:
            part.stop()

    def _append(self) -> ServiceRow:
        part = ServiceRow()
        part.changed.connect(self.changed)
        part.removed.connect(lambda: self._remove(part))
        self.rows.append(part)
        self._list.addWidget(part)
        return part

    def _add_another(self) -> None:
        self._append().address.setFocus()
        self._arrange()
        self.changed.emit()

    def _remove(self, part: ServiceRow) -> None:
        self._drop(part)
        self._arrange()
        self.rows[0].address.setFocus()
        self.changed.emit()

    def _drop(self, part: ServiceRow) -> None:
        part.stop()
        self.rows.remove(part)
        self._list.removeWidget(part)
        part.hide()
        part.deleteLater()

    def _arrange(self) -> None:
        for place, part in enumerate(self.rows):
            part.set_places(first=place == 0, alone=len(self.rows) == 1)
        tab_before(self.add, self.rows)
