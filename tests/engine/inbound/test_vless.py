from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from tests.engine.inbound.knocking import Recorder, Running
from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine.handshake import Handshake
from xrgui.engine.inbound.vless import VlessInbound
from xrgui.engine.wire import vless
from xrgui.engine.wire.vless import Command

USER = UUID("b831381d-6324-4d53-ad4f-8cda48b30811")
BRIDGE = UUID("0a6f381d-6324-4d53-ad4f-8cda48b30822")
STRANGER = UUID("11111111-6324-4d53-ad4f-8cda48b30833")


async def run(policy: model.Policy) -> Running:
    acceptor = Recorder()
    users = (
        model.VlessUser(id=USER, email="a@test"),
        model.VlessUser(id=BRIDGE, email="b@test", reverse_tag="home"),
    )

    config = model.Inbound(tag="in", listen="127.0.0.1", settings=model.VlessInbound(users=users))
    inbound = VlessInbound(config, acceptor, acceptor.portal, policy)
    await inbound.start()
    return Running(inbound, acceptor)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    made = await run(model.Policy())
    yield made
    await made.stop()


def request(command: int, user: UUID = USER, host: str = "page.test", port: int = 80) -> bytes:
    return vless.encode_request(user, Command(command), host, port)


@pytest.mark.parametrize(
    ("command", "host", "kind", "target"),
    [
        (1, "page.test", "relay", Destination(Network.TCP, "page.test", 80)),
        (2, "page.test", "packets", Destination(Network.UDP, "page.test", 80)),
        (3, "", "mux", Destination(Network.TCP, "v1.mux.cool", 0)),
        (1, "v1.mux.cool", "mux", Destination(Network.TCP, "v1.mux.cool", 80)),
    ],
)
async def test_each_command_is_handed_on(
    running: Running, command: int, host: str, kind: str, target: Destination
) -> None:
    reader = await running.say(request(command, host=host))
    got, session, initial = await running.call()
    assert (got, initial) == (kind, b"")
    assert (session.inbound_tag, session.inbound_protocol, session.user) == ("in", "vless", "a@test")
    assert session.destination == target
    assert session.source == Destination(Network.TCP, *running.client)
    assert session.local == Destination(Network.TCP, "127.0.0.1", running.port)
    assert await reader.readexactly(2) == b"\0\0"
    assert len(running.inbound.doorway) == 0


async def test_a_bridge_reaches_the_portal_of_its_tag(running: Running) -> None:
    reader = await running.say(request(4, BRIDGE) + b"frames")
    kind, session, initial = await running.call()
    assert (kind, session.user, initial) == ("link", "b@test", b"frames")
    assert running.acceptor.tags == ["home"]
    assert await reader.readexactly(2) == b"\0\0"


async def test_the_header_may_come_in_pieces_and_payload_with_it(running: Running) -> None:
    raw = request(1)
    await running.say(raw[:1], raw[1:20], raw[20:-1], raw[-1:] + b"payload")
    assert (await running.call())[2] == b"payload"


async def test_packets_that_come_with_the_header_are_delivered(running: Running) -> None:
    reader = await running.say(request(2) + b"\0\3one\0\3tw")
    await running.call()
    assert running.acceptor.upper.packets == [b"one"]
    running.acceptor.transports[0].sendto(b"answer")
    assert await reader.readexactly(10) == b"\0\0\0\6answer"


async def test_bytes_6_and_7_of_the_id_are_the_clients(running: Running) -> None:
    await running.say(request(1, UUID("b831381d-6324-beef-ad4f-8cda48b30811")))
    assert (await running.call())[1].user == "a@test"


def with_flow(command: int, user: UUID) -> bytes:
    flow = b"\x0a\x10xtls-rprx-vision"
    return b"\0" + user.bytes + bytes((len(flow),)) + flow + bytes((command,))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (request(1, STRANGER), "unknown user id"),
        (request(4, STRANGER), "unknown user id"),
        (request(1, BRIDGE), "user 'b@test' is a bridge"),
        (request(2, BRIDGE), "user 'b@test' is a bridge"),
        (request(3, BRIDGE), "user 'b@test' is a bridge"),
        (request(4), "user 'a@test' has no reverse tag"),
        (with_flow(3, USER), "flow 'xtls-rprx-vision' is not supported"),
        (with_flow(4, BRIDGE), "flow 'xtls-rprx-vision' is not supported"),
        (b"GET / HTTP/1.1\r\n", "version 71"),
        (b"\0" + USER.bytes + b"\0\7", "unknown VLESS command 7"),
    ],
)
async def test_refusals_close_the_connection_and_are_logged(
    running: Running, raw: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    reader = await running.say(raw)
    assert await reader.read() == b""
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    text = record.getMessage()
    assert text.startswith(f"inbound in: refused 127.0.0.1:{running.client[1]}: {reason}")
    assert not any(str(user) in text or user.hex in text for user in (USER, BRIDGE, STRANGER))
    assert running.acceptor.calls.empty()


async def test_strangers_who_knock_often_get_one_line(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        assert await (await running.say(request(1, STRANGER))).read() == b""
    assert len(caplog.records) == 1
    caplog.clear()
    running.inbound._rare._quiet_until = 0
    await (await running.say(request(1, STRANGER))).read()
    assert caplog.records[0].getMessage().endswith("(4 more since the last such line)")


async def test_a_silent_client_is_refused_in_time(caplog: pytest.LogCaptureFixture) -> None:
    made = await run(model.Policy(levels={0: model.PolicyLevel(handshake=0.05)}))
    reader = await made.say(request(1)[:10])
    assert await asyncio.wait_for(reader.read(), 5) == b""
    assert "no complete request within" in caplog.text
    await made.stop()


async def test_closing_drops_handshakes_but_not_what_was_handed_on(running: Running) -> None:
    begun = await running.say(request(1)[:10])
    done = await running.say(request(1))
    await running.call()
    await running.inbound.close()
    assert await asyncio.wait_for(begun.read(), 5) == b""
    assert await done.readexactly(2) == b"\0\0"
    assert not done.at_eof()
    assert running.inbound.listening == ""
    with pytest.raises(OSError, match=r"(?i)refused"):
        await running.say(b"")


async def test_a_client_that_leaves_is_forgotten(
    running: Running, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = asyncio.Event()

    def connection_lost(handshake: Handshake, exc: Exception | None) -> None:
        assert list(running.inbound.doorway) == [handshake]
        former(handshake, exc)
        lost.set()

    former = Handshake.connection_lost
    monkeypatch.setattr(Handshake, "connection_lost", connection_lost)
    await running.say(request(1)[:10])
    running.writers.pop().close()
    await asyncio.wait_for(lost.wait(), 5)
    assert len(running.inbound.doorway) == 0
    assert caplog.records == []


async def test_a_taken_port_is_named(running: Running) -> None:
    config = model.Inbound(
        tag="other", listen="127.0.0.1", ports=((running.port, running.port),), settings=model.VlessInbound()
    )
    other = VlessInbound(config, running.acceptor, lambda _: running.acceptor, model.Policy())
    with pytest.raises(OSError, match=str(running.port)):
        await other.start()
