"""The main link as something that can be cut: by the kernel in a network namespace of one's own, where the machine
allows it, else by a small proxy between the two ends.

The kernel's way is the real one: packets vanish and nobody acknowledges them. Behind the proxy bytes stand still while
its own kernel goes on to acknowledge, as with a frozen machine in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psutil

from tests.interop.topologies import LOOPBACK

INSIDE = "XRGUI_FAULTS_NAMESPACE"


def namespaced() -> bool:
    return os.environ.get(INSIDE) == "1"


def enter_namespace(argv: list[str]) -> None:
    """Start *argv* anew in a network namespace that has only a loopback of its own; come back where that cannot be."""
    needed = all(shutil.which(tool) for tool in ("unshare", "ip", "nft", "ss"))
    if namespaced() or not needed or os.geteuid() != 0:
        return
    if subprocess.run(["unshare", "-n", "nft", "add", "table", "inet", "faults"], capture_output=True).returncode:
        return
    setup = f"ip link set lo up && nft -f - <<'RULES' && {{ {SETTINGS}; exec \"$@\"; }}\n{RULES}\nRULES"
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-n", "sh", "-c", setup, "sh", *argv])


RULES = "add table inet faults\nadd chain inet faults input { type filter hook input priority 0; }"
SETTINGS = "ip rule add pref 10 lookup local && ip rule del pref 0; echo 1 >/proc/sys/net/ipv4/tcp_no_metrics_save"
"""Rules of ours come before the one that keeps local packets on loopback; no connection learns from the ones before."""
SLOW = "slow"
"""The TUN device of a long path, and (as a number) the routing table that leads there."""
TABLE = "100"


class AbsentError(Exception):
    """This machine has not what a measurement needs; the text says what."""


class Wire(Protocol):
    """One tunnel's main link."""

    port: int
    """Where the desktop side dials: the tunnel's port, or the proxy's before it."""

    def cut(self, desktop: psutil.Process) -> None:
        """The connections that stand go silent for ever; new ones work, as when a NAT has forgotten."""

    def freeze(self) -> None:
        """Nothing moves on any connection."""

    def heal(self) -> None: ...

    def reset(self) -> None:
        """Both ends of every connection are told that it is gone."""

    def lose(self, percent: int) -> None:
        """So many of a hundred packets are lost. Raises AbsentError."""

    def slow(self, rtt: float) -> None:
        """Round trips take so many seconds more, in packets of 1500 bytes and with cubic, from the next connection on.
        Raises AbsentError."""


class KernelWire:
    def __init__(self, port: int) -> None:
        self.port = port
        self._path: subprocess.Popen[str] | None = None

    def cut(self, desktop: psutil.Process) -> None:
        for port in link_ports(desktop, self.port):
            self._rule("tcp", "sport", str(port), "drop")
            self._rule("tcp", "dport", str(port), "drop")

    def freeze(self) -> None:
        self._rule("tcp", "dport", str(self.port), "drop")
        self._rule("tcp", "sport", str(self.port), "drop")

    def heal(self) -> None:
        subprocess.run(["nft", "flush", "chain", "inet", "faults", "input"], check=True)

    def reset(self) -> None:
        for end in ("sport", "dport"):
            argv = ["ss", "-K", "state", "established", end, "=", str(self.port)]
            subprocess.run(argv, capture_output=True, check=False)

    def lose(self, percent: int) -> None:
        for end in ("sport", "dport"):
            self._rule("tcp", end, str(self.port), "numgen", "random", "mod", "100", "<", str(percent), "drop")

    def slow(self, rtt: float) -> None:
        argv = [sys.executable, "-m", "bench.fault_path", SLOW, str(rtt / 2)]
        self._path = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._path.stdout is not None
        if self._path.stdout.readline() != "ready\n":
            _, error = self._path.communicate()
            self._path = None
            raise AbsentError(f"no TUN device: {error.strip().rpartition(chr(10))[2]}")
        for setting, value in (("route_localnet", "1"), ("accept_local", "1"), ("rp_filter", "0")):
            Path(f"/proc/sys/net/ipv4/conf/{SLOW}/{setting}").write_text(value)
        _ip("addr", "add", "169.254.9.1/32", "dev", SLOW)
        _ip("link", "set", SLOW, "up", "mtu", "1500", "txqueuelen", "10000")
        _ip("route", "add", "default", "dev", SLOW, "table", TABLE, "congctl", "cubic")
        self._routed("add")

    def _routed(self, change: str) -> None:
        for end in ("sport", "dport"):
            _ip("rule", change, "pref", "5", "iif", "lo", "ipproto", "tcp", end, str(self.port), "lookup", TABLE)

    def close(self) -> None:
        self.heal()
        if self._path is not None:
            self._routed("del")
            self._path.kill()
            self._path.communicate()
            self._path = None

    def _rule(self, *words: str) -> None:
        subprocess.run(["nft", "add", "rule", "inet", "faults", "input", *words], check=True)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AbsentError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def link_ports(desktop: psutil.Process, port: int) -> set[int]:
    """The desktop side's ports of its connections to *port*."""
    return {
        connection.laddr.port
        for connection in desktop.net_connections("tcp")
        if connection.raddr and connection.raddr.port == port and connection.status == psutil.CONN_ESTABLISHED
    }


class Pipe(asyncio.Protocol):
    """One direction of a proxied connection, and back-pressure towards the other one."""

    def __init__(self, proxy: ProxyWire, target: int = 0) -> None:
        self.proxy = proxy
        self.other: Pipe | None = None
        self.transport: asyncio.Transport | None = None
        self._target = target
        self._early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.proxy.pipes.add(self)
        if self.proxy.frozen:
            self.hold(True)
        if self._target:
            self.proxy.loop.create_task(self._dial())

    async def _dial(self) -> None:
        other = Pipe(self.proxy)
        other.other = self
        try:
            await self.proxy.loop.create_connection(lambda: other, LOOPBACK, self._target)
        except OSError:
            self.close()
            return
        self.other = other
        if other.transport is not None:
            other.transport.write(self._early)
        if self.transport is None:
            other.close()

    def data_received(self, data: bytes) -> None:
        if self.other is None or self.other.transport is None:
            self._early += data
        elif not self.other.transport.is_closing():
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.hold(True)

    def resume_writing(self) -> None:
        if self.other is not None and not self.proxy.frozen:
            self.other.hold(False)

    def hold(self, on: bool) -> None:
        transport = self.transport
        if transport is not None and not transport.is_closing():
            transport.pause_reading() if on else transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.proxy.pipes.discard(self)
        self.transport = None
        if self.other is not None:
            self.other.close()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


class ProxyWire:
    """Runs in a thread; its `port` leads to *target*."""

    def __init__(self, target: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.pipes: set[Pipe] = set()
        self.frozen = False
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        serving = self.loop.create_server(lambda: Pipe(self, target), LOOPBACK, 0)
        self._server = asyncio.run_coroutine_threadsafe(serving, self.loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut(self, desktop: psutil.Process) -> None:
        self._hold(True)

    def freeze(self) -> None:
        self.frozen = True
        self._hold(True)

    def heal(self) -> None:
        self.frozen = False
        self._hold(False)

    def _hold(self, on: bool) -> None:
        self._call(lambda: [pipe.hold(on) for pipe in list(self.pipes)])

    def reset(self) -> None:
        self._call(lambda: [pipe.transport.abort() for pipe in list(self.pipes) if pipe.transport])

    def lose(self, percent: int) -> None:
        raise AbsentError("a proxy loses no packets: that takes root, Linux, nft and a network namespace")

    def slow(self, rtt: float) -> None:
        raise AbsentError("a proxy has no long path: that takes root, Linux, TUN and a network namespace")

    def _call(self, work: object) -> None:
        async def run() -> None:
            work()  # type: ignore[operator]

        asyncio.run_coroutine_threadsafe(run(), self.loop).result(5)

    def close(self) -> None:
        def end() -> None:
            self._server.close()
            for pipe in list(self.pipes):
                if pipe.transport is not None:
                    pipe.transport.abort()
            self.loop.call_later(0.05, self.loop.stop)

        self.loop.call_soon_threadsafe(end)
        self._thread.join()
        self.loop.close()


@contextlib.contextmanager
def wire(port: int) -> Iterator[Wire]:
    """The wire to *port*."""
    made: KernelWire | ProxyWire = KernelWire(port) if namespaced() else ProxyWire(port)
    try:
        yield made
    finally:
        made.close()


if sys.platform == "win32":
    raise SystemExit("faults need a Unix")
