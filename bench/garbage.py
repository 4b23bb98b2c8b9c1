"""``python -m bench.garbage 100000``: what strangers leave behind who send nonsense, in numbers.

They knock at each kind of inbound of one `xrgui run`, with every kind of beginning, and leave in every way.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import ssl
import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import uvloop

from tests.conftest import pick_port
from tests.programs import Xrgui
from xrgui import certificate

LOOPBACK = "127.0.0.1"
AT_ONCE = 100
HANDSHAKE = 2
"""Seconds that the configuration gives a handshake."""
Json = dict[str, Any]

UPGRADE = (
    b"GET /w HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@dataclass
class Doors:
    """One `xrgui run` with all kinds of inbounds."""

    ports: dict[str, int]
    user: UUID
    config: Path

    @classmethod
    def make(cls, home: Path) -> Doors:
        user = uuid4()
        users = [{"id": str(user), "flow": ""}]
        made = certificate.make(["localhost"])
        tls = {"certificates": [{"certificate": made.chain.split("\n"), "key": made.key.split("\n")}]}
        vless: Json = {"protocol": "vless", "settings": {"decryption": "none", "users": users}}
        kinds: dict[str, Json] = {
            "vless": vless,
            "vmess": {"protocol": "vmess", "settings": {"users": [{"id": str(user)}]}},
            "socks": {"protocol": "socks", "settings": {"auth": "noauth"}},
            "http": {"protocol": "http", "settings": {}},
            "ws": {**vless, "streamSettings": {"network": "ws", "wsSettings": {"path": "/w"}}},
            "tls": {**vless, "streamSettings": {"security": "tls", "tlsSettings": tls}},
            "tunnel": {
                "protocol": "tunnel",
                "settings": {"address": LOOPBACK, "port": pick_port(), "http": True},
            },
        }
        ports = {kind: pick_port() for kind in kinds}
        inbounds = [{"tag": kind, "listen": LOOPBACK, "port": ports[kind], **kinds[kind]} for kind in kinds]
        config = home / "garbage.json"
        config.write_text(
            json.dumps(
                {
                    "inbounds": inbounds,
                    "outbounds": [{"protocol": "freedom"}],
                    "policy": {"levels": {"0": {"handshake": HANDSHAKE}}},
                }
            )
        )
        return cls(ports, user, config)


def beginning(kind: str, user: UUID, chance: random.Random) -> bytes:
    """Something that the inbound may take for what it waits for, for a while."""
    noise = chance.randbytes(chance.randrange(1, 600))
    known: dict[str, list[bytes]] = {
        "vless": [b"\0" + user.bytes + noise, b"\0" + chance.randbytes(16) + b"\0\x01\0\x50\x01"],
        "vmess": [noise * 4],
        "socks": [b"\x05\x01\x00" + noise, b"\x05\x01\x00\x05\x01\x00\x01\x7f\0\0\x01\0\x01", b"\x04\x01" + noise],
        "http": [b"GET http://" + noise, b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n" + noise, b"GET / HTTP/1.1\r\n" * 9],
        "ws": [UPGRADE + noise, UPGRADE[:-2], UPGRADE + b"\x82\xfe\x02\x00abcd" + noise],
        "tls": [b"\x16\x03\x01\x02\x00" + noise],
        "tunnel": [b"GET / HTTP/1.1\r\n\r\n", noise],
    }
    return chance.choice([b"", noise, *known[kind]])


class Knocker:
    def __init__(self, doors: Doors, seed: int = 1) -> None:
        self._doors = doors
        self._chance = random.Random(seed)
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self.refused = 0
        """Could not even connect."""

    async def knock(self, count: int) -> None:
        kinds = list(self._doors.ports)
        queue = iter(range(count))

        async def one_after_the_other() -> None:
            for number in queue:
                await self._one(kinds[number % len(kinds)])

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(one_after_the_other())

    async def _one(self, kind: str) -> None:
        chance = self._chance
        secure = self._context if kind == "tls" and chance.random() < 0.1 else None
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, self._doors.ports[kind], ssl=secure)
        except OSError:
            self.refused += 1
            return
        try:
            writer.write(beginning("vless" if secure else kind, self._doors.user, chance))
            way = chance.random()
            if way < 0.3:
                _reset_at_end(writer)
            elif way < 0.8:
                async with asyncio.timeout(0.05):
                    await reader.read(100)
            elif way < 0.801:
                await asyncio.sleep(HANDSHAKE + 1)
        except (OSError, TimeoutError):
            pass
        finally:
            writer.transport.abort()


def _reset_at_end(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass
class State:
    """What a process holds."""

    descriptors: int
    sessions: int
    tasks: int
    memory: int

    def __str__(self) -> str:
        held = f"{self.descriptors} descriptors, {self.sessions} sessions, {self.tasks} tasks"
        return f"{held}, {self.memory / 2**20:.1f} MiB"


def state(program: Xrgui, process: psutil.Process) -> State:
    (found,) = program.status()
    return State(process.num_fds(), found["totals"]["open"], found["tasks"], process.memory_info().rss)


def settled(program: Xrgui, process: psutil.Process, descriptors: int, seconds: float) -> State:
    """Its state once there are no more than *descriptors*, or when the time is over."""
    end = time.monotonic() + seconds
    while (found := state(program, process)).descriptors > descriptors or found.sessions:
        if time.monotonic() > end:
            break
        time.sleep(0.2)
    return found


def throw(
    home: Path, warm: int, count: int, tell: Callable[[str], None] = lambda _: None
) -> tuple[State, State, Xrgui]:
    """What one `xrgui run` holds after *warm* strangers, and after *count* more."""
    doors = Doors.make(home)
    program = Xrgui(home)
    try:
        running = program.start("run", "-c", doors.config)
        program.until(program.status, running)
        process = psutil.Process(running.pid)
        first = state(program, process)
        tell(f"before any: {first}")
        knocker = Knocker(doors)
        states = []
        for number in (warm, count):
            started = time.monotonic()
            uvloop.run(knocker.knock(number))
            took = time.monotonic() - started
            states.append(settled(program, process, first.descriptors, 40))
            tell(f"after {number} strangers in {took:.0f} s: {states[-1]}")
        assert knocker.refused == 0, f"{knocker.refused} could not connect"
        assert "Traceback" not in program.said(running), program.said(running)
        return states[0], states[1], program
    finally:
        program.end()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.garbage", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=100_000, help="strangers (default: %(default)s)")
    count = parser.parse_args().count
    os.nice(5)
    with tempfile.TemporaryDirectory() as home:
        throw(Path(home), count // 10, count, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
