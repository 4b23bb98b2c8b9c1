from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from xrgui.address import Destination, Network
from xrgui.config.model import Dns, FinalRule, FreedomOutbound, Outbound, SockOpt, Stream
from xrgui.engine.errors import DialError, RefusedError
from xrgui.engine.outbound import freedom as module
from xrgui.engine.resolver import Resolver
from xrgui.engine.session import Session

UDP = Network.UDP
MakeSession = Callable[..., Session]


class Names:
    def __init__(self, **answers: tuple[str, ...]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    async def resolve(self, host: str, strategy: str = "UseIP") -> tuple[str, ...]:
        self.asked.append((host, strategy))
        found = self.answers.get(f"{host}_{strategy}", self.answers.get(host))
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return found


def freedom(
    names: Any = None, *, send_through: str = "", stream: Stream | None = None, **settings: Any
) -> module.FreedomOutbound:
    config = Outbound(
        settings=FreedomOutbound(**settings), tag="free", send_through=send_through, stream=stream or Stream()
    )
    return module.FreedomOutbound(config, names or Resolver(Dns()))


async def talk(stream: Any, data: bytes = b"hello") -> bytes:
    await asyncio.wait_for(stream.made.wait(), 5)
    stream.transport.write(data)
    answer: bytes = await stream.read(len(data))
    stream.transport.close()
    await asyncio.wait_for(stream.lost.wait(), 5)
    return answer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::ffff:127.0.0.1"])
async def test_a_stream_is_connected(host: str, stream: Any, session: MakeSession, echo_port: int) -> None:
    freedom().connect(session(host, echo_port), stream)
    assert await talk(stream) == b"hello"
    assert stream.error is None


async def test_the_way_may_be_redirected(stream: Any, session: MakeSession, echo_port: int) -> None:
    freedom(redirect_host="127.0.0.1", redirect_port=echo_port).connect(session("x.invalid", 1), stream)
    assert await talk(stream) == b"hello"


async def test_a_redirect_may_change_the_port_alone(stream: Any, session: MakeSession, echo_port: int) -> None:
    freedom(redirect_host="0.0.0.0", redirect_port=echo_port).connect(session("127.0.0.1", 1), stream)
    assert await talk(stream) == b"hello"


async def test_a_refused_connection_names_the_target(
    stream: Any, session: MakeSession, free_port: Callable[[], int]
) -> None:
    port = free_port()
    freedom().connect(session("localhost", port), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert stream.events == ["lost"]
    assert isinstance(stream.error, DialError)
    assert stream.error.destination == Destination(Network.TCP, "localhost", port)
    assert "refused" in str(stream.error).lower()
    assert isinstance(stream.error.cause, ConnectionRefusedError)


async def test_an_unknown_name(stream: Any, session: MakeSession) -> None:
    freedom(Names()).connect(session("nope.test", 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, DialError)
    assert str(stream.error) == "nope.test:80: no such name"


@pytest.mark.parametrize("host", ["/run/socket", "@name"])
async def test_a_path_is_no_host(host: str, stream: Any, session: MakeSession) -> None:
    freedom().connect(session(host, 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, DialError)


async def test_several_addresses_are_tried(stream: Any, session: MakeSession, echo_port: int) -> None:
    names = Names(both=("::1", "127.0.0.1"))
    freedom(names).connect(session("both", echo_port), stream)
    assert await talk(stream) == b"hello"


async def test_a_dial_may_be_cancelled(stream: Any, session: MakeSession, echo_port: int) -> None:
    pending = freedom().connect(session("127.0.0.2", echo_port), stream)
    assert pending is not None
    pending.cancel()
    await asyncio.sleep(0.01)
    assert stream.events == []


async def test_a_local_server_is_reached_without_a_task(stream: Any, session: MakeSession, echo_port: int) -> None:
    assert freedom().connect(session("127.0.0.1", echo_port), stream) is None
    await asyncio.wait_for(stream.made.wait(), 5)
    assert await talk(stream) == b"hello"


async def test_sockopt_and_send_through(stream: Any, session: MakeSession, echo_port: int) -> None:
    out = freedom(send_through="127.0.0.7", stream=Stream(sockopt=SockOpt(keep_alive_idle=33)))
    out.connect(session("127.0.0.1", echo_port), stream)
    await asyncio.wait_for(stream.made.wait(), 5)
    sock = stream.transport.get_extra_info("socket")
    assert stream.transport.get_extra_info("sockname")[0] == "127.0.0.7"
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert await talk(stream) == b"hello"


# finalRules


@pytest.mark.parametrize("network", [Network.TCP, UDP])
async def test_a_denied_target_fails_at_once(network: Network, stream: Any, session: MakeSession) -> None:
    freedom().connect(session("192.0.2.1", 80, network, inbound="vless-reverse"), stream)
    await asyncio.wait_for(stream.lost.wait(), 1)
    assert isinstance(stream.error, RefusedError)
    assert str(stream.error) == "192.0.2.1:80: no finalRules entry allows it (outbound free)"


async def test_names_are_judged_by_their_addresses(stream: Any, session: MakeSession, echo_port: int) -> None:
    names = Names(inside=("127.0.0.1",))
    freedom(names).connect(session("inside", echo_port, inbound="vless"), stream)
    await asyncio.wait_for(stream.lost.wait(), 1)
    assert isinstance(stream.error, RefusedError)
    assert "inside" in str(stream.error)


async def test_only_addresses_that_were_allowed_are_dialled(
    stream: Any, session: MakeSession, echo_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled = []
    real = module.transport.dial

    async def dial(stream: Any, host: str, port: int, *args: Any, resolver: Any = None, **rest: Any) -> Any:
        dialled.append(await resolver.resolve(host) if resolver else (host,))
        return await real(stream, host, port, *args, resolver=resolver, **rest)

    monkeypatch.setattr(module.transport, "dial", dial)
    names = Names(mixed=("10.9.9.9", "127.0.0.1", "127.0.0.2", "10.8.8.8"))
    rules = (FinalRule(action="allow", ips=("127.0.0.0/8",), ports=((echo_port, echo_port),)),)
    freedom(names, final_rules=rules).connect(session("mixed", echo_port, inbound="vless-reverse"), stream)
    assert await talk(stream) == b"hello"
    assert dialled == [("127.0.0.1", "127.0.0.2")]


# domainStrategy


async def reached(out: module.FreedomOutbound, session: Session, stream: Any) -> None:
    out.connect(session, stream)
    await talk(stream)


async def test_strategies_ask_in_their_own_way(stream: Any, session: MakeSession, echo_port: int) -> None:
    names = Names(x=("127.0.0.1",))
    await reached(freedom(names, domain_strategy="UseIPv4"), session("x", echo_port), stream)
    assert names.asked == [("x", "UseIPv4")]


async def test_use_falls_back_to_the_system(stream: Any, session: MakeSession, echo_port: int) -> None:
    names = Names(x_AsIs=("127.0.0.1",))
    await reached(freedom(names, domain_strategy="UseIPv6"), session("x", echo_port), stream)
    assert names.asked == [("x", "UseIPv6"), ("x", "AsIs")]


@pytest.mark.parametrize(("strategy", "inbound"), [("ForceIPv6", "tunnel"), ("UseIPv6", "vless")])
async def test_force_does_not_nor_does_use_under_rules(
    strategy: str, inbound: str, stream: Any, session: MakeSession
) -> None:
    names = Names(x_AsIs=("127.0.0.1",))
    freedom(names, domain_strategy=strategy).connect(session("x", 80, inbound=inbound), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, DialError)
    assert names.asked == [("x", strategy)]


# PROXY protocol


@pytest.mark.parametrize(
    ("version", "head"), [(1, b"PROXY TCP4 198.51.100.7 127.0.0.1 1234 "), (2, b"\r\n\r\n\0\r\nQUIT\n!\x11")]
)
async def test_the_proxy_header_comes_before_any_payload(
    version: int, head: bytes, stream: Any, session: MakeSession, echo_port: int
) -> None:
    class Eager(type(stream)):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.transport.write(b"payload")

    eager = Eager()
    out = freedom(proxy_protocol=version)
    out.connect(session("127.0.0.1", echo_port, source="198.51.100.7"), eager)
    received = await eager.read(len(head))
    assert received == head
    while b"payload" not in eager.received:
        received += await eager.read(1)
    assert eager.received.endswith(b"payload")
    eager.transport.close()


# Packets


async def test_packets_go_and_come_back(
    packets: Any, session: MakeSession, udp_echo: Callable[[], Awaitable[int]]
) -> None:
    freedom().connect(session("localhost", await udp_echo(), UDP), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    packets.transport.sendto(b"one")
    packets.transport.sendto(b"two", None)
    assert [(data.split()[1], addr) for data, addr in (await packets.read(), await packets.read())] == [
        (b"one", None),
        (b"two", None),
    ]
    packets.transport.close()
    await asyncio.wait_for(packets.lost.wait(), 5)
    assert packets.error is None
    packets.transport.sendto(b"too late")


async def test_one_flow_reaches_many_from_one_port(
    packets: Any, session: MakeSession, udp_echo: Callable[[], Awaitable[int]]
) -> None:
    first, second = await udp_echo(), await udp_echo()
    names = Names(**{"one.test": ("127.0.0.1",), "two.test": ("127.0.0.1",)})
    freedom(names).connect(session("one.test", first, UDP), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    packets.transport.sendto(b"a")
    mine = (await packets.read())[0].split()[0]
    two = Destination(UDP, "two.test", second)
    for data in (b"b", b"c"):
        packets.transport.sendto(data, two)
    assert [await packets.read(), await packets.read()] == [(mine + b" b", two), (mine + b" c", two)]
    plain = Destination(UDP, "127.0.0.1", second)
    packets.transport.sendto(b"d", plain)
    data, addr = await packets.read()
    assert data == mine + b" d"
    assert addr in (two, plain)
    packets.transport.abort()


async def test_a_stranger_may_answer_if_the_rules_let_it(packets: Any, session: MakeSession) -> None:
    loop = asyncio.get_running_loop()
    rules = (FinalRule(action="block", ips=("127.0.0.3",)), FinalRule(action="allow"))
    freedom(final_rules=rules).connect(session("127.0.0.1", 9, UDP), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    port = packets.transport.get_extra_info("sockname")[1]
    for host, text in (("127.0.0.3", b"blocked"), ("127.0.0.4", b"fine")):
        stranger, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=(host, 0))
        stranger.sendto(text, ("127.0.0.1", port))
        source = Destination(UDP, host, stranger.get_extra_info("sockname")[1])
        stranger.close()
    assert await packets.read() == (b"fine", source)
    packets.transport.close()


async def test_packets_to_denied_places_vanish(
    packets: Any, session: MakeSession, udp_echo: Callable[[], Awaitable[int]]
) -> None:
    allowed, denied = await udp_echo(), await udp_echo()
    rules = (FinalRule(action="allow", ports=((allowed, allowed),)),)
    out = freedom(Names(), final_rules=rules)
    out.connect(session("127.0.0.1", allowed, UDP, inbound="vless-reverse"), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    for _ in range(2):
        packets.transport.sendto(b"no", Destination(UDP, "127.0.0.1", denied))
        packets.transport.sendto(b"no", Destination(UDP, "nope.invalid", allowed))
        await asyncio.sleep(0)
    packets.transport.sendto(b"yes", Destination(UDP, "127.0.0.1", allowed))
    assert (await packets.read())[0].endswith(b"yes")
    await out.close()
    await asyncio.wait_for(packets.lost.wait(), 5)


async def test_lookups_end_with_the_flow(packets: Any, session: MakeSession) -> None:
    class Slow(Names):
        async def resolve(self, host: str, strategy: str = "UseIP") -> tuple[str, ...]:
            await super().resolve("x", strategy)
            await asyncio.Event().wait()
            raise AssertionError

    names = Slow(x=("127.0.0.1",))
    freedom(names).connect(session("127.0.0.1", 9, UDP), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    for _ in range(2):
        packets.transport.sendto(b"x", Destination(UDP, "slow.test", 5))
    await asyncio.sleep(0)
    assert len(names.asked) == 1
    packets.transport.close()
    packets.transport.sendto(b"x", Destination(UDP, "late.test", 5))
    await asyncio.wait_for(packets.lost.wait(), 5)
    assert len(names.asked) == 1


async def test_redirected_packets_come_back_unmarked(
    packets: Any, session: MakeSession, udp_echo: Callable[[], Awaitable[int]]
) -> None:
    freedom(redirect_host="127.0.0.1", redirect_port=await udp_echo()).connect(session("x.invalid", 5, UDP), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    packets.transport.sendto(b"x", Destination(UDP, "y.invalid", 7))
    data, addr = await packets.read()
    assert data.endswith(b" x")
    assert addr is None
    packets.transport.close()


async def test_packets_from_an_address_of_ours(
    packets: Any, session: MakeSession, udp_echo: Callable[[], Awaitable[int]]
) -> None:
    freedom(send_through="127.0.0.9").connect(session("127.0.0.1", await udp_echo(), UDP), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    assert packets.transport.get_extra_info("sockname")[0] == "127.0.0.9"
    packets.transport.sendto(b"x")
    assert (await packets.read())[0].endswith(b"x")
    packets.transport.close()


async def test_a_family_that_the_own_address_cannot_reach(packets: Any, session: MakeSession) -> None:
    freedom(send_through="127.0.0.1").connect(session("::1", 9, UDP), packets)
    await asyncio.wait_for(packets.lost.wait(), 5)
    assert isinstance(packets.error, DialError)
