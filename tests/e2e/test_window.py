"""The window used by a person: real engine, real portal, real X server, window manager, tray and keyring."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

NEEDED = ("Xvfb", "openbox", "xdotool", "trayer", "dbus-run-session", "gnome-keyring-daemon")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}"),
]
ID = "6f1ec0de-0000-4000-8000-00000000e2e0"
SIZE = 300_000


class Page(BaseHTTPRequestHandler):
    """/page is a page; /stay sends as many bytes in all, header included, and then keeps the visitor."""

    def do_GET(self) -> None:
        if self.path == "/stay":
            self.wfile.write(b"x" * SIZE)
            self.wfile.flush()
            self.rfile.read(1)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(SIZE))
        self.end_headers()
        self.wfile.write(b"x" * SIZE)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def service() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def portal(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[tuple[int, int]]:
    """A real portal in a process of its own: where bridges dial in, and where visitors do."""
    links, public = free_port(), free_port()
    config = tmp_path / "portal.json"
    config.write_text(
        f"""{{"inbounds": [
          {{"tag": "links", "listen": "127.0.0.1", "port": {links}, "protocol": "vless", "settings":
            {{"decryption": "none", "clients": [{{"id": "{ID}", "email": "bridge", "reverse": {{"tag": "out"}}}}]}}}},
          {{"tag": "public", "listen": "127.0.0.1", "port": {public}, "protocol": "tunnel", "settings": {{}}}}],
        "outbounds": [{{"tag": "nowhere", "protocol": "blackhole"}}],
        "routing": {{"rules": [{{"inboundTag": ["public"], "outboundTag": "out"}}]}}}}"""
    )
    command = [sys.executable, "-m", "xrgui", "run", "--no-control", "-c", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        yield links, public
        process.terminate()
        process.stderr.read()


@pytest.fixture
def desktop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """An X server of our own with a window manager and, unless the test wants none, a tray."""
    with ExitStack() as stack:
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
        start(stack, command, pass_fds=(writing,))
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        environment = {
            **os.environ,
            "DISPLAY": f":{number}",
            "QT_QPA_PLATFORM": "xcb",
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "XDG_RUNTIME_DIR": str(tmp_path / "run"),
            "LANG": "C.UTF-8",
        }
        (tmp_path / "run").mkdir(mode=0o700)
        start(stack, ["openbox"], env=environment)
        if getattr(request, "param", "tray") == "tray":
            start(stack, ["trayer", "--edge", "bottom", "--align", "right", "--width", "10"], env=environment)
        time.sleep(0.5)
        yield environment
    for endpoint in (tmp_path / "run" / "xrgui").glob("*.sock"):
        with suppress(ProcessLookupError):
            os.kill(int(endpoint.stem), signal.SIGTERM)


def start(stack: ExitStack, command: list[str], **options: object) -> None:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **quiet, **options)  # type: ignore[call-overload]
    stack.callback(process.wait)
    stack.callback(process.terminate)


def drive(part: str, environment: dict[str, str], *arguments: str, code: int = 0) -> None:
    """In a session bus of its own with a keyring that is unlocked; it keeps its file between two starts."""
    script = Path(__file__).with_name("drive_window.py")
    unlock = "echo -n pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1"
    command = f'{unlock}; exec "$@"'
    words = ["dbus-run-session", "--", "bash", "-c", command, "bash"]
    words += [sys.executable, "-X", "faulthandler", str(script), part, *arguments]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert "done" in ended.stdout or code
    assert "Traceback" not in ended.stderr, ended.stderr


def link_to(port: int) -> str:
    return f"vless://{ID}@127.0.0.1:{port}?encryption=none&security=none&type=tcp"


@pytest.mark.parametrize("desktop", ["no tray"], indirect=True)
def test_it_lives_without_a_tray(service: int, portal: tuple[int, int], desktop: dict[str, str]) -> None:
    drive("no_tray", desktop, link_to(portal[0]), str(service), str(portal[1]))


def test_a_crashed_window_leaves_visitors_connected_if_the_user_chose_so(
    service: int, portal: tuple[int, int], desktop: dict[str, str], tmp_path: Path
) -> None:
    links, public = portal
    settings = tmp_path / "config" / "xrgui" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"keep_tunnels": true}')
    drive("crash", desktop, link_to(links), str(service), str(public), code=128 + signal.SIGKILL)
    with socket.create_connection(("127.0.0.1", public), timeout=10) as visitor:
        visitor.sendall(b"GET /stay HTTP/1.1\r\n\r\n")
        received = 0
        while received < SIZE:
            received += len(visitor.recv(65536))
        drive("after_crash", desktop, link_to(links), str(service), str(public))


def test_a_person_makes_uses_and_finds_again_a_tunnel(
    service: int, portal: tuple[int, int], desktop: dict[str, str], tmp_path: Path
) -> None:
    links, public = portal
    link = link_to(links)
    drive("first", desktop, link, str(service), str(public))
    stored = list((tmp_path / "config" / "xrgui" / "profiles").glob("*.json"))
    assert len(stored) == 1
    text = stored[0].read_text()
    assert ID not in text
    assert "keyring:" in text
    drive("second", desktop, link, str(service), str(public))
