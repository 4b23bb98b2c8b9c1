"""Making sockets: families, options, addresses that are taken."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import stat
import sys
from functools import lru_cache

from xrgui.address import Network, format_endpoint
from xrgui.config.model import SockOpt
from xrgui.config.ports import holder

BACKLOG = 4096
NOTSENT_LOWAT = 128 * 1024
"""Bytes the kernel takes before the socket counts as full: what waits longer waits here, where
small frames may still overtake it."""
OUTBOUND_KEEP_ALIVE = 45
"""Seconds, both idle and interval: what Xray sets on each connection that it dials."""
LOOPBACK = ("127.0.0.1", "::1")

AF_UNIX = getattr(socket, "AF_UNIX", None)
"""None where the system has no unix sockets."""


class StreamSocket(socket.socket):
    """Its family and type are plain numbers. The loop asks for them with each connection, and the enums that a socket
    makes of them were a twentieth of what a new visitor costs."""

    __slots__ = ()
    family = socket.SocketType.family  # type: ignore[assignment]
    type = socket.SocketType.type  # type: ignore[assignment]


def is_unix(host: str) -> bool:
    """Whether *host* is the path or the ``@name`` of a unix socket."""
    return host.startswith(("/", "@"))


def unix_address(name: str) -> str:
    """What the kernel wants for a path, ``@name`` (abstract) or ``@@name`` (abstract, padded as
    HAProxy does)."""
    if name.startswith("@@"):
        return ("\0" + name[2:]).ljust(108, "\0")
    if name.startswith("@"):
        return "\0" + name[1:]
    return name


@lru_cache(maxsize=64)
def stream_options(options: SockOpt, keep_alive: int) -> tuple[tuple[int, int, int], ...]:
    """(level, option, value) that may be set on a connected socket or be inherited from a listening one.

    *keep_alive* in seconds unless *options* say otherwise; 0 leaves it off. TCP_NODELAY is not among
    them: the loop sets it on every connection.
    """
    result = []
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        result.append((socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOTSENT_LOWAT))
    result += _keep_alive(options, keep_alive)
    if options.user_timeout and hasattr(socket, "TCP_USER_TIMEOUT"):
        result.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, options.user_timeout))
    return tuple(result)


def _keep_alive(options: SockOpt, default: int) -> list[tuple[int, int, int]]:
    idle, interval = options.keep_alive_idle, options.keep_alive_interval
    if idle < 0 or interval < 0:
        return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)]
    if not idle and not interval:
        idle = interval = default
    if not idle and not interval:
        return []
    result = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    idle_option = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
    if idle and idle_option is not None:
        result.append((socket.IPPROTO_TCP, idle_option, idle))
    if interval and hasattr(socket, "TCP_KEEPINTVL"):
        result.append((socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval))
    return result


def set_unsent_limit(transport: asyncio.BaseTransport, size: int) -> None:
    """Bytes that the kernel takes of *transport* before they can leave, in place of NOTSENT_LOWAT."""
    sock = transport.get_extra_info("socket")
    if sock is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        # A unix socket has no such limit, and one that was just lost takes nothing.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, size)


def set_stream_options(sock: socket.socket, host: str, options: SockOpt) -> None:
    """Set the options of a TCP socket for a dial to *host*. One that this kernel refuses is left out.

    Within this host nothing needs keeping alive, and a bridge dials there for each visitor.
    """
    for option in stream_options(options, 0 if host in LOOPBACK else OUTBOUND_KEEP_ALIVE):
        try:
            sock.setsockopt(*option)
        except OSError:
            continue


def stream_socket(host: str, options: SockOpt) -> socket.socket:
    """A socket for a dial to the address *host*."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = StreamSocket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    set_stream_options(sock, host, options)
    return sock


def needs_early_options(options: SockOpt) -> bool:
    """Whether a dialled socket needs options that must be set before it connects."""
    return bool(options.mark or options.interface or options.tcp_fast_open is not None)


def set_early_options(sock: socket.socket, options: SockOpt, *, outbound: bool) -> None:
    """Set what has to stand before connect or listen. Raises OSError that names the option."""
    if options.mark:
        _set(sock, "mark", socket.SOL_SOCKET, "SO_MARK", options.mark)
    if options.interface:
        _set(sock, "interface", socket.SOL_SOCKET, "SO_BINDTODEVICE", options.interface.encode() + b"\0")
    if options.tcp_fast_open is not None and sock.family != AF_UNIX:
        if outbound:
            name, value = "TCP_FASTOPEN_CONNECT", int(options.tcp_fast_open > 0)
        else:
            name, value = "TCP_FASTOPEN", max(options.tcp_fast_open, 0)
        _set(sock, "tcpFastOpen", socket.IPPROTO_TCP, name, value)


def _set(sock: socket.socket, key: str, level: int, name: str, value: int | bytes) -> None:
    option = getattr(socket, name, _linux_options.get(name) if sys.platform == "linux" else None)
    if option is None:
        raise OSError(errno.ENOPROTOOPT, f"sockopt.{key} is not available on this system")
    try:
        sock.setsockopt(level, option, value)
    except OSError as error:
        raise OSError(error.errno, f"sockopt.{key}: {error.strerror}") from None


_linux_options = {"TCP_FASTOPEN_CONNECT": 30, "SO_MARK": 36, "SO_BINDTODEVICE": 25}


def bind_all(listen: str, port: int, options: SockOpt) -> list[socket.socket]:
    """Listening, non-blocking sockets for *listen* and *port* (0: one that is free).

    An empty *listen* is every address, IPv6 and IPv4, by one socket each so that visitors keep
    their plain addresses. Raises OSError whose text names the address and, where the system
    tells, the process that holds it.
    """
    if is_unix(listen):
        return [_bind_unix(listen)]
    if listen:
        return [_bind_tcp(listen, port, options, v6only=options.v6only)]
    if options.v6only or not _has_ipv4():
        return [_bind_tcp("::", port, options, v6only=True)]
    if not _has_ipv6():
        return [_bind_tcp("0.0.0.0", port, options)]
    return _bind_both(port, options)


def _bind_both(port: int, options: SockOpt) -> list[socket.socket]:
    for _ in range(16):
        first = _bind_tcp("::", port, options, v6only=True)
        try:
            return [first, _bind_tcp("0.0.0.0", first.getsockname()[1], options)]
        except OSError as error:
            first.close()
            if port or error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, "no port is free on both IPv4 and IPv6")


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def _has_ipv4() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def _bind_tcp(host: str, port: int, options: SockOpt, *, v6only: bool = False) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICHOST)
    except socket.gaierror:
        raise OSError(errno.EINVAL, f"cannot listen on {host!r}: not an IP address of this host") from None
    family, _, _, _, address = found[0]
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(v6only))
        set_early_options(sock, options, outbound=False)
        for option in stream_options(options, 0):
            sock.setsockopt(*option)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise _explain(error, format_endpoint(host, port), port) from None
    return sock


def _explain(error: OSError, place: str, port: int = 0) -> OSError:
    if error.errno == errno.EADDRINUSE:
        program = holder(port, Network.TCP) if port else ""
        text = f"{place} is taken by {program or 'another program'}"
    elif error.errno == errno.EADDRNOTAVAIL:
        text = f"cannot listen on {place}: this host has no such address"
    elif error.errno in (errno.EACCES, errno.EPERM) and 0 < port < 1024:
        text = f"cannot listen on {place}: ports below 1024 need more rights"
    else:
        text = f"cannot listen on {place}: {error.strerror}"
    return OSError(error.errno, text)


def _bind_unix(listen: str) -> socket.socket:
    name, mode = _unix_mode(listen)
    sock = unix_socket()
    old = os.umask(0o777 & ~mode)
    try:
        if not name.startswith("@"):
            _remove_stale(name)
        sock.bind(unix_address(name))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise _explain(error, name) from None
    finally:
        os.umask(old)
    return sock


def unix_socket() -> socket.socket:
    if AF_UNIX is None:
        raise OSError(errno.EAFNOSUPPORT, "this system has no unix sockets")
    return socket.socket(AF_UNIX, socket.SOCK_STREAM)


def _unix_mode(listen: str) -> tuple[str, int]:
    """The name and the mode of ``path`` or ``path,0666``."""
    name, comma, digits = listen.rpartition(",")
    if not comma or listen.startswith("@"):
        return listen, 0o600
    try:
        return name, int(digits, 8) & 0o777
    except ValueError:
        raise OSError(errno.EINVAL, f"{digits!r} in {listen!r} is no octal file mode") from None


def _remove_stale(path: str) -> None:
    """Remove a socket file that nobody listens on any more; other files stay."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
    except FileNotFoundError:
        return
    with unix_socket() as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        except OSError:
            pass
