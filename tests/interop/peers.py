"""The programs that take part, found by environment variables, and their processes.

V2RAY_BIN (default: v2ray from PATH), XRAY_BIN, FRPS_BIN, FRPC_BIN, RATHOLE_BIN, XRGUI_BIN
(default: the xrgui beside this Python).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from tests.interop.topologies import LOOPBACK, Json

COMMANDS: dict[str, tuple[str, ...]] = {
    "xrgui": ("run", "-c", "{}"),
    "v2ray": ("-config", "{}"),
    "xray": ("run", "-c", "{}"),
    "frps": ("-c", "{}"),
    "frpc": ("-c", "{}"),
    "rathole": ("{}",),
}
DEFAULTS = {"xrgui": str(Path(sys.executable).with_name("xrgui")), "v2ray": "v2ray"}


def binary(name: str) -> str | None:
    """Where the program is; None where it is not installed or not named."""
    return shutil.which(os.environ.get(f"{name.upper()}_BIN") or DEFAULTS.get(name, ""))


def missing(*names: str) -> str:
    """Why these programs cannot run here; empty where they all can."""
    absent = [name for name in dict.fromkeys(names) if binary(name) is None]
    return ", ".join(
        f"{name} is not installed" if name in DEFAULTS else f"{name.upper()}_BIN is not set" for name in absent
    )


class Running:
    """One child process; it dies with this one. Its output goes to a file beside its configuration."""

    def __init__(self, name: str, argv: Sequence[str], log: Path) -> None:
        self.name = name
        self.argv = argv
        self.log = log
        self.started = 0.0
        self.start()

    def start(self) -> None:
        """Start it, again after `kill` with the same files."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,
            )
        self.started = time.monotonic()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def rss(self) -> int:
        """Resident bytes of the process and its children."""
        root = psutil.Process(self.process.pid)
        return sum(process.memory_info().rss for process in [root, *root.children(recursive=True)])

    def cpu(self) -> float:
        """Seconds of processor time used so far."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self) -> float:
        """Ask it to end, after 5 s make it; the result is how many seconds it took."""
        asked = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()
        return time.monotonic() - asked

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def wait_listening(self, port: int, timeout: float = 20) -> None:
        """Until somebody accepts on *port*. Raises RuntimeError with the program's own words."""
        deadline = time.monotonic() + timeout
        while not accepts(port):
            if not self.alive or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not listen on {port}:\n{self.output()[-2000:]}")
            time.sleep(0.01)


def start(name: str, config: Json | str, directory: Path, role: str) -> Running:
    """Write *config* (JSON, or text in the peer's own language) and start the program *name* on it."""
    program = binary(name)
    if program is None:
        raise RuntimeError(missing(name))
    file = directory / f"{role}-{name}.{'toml' if isinstance(config, str) else 'json'}"
    file.write_text(config if isinstance(config, str) else json.dumps(config, indent=1))
    argv = [program, *(part.format(file) for part in COMMANDS[name])]
    return Running(f"{role} {name}", argv, file.with_suffix(".log"))


def accepts(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), 1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def nginx(port: int, root: Path, workers: int = 1) -> Iterator[Running]:
    """A web server for the files below *root*."""
    work = Path(tempfile.mkdtemp(prefix="nginx-", dir=root.parent))
    config = work / "nginx.conf"
    config.write_text(NGINX.format(work=work, workers=workers, port=port, root=root, host=LOOPBACK))
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    server = Running("nginx", ["nginx", "-e", str(work / "error.log"), "-c", str(config), *user], work / "log")
    try:
        server.wait_listening(port)
        yield server
    finally:
        server.stop()
        shutil.rmtree(work)


NGINX = """
daemon off; pid {work}/pid; worker_processes {workers}; worker_rlimit_nofile 30000;
error_log {work}/error.log;
events {{ worker_connections 20000; multi_accept on; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 3600;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  server {{ listen {host}:{port} backlog=8192; root {root}; }}
}}
"""


_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def _die_with_parent() -> None:
    if _prctl is not None:
        _prctl(1, signal.SIGTERM)
