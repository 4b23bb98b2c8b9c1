from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from tests.engine.inbound.knocking import Recorder, Running
from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine.inbound import vmess as inbound_vmess
from xrgui.engine.inbound.vmess import VmessInbound
from xrgui.engine.wire import vmess
from xrgui.engine.wire.vmess import Command, Security
from xrgui.engine.wire.vmess_body import BodyReader, BodyWriter

USER = UUID("b831381d-6324-4d53-ad4f-8cda48b30811")
STRANGER = UUID("11111111-6324-4d53-ad4f-8cda48b30833")


class Client:
    """One connection of a client that makes its bytes by the codecs alone."""

    def __init__(
        self, security: int = 3, command: int = 1, host: str = "page.test", user: UUID = USER, off: int = 0
    ) -> None:
        self.request = vmess.new_request(Security(security), Command(command), host, 80, os.urandom)
        account, salt = vmess.Account(user), os.urandom(vmess.SALT_SIZE)
        self.header = vmess.seal_request(account, self.request, time.time() + off, salt)
        self.writer = BodyWriter(self.request, True, os.urandom)
        self.reader = BodyReader(self.request, False)

    async def read_response(self, reader: asyncio.StreamReader) -> None:
        assert vmess.open_response(self.request, await reader.readexactly(38)) == 38


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    acceptor = Recorder()
    users = (model.VmessUser(id=UUID(int=5), email="other"), model.VmessUser(id=USER, email="a@test"))
    config = model.Inbound(tag="in", listen="127.0.0.1", settings=model.VmessInbound(users=users))
    inbound = VmessInbound(config, acceptor, model.Policy())
    await inbound.start()
    made = Running(inbound, acceptor)
    yield made
    await made.stop()


@pytest.mark.parametrize("security", [3, 4, 5])
@pytest.mark.parametrize(
    ("command", "host", "kind", "target"),
    [
        (1, "page.test", "relay", Destination(Network.TCP, "page.test", 80)),
        (3, "", "mux", Destination(Network.TCP, "v1.mux.cool", 80)),
        (1, "v1.mux.cool", "mux", Destination(Network.TCP, "v1.mux.cool", 80)),
    ],
)
async def test_streams_are_handed_on(
    running: Running, security: int, command: int, host: str, kind: str, target: Destination
) -> None:
    client = Client(security, command, host)
    reader = await running.say(client.header + bytes(client.writer.seal(b"payload")))
    got, session, initial = await running.call()
    assert (got, initial) == (kind, b"payload")
    assert (session.inbound_tag, session.inbound_protocol, session.user) == ("in", "vmess", "a@test")
    assert session.destination[:2] == target[:2]
    assert session.source == Destination(Network.TCP, *running.client)
    await client.read_response(reader)
    running.acceptor.transports[0].write(b"answer")
    running.acceptor.transports[0].close()
    assert b"".join(client.reader.receive_stream(await reader.read())) == b"answer"
    assert client.reader.ended


async def test_packets_are_handed_on(running: Running) -> None:
    client = Client(command=2)
    reader = await running.say(client.header + bytes(client.writer.seal(b"one")))
    kind, session, _ = await running.call()
    assert (kind, session.destination) == ("packets", Destination(Network.UDP, "page.test", 80))
    assert running.acceptor.upper.packets == [b"one"]
    await client.read_response(reader)
    running.acceptor.transports[0].sendto(b"answer")
    running.acceptor.transports[0].close()
    assert client.reader.receive(await reader.read()) == [b"answer"]


async def test_the_header_may_come_in_pieces(running: Running) -> None:
    client = Client()
    raw = client.header
    await running.say(raw[:5], raw[5:17], raw[17:43], raw[43:])
    assert (await running.call())[2] == b""


async def test_a_stream_that_ends_with_its_first_bytes(running: Running) -> None:
    client = Client()
    await running.say(client.header + bytes(client.writer.seal(b"all")) + client.writer.end())
    assert (await running.call())[2] == b"all"
    assert running.acceptor.upper.events == ["eof"]


async def logged(caplog: pytest.LogCaptureFixture, running: Running) -> str:
    """The one line about a refused connection."""
    async with asyncio.timeout(5):
        while not caplog.records:
            await asyncio.sleep(0)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"inbound in: refused 127.0.0.1:{running.client[1]}: " in record.getMessage()
    assert USER.hex[:8] not in record.getMessage()
    return record.getMessage()


@pytest.mark.parametrize(
    ("user", "off", "reason"),
    [
        (STRANGER, 0, "unknown user id"),
        (USER, -300, "s behind; VMess allows 120 s"),
        (USER, 300, "s ahead; VMess allows 120 s"),
    ],
)
async def test_refused_connections_are_read_on_for_a_while(
    running: Running, user: UUID, off: int, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    reader = await running.say(Client(user=user, off=off).header)
    assert reason in await logged(caplog, running)
    assert not reader.at_eof()
    running.writers[0].write(bytes(inbound_vmess.LINGER_BYTES))
    assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_refused_connections_end_in_time_without_more_bytes(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound_vmess, "LINGER_SECONDS", 0.02)
    reader = await running.say(os.urandom(16))
    assert await asyncio.wait_for(reader.read(), 5) == b""
    assert len(running.inbound.doorway) == 0


async def test_closing_ends_those_that_linger(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    reader = await running.say(os.urandom(16))
    await logged(caplog, running)
    await running.inbound.close()
    assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_a_replay_is_refused(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    header = Client().header
    await running.say(header)
    await running.call()
    await running.say(header)
    assert "a replay" in await logged(caplog, running)


async def test_a_damaged_first_chunk_is_refused(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    await running.say(client.header + os.urandom(70000))
    assert "chunk" in await logged(caplog, running)
    assert running.acceptor.calls.empty()
