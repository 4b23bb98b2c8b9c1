from __future__ import annotations

import asyncio
import socket

import pytest

from xrgui.config.model import Dns
from xrgui.engine.resolver import CACHE_SECONDS, CACHE_SIZE, Resolver

FOUR, SIX = "192.0.2.1", "2001:db8::1"


class System:
    """Stands in for the system's resolver and its clock; answers when `go` is set."""

    def __init__(self) -> None:
        self.answers = {"both.test": (SIX, FOUR), "four.test": (FOUR,)}
        self.asked: list[str] = []
        self.now = 0.0
        self.go = asyncio.Event()
        self.go.set()

    async def ask(self, host: str) -> tuple[str, ...]:
        self.asked.append(host)
        await self.go.wait()
        if host in self.answers:
            return self.answers[host]
        if host.startswith("any"):
            return (FOUR,)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def resolver(self, dns: Dns | None = None) -> Resolver:
        return Resolver(dns or Dns(), self.ask, lambda: self.now)


@pytest.mark.parametrize(
    ("strategy", "addresses"),
    [
        ("AsIs", (SIX, FOUR)),
        ("UseIP", (SIX, FOUR)),
        ("ForceIP", (SIX, FOUR)),
        ("UseIPv4", (FOUR,)),
        ("UseIPv6", (SIX,)),
        ("UseIPv4v6", (FOUR, SIX)),
        ("ForceIPv6v4", (SIX, FOUR)),
    ],
)
async def test_strategies(strategy: str, addresses: tuple[str, ...]) -> None:
    assert await System().resolver().resolve("both.test", strategy) == addresses


async def test_a_family_that_the_name_lacks() -> None:
    resolver = System().resolver()
    assert await resolver.resolve("four.test", "UseIPv6v4") == (FOUR,)
    with pytest.raises(OSError, match=r"four\.test has no address that UseIPv6 allows"):
        await resolver.resolve("four.test", "UseIPv6")


async def test_the_query_strategy_narrows_all_but_as_is() -> None:
    resolver = System().resolver(Dns(query_strategy="UseIPv4"))
    assert await resolver.resolve("both.test", "UseIPv6v4") == (FOUR,)
    assert await resolver.resolve("both.test", "AsIs") == (SIX, FOUR)


async def test_addresses_need_no_lookup() -> None:
    system = System()
    assert await system.resolver().resolve("::1", "UseIPv4") == ("::1",)
    assert system.asked == []


async def test_hosts_come_first_and_follow_aliases() -> None:
    hosts = {
        "a.test": ("10.0.0.1", "::5"),
        "domain:b.test": ("alias.test",),
        "alias.test": ("four.test",),
        "off.test": ("#3",),
        "loop.test": ("loop.test",),
    }
    system = System()
    resolver = system.resolver(Dns(hosts=hosts))
    assert await resolver.resolve("A.test") == ("10.0.0.1", "::5")
    assert await resolver.resolve("a.test", "UseIPv6") == ("::5",)
    assert system.asked == []
    assert await resolver.resolve("x.b.test") == (FOUR,)
    assert system.asked == ["four.test"]
    for host in ("off.test", "loop.test", "sub.a.test"):
        with pytest.raises(OSError):  # noqa: PT011
            await resolver.resolve(host)
    with pytest.raises(OSError, match="not known"):
        await resolver.resolve("a.test", "AsIs")


async def test_answers_are_kept_for_a_while_and_failures_are_not() -> None:
    system = System()
    resolver = system.resolver()
    for now, asked in ((0.0, 1), (CACHE_SECONDS - 0.1, 1), (CACHE_SECONDS, 2)):
        system.now = now
        await resolver.resolve("four.test")
        assert len(system.asked) == asked
    for _ in range(2):
        with pytest.raises(OSError, match="not known"):
            await resolver.resolve("nope.test")
    assert system.asked[2:] == ["nope.test"] * 2


async def test_the_cache_is_bounded() -> None:
    system = System()
    resolver = system.resolver()
    for number in range(CACHE_SIZE + 1):
        await resolver.resolve(f"any{number}")
    await resolver.resolve("any1")
    assert len(system.asked) == CACHE_SIZE + 1
    await resolver.resolve("any0")
    assert len(system.asked) == CACHE_SIZE + 2


async def test_lookups_of_one_name_are_joined_and_survive_a_cancelled_one() -> None:
    system = System()
    system.go.clear()
    resolver = system.resolver()
    tasks = [asyncio.create_task(resolver.resolve("four.test", s)) for s in ("AsIs", "UseIP", "UseIPv4")]
    await asyncio.sleep(0)
    tasks[0].cancel()
    system.go.set()
    assert await asyncio.gather(*tasks[1:]) == [(FOUR,), (FOUR,)]
    assert system.asked == ["four.test"]


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "", "nope.invalid"])
async def test_what_is_no_name_is_an_os_error(host: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011
        await Resolver(Dns()).resolve(host)


async def test_the_system_knows_localhost() -> None:
    assert set(await Resolver(Dns()).resolve("localhost")) & {"127.0.0.1", "::1"}
