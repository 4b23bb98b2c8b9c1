"""Computers that ask to be let in, from both ends, and the keys that were approved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec
from PySide6.QtWidgets import QWidget

from tests.ui import fakes
from tests.ui.staging import SERVE, Scene, busy
from xrgui import bridge_key
from xrgui.profiles.model import ApprovedKey
from xrgui.ui.app import Program
from xrgui.ui.dialogs.editor import Editor
from xrgui.ui.tunnel import Newcomer, Phase, Role, Trouble, Tunnel

KEYS = tuple(bytes([number]) * 32 for number in range(1, 4))
PRINTS = tuple(map(bridge_key.fingerprint, KEYS))


def newcomers() -> Iterator[Scene]:
    yield Scene("server-asked", "tunnels", busy("asked", asked_server(Phase.UP, 1)))
    yield Scene("server-asked-first", "tunnels", busy("asked", asked_server(Phase.CONNECTING, 3)))
    yield Scene("unapproved", "tunnels", busy("outside", unapproved()))
    yield Scene("dialog-serve-keys", "tunnels", keys())


def asked_server(phase: Phase, number: int) -> Tunnel:
    """The last of three is an Xray."""
    now = time.time()
    tunnel = Tunnel("asked", "Public side", Role.SERVE, server="0.0.0.0:443", link="VLESS, TLS", phase=phase)
    tunnel.since, tunnel.public = now - 900, ("https://box.example.net:8443",)
    tunnel.links = 2 if phase is Phase.UP else 0
    shown = [(bridge_key.encode(key), found) for key, found in zip(KEYS[:2], PRINTS, strict=False)] + [("", "")]
    tunnel.newcomers = tuple(
        Newcomer(f"bridge {computer}", key, found, f"198.51.100.{place}:40022", now - 40 * place, key, xrgui=bool(key))
        for place, (computer, (key, found)) in enumerate(zip(("Workbench", "Laptop", "Laptop"), shown, strict=True), 7)
    )[:number]
    return tunnel


def unapproved() -> Tunnel:
    tunnel = fakes.tunnels()[2]
    tunnel.id, tunnel.name = "outside", "SSH to the workstation"
    tunnel.trouble, tunnel.detail, tunnel.attempt, tunnel.retry_at = Trouble.UNAPPROVED, PRINTS[0], 0, 0
    tunnel.happenings.clear()
    return tunnel


def keys() -> Callable[[Program], QWidget]:
    approved = tuple(
        ApprovedKey(public=bridge_key.encode(key), name=name)
        for key, name in zip(KEYS, ("in the cellar", ""), strict=False)
    )
    keyless = (msgspec.structs.replace(bridge, keyless=True) for bridge in SERVE.bridges[1:])
    bridges = (msgspec.structs.replace(SERVE.bridges[0], keys=approved), *keyless)
    profile = msgspec.structs.replace(SERVE, approval=True, bridges=bridges)

    def prepare(program: Program) -> QWidget:
        busy("blog")(program)
        editor = Editor(program.shell.window, profile, new=False)
        editor.show()
        return editor

    return prepare
