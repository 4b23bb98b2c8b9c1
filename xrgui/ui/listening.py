"""Which TCP ports of this computer listen now, and which program does."""

from __future__ import annotations

import re
import subprocess
import sys
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import NamedTuple

_LISTEN = "0A"
"""State TCP_LISTEN in /proc/net/tcp (Linux include/net/tcp_states.h)."""


class Listening(NamedTuple):
    host: str
    """Where one reaches it from this computer."""
    port: int
    program: str
    """Empty where the system does not tell."""


def listening() -> list[Listening]:
    """Sorted by port; empty where the system does not tell."""
    try:
        found = _linux() if sys.platform.startswith("linux") else _other()
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    unique = {(item.host, item.port): item for item in sorted(found, key=lambda item: bool(item.program))}
    return sorted(unique.values(), key=lambda item: (item.port, item.host))


def _reach(address: IPv4Address | IPv6Address) -> str:
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "::1"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


# Linux


def _linux() -> list[Listening]:
    owners = _socket_owners()
    found: list[Listening] = []
    for name in ("tcp", "tcp6"):
        table = Path("/proc/net") / name
        if table.exists():
            found += [_line(line.split(), owners) for line in _listening_lines(table)]
    return found


def _listening_lines(table: Path) -> list[str]:
    return [line for line in table.read_text().splitlines()[1:] if line.split()[3] == _LISTEN]


def _line(parts: list[str], owners: dict[str, str]) -> Listening:
    host, _, port = parts[1].partition(":")
    return Listening(_reach(_address(host)), int(port, 16), owners.get(parts[9], ""))


def _address(text: str) -> IPv4Address | IPv6Address:
    """Words of four bytes in the machine's order."""
    words = [int(text[n : n + 8], 16).to_bytes(4, sys.byteorder) for n in range(0, len(text), 8)]
    data = b"".join(words)
    return IPv4Address(data) if len(data) == 4 else IPv6Address(data)


def _socket_owners() -> dict[str, str]:
    """Inode of a socket -> name of the program that holds it, as far as we may look."""
    owners: dict[str, str] = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            name = (process / "comm").read_text().strip()
            for descriptor in (process / "fd").iterdir():
                if found := re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink())):
                    owners.setdefault(found[1], name)
        except OSError:
            continue
    return owners


# macOS, Windows


def _other() -> list[Listening]:
    if sys.platform == "win32":
        text = _output("netstat", "-ano", "-p", "TCP")
        return [item for line in text.splitlines() if (item := _netstat(line)) is not None]
    text = _output("lsof", "-nP", "-iTCP", "-sTCP:LISTEN", "-FcLn")
    return _lsof(text)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout


def _netstat(line: str) -> Listening | None:
    parts = line.split()
    if len(parts) < 4 or parts[0] != "TCP" or parts[2] not in ("0.0.0.0:0", "[::]:0"):
        return None
    return _endpoint(parts[1], "")


def _lsof(text: str) -> list[Listening]:
    """Fields on a line each: c program, n address."""
    program, found = "", []
    for line in text.splitlines():
        if line.startswith("c"):
            program = line[1:]
        elif line.startswith("n") and (item := _endpoint(line[1:], program)) is not None:
            found.append(item)
    return found


def _endpoint(text: str, program: str) -> Listening | None:
    host, _, port = text.rpartition(":")
    if not port.isdigit():
        return None
    bare = host.strip("[]")
    if bare in ("*", ""):
        return Listening("127.0.0.1", int(port), program)
    address = IPv6Address(bare) if ":" in bare else IPv4Address(bare)
    return Listening(_reach(address), int(port), program)
