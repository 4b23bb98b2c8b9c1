"""Which ports of this machine are taken, and by whom."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from xrgui.address import Network

_states = {Network.TCP: "0A", Network.UDP: "07"}
"""LISTEN for TCP, "closed" for an unconnected UDP socket (Linux include/net/tcp_states.h)."""


def obstacle(listen: str, port: int, network: Network, *, v6only: bool = False) -> str:
    """Why *port* cannot be listened on at *listen* (empty: all addresses); empty if it can.

    Binds and lets go at once. SO_REUSEPORT is left off, so that a port shared by others counts
    as taken.
    """
    if listen:
        return _bind(listen, port, network, v6only=v6only)
    found = "" if v6only else _bind("0.0.0.0", port, network)
    return found or (_bind("::", port, network, v6only=True) if socket.has_ipv6 else "")


def _bind(host: str, port: int, network: Network, *, v6only: bool = False) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = socket.SOCK_STREAM if network is Network.TCP else socket.SOCK_DGRAM
    try:
        with socket.socket(family, kind) as probe:
            if network is Network.TCP and os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(v6only))
            probe.bind((host, port))
    except OSError as error:
        no_such_family = error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
        return "" if host == "::" and no_such_family else _explain(error, host, port, network)
    return ""


def _explain(error: OSError, listen: str, port: int, network: Network) -> str:
    if error.errno == errno.EADDRINUSE:
        by = holder(port, network)
        return f"{network} port {port} is taken by {by}" if by else f"{network} port {port} is taken"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no address {listen}"
    return f"port {port} cannot be listened on: {error.strerror or error}"


def holder(port: int, network: Network) -> str:
    """The program that listens on *port*, as ``name (pid 123)``; empty where the system hides it."""
    inodes = {f"socket:[{inode}]" for name in (network, f"{network}6") for inode in _inodes(name, port)}
    if not inodes:
        return ""
    for process in Path("/proc").glob("[0-9]*"):
        if not inodes.isdisjoint(_open_files(process)):
            return f"{_name(process)} (pid {process.name})"
    return ""


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "a program"


def _open_files(process: Path) -> Iterator[str]:
    try:
        links = list((process / "fd").iterdir())
    except OSError:
        return
    for link in links:
        try:
            yield os.readlink(link)
        except OSError:
            continue


def _inodes(table: str, port: int) -> list[str]:
    """Socket inodes that listen on *port*, from /proc/net/tcp and its like (Linux proc(5))."""
    try:
        rows = Path("/proc/net", table).read_text().splitlines()[1:]
    except OSError:
        return []
    state = _states[Network(table.removesuffix("6"))]
    fields = [row.split() for row in rows]
    return [f[9] for f in fields if f[1].endswith(f":{port:04X}") and f[3] == state]
