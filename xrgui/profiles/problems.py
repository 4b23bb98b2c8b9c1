"""What is wrong with a field of a profile, in words and as a code that a window can translate."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["error", "warning"]

TEXTS: dict[str, str] = {
    "name.missing": "Give it a name.",
    "name.bad": "The name holds line breaks or control characters.",
    "name.long": "The name is longer than {limit} characters.",
    "services.missing": "Add at least one service to share.",
    "services.twice": "Another service has the same address ({endpoint}).",
    "services.same_name": "Another service is called {name} too.",
    "host.missing": "Say where it runs: this computer is 127.0.0.1.",
    "host.bad": "{host} is neither a host name nor an IP address.",
    "port.range": "A port is a number from 1 to 65535.",
    "public_port.range": "A public port is a number from 1 to 65535, or empty.",
    "public_port.twice": "Another one uses the public port {port} too.",
    "public_port.bridges": "The port {port} is where the bridges dial in: take another one for visitors.",
    "server.missing": "Say which public server to use: its host name or IP address, or paste a link.",
    "id.missing": "The user id is missing. The public server gives it out; a link holds it.",
    "id.bad": "This is neither a UUID nor a text of 1 to 30 bytes.",
    "path.slash": "The path begins with /.",
    "path.bad": "The path holds blanks or control characters.",
    "pin.bad": "A pin is the SHA-256 of a certificate: 64 hex digits.",
    "method.bad": "{method} is no VMess security; auto, aes-128-gcm, chacha20-poly1305 and none are.",
    "tls.public": "Without TLS everybody on the way can read along, and current Xray refuses such a server.",
    "dialect.vmess": "VLESS reverse needs VLESS: choose the classic dialect for VMess.",
    "domain.missing": "The classic dialect needs a tunnel domain, the same on both ends.",
    "domain.bad": "{domain} is no host name.",
    "domain.twice": "Two bridges have the tunnel domain {domain}: visitors of one would reach the other.",
    "url.bad": "This is no web address, such as https://example.com/.",
    "listen.bad": "{address} is not an IP address of this computer.",
    "bridges.missing": "Add at least one computer that may share through this server.",
    "bridges.same_name": "Another one is called {name} too.",
    "bridges.same_id": "Another one has the same id: each needs its own.",
    "bridges.key": "A key is 32 bytes in base64, as `xrgui key` prints it.",
    "bridges.unused": "No public port leads to it yet: until then it is turned away.",
    "entries.missing": "Open at least one public port.",
    "entries.bridge": "There is no computer called {name} in the list.",
    "certificate.missing": "TLS needs a certificate: choose one, or have one made.",
    "certificate.key_missing": "The certificate's private key is missing.",
    "certificate.bad": "This is no certificate in PEM form.",
    "certificate.key_bad": "This is no private key in PEM form without a password.",
    "certificate.mismatch": "The private key belongs to another certificate.",
    "certificate.expired": "The certificate has expired on {date}.",
    "json.missing": "Paste or write a configuration.",
    "json.bad": "{message}",
    "dialect.xray": "Current Xray has no classic reverse: choose VLESS reverse on both ends.",
    "dialect.v2ray": "v2ray has no VLESS reverse: choose the classic dialect on both ends.",
    "export.link": "Only a tunnel that shares from this computer has a server to put into a link.",
    "export.other_end": "A custom configuration has no other end that xrgui could know.",
    "other.address": "Put the public address of this computer in place of {host}.",
    "other.certificate": "Put the certificate of {name} at {chain} and its key at {key}.",
    "other.pinned_certificate": "Put the certificate that is pinned here at {chain} and its key at {key}.",
    "other.pin": "If the certificate in {file} is self-signed, add its SHA-256 as the pin.",
    "other.public_port": "Visitors of {name} come in by port {port}.",
    "other.vless_reverse": "Current Xray only knows VLESS reverse: choose that dialect here too.",
    "other.classic": "v2ray only knows the classic dialect: choose it here too, with the domain {domain}.",
    "other.approval": "Whoever knows the id may share through that server: it does not ask for approval.",
    "other.secrets": "Secrets were left out: put them where the text says so.",
    "import.insecure": "The link asks not to check the certificate, which xrgui does not do: pin it instead.",
    "import.services": "Say what to share: a link only names the server.",
    "import.start": "It asked to start with the program; that was switched off.",
    "import.same_id": "There is one with the same id: this one gets a new id.",
    "import.twin": "{name} shares the same through the same server.",
    "import.reference": "A secret lies in the keyring of another computer: enter it anew.",
    "import.path": "The path {path} was left out: choose a file of your own.",
    "link.again": "xrgui can use this link by now: import it anew.",
    "link.bad": "The link cannot be read: {reason}.",
    "link.unsupported": "xrgui cannot use this link yet: it lacks {lacks}. The link is kept.",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """`field` is a path such as ``services[0].port``; `code` is a key of `TEXTS`, `params` fill it."""

    field: str
    code: str
    params: dict[str, str] = {}
    level: Level = "error"

    @property
    def text(self) -> str:
        return TEXTS[self.code].format_map(self.params)

    @property
    def is_error(self) -> bool:
        return self.level == "error"


class ProfileError(ValueError):
    """A profile that cannot be used as it is; its text names the first thing that is wrong."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        super().__init__(f"{first.field}: {first.text}" if first.field else first.text)
        self.problems = problems


def problem(field: str, code: str, level: Level = "error", **params: object) -> Problem:
    return Problem(field=field, code=code, level=level, params={key: str(value) for key, value in params.items()})
