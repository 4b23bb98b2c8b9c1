from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.ui.samples import LINK, SECRET, serve, share
from xrgui import certificate
from xrgui.profiles import certificates
from xrgui.profiles.model import Certificate, Listen, Profile, Server, Service
from xrgui.profiles.ownlink import own_link
from xrgui.ui import health, server_check
from xrgui.ui.dialogs import services as services_module
from xrgui.ui.dialogs.editor import Editor
from xrgui.ui.dialogs.server_fields import SecretEdit
from xrgui.ui.dialogs.services import parse_service
from xrgui.ui.dialogs.share_form import masked, parse_public, server_words


@pytest.fixture(autouse=True)
def _nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trip(*_: object) -> float:
        return 1.0

    async def answer(*_: object) -> server_check.Answer:
        return server_check.Answer(1.0, certificate="trusted")

    monkeypatch.setattr(health, "ask", trip)
    monkeypatch.setattr(server_check, "ask", answer)
    monkeypatch.setattr(services_module, "listening", list)


def open_editor(qtbot, profile: Profile, *, new: bool, running: bool = False) -> Editor:
    editor = Editor(None, profile, new=new, running=running)
    qtbot.addWidget(editor)
    editor.form.stop()
    editor.show()
    return editor


def saved_by(editor: Editor) -> list[tuple[Profile, bool]]:
    found: list[tuple[Profile, bool]] = []
    editor.saved.connect(lambda profile, start: found.append((profile, start)))
    editor.main.click()
    editor.form.stop()
    return found


def paste(editor: Editor, text: str) -> None:
    QApplication.clipboard().setText(text)
    editor.form.paste.click()


def test_three_fields_make_a_tunnel(qtbot) -> None:
    editor = open_editor(qtbot, Profile(id="new", name=""), new=True)
    form = editor.form
    qtbot.keyClicks(form.services.rows[0].address, "3000")
    qtbot.keyClicks(form.link, LINK)
    assert form.name.text() == "From a link"
    qtbot.keyClicks(form.public, "https://box.example.net:8443")
    [(profile, start)] = saved_by(editor)
    assert start
    assert profile == share(id="new", name="From a link", start_with_program=True)


def test_what_is_missing_is_said_beside_its_field_and_nothing_is_saved(qtbot) -> None:
    editor = open_editor(qtbot, Profile(id="new", name=""), new=True)
    assert editor.form.fields["name"].note.isHidden(), "an untouched form scolds nobody"
    assert saved_by(editor) == []
    assert editor.isVisible()
    assert editor.form.fields["name"].note.text() == "Give it a name."
    assert "127.0.0.1:3000" in editor.form.services.rows[0].note.text()
    assert "user id is missing" in editor.form.fields["server"].note.text()
    assert editor.form.name.property("state") == "error"
    editor.form.name.setText("Blog")
    editor._judge()
    assert editor.form.fields["name"].note.isHidden()


def test_the_link_field_shows_no_secret_and_reads_none_back(qtbot) -> None:
    editor = open_editor(qtbot, share(), new=False)
    assert editor.form.link.text() == masked(share().server)
    assert SECRET not in editor.form.link.text()
    [(profile, start)] = saved_by(editor)
    assert profile == share()
    assert not start, "an edit starts nothing by itself"


def test_the_dialect_is_guessed_from_the_link_until_the_person_chooses(qtbot) -> None:
    editor = open_editor(qtbot, Profile(id="new", name=""), new=True)
    vmess = LINK.replace("vless", "vmess").replace("security=tls", "encryption=auto&security=tls")
    editor.form.link.setText(vmess)
    editor.form._link_edited(vmess)
    assert editor.form.profile.dialect == "classic"
    editor.form.link.setText(LINK)
    editor.form._link_edited(LINK)
    assert editor.form.profile.dialect == "vless-reverse"
    editor.form.dialect.choose("classic")
    editor.form._dialect_edited()
    editor.form._link_edited(LINK.replace("443", "8443"))
    assert editor.form.profile.dialect == "classic"


def test_a_link_of_our_own_brings_the_whole_tunnel(qtbot) -> None:
    editor = open_editor(qtbot, Profile(id="new", name=""), new=True)
    paste(editor, own_link(share(name="From a friend", dialect="classic")))
    profile = editor.profile
    assert (profile.name, profile.dialect, profile.public_url) == ("From a friend", "classic", share().public_url)
    assert (profile.server.address, profile.server.secret) == ("box.example.net", "")
    assert profile.services == share().services
    assert profile.id != share().id


def test_what_was_typed_stays_and_what_does_not_fit_is_said(qtbot) -> None:
    editor = open_editor(qtbot, Profile(id="new", name=""), new=True)
    form = editor.form
    form.name.setText("Mine")
    form._name_edited("Mine")
    form.services.rows[0].address.setText("127.0.0.1:9000")
    paste(editor, own_link(share()))
    assert (editor.profile.name, editor.profile.services[0].port) == ("Mine", 9000)
    for bad in (own_link(share(), "correct horse"), own_link(serve())):
        paste(editor, bad)
        assert "does not fit here" in form.fields["server"].note.text()
        assert editor.profile.name == "Mine"


def test_a_link_that_the_engine_lacks_is_kept_and_never_started(qtbot) -> None:
    editor = open_editor(qtbot, Profile(id="new", name="Later"), new=True)
    trojan = "trojan://secret@box.example.net:443#x"
    editor.form.services.rows[0].address.setText("3000")
    editor.form.link.setText(trojan)
    editor.form._link_edited(trojan)
    assert "Trojan" in editor.form.fields["server"].note.text()
    [(profile, start)] = saved_by(editor)
    assert profile.link == trojan
    assert not start


def test_several_services_each_with_its_public_port(qtbot) -> None:
    editor = open_editor(qtbot, share(), new=False)
    services = editor.form.services
    assert services.rows[0].public_port.isHidden(), "the first one's stands in the public address"
    services.add.click()
    services.rows[1].address.setText("localhost:22")
    services.rows[1].public_port.setText("2222")
    services.rows[1].network.setCurrentIndex(1)
    found = editor.profile.services
    assert found[1] == Service(host="localhost", port=22, network="udp", public_port=2222)
    services.rows[0].remove.click()
    assert [service.port for service in editor.profile.services] == [22]
    assert services.rows[0].remove.isHidden()


def test_the_server_in_single_fields(qtbot) -> None:
    editor = open_editor(qtbot, share(), new=False)
    editor.advanced.click()
    fields = editor.form.server_fields
    assert fields.isVisible()
    fields.address.setText("other.example:8443")
    fields.transport.setCurrentIndex(0)
    fields.pins.setText("AB:" * 31 + "AB")
    fields._edited()
    server = editor.profile.server
    assert (server.address, server.port, server.transport, server.path) == ("other.example", 8443, "raw", "")
    assert server.pins == ("ab" * 32,)
    assert fields.fields["server.path"].name.isHidden()
    assert editor.form.link.text() == "vless://…@other.example:8443?security=tls"


def test_a_stored_secret_is_left_alone_or_replaced(qtbot) -> None:
    edit = SecretEdit()
    qtbot.addWidget(edit)
    edit.show_secret("keyring:blog/server-1")
    assert (edit.text(), edit.secret) == ("", "keyring:blog/server-1")
    qtbot.keyClicks(edit, SECRET)
    assert edit.secret == SECRET
    assert edit.echoMode() == edit.EchoMode.Password


def test_the_public_server_names_a_bridge_and_opens_a_port(qtbot) -> None:
    editor = open_editor(qtbot, Profile(id="new", name="", role="server"), new=True)
    form = editor.form
    form.name.setText("Public side")
    form.host.setText("box.example.net")
    form.entries.rows[0].port.setValue(8443)
    [(profile, start)] = saved_by(editor)
    assert start
    assert profile.public_url == "http://box.example.net:8443"
    assert profile.bridges[0].name == profile.entries[0].bridge == "My computer"
    assert len(profile.bridges[0].secret) == 36
    assert certificates.names(profile.listen.certificate.chain) == ("box.example.net",)


def test_a_certificate_that_was_chosen_stays(qtbot) -> None:
    made = certificate.make(["box.example.net"])
    profile = serve(listen=Listen(tls=True, certificate=Certificate(chain=made.chain, key=made.key)))
    editor = open_editor(qtbot, profile, new=False)
    editor.form.host.setText("other.example.net")
    [(saved, _)] = saved_by(editor)
    assert saved.listen.certificate == profile.listen.certificate


def test_a_renamed_bridge_keeps_its_ports(qtbot) -> None:
    editor = open_editor(qtbot, serve(), new=False)
    row = editor.form.bridges.rows[0]
    row.name.setText("Laptop")
    row.changed.emit()
    assert editor.profile.entries[0].bridge == "Laptop"


def test_a_bridge_gives_out_its_link(qtbot) -> None:
    editor = open_editor(qtbot, serve(), new=False)
    with qtbot.waitSignal(editor.link_asked) as asked:
        editor.form.bridges.rows[0].link.click()
    assert asked.args[1] == "Workbench"


def test_json_is_checked_as_one_types(qtbot) -> None:
    editor = open_editor(qtbot, Profile(id="new", name="Own", role="custom", json="{"), new=True)
    assert editor.form.problems.count() > 0
    assert saved_by(editor) == []
    editor.form.text.setPlainText('{"outbounds": [{"protocol": "freedom"}]}')
    editor._judge()
    assert editor.form.problems.count() == 0
    [(profile, _)] = saved_by(editor)
    assert profile.json.startswith('{"outbounds"')


def test_ctrl_enter_saves(qtbot) -> None:
    editor = open_editor(qtbot, share(), new=False)
    with qtbot.waitActive(editor):
        editor.activateWindow()
    with qtbot.waitSignal(editor.saved):
        qtbot.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def test_what_runs_is_not_offered_to_start(qtbot) -> None:
    assert open_editor(qtbot, share(), new=False, running=True).start_now.isHidden()


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("3000", "127.0.0.1", 3000),
        ("  localhost:80 ", "localhost", 80),
        ("http://localhost:5173/page", "localhost", 5173),
        ("https://192.168.1.2", "192.168.1.2", 443),
        ("[::1]:22", "::1", 22),
        (":8080", "127.0.0.1", 8080),
        ("nas", "nas", 0),
        ("99999", "127.0.0.1", 0),
        ("host:99999", "host:99999", 0),
        ("", "", 0),
    ],
)
def test_parse_service(text: str, host: str, port: int) -> None:
    assert parse_service(text) == (host, port)


@pytest.mark.parametrize(
    ("text", "url", "port"),
    [
        ("", "", 0),
        ("8443", "", 8443),
        ("https://box.example.net", "https://box.example.net", 443),
        ("box.example.net:2222", "http://box.example.net:2222", 2222),
        ("udp://box.example.net:5353", "udp://box.example.net:5353", 5353),
        ("http://[bad", "http://[bad", 0),
    ],
)
def test_parse_public(text: str, url: str, port: int) -> None:
    assert parse_public(text) == (url, port)


def test_the_servers_answer_in_words() -> None:
    server = Server(address="box.example.net", secret=SECRET)
    answer = server_check.Answer
    assert server_words(server, answer(38, certificate="trusted"))[:2] == (
        "up",
        "VLESS over TLS; certificate trusted; answered in 38 ms",
    )
    tone, _, offer = server_words(server, answer(38, certificate="unknown", pin="ab"))
    assert (tone, offer) == ("waiting", ("pin:ab", "Trust it"))
    assert "does not speak TLS" in server_words(server, answer(38, certificate="none"))[1]
    assert server_words(server, answer(None, "refused"))[1] == "box.example.net:443 takes no connections"


def test_trusting_a_certificate_pins_it(qtbot) -> None:
    editor = open_editor(qtbot, share(), new=False)
    editor.form._ask_server = lambda: None
    editor.form._note_asked("pin:" + "ab" * 32)
    assert editor.profile.server.pins == ("ab" * 32,)


@pytest.mark.parametrize("profile", [share(), serve()], ids=["share", "serve"])
def test_an_open_dialog_grows_with_what_it_says_and_then_rests(qtbot, monkeypatch, profile: Profile) -> None:
    looks: list[int] = []
    grow = Editor._grow
    monkeypatch.setattr(Editor, "_grow", lambda self: (looks.append(1), grow(self)))
    editor = open_editor(qtbot, profile, new=False)
    qtbot.wait(50)
    before = editor.height()
    editor.form.fields["name"].say("error", "long words " * 60)
    qtbot.wait(50)
    assert editor.height() > before

    def rests() -> bool:
        looks.clear()
        qtbot.wait(60)
        return not looks

    assert any(rests() for _ in range(10))
