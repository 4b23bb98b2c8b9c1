from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import pytest

from xrgui.address import Destination, Network
from xrgui.config.model import Account, HttpInbound, Inbound, Policy, PolicyLevel, SocksInbound
from xrgui.engine.errors import DialError, RefusedError
from xrgui.engine.inbound.http import HttpHandshake
from xrgui.engine.inbound.http import HttpInbound as Http
from xrgui.engine.inbound.socks import SocksInbound as Socks
from xrgui.engine.inbound.socks import _reply
from xrgui.engine.wire.socks import Reply, decode_packet, encode_packet

HELLO = b"\x05\x01\x00"
POLICY = Policy()


def inbound(acceptor: Any, *, http: bool = False, policy: Policy = POLICY, **settings: Any) -> Socks:
    config = Inbound(settings=SocksInbound(**settings), tag="proxy", listen="127.0.0.1", ports=((0, 0),))
    plain = Inbound(settings=HttpInbound(accounts=settings.get("accounts", ())), tag="proxy")
    return Socks(config, acceptor, policy, Http(plain, acceptor, policy) if http else None)


def address(host: str, port: int) -> bytes:
    return b"\x01" + socket.inet_aton(host) + port.to_bytes(2)


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, data: bytes, size: int) -> bytes:
        self.writer.write(data)
        return await asyncio.wait_for(self.reader.readexactly(size), 5)

    async def rest(self) -> bytes:
        return await asyncio.wait_for(self.reader.read(), 5)

    def close(self) -> None:
        self.writer.close()


async def test_a_connection(acceptor: Any, running: Any, echo_port: int) -> None:
    client = await Client.open(await running(inbound(acceptor)))
    assert await client.ask(HELLO, 2) == b"\x05\x00"
    assert (await client.ask(b"\x05\x01\x00" + address("127.0.0.1", echo_port), 10))[:2] == b"\x05\x00"
    assert await client.ask(b"hello", 5) == b"hello"
    [session] = acceptor.sessions
    assert (session.inbound_tag, session.inbound_protocol, session.user) == ("proxy", "socks", "")
    assert session.destination == Destination(Network.TCP, "127.0.0.1", echo_port)
    client.close()
    await acceptor.until_closed(1)


async def test_an_impatient_client_loses_nothing(acceptor: Any, running: Any, echo_port: int) -> None:
    client = await Client.open(await running(inbound(acceptor)))
    client.writer.write(HELLO + b"\x05\x01\x00" + address("127.0.0.1", echo_port) + b"early")
    client.writer.write_eof()
    assert (await client.rest())[12:] == b"early"
    client.close()


async def test_a_user_is_named_in_the_session(acceptor: Any, running: Any, echo_port: int) -> None:
    accounts = (Account(user="me", password="pw"),)
    client = await Client.open(await running(inbound(acceptor, accounts=accounts)))
    assert await client.ask(b"\x05\x01\x02", 2) == b"\x05\x02"
    assert await client.ask(b"\x01\x02me\x02pw", 2) == b"\x01\x00"
    await client.ask(b"\x05\x01\x00" + address("127.0.0.1", echo_port), 10)
    assert acceptor.sessions[0].user == "me"
    client.close()


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\x05\x01\x00\x05\x02\x00" + address("1.2.3.4", 5)])
async def test_what_is_not_served_is_closed(acceptor: Any, running: Any, data: bytes) -> None:
    client = await Client.open(await running(inbound(acceptor)))
    client.writer.write(data)
    assert await client.rest() in (b"", b"\x05\x00\x05\x07\x00" + address("0.0.0.0", 0))
    assert acceptor.sessions == []
    client.close()


async def test_a_slow_client_is_closed(acceptor: Any, running: Any) -> None:
    policy = Policy(levels={0: PolicyLevel(handshake=0.02)})
    client = await Client.open(await running(inbound(acceptor, policy=policy)))
    client.writer.write(b"\x05")
    assert await client.rest() == b""
    client.close()


async def test_closing_drops_handshakes_under_way(acceptor: Any, running: Any) -> None:
    proxy = inbound(acceptor, http=True)
    port = await running(proxy)
    clients = [await Client.open(port) for _ in range(2)]
    assert await clients[0].ask(HELLO, 2) == b"\x05\x00"
    clients[1].writer.write(b"GET http://")
    while not any(isinstance(guest, HttpHandshake) for guest in proxy.doorway):
        await asyncio.sleep(0)
    await proxy.close()
    assert [await client.rest() for client in clients] == [b"", b""]
    for client in clients:
        client.close()


async def test_failures_are_told(acceptor: Any, running: Any, free_port: Any) -> None:
    client = await Client.open(await running(inbound(acceptor)))
    await client.ask(HELLO, 2)
    client.writer.write(b"\x05\x01\x00" + address("127.0.0.1", free_port()))
    assert (await client.rest())[:2] == b"\x05\x05"
    client.close()


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (RefusedError("x"), Reply.NOT_ALLOWED),
        (ConnectionRefusedError(), Reply.REFUSED),
        (TimeoutError(), Reply.HOST_UNREACHABLE),
        (socket.gaierror(socket.EAI_NONAME, "x"), Reply.HOST_UNREACHABLE),
        (OSError(errno.EHOSTUNREACH, "x"), Reply.HOST_UNREACHABLE),
        (OSError(errno.ENETUNREACH, "x"), Reply.NETWORK_UNREACHABLE),
        (OSError("x"), Reply.FAILURE),
        (None, Reply.FAILURE),
    ],
)
def test_replies(error: BaseException | None, reply: Reply) -> None:
    assert _reply(error) is reply
    if error is not None and not isinstance(error, RefusedError):
        assert _reply(DialError(Destination(Network.TCP, "a", 1), error)) is reply


# Packets


async def associate(port: int, udp_client: Any) -> tuple[Client, Any]:
    client = await Client.open(port)
    await client.ask(HELLO, 2)
    answer = await client.ask(b"\x05\x03\x00" + address("0.0.0.0", 0), 10)
    assert answer[:8] == b"\x05\x00\x00\x01\x7f\x00\x00\x01"
    return client, await udp_client(int.from_bytes(answer[8:]))


async def test_packets(acceptor: Any, running: Any, udp_echo: Any, udp_client: Any) -> None:
    first, second = await udp_echo(), await udp_echo()
    client, udp = await associate(await running(inbound(acceptor, udp=True)), udp_client)
    ports = set()
    for port, name in ((first, "127.0.0.1"), (second, "127.0.0.1"), (first, "127.0.0.1")):
        host, source, data = decode_packet(await udp.ask(encode_packet(name, port, b"hi")))
        assert (host, source, data.split()[1]) == ("127.0.0.1", port, b"hi")
        ports.add(data.split()[0])
    assert len(ports) == 1
    [session] = acceptor.sessions
    assert session.destination == Destination(Network.UDP, "127.0.0.1", first)
    assert session.source == Destination(Network.UDP, "127.0.0.1", udp.port)
    client.close()
    await acceptor.until_closed(1)


async def test_packets_of_strangers_and_garbage_are_dropped(
    acceptor: Any, running: Any, udp_echo: Any, udp_client: Any
) -> None:
    echo = await udp_echo()
    client, udp = await associate(await running(inbound(acceptor, udp=True)), udp_client)
    relay = udp.transport.get_extra_info("peername")[1]
    stranger = await udp_client(relay, local="127.0.0.2")
    stranger.transport.sendto(encode_packet("127.0.0.1", echo, b"no"))
    udp.transport.sendto(b"garbage")
    await udp.ask(encode_packet("127.0.0.1", echo, b"yes"))
    late = await udp_client(relay)
    late.transport.sendto(encode_packet("127.0.0.1", echo, b"no"))
    assert decode_packet(await udp.ask(encode_packet("127.0.0.1", echo, b"2")))[2].endswith(b" 2")
    assert acceptor.sessions[0].up == 4
    assert stranger.received.empty()
    assert late.received.empty()
    client.close()


async def test_a_reply_from_what_is_no_host_is_dropped(acceptor: Any, running: Any, udp_client: Any) -> None:
    class Target(asyncio.DatagramTransport):
        def sendto(self, data: Any, addr: Any = None) -> None: ...
        def is_closing(self) -> bool:
            return False

        def close(self) -> None: ...

    class Odd:
        tag = "odd"

        def connect(self, session: Any, protocol: Any) -> None:
            protocol.connection_made(Target())
            for host in ("a b", "fine.test"):
                protocol.datagram_received(b"x", Destination(Network.UDP, host, 5))

        async def close(self) -> None: ...

    acceptor.outbound = Odd()
    client, udp = await associate(await running(inbound(acceptor, udp=True)), udp_client)
    assert decode_packet(await udp.ask(encode_packet("127.0.0.1", 9, b"?"))) == ("fine.test", 5, b"x")
    assert udp.received.empty()
    client.close()
    await acceptor.until_closed(1)


async def test_the_end_of_the_session_ends_the_association(
    acceptor: Any, running: Any, udp_echo: Any, udp_client: Any
) -> None:
    client, udp = await associate(await running(inbound(acceptor, udp=True)), udp_client)
    await udp.ask(encode_packet("127.0.0.1", await udp_echo(), b"x"))
    acceptor.sessions[0].abort("idle")
    assert await client.rest() == b""
    client.close()


async def test_an_announced_address(acceptor: Any, running: Any) -> None:
    client = await Client.open(await running(inbound(acceptor, udp=True, ip="203.0.113.5")))
    await client.ask(HELLO, 2)
    answer = await client.ask(b"\x05\x03\x00" + address("0.0.0.0", 0), 10)
    assert answer[4:8] == socket.inet_aton("203.0.113.5")
    client.close()


async def test_packets_need_an_ip_address(acceptor: Any, tmp_path: Any) -> None:
    config = Inbound(settings=SocksInbound(udp=True), listen=str(tmp_path / "s"))
    proxy = Socks(config, acceptor, POLICY)
    await proxy.start()
    client = Client(*await asyncio.open_unix_connection(tmp_path / "s"))
    await client.ask(HELLO, 2)
    client.writer.write(b"\x05\x03\x00" + address("0.0.0.0", 0))
    assert (await client.rest())[:2] == b"\x05\x01"
    client.close()
    await proxy.close()


# A real client


async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


@pytest.mark.peer
@pytest.mark.parametrize(
    ("option", "host"),
    [
        ("--socks4", "127.0.0.1"),
        ("--socks4a", "localhost"),
        ("--socks5", "localhost"),
        ("--socks5-hostname", "localhost"),
        ("-x", "localhost"),
        ("-px", "localhost"),
    ],
)
async def test_curl(option: str, host: str, acceptor: Any, running: Any, serve: Any, curl: Any) -> None:
    port = await running(inbound(acceptor, http=True))
    url = f"http://{host}:{await serve(page)}/"
    assert await curl(option, f"127.0.0.1:{port}", url) == (0, "hello")
    assert acceptor.sessions[0].inbound_protocol == ("http" if "x" in option else "socks")
    by_name = option in ("--socks4a", "--socks5-hostname", "-x", "-px")
    assert acceptor.sessions[0].destination.host == ("localhost" if by_name else "127.0.0.1")


@pytest.mark.peer
async def test_curl_with_a_password(acceptor: Any, running: Any, serve: Any, curl: Any) -> None:
    port = await running(inbound(acceptor, http=True, accounts=(Account(user="me", password="p:w"),)))
    url = f"http://127.0.0.1:{await serve(page)}/"
    for option in ("--socks5", "-x"):
        assert await curl(option, f"127.0.0.1:{port}", "--proxy-user", "me:p:w", url) == (0, "hello")
    assert (await curl("--socks5", f"127.0.0.1:{port}", "--proxy-user", "me:no", url))[0] == 97
    assert (await curl("--socks4", f"127.0.0.1:{port}", url))[0] == 97
    assert "user and a password" in (await curl("-x", f"127.0.0.1:{port}", url))[1]
    assert [session.user for session in acceptor.sessions] == ["me", "me"]


@pytest.mark.peer
async def test_curl_hears_of_a_refused_target(acceptor: Any, running: Any, free_port: Any, curl: Any) -> None:
    port = await running(inbound(acceptor))
    status, text = await curl("--socks5", f"127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}/")
    assert status == 97
    assert "(5)" in text
