"""File descriptors run out: accept pauses, says so, and goes on."""

from __future__ import annotations

import json
import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import pick_port
from tests.programs import Xrgui

MOST = 60


@pytest.fixture
def xrgui(tmp_path: Path) -> Iterator[Xrgui]:
    program = Xrgui(tmp_path)
    yield program
    program.end()


@pytest.fixture
def echo() -> Iterator[int]:
    """A server for one connection after the other: it greets whoever connects."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:

        def serve() -> None:
            while True:
                try:
                    visitor, _ = server.accept()
                except OSError:
                    return
                visitor.sendall(b"hello")
                threading.Thread(target=drain, args=(visitor,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def drain(visitor: socket.socket) -> None:
    with visitor:
        try:
            while visitor.recv(4096):
                pass
        except OSError:
            pass


def few() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST, MOST))


def greeted(visitor: socket.socket) -> bool:
    try:
        return visitor.recv(5) == b"hello"
    except OSError:
        return False


def test_accept_pauses_says_so_and_goes_on(xrgui: Xrgui, tmp_path: Path, echo: int) -> None:
    port = pick_port()
    tunnel = {"address": "127.0.0.1", "port": echo}
    inbound = {"tag": "in", "listen": "127.0.0.1", "port": port, "protocol": "tunnel", "settings": tunnel}
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"inbounds": [inbound], "outbounds": [{"protocol": "freedom"}]}))
    running = xrgui.start("run", "-c", config, "--no-control", preexec_fn=few)
    xrgui.until(lambda: "running" in xrgui.said(running) or _open(port), running)
    crowd = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(2 * MOST)]
    xrgui.until(lambda: "out of file descriptors" in xrgui.said(running), running)
    served = [visitor for visitor in crowd if _soon(visitor)]
    assert 0 < len(served) < MOST
    for visitor in crowd:
        visitor.close()
    xrgui.until(lambda: "accepting again" in xrgui.said(running), running)

    def served_again() -> bool:
        with socket.create_connection(("127.0.0.1", port), 5) as visitor:
            visitor.settimeout(5)
            return greeted(visitor)

    xrgui.until(served_again, running)
    assert xrgui.said(running).count("out of file descriptors; new connections wait") < 3
    assert "Traceback" not in xrgui.said(running)


def _soon(visitor: socket.socket) -> bool:
    visitor.settimeout(0.05)
    return greeted(visitor)


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
