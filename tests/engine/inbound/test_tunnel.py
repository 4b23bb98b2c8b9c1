from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import pytest

from xrgui.address import Destination, Network
from xrgui.config.model import Inbound, TunnelInbound
from xrgui.engine.inbound import tunnel as module

TCP, UDP = Network.TCP, Network.UDP


def tunnel(
    acceptor: Any,
    *,
    ports: Any = ((0, 0),),
    listen: str = "127.0.0.1",
    networks: Any = (TCP,),
    **settings: Any,
) -> module.TunnelInbound:
    config = Inbound(
        settings=TunnelInbound(networks=frozenset(networks), **settings),
        tag="door",
        listen=listen,
        ports=ports,
    )
    return module.TunnelInbound(config, acceptor)


async def ask(port: int, data: bytes = b"hello", host: str = "127.0.0.1") -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(data)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


async def test_visitors_reach_the_target(acceptor: Any, running: Any, echo_port: int) -> None:
    port = await running(tunnel(acceptor, address="127.0.0.1", port=echo_port))
    assert await ask(port) == b"hello"
    [session] = acceptor.sessions
    assert (session.inbound_tag, session.inbound_protocol) == ("door", "tunnel")
    assert session.destination == Destination(TCP, "127.0.0.1", echo_port)
    assert session.local == Destination(TCP, "127.0.0.1", port)
    assert session.source.host == "127.0.0.1"
    await acceptor.until_closed(1)
    assert (session.up, session.down, session.error) == (5, 5, "")


async def test_every_port_of_a_range_listens(
    acceptor: Any, running: Any, echo_port: int, free_port: Any
) -> None:
    first, second = free_port(), free_port()
    door = tunnel(acceptor, ports=((first, first), (second, second)), address="127.0.0.1", port=echo_port)
    await running(door)
    assert door.listening == f"127.0.0.1:{first}, 127.0.0.1:{second}"
    assert await ask(first) == await ask(second) == b"hello"


async def test_a_port_that_is_taken_leaves_nothing_open(
    acceptor: Any, echo_port: int, free_port: Any
) -> None:
    free = free_port()
    door = tunnel(acceptor, ports=((free, free), (echo_port, echo_port)))
    with pytest.raises(OSError, match=f"127.0.0.1:{echo_port}"):
        await door.start()
    assert door.listening == ""
    with pytest.raises(ConnectionRefusedError):
        await ask(free)


@pytest.mark.parametrize(
    ("settings", "local", "target"),
    [
        ({}, "127.0.0.1", ("127.0.0.1", 7000)),
        ({}, "::1", ("::1", 7000)),
        ({"port": 80}, "10.0.0.1", ("127.0.0.1", 80)),
        ({"address": "a.b"}, "::1", ("a.b", 7000)),
        ({"address": "a.b", "port": 80}, "::1", ("a.b", 80)),
        ({"address": "a.b", "port_map": {"7000": "c.d:81", "1": "x:1"}}, "::1", ("c.d", 81)),
        ({"address": "a.b", "port": 80, "port_map": {"7000": ":81"}}, "::1", ("a.b", 81)),
        ({"port": 80, "port_map": {"7000": "c.d"}}, "::1", ("c.d", 80)),
        ({"port_map": {"7000": "[::5]:9"}}, "127.0.0.1", ("::5", 9)),
    ],
)
def test_targets(settings: dict[str, Any], local: str, target: tuple[str, int]) -> None:
    door = tunnel(None, **settings)
    assert door.target(TCP, 7000, Destination(TCP, local, 7000)) == Destination(TCP, *target)


async def test_without_an_address_visitors_stay_on_this_host(acceptor: Any, running: Any, serve: Any) -> None:
    async def server_speaks_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"banner")
        await reader.read()

    port = await running(tunnel(acceptor, listen="127.0.0.5"))
    await serve(server_speaks_first, "127.0.0.1", port)
    assert await ask(port, host="127.0.0.5") == b"banner"
    assert acceptor.sessions[0].destination == Destination(TCP, "127.0.0.1", port)


async def test_a_unix_socket(acceptor: Any, tmp_path: Any, echo_port: int) -> None:
    path = tmp_path / "door"
    door = tunnel(
        acceptor, ports=(), listen=str(path), networks=(TCP, UDP), address="127.0.0.1", port=echo_port
    )
    await door.start()
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"hello")
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 5) == b"hello"
    writer.close()
    assert acceptor.sessions[0].source is None
    assert acceptor.sessions[0].local is None
    await door.close()


class Socket:
    def __init__(self, address: bytes | None) -> None:
        self.address = address
        self.asked: tuple[int, int, int] | None = None

    def getsockopt(self, *asked: int) -> bytes:
        self.asked = asked  # type: ignore[assignment]
        if self.address is None:
            raise OSError(2, "No such file or directory")
        return self.address


FOUR = struct.pack("!HH4s8x", 2, 443, bytes((93, 184, 216, 34)))
SIX = struct.pack("!HHI16sI", 10, 443, 0, bytes(15) + b"\x07", 0)


def test_original_destinations() -> None:
    here = Destination(TCP, "10.0.0.1", 12345)
    sock = Socket(FOUR)
    assert module.original_destination(sock, here) == Destination(TCP, "93.184.216.34", 443)
    assert sock.asked == (socket.IPPROTO_IP, 80, 16)
    six = Socket(SIX)
    assert module.original_destination(six, Destination(TCP, "::1", 1)) == Destination(TCP, "::7", 443)
    assert six.asked == (socket.IPPROTO_IPV6, 80, 28)
    assert module.original_destination(Socket(None), here) is None
    assert module.original_destination(sock, Destination(TCP, "93.184.216.34", 443)) is None
    assert module.original_destination(sock, None) is None


async def test_follow_redirect(
    acceptor: Any, running: Any, echo_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = await running(tunnel(acceptor, follow_redirect=True))
    assert await ask(port) == b""
    assert acceptor.sessions == []
    monkeypatch.setattr(
        module, "original_destination", lambda sock, local: Destination(TCP, "127.0.0.1", echo_port)
    )
    assert await ask(port) == b"hello"


async def test_follow_redirect_falls_back_to_the_address(acceptor: Any, running: Any, echo_port: int) -> None:
    port = await running(tunnel(acceptor, follow_redirect=True, address="127.0.0.1", port=echo_port))
    assert await ask(port) == b"hello"


# Packets


async def test_packets_of_each_visitor_are_a_flow(
    acceptor: Any, running: Any, udp_echo: Any, udp_client: Any
) -> None:
    port = await running(tunnel(acceptor, networks=(UDP,), address="127.0.0.1", port=await udp_echo()))
    one, two = await udp_client(port), await udp_client(port)
    answers = [await client.ask(data) for client, data in ((one, b"a"), (two, b"b"), (one, b"c"))]
    assert [answer.split()[1] for answer in answers] == [b"a", b"b", b"c"]
    assert answers[0].split()[0] == answers[2].split()[0] != answers[1].split()[0]
    assert [session.source.port for session in acceptor.sessions] == [one.port, two.port]
    assert acceptor.sessions[0].local == Destination(UDP, "127.0.0.1", port)


async def test_both_networks_share_a_port(
    acceptor: Any, running: Any, serve: Any, udp_echo: Any, udp_client: Any, echo_port: int
) -> None:
    await udp_echo(port=echo_port)
    port = await running(
        tunnel(acceptor, listen="", networks=(TCP, UDP), address="127.0.0.1", port=echo_port)
    )
    assert await ask(port) == b"hello"
    assert (await (await udp_client(port)).ask(b"x")).endswith(b" x")
    assert (await (await udp_client(port, "::1")).ask(b"y")).endswith(b" y")
    assert acceptor.sessions[-1].source.host == "::1"


async def test_a_udp_port_that_is_taken(acceptor: Any, udp_echo: Any) -> None:
    taken = await udp_echo()
    door = tunnel(acceptor, networks=(UDP,), ports=((taken, taken),))
    with pytest.raises(OSError, match=rf"udp 127\.0\.0\.1:{taken}: is taken"):
        await door.start()


async def test_the_flow_that_is_silent_longest_makes_room(
    acceptor: Any, running: Any, udp_echo: Any, udp_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FLOWS", 2)
    port = await running(tunnel(acceptor, networks=(UDP,), address="127.0.0.1", port=await udp_echo()))
    clients = [await udp_client(port) for _ in range(3)]
    await clients[0].ask(b"a")
    await clients[1].ask(b"b")
    await clients[0].ask(b"c")
    await clients[2].ask(b"d")
    await acceptor.until_closed(1)
    assert [session.source.port for session in acceptor.closed] == [clients[1].port]
    await clients[0].ask(b"e")
    assert len(acceptor.sessions) == 3


async def test_idle_flows_end(
    acceptor: Any, running: Any, udp_echo: Any, udp_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.04)
    port = await running(tunnel(acceptor, networks=(UDP,), address="127.0.0.1", port=await udp_echo()))
    client = await udp_client(port)
    await client.ask(b"a")
    await acceptor.until_closed(1)
    await client.ask(b"b")
    await acceptor.until_closed(2)
    assert len(acceptor.sessions) == 2


async def test_a_refused_flow_may_be_tried_again(acceptor: Any, running: Any, udp_client: Any) -> None:
    class Wall:
        tag = "wall"

        def connect(self, session: Any, protocol: Any) -> None:
            protocol.connection_lost(ConnectionRefusedError())

        async def close(self) -> None: ...

    acceptor.outbound = Wall()
    port = await running(tunnel(acceptor, networks=(UDP,), address="127.0.0.1", port=9))
    client = await udp_client(port)
    for count in (1, 2):
        client.transport.sendto(b"x")
        await acceptor.until_closed(count)
    assert len(acceptor.sessions) == 2


async def test_closing_ends_the_flows(acceptor: Any, running: Any, udp_echo: Any, udp_client: Any) -> None:
    door = tunnel(acceptor, networks=(UDP,), address="127.0.0.1", port=await udp_echo())
    port = await running(door)
    await (await udp_client(port)).ask(b"a")
    await door.close()
    await acceptor.until_closed(1)
    assert door.listening == ""
