"""The form of the public server: where computers connect, who may, and which ports are open to visitors."""

from __future__ import annotations

import uuid

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from xrgui import certificate
from xrgui.profiles import certificates
from xrgui.profiles.model import Bridge, Certificate, Entry, Profile, public_host
from xrgui.profiles.problems import Problem
from xrgui.ui import words
from xrgui.ui.dialogs.serve_rows import BridgeRow, EntryRow, Rows
from xrgui.ui.dialogs.server_fields import PROTOCOLS, TRANSPORTS, combo, dialects
from xrgui.ui.dialogs.simple import ask_file
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import Segments, button, port_box, row, say_copied
from xrgui.ui.widgets.field import Field, align_names, form_grid


class ServeForm(QWidget):
    changed = Signal()
    link_asked = Signal(str)
    """The link of one computer, by its name."""

    def __init__(self) -> None:
        super().__init__()
        self._profile = Profile(id="", name="")
        self._certificate = Certificate()
        self._build()
        self._connect()

    def _build(self) -> None:
        self.name = QLineEdit()
        self.host = QLineEdit()
        self.host.setPlaceholderText("box.example.net")
        self.port = port_box()
        self.protocol, self.transport = combo(PROTOCOLS), combo(TRANSPORTS)
        self.protocol.setAccessibleName(tr("Protocol"))
        self.transport.setAccessibleName(tr("Transport"))
        self.path = QLineEdit()
        self.path.setPlaceholderText("/")
        self.tls = QCheckBox(tr("Encrypt with TLS"))
        self.make = button(tr("Make one"), name=tr("Make a certificate"))
        self.choose = button(tr("Choose files…"), name=tr("Choose certificate files"))
        self.bridges: Rows[BridgeRow] = Rows(BridgeRow, tr("Let another computer share"))
        self.approval = QCheckBox(tr("Only computers that I approve"))
        self.entries: Rows[EntryRow] = Rows(EntryRow, tr("Open another port"))
        self.dialect = Segments(tr("Computers run"), dialects())
        self.fields = {
            "name": Field(tr("Name"), self.name, self.name),
            "public_url": Field(tr("Address of this server"), self.host, self.host),
            "listen.port": Field(
                tr("Computers connect to"), row(self.port, self.protocol, self.transport, None), self.port
            ),
            "listen.path": Field(tr("WebSocket path"), self.path, self.path),
            "listen.certificate": Field(tr("Certificate"), row(self.tls, None, self.make, self.choose), self.make),
            "bridges": Field(tr("Who may share"), self.bridges, self.bridges),
            "approval": Field(tr("Approval"), row(self.approval, None), self.approval),
            "entries": Field(tr("Open to visitors"), self.entries, self.entries),
            "dialect": Field(tr("Computers run"), row(self.dialect, None), self.dialect),
        }
        grid = form_grid()
        for field in self.fields.values():
            field.add_to(grid)
        self.indent = align_names(grid)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(grid)
        layout.addStretch(1)

    def _connect(self) -> None:
        for edit in (self.name, self.host, self.path):
            edit.textEdited.connect(self.changed)
        self.port.valueChanged.connect(self.changed)
        self.protocol.activated.connect(self._edited)
        self.transport.activated.connect(self._edited)
        self.tls.clicked.connect(self._edited)
        self.make.clicked.connect(self._make_certificate)
        self.choose.clicked.connect(self._choose_chain)
        self.approval.clicked.connect(self._edited)
        self.bridges.changed.connect(self._edited)
        self.entries.changed.connect(self.changed)
        self.bridges.asked.connect(self.link_asked)
        self.dialect.chosen.connect(self._edited)

    # In and out

    def show_copied(self, name: str) -> None:
        """The link of the computer of that name was asked for, and is copied."""
        for line in self.bridges.rows:
            if line.value.name == name:
                say_copied(line.link)

    def show_profile(self, profile: Profile) -> None:
        self._profile, listen = profile, profile.listen
        self._certificate = listen.certificate
        self.name.setText(profile.name)
        self.host.setText(public_host(profile))
        self.port.setValue(listen.port)
        self.protocol.setCurrentIndex(self.protocol.findData(listen.protocol))
        self.transport.setCurrentIndex(self.transport.findData(listen.transport))
        self.path.setText(listen.path)
        self.tls.setChecked(listen.tls)
        self.dialect.choose(profile.dialect)
        bridges = profile.bridges or (Bridge(name=tr("My computer"), secret=str(uuid.uuid4())),)
        self.approval.setChecked(profile.approval)
        self.bridges.show_values(bridges)
        self._name_bridges()
        self.entries.show_values(profile.entries or (Entry(port=8080, bridge=bridges[0].name),))
        self._arrange()

    @property
    def profile(self) -> Profile:
        web, host = self.transport.currentData() == "ws", self.host.text().strip()
        listen = msgspec.structs.replace(
            self._profile.listen,
            port=self.port.value(),
            protocol=self.protocol.currentData(),
            transport=self.transport.currentData(),
            path=self.path.text().strip() if web else "",
            tls=self.tls.isChecked(),
            certificate=self._certificate if self.tls.isChecked() else Certificate(),
        )
        entries = tuple(part.value for part in self.entries.rows)
        return msgspec.structs.replace(
            self._profile,
            name=self.name.text().strip(),
            listen=listen,
            approval=self.approval.isChecked(),
            bridges=tuple(part.value for part in self.bridges.rows),
            entries=entries,
            dialect=self.dialect.key,
            public_url=public_url(host, entries),
        )

    def complete(self) -> None:
        """Make what nobody has to choose: a certificate for the address."""
        made, host = self._certificate, self.host.text().strip()
        if self.tls.isChecked() and host and not (made.chain or made.chain_file):
            self._make_certificate()

    def stop(self) -> None:
        """Nothing is under way here."""

    # Problems

    def show_problems(self, found: dict[str, Problem]) -> QWidget | None:
        for key, field in self.fields.items():
            if key != "listen.certificate":
                field.say("muted", "")
        for rows in (self.bridges, self.entries):
            rows.say_nothing()
        self._arrange()
        first: QWidget | None = None
        for path, problem in found.items():
            place = self._say(path, problem)
            if problem.is_error and first is None:
                first = place
        return first

    def _say(self, path: str, problem: Problem) -> QWidget | None:
        tone, text = "error" if problem.is_error else "waiting", words.problem(problem)
        for name, rows in (("bridges[", self.bridges), ("entries[", self.entries)):
            if path.startswith(name):
                return rows.say(int(path[len(name) : path.index("]")]), tone, text)
        key = "listen.certificate" if path.startswith("listen.certificate") else path
        field = self.fields.get(key) or self.fields["listen.port"]
        field.say(tone, text)
        return field.focus

    # Hands

    def _edited(self) -> None:
        self._name_bridges()
        self._arrange()
        self.changed.emit()

    def _name_bridges(self) -> None:
        names = [part.value.name for part in self.bridges.rows]
        for part in self.entries.rows:
            part.set_bridges(names)
        EntryRow.bridge_names = names

    def _arrange(self) -> None:
        self.fields["listen.path"].set_visible(self.transport.currentData() == "ws")
        tls = self.tls.isChecked()
        self.make.setVisible(tls)
        self.choose.setVisible(tls)
        tone, text = self._certificate_words() if tls else ("waiting", tr("Everybody on the way can read along."))
        self.fields["listen.certificate"].say(tone, text)
        self._arrange_keys()

    def _arrange_keys(self) -> None:
        asks = self.approval.isChecked()
        for part in self.bridges.rows:
            part.show_keys(asks)
        text = tr(
            "When one first connects you are asked here, and approve its key once. Xray and v2ray have no keys: you "
            "may let those in by their id alone."
        )
        self.fields["approval"].say("muted", text if asks else "")

    def _certificate_words(self) -> tuple[str, str]:
        made = self._certificate
        if made.chain:
            try:
                names = ", ".join(certificates.names(made.chain))
                return "up", tr("made for {names}; computers that share pin it", names=names)
            except certificates.CertificateError:
                return "muted", ""
        return "muted", made.chain_file or tr("One is made when you save.")

    def _make_certificate(self) -> None:
        host = self.host.text().strip()
        if not host:
            self.fields["public_url"].say("error", tr("Say first under which name this computer is reached."))
            self.host.setFocus()
            return
        made = certificate.make([host])
        self._certificate = Certificate(chain=made.chain, key=made.key)
        self._edited()

    def _choose_chain(self) -> None:
        ask_file(self, tr("The certificate (PEM)"), self._chain_chosen)

    def _chain_chosen(self, path: str) -> None:
        self._certificate = Certificate(chain_file=path)
        ask_file(self, tr("Its private key (PEM)"), self._key_chosen)

    def _key_chosen(self, path: str) -> None:
        self._certificate = Certificate(chain_file=self._certificate.chain_file, key_file=path)
        self._edited()


def public_url(host: str, entries: tuple[Entry, ...]) -> str:
    """What visitors of the first port type."""
    if not host or not entries:
        return ""
    shown = f"[{host}]" if ":" in host else host
    first = entries[0]
    scheme = "udp" if first.network == "udp" else "http"
    return f"{scheme}://{shown}:{first.port}"
