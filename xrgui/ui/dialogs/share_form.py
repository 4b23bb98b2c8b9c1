"""The form of a tunnel that shares from this computer: three fields, and the rest when asked for."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import msgspec
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from xrgui.links import Link, LinkError, parse_link
from xrgui.profiles.model import TUNNEL_DOMAIN, Profile, Server, Service
from xrgui.profiles.ownlink import open_link, sealed_part
from xrgui.profiles.problems import Problem
from xrgui.profiles.servers import link_server
from xrgui.ui import server_check, units, words
from xrgui.ui.dialogs.server_fields import ServerFields, dialects
from xrgui.ui.dialogs.services import Services
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import sentences, tr
from xrgui.ui.tasks import spawn
from xrgui.ui.widgets.basic import Segments, button, row
from xrgui.ui.widgets.field import Field, align_names, form_grid, show_text

PAUSE = 600
"""Milliseconds without a key until the server is asked."""


class ShareForm(QWidget):
    changed = Signal()
    other_end_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._profile = Profile(id="", name="")
        self._server = Server()
        self._link = ""
        self._dialect_chosen = self._name_typed = False
        self._asking: asyncio.Task[object] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._ask_server)
        self._build()
        self._connect()

    def _build(self) -> None:
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("for example Blog preview"))
        self.services = Services()
        self.link = QLineEdit()
        self.link.setPlaceholderText(tr("vless://… or vmess://…, or host:port"))
        self.paste = button(tr("Paste"))
        link = row(self.link, self.paste)
        link.setStretch(0, 1)
        self.dialect = Segments(tr("The server runs"), dialects())
        self.public = QLineEdit()
        self.public.setPlaceholderText("https://box.example.net:8443")
        self.services.show_services(())
        self.fields = {
            "name": Field(tr("Name"), self.name, self.name),
            "services": Field(tr("What to share"), self.services, self.services),
            "server": Field(tr("Public server"), link, self.link),
            "dialect": Field(tr("The server runs"), row(self.dialect, None), self.dialect),
            "public_url": Field(tr("Public address"), self.public, self.public),
        }
        grid = form_grid()
        for field in self.fields.values():
            field.add_to(grid)
            field.note.asked.connect(self._note_asked)
        self.server_fields = ServerFields()
        self.domain = QLineEdit()
        self.domain.setPlaceholderText(TUNNEL_DOMAIN)
        self.fields["tunnel_domain"] = Field(tr("Tunnel domain"), self.domain, self.domain)
        more = form_grid()
        self.fields["tunnel_domain"].add_to(more)
        self.indent = align_names(grid, self.server_fields.grid, more)
        self._more = QWidget()
        advanced = QVBoxLayout(self._more)
        advanced.setContentsMargins(0, 0, 0, 0)
        advanced.setSpacing(5)
        advanced.addWidget(self.server_fields)
        advanced.addLayout(more)
        self._more.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(grid)
        layout.addWidget(self._more)
        layout.addStretch(1)

    def _connect(self) -> None:
        self.name.textEdited.connect(self._name_edited)
        self.services.changed.connect(self.changed)
        self.link.textEdited.connect(self._link_edited)
        self.paste.clicked.connect(self._paste)
        self.dialect.chosen.connect(self._dialect_edited)
        self.public.textEdited.connect(self.changed)
        self.domain.textEdited.connect(self.changed)
        self.server_fields.changed.connect(self._fields_edited)

    # In and out

    def show_profile(self, profile: Profile) -> None:
        self._profile, self._server, self._link = profile, profile.server, profile.link
        self._dialect_chosen = bool(profile.server.address)
        self._name_typed = bool(profile.name)
        self.name.setText(profile.name)
        self.services.show_services(profile.services)
        show_text(self.link, masked(profile.server))
        self.dialect.choose(profile.dialect)
        show_text(self.public, profile.public_url or _public_text(profile))
        self.domain.setText(profile.tunnel_domain if profile.tunnel_domain != TUNNEL_DOMAIN else "")
        self.server_fields.show_server(profile.server)
        self._arrange()
        if profile.server.address:
            self._timer.start()

    @property
    def profile(self) -> Profile:
        url, port = parse_public(self.public.text())
        services = self.services.services
        first = msgspec.structs.replace(services[0], public_port=port)
        return msgspec.structs.replace(
            self._profile,
            name=self.name.text().strip(),
            services=(first, *services[1:]),
            server=self._server,
            link=self._link,
            dialect=self.dialect.key,
            tunnel_domain=self.domain.text().strip() or TUNNEL_DOMAIN,
            public_url=url,
        )

    def show_advanced(self, shown: bool) -> None:
        self._more.setVisible(shown)

    @property
    def advanced(self) -> bool:
        return not self._more.isHidden()

    def stop(self) -> None:
        self._timer.stop()
        self.services.stop()
        if self._asking is not None:
            self._asking.cancel()

    # Problems

    def show_problems(self, found: dict[str, Problem]) -> QWidget | None:
        """Say each beside its field; the result is the first field in error."""
        for key, field in self.fields.items():
            if key not in ("server", "dialect"):
                field.say("muted", "")
        for field in self.server_fields.fields.values():
            field.say("muted", "")
        self._arrange()
        self._say_public()
        first: QWidget | None = None
        for path, problem in found.items():
            place = self._say(path, problem)
            if problem.is_error and first is None:
                first = place
        return first

    def _say_public(self) -> None:
        if self.public.text().strip():
            offer = ("other_end", tr("Show its configuration"))
            self.fields["public_url"].say("waiting", tr("The server must forward this port."), offer)
        else:
            text = tr("What visitors type. An xrgui on the server tells it by itself.")
            self.fields["public_url"].say("muted", text)

    def _say(self, path: str, problem: Problem) -> QWidget | None:
        tone, text = "error" if problem.is_error else "waiting", words.problem(problem)
        if path.startswith("services["):
            place = int(path[9 : path.index("]")])
            if problem.code == "port.range" and not self.services.rows[place].address.text().strip():
                text = tr("Say what to share, for example 127.0.0.1:3000.")
            self.services.say(place, tone, text)
            return self.services.rows[min(place, len(self.services.rows) - 1)].address
        key = path.split("[")[0]
        if key in self.server_fields.fields:
            self.server_fields.fields[key].say(tone, text)
            if self.advanced:
                return self.server_fields.fields[key].focus
            if problem.is_error:
                self.fields["server"].say(tone, text)
            return self.link
        field = self.fields.get("server" if key in ("link", "server") else key)
        if field is None:
            return None
        field.say(tone, text)
        return field.focus

    # Hands

    def _name_edited(self, text: str) -> None:
        """What the person typed is not overwritten by a link's name."""
        self._name_typed = bool(text)
        self.changed.emit()

    def _paste(self) -> None:
        self.link.setText(QApplication.clipboard().text().strip())
        self._link_edited(self.link.text())

    def _link_edited(self, text: str) -> None:
        """A link is read; anything else is the server's address."""
        self._timer.start()
        self.fields["server"].say("muted", "")
        if "://" in text:
            self._read_link(text.strip())
        elif text != masked(self._server):
            self._link = ""
            self.server_fields.address.setText(text.strip())
            self._server = self.server_fields.server
        self.changed.emit()

    def _read_link(self, text: str) -> None:
        if text == masked(self._server):
            return
        try:
            link = parse_link(text)
            if link.protocol == "xrgui":
                self._take_tunnel(link)
                return
            if link.lacks:
                self._link = text
                self.fields["server"].say("error", _lacks(link))
                return
            self._server, self._link = link_server(link), ""
        except (LinkError, ValueError) as error:
            self.fields["server"].say("error", engine_words(error))
            return
        if not self._dialect_chosen:
            self.dialect.choose("vless-reverse" if self._server.protocol == "vless" else "classic")
        if not self._name_typed and link.name:
            self.name.setText(link.name)
        self.server_fields.show_server(self._server)
        self._arrange()

    def _take_tunnel(self, link: Link) -> None:
        """A whole tunnel in one link; the name and the services that were typed stay. Raises LinkError."""
        found = None if sealed_part(link) else open_link(link)
        if found is None or found.role != "share" or found.link:
            self.fields["server"].say("error", tr("This link does not fit here: take it in with File, Import."))
            return
        name = self.name.text().strip() if self._name_typed else found.name
        typed = any(line.address.text().strip() for line in self.services.rows)
        services = self.services.services if typed else found.services
        mine = {"id": self._profile.id, "name": name, "services": services}
        self.show_profile(msgspec.structs.replace(found, **mine))

    def _fields_edited(self) -> None:
        self._server, self._link = self.server_fields.server, ""
        show_text(self.link, masked(self._server))
        self.fields["server"].say("muted", "")
        self._timer.start()
        self.changed.emit()

    def _dialect_edited(self) -> None:
        self._dialect_chosen = True
        self._arrange()
        self.changed.emit()

    def _arrange(self) -> None:
        classic = self.dialect.key == "classic"
        self.fields["tunnel_domain"].set_visible(classic)
        hint = (
            tr("v2ray 4 and 5, and Xray before 26.4. Both ends share a tunnel domain.")
            if classic
            else tr("VLESS reverse: Xray 25.10 and newer, and xrgui. Visitors keep their own address.")
        )
        self.fields["dialect"].say("muted", hint)

    def _note_asked(self, what: str) -> None:
        if what == "other_end":
            self.other_end_asked.emit()
        elif what.startswith("pin:"):
            self._server = msgspec.structs.replace(self._server, pins=(what[4:],))
            self.server_fields.show_server(self._server)
            show_text(self.link, masked(self._server))
            self._ask_server()
            self.changed.emit()

    # The server's answer

    def _ask_server(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        if self._server.address and self._server.port and not self._link:
            self._asking = spawn(self._look(self._server), "ask the server")

    async def _look(self, server: Server) -> None:
        answer = await server_check.ask(server)
        if server == self._server:
            self.fields["server"].say(*server_words(server, answer))


def _lacks(link: Link) -> str:
    return tr("xrgui cannot use this link yet: it lacks {lacks}. The link is kept.", lacks=", ".join(link.lacks))


def server_words(server: Server, answer: server_check.Answer) -> tuple[str, str, tuple[str, str] | None]:
    """Tone, text and offer of the note below the public server."""
    if answer.round_trip is None:
        text = {
            "dns": tr("no address was found for {host}", host=server.address),
            "refused": tr("{endpoint} takes no connections", endpoint=server.endpoint),
            "silent": tr("{endpoint} does not answer", endpoint=server.endpoint),
        }.get(answer.error, tr("{endpoint} cannot be reached from here", endpoint=server.endpoint))
        return "waiting", text, None
    trip = tr("answered in {time}", time=units.milliseconds(answer.round_trip))
    if answer.certificate == "none":
        return "waiting", f"{trip}; " + tr("but it does not speak TLS there"), None
    if answer.certificate == "unknown":
        question = tr("The certificate is not one that this computer trusts.")
        if server.pins:
            question = tr("The certificate is not the pinned one.")
        return "waiting", sentences(trip, question), (f"pin:{answer.pin}", tr("Trust it"))
    kinds = {"trusted": tr("certificate trusted"), "pinned": tr("pinned certificate matches")}
    parts = [link_kind(server), kinds.get(answer.certificate, ""), trip]
    return "up", "; ".join(part for part in parts if part), None


def link_kind(server: Server) -> str:
    protocol = {"vless": "VLESS", "vmess": "VMess"}[server.protocol]
    over = [*(["TLS"] if server.tls else []), *(["WebSocket"] if server.transport == "ws" else [])]
    return tr("{protocol} over {layers}", protocol=protocol, layers=" + ".join(over)) if over else protocol


def masked(server: Server) -> str:
    """The server as a link that shows no secret; empty for none."""
    if not server.address:
        return ""
    if not server.secret:
        return server.endpoint
    options = [*(["security=tls"] if server.tls else []), *(["type=ws"] if server.transport == "ws" else [])]
    query = f"?{'&'.join(options)}" if options else ""
    return f"{server.protocol}://…@{server.endpoint}{query}"


def _public_text(profile: Profile) -> str:
    service: Service | None = profile.services[0] if profile.services else None
    return str(service.public_port) if service is not None and service.public_port else ""


def parse_public(text: str) -> tuple[str, int]:
    """A public address, ``host:port`` or a mere port, as URL and port; "" and 0 for what is not there."""
    bare = text.strip()
    if not bare:
        return "", 0
    if bare.isascii() and bare.isdigit():
        return "", int(bare) if len(bare) < 6 else 0
    url = bare if "://" in bare else f"http://{bare}"
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return bare, 0
    return url, port
