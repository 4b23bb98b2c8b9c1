"""Raw TCP and unix sockets: a listener that accepts by itself, and a dial over several addresses."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from xrgui.address import format_endpoint, parse_ip
from xrgui.config.model import SockOpt
from xrgui.engine.interfaces import ResolverLike
from xrgui.engine.tasks import spawn
from xrgui.engine.transport import sockets

log = logging.getLogger(__name__)

ProtocolFactory = Callable[[], asyncio.Protocol]
Connection = tuple[asyncio.Transport, asyncio.Protocol]

ACCEPT_BATCH = 16
"""Connections accepted in one turn of the loop, so that the others have theirs. The other end, too, waits for what a
turn writes: 64 were 5 % slower with 50 visitors at once."""
ACCEPT_PAUSE = 0.2
"""Seconds before accept is tried again after descriptors or memory ran out."""
ACCEPT_CALM = 1.0
"""Seconds without another failure until it is over: each place that comes free would be told otherwise."""
ATTEMPT_DELAY = 0.25
"""Seconds before the next address is tried beside one that has not answered (RFC 8305)."""

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_CAUSES = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.ETIMEDOUT: "timed out",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ENETUNREACH: "network unreachable",
    errno.EADDRNOTAVAIL: "this host has no such local address",
    errno.EMFILE: "out of file descriptors",
    errno.ENOENT: "no such socket",
}


class Listener:
    """An open listener: `port` is the real one where 0 was asked for, `name` is for people.

    It accepts by itself, because uvloop's server closes for good when file descriptors run out.
    """

    def __init__(self, socks: list[socket.socket], factory: ProtocolFactory) -> None:
        self._loop = asyncio.get_running_loop()
        self._factory = factory
        self._socks = socks
        self._retries: dict[socket.socket, asyncio.TimerHandle] = {}
        first = socks[0].getsockname()
        if isinstance(first, tuple):
            self.port: int = first[1]
            self.name = format_endpoint(*first[:2])
        else:
            self.port = 0
            self.name = os.fsdecode(first).rstrip("\0").replace("\0", "@", 1)
        self._file = _file_id(self.name)
        for sock in socks:
            self._listen(sock)

    def close(self) -> None:
        """Stop accepting; accepted connections live on. A socket file is removed."""
        for retry in self._retries.values():
            retry.cancel()
        for sock in self._socks:
            self._loop.remove_reader(sock)
            sock.close()
        if self._socks and self._file and self._file == _file_id(self.name):
            os.unlink(self.name)
        self._socks = []

    def _listen(self, sock: socket.socket) -> None:
        self._loop.add_reader(sock, self._accept, sock, sock.family, sock.proto)

    def _accept(self, sock: socket.socket, family: int, proto: int) -> None:
        """Uses socket's own `_accept`: `accept` takes half as long again, for its look at the family."""
        for _ in range(ACCEPT_BATCH):
            try:
                descriptor, _ = sock._accept()  # type: ignore[attr-defined]
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._pause(sock, error)
                    return
                continue
            connection = sockets.StreamSocket(family, socket.SOCK_STREAM, proto, descriptor)
            _adopt(self._loop, connection, self._factory)

    def _pause(self, sock: socket.socket, error: OSError) -> None:
        if sock not in self._retries:
            log.error(
                "%s: %s; new connections wait until others end (raise the limit: ulimit -n)",
                self.name,
                _CAUSES.get(error.errno or 0, error.strerror),
            )
        else:
            self._retries[sock].cancel()
        self._loop.remove_reader(sock)
        self._retries[sock] = self._loop.call_later(ACCEPT_PAUSE, self._retry, sock)

    def _retry(self, sock: socket.socket) -> None:
        self._retries[sock] = self._loop.call_later(ACCEPT_CALM, self._calm, sock)
        self._listen(sock)

    def _calm(self, sock: socket.socket) -> None:
        del self._retries[sock]
        log.warning("%s: accepting again", self.name)


def _file_id(name: str) -> tuple[int, int] | None:
    """What tells a socket's file from one that took its place; None for all other names."""
    if not name.startswith("/"):
        return None
    try:
        found = os.stat(name)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _adopt(loop: asyncio.AbstractEventLoop, connection: socket.socket, factory: ProtocolFactory) -> bool:
    """`loop.connect_accepted_socket` without a task, which would cost a tenth of each accept. False if it fails."""
    return _step(loop.connect_accepted_socket(factory, connection), connection)


def _step(adoption: Coroutine[Any, Any, object], connection: socket.socket, _: object = None) -> bool:
    """The coroutine waits once, for `connection_made`; it is stepped over that by hand. Nothing refers to itself here:
    a kilobyte of each connection would wait for a look for cycles."""
    try:
        waiter = adoption.send(None)
    except StopIteration:
        return True
    except OSError:
        connection.close()
        return False
    waiter.add_done_callback(partial(_step, adoption, connection))
    return True


async def listen(options: SockOpt, address: str, port: int, factory: ProtocolFactory) -> Listener:
    return Listener(sockets.bind_all(address, port, options), factory)


async def connect(
    options: SockOpt,
    host: str,
    port: int,
    factory: ProtocolFactory,
    local_addr: tuple[str, int] | None = None,
    resolver: ResolverLike | None = None,
) -> Connection:
    """Connect to the first address of *host* that answers. Raises OSError in plain words."""
    try:
        if sockets.is_unix(host):
            sock = await _connected(sockets.unix_socket(), sockets.unix_address(host), options)
            return await _wrap(sock, factory)
        hosts = await resolve(host, options.domain_strategy, resolver)
        if local_addr is not None:
            hosts = [each for each in hosts if (":" in each) == (":" in local_addr[0])]
            if not hosts:
                raise OSError(errno.EADDRNOTAVAIL, f"no address of the family of {local_addr[0]}")
        if len(hosts) != 1:
            return await _race(options, hosts, port, factory, local_addr)
        if sockets.needs_early_options(options):
            return await _wrap(await _connected_tcp(hosts[0], port, options, local_addr), factory)
        return await _open_plain(options, hosts[0], port, factory, local_addr)
    except OSError as error:
        if error.errno in _CAUSES and not isinstance(error, socket.gaierror):
            raise OSError(error.errno, _CAUSES[error.errno]) from None
        raise


def connect_at_once(options: SockOpt, host: str, port: int, factory: ProtocolFactory) -> bool:
    """Connect to an address of this host, which answers within the call; False where it has not, or fails. Spares
    the visitor of a local server a task, a timer and a turn of the loop."""
    try:
        sock = sockets.stream_socket(host, options)
    except OSError:
        return False
    sock.setblocking(False)
    sock.connect_ex((host, port))
    if sock.connect_ex((host, port)) not in (0, errno.EISCONN):
        sock.close()
        return False
    return _adopt(asyncio.get_running_loop(), sock, factory)


async def resolve(host: str, strategy: str, resolver: ResolverLike | None) -> list[str]:
    """The addresses of *host* that *strategy* (Xray's domainStrategy) allows, in the order to try.

    Raises socket.gaierror.
    """
    if parse_ip(host) is not None:
        return [host]
    if resolver is not None:
        found = list(await resolver.resolve(host, "UseIP" if strategy == "AsIs" else strategy))
    else:
        found = await _getaddrinfo(host)
    v6 = [each for each in found if ":" in each]
    v4 = [each for each in found if ":" not in each]
    if strategy.endswith("IPv4"):
        ordered = v4
    elif strategy.endswith("IPv6"):
        ordered = v6
    elif strategy.endswith("IPv4v6"):
        ordered = v4 + v6
    elif strategy.endswith("IPv6v4"):
        ordered = v6 + v4
    else:
        ordered = _alternate(found, v4, v6)
    if not ordered:
        raise socket.gaierror(socket.EAI_NONAME, f"the name has no address for {strategy}")
    return ordered


async def _getaddrinfo(host: str) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        known = error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None))
        text = "name not found" if known else "the name server does not answer"
        raise socket.gaierror(error.errno, text) from None
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "not a valid host name") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _alternate(found: list[str], v4: list[str], v6: list[str]) -> list[str]:
    """One of each family in turn, beginning with the family of the first."""
    first, second = (v6, v4) if found and ":" in found[0] else (v4, v6)
    pairs = [each for pair in zip(first, second, strict=False) for each in pair]
    return pairs + first[len(second) :] + second[len(first) :]


async def _open_plain(
    options: SockOpt, host: str, port: int, factory: ProtocolFactory, local_addr: tuple[str, int] | None
) -> Connection:
    """The way of nearly every dial: the loop makes the socket, options follow."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_connection(factory, host, port, local_addr=local_addr)
    shown = transport.get_extra_info("socket")
    if shown is not None:  # it is gone where `connection_made` closed
        sock = socket.socket(shown.family, shown.type, shown.proto, shown.fileno())
        sockets.set_stream_options(sock, host, options)
        sock.detach()
    return transport, protocol


async def _wrap(sock: socket.socket, factory: ProtocolFactory) -> Connection:
    loop = asyncio.get_running_loop()
    try:
        if sock.family == sockets.AF_UNIX:
            return await loop.create_unix_connection(factory, sock=sock)
        return await loop.create_connection(factory, sock=sock)
    except BaseException:
        sock.close()
        raise


async def _connected_tcp(host: str, port: int, options: SockOpt, local_addr: tuple[str, int] | None) -> socket.socket:
    return await _connected(sockets.stream_socket(host, options), (host, port), options, local_addr)


async def _connected(
    sock: socket.socket,
    address: str | tuple[str, int],
    options: SockOpt,
    local_addr: tuple[str, int] | None = None,
) -> socket.socket:
    try:
        sock.setblocking(False)
        sockets.set_early_options(sock, options, outbound=True)
        if local_addr is not None:
            sock.bind(local_addr)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _race(
    options: SockOpt,
    hosts: list[str],
    port: int,
    factory: ProtocolFactory,
    local_addr: tuple[str, int] | None,
) -> Connection:
    """Happy eyeballs: a next address starts when one failed or 250 ms went by; the first wins."""
    winner: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()
    failures: list[OSError] = []

    async def attempt(host: str) -> None:
        try:
            sock = await _connected_tcp(host, port, options, local_addr)
        except OSError as error:
            failures.append(error)
            if len(failures) == len(hosts) and not winner.done():
                winner.set_exception(_most_telling(failures))
            return
        if winner.done():
            sock.close()
        else:
            winner.set_result(sock)

    attempts: list[asyncio.Task[None]] = []
    try:
        for host in hosts:
            attempts.append(spawn(attempt(host), f"dial {host}"))
            both: set[asyncio.Future[Any]] = {winner, attempts[-1]}
            await asyncio.wait(both, timeout=ATTEMPT_DELAY, return_when="FIRST_COMPLETED")
            if winner.done():
                break
        await asyncio.wait({winner})
        return await _wrap(winner.result(), factory)
    except BaseException:
        if not winner.cancel() and winner.exception() is None:
            winner.result().close()
        raise
    finally:
        for task in attempts:
            task.cancel()


def _most_telling(failures: list[OSError]) -> OSError:
    """The first that is not just about a family of addresses that this host lacks."""
    dull = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return next((each for each in failures if each.errno not in dull), failures[0])
