"""Names to addresses: the `hosts` of the configuration first, then the system."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

from xrgui.address import IPAddress, parse_ip
from xrgui.config import model
from xrgui.engine.tasks import spawn
from xrgui.matching import domain_matcher

CACHE_SECONDS = 30
CACHE_SIZE = 1024
_MAX_ALIASES = 5

Addresses = tuple[str, ...]


async def ask_system(host: str) -> Addresses:
    """What the system says of *host*. Raises OSError."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except ValueError:
        raise _unknown(f"{host!r} is not a host name") from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Resolver:
    """Looks names up, each at most once at a time and once in 30 seconds."""

    def __init__(
        self,
        dns: model.Dns,
        ask: Callable[[str], Awaitable[Addresses]] = ask_system,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._hosts = [(_host_rule(rule), values) for rule, values in dns.hosts.items()]
        self._query_strategy = dns.query_strategy
        self._cache: dict[str, tuple[float, Addresses]] = {}
        self._running: dict[str, asyncio.Task[Addresses | OSError]] = {}

    async def resolve(self, host: str, strategy: str = "UseIP") -> Addresses:
        """Addresses of *host*, best first. Raises OSError where there are none.

        *strategy* is one of Xray's: ``UseIPv4`` and ``UseIPv6`` take one family only,
        ``UseIPv4v6`` and ``UseIPv6v4`` put one in front, ``UseIP`` takes both; ``Force…`` is read
        as ``Use…``. ``AsIs`` asks the system alone, as a program without a proxy would.
        """
        if parse_ip(host) is not None:
            return (host,)
        if strategy == "AsIs":
            return await self._lookup(host)
        name, found = self._configured(host)
        if not found:
            found = await self._lookup(name)
        chosen = _choose(_choose(found, self._query_strategy), strategy)
        if not chosen:
            raise _unknown(f"{host} has no address that {strategy} allows")
        return chosen

    def _configured(self, host: str) -> tuple[str, Addresses]:
        """What `hosts` says: addresses, or none and the name to ask the system for."""
        for _ in range(_MAX_ALIASES):
            values = [value for matches, values in self._hosts if matches(host) for value in values]
            if not values:
                break
            if values[0].startswith("#"):
                raise _unknown(f"{host} is switched off in dns.hosts")
            addresses = tuple(value for value in values if parse_ip(value) is not None)
            if addresses:
                return host, addresses
            host = values[0]
        return host, ()

    async def _lookup(self, host: str) -> Addresses:
        cached = self._cache.get(host)
        if cached is not None and self._clock() < cached[0]:
            return cached[1]
        task = self._running.get(host)
        if task is None:
            task = self._running[host] = spawn(self._fill(host), f"look up {host}")
        answer = await asyncio.shield(task)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def _fill(self, host: str) -> Addresses | OSError:
        """Ask, and keep the answer. A failure is a result: nobody may be left to take it."""
        try:
            addresses = await self._ask(host)
        except OSError as error:
            return error
        finally:
            del self._running[host]
        self._cache.pop(host, None)
        if len(self._cache) >= CACHE_SIZE:
            del self._cache[next(iter(self._cache))]
        self._cache[host] = (self._clock() + CACHE_SECONDS, addresses)
        return addresses


def _unknown(text: str) -> OSError:
    return socket.gaierror(socket.EAI_NONAME, text)


def _host_rule(rule: str) -> Callable[[str], bool]:
    """A rule of `hosts`: as in routing, but plain text is the whole name."""
    return domain_matcher([rule if ":" in rule else f"full:{rule}"])


def _choose(addresses: Addresses, strategy: str) -> Addresses:
    families = strategy.removeprefix("Use").removeprefix("Force")
    if families == "IPv4":
        return tuple(address for address in addresses if _version(address) == 4)
    if families == "IPv6":
        return tuple(address for address in addresses if _version(address) == 6)
    if families in ("IPv4v6", "IPv6v4"):
        first = int(families[3])
        return tuple(sorted(addresses, key=lambda address: _version(address) != first))
    return addresses


def _version(address: str) -> int:
    parsed: IPAddress | None = parse_ip(address)
    return parsed.version if parsed is not None else 0
