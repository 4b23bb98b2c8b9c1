"""Raw TCP and unix sockets: connect and listen."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

from xrgui.address import format_endpoint
from xrgui.config.model import SockOpt
from xrgui.engine.transport import sockets

ProtocolFactory = Callable[[], asyncio.Protocol]


class Listener:
    """An open listener: `port` is the real one where 0 was asked for, `name` is for people."""

    def __init__(self, servers: list[asyncio.Server], socks: list[socket.socket]) -> None:
        self._servers = servers
        first = socks[0].getsockname()
        self.port = first[1] if isinstance(first, tuple) else 0
        self.name = format_endpoint(*first[:2]) if isinstance(first, tuple) else _unix_name(first)
        self._path = first if isinstance(first, str) and first.startswith("/") else ""

    def close(self) -> None:
        """Stop accepting; accepted connections live on. A socket file is removed."""
        for server in self._servers:
            server.close()
        if self._path:
            try:
                os.unlink(self._path)
            except FileNotFoundError:
                pass


def _unix_name(address: str | bytes) -> str:
    return os.fsdecode(address).replace("\0", "@", 1)


async def listen(options: SockOpt, address: str, port: int, factory: ProtocolFactory) -> Listener:
    loop = asyncio.get_running_loop()
    socks = sockets.bind_all(address, port, options)
    servers = []
    for sock in socks:
        if sock.family == socket.AF_UNIX:
            servers.append(await loop.create_unix_server(factory, sock=sock, backlog=sockets.BACKLOG))
        else:
            servers.append(await loop.create_server(factory, sock=sock, backlog=sockets.BACKLOG))
    return Listener(servers, socks)


async def connect(
    options: SockOpt, host: str, port: int, factory: ProtocolFactory, local_addr: tuple[str, int] | None
) -> tuple[asyncio.Transport, asyncio.Protocol]:
    loop = asyncio.get_running_loop()
    if sockets.is_unix(host):
        return await _connect_unix(loop, host, factory)
    transport, protocol = await loop.create_connection(factory, host, port, local_addr=local_addr)
    sock = transport.get_extra_info("socket")
    for option in sockets.stream_options(options, outbound=True):
        sock.setsockopt(*option)
    return transport, protocol


async def _connect_unix(
    loop: asyncio.AbstractEventLoop, name: str, factory: ProtocolFactory
) -> tuple[asyncio.Transport, asyncio.Protocol]:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        await loop.sock_connect(sock, sockets.unix_address(name))
        return await loop.create_unix_connection(factory, sock=sock)
    except BaseException:
        sock.close()
        raise
