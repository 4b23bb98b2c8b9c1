"""The RPC server: event streams, slow readers, the end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from tests.engine.control.steered import apply, engine, until
from xrgui import rpc
from xrgui.client import Client, connect
from xrgui.engine.control import Server
from xrgui.engine.host import Host
from xrgui.logs import Log


class TestStreams:
    async def test_totals_come_each_interval(self, client: Client) -> None:
        await apply(client)
        events = client.subscribe("totals", interval=0.2)
        for _ in range(2):
            event = await until(events, rpc.TotalsEvent)
            assert event.configs["web"].up == 7

    async def test_status_comes_when_a_state_changes(self, client: Client, host: Host) -> None:
        await apply(client)
        events = client.subscribe("status", interval=0.2)
        assert (await until(events, rpc.Status)).configs[0].bridges[0].state == "connecting"
        engine(host).bridge = rpc.BridgeStatus("r-in", "vless", "up", links=1)
        assert (await until(events, rpc.Status)).configs[0].bridges[0].state == "up"

    async def test_sessions_tell_changes_only(self, client: Client, host: Host) -> None:
        await apply(client)
        fake = engine(host)
        busy, idle = fake.open(2)
        events = client.subscribe("sessions", interval=0.2)
        event = await until(events, rpc.SessionsEvent)
        assert [row.id for row in event.rows] == [busy.id, idle.id]
        busy.up, busy.down = 10, 20
        event = await until(events, rpc.SessionsEvent)
        assert (event.rows, event.counters) == ((), ((busy.id, 10, 20),))
        fake.end(busy.id, "gone")
        (short,) = fake.open()
        fake.end(short.id, "")
        event = await until(events, rpc.SessionsEvent)
        assert [(row.id, row.reason, row.up) for row in event.closed] == [
            (busy.id, "gone", 10),
            (short.id, "", 0),
        ]
        assert (event.rows, event.counters, event.gone, event.lost) == ((), (), (), 0)

    async def test_a_state_that_changes_sends_the_row_again(self, client: Client, host: Host) -> None:
        await apply(client)
        (session,) = engine(host).open()
        session.state = "connecting"
        events = client.subscribe("sessions", interval=0.2)
        assert (await until(events, rpc.SessionsEvent)).rows[0].state == "connecting"
        session.state, session.outbound_tag = "open", "direct"
        row = (await until(events, rpc.SessionsEvent)).rows[0]
        assert (row.state, row.outbound) == ("open", "direct")

    async def test_large_batches_come_in_parts(self, client: Client, host: Host) -> None:
        await apply(client)
        made = engine(host).open(1203)
        events = client.subscribe("sessions", interval=0.2)
        parts = [await until(events, rpc.SessionsEvent)]
        while parts[-1].more:
            parts.append(await until(events, rpc.SessionsEvent))
        assert [row.id for part in parts for row in part.rows] == [session.id for session in made]
        assert len(parts) == 3

    async def test_more_ends_than_are_remembered_are_counted(self, client: Client, host: Host) -> None:
        await apply(client)
        fake = engine(host)
        known = fake.open(5)
        events = client.subscribe("sessions", interval=0.2)
        await until(events, rpc.SessionsEvent)
        for session in [*known, *fake.open(1500)]:
            fake.end(session.id, "")
        parts = [await until(events, rpc.SessionsEvent)]
        while parts[-1].more:
            parts.append(await until(events, rpc.SessionsEvent))
        assert sum(len(part.closed) for part in parts) == 1000
        assert parts[-1].lost == 505
        assert sorted(parts[-1].gone) == [session.id for session in known]

    async def test_a_removed_configuration_takes_its_sessions_along(self, client: Client, host: Host) -> None:
        await apply(client)
        (session,) = engine(host).open()
        events = client.subscribe("sessions", interval=0.2)
        await until(events, rpc.SessionsEvent)
        await client.call(rpc.Remove(("web",)))
        assert (await until(events, rpc.SessionsEvent)).gone == (session.id,)

    async def test_the_log_starts_with_a_backlog(self, client: Client, log: Log) -> None:
        for number in range(5):
            log.ring.add(float(number), "info" if number % 2 else "debug", f"line {number}")
        events = client.subscribe("log", interval=0.2, backlog=2, level="info")
        first = await until(events, rpc.LogEvent)
        assert [record.message for record in first.records] == ["line 1", "line 3"]
        log.ring.add(5.0, "error", "later")
        assert [record.message for record in (await until(events, rpc.LogEvent)).records] == ["later"]

    async def test_unsubscribe_ends_them(self, client: Client, server: Server) -> None:
        events = client.subscribe("totals", "log", interval=0.2)
        await until(events, rpc.TotalsEvent)
        await client.call(rpc.Unsubscribe())
        (connection,) = server.connections
        assert not connection._streams

    @pytest.mark.parametrize("server", ["sock"], indirect=True)
    async def test_a_reader_that_does_not_read_costs_no_memory(self, server: Server, host: Host, log: Log) -> None:
        async with await connect(server.path) as client:
            await apply(client)
        reader, writer = await asyncio.open_unix_connection(server.path, limit=1000)
        call = {"id": 1, "method": "subscribe", "params": {"streams": ["sessions", "log"], "interval": 0.2}}
        writer.write(msgspec.json.encode(call) + b"\n")
        await reader.readline()
        (connection,) = server.connections
        transport = connection.transport
        assert transport is not None
        fake = engine(host)
        while not connection.full:
            for session in fake.open(2000):
                session.user = "x" * 100
            await asyncio.sleep(0.05)
        held = transport.get_write_buffer_size()
        made = [session.id for session in fake.open(20_000)]
        for number in range(5_000):
            log.ring.add(float(number), "info", f"line {number}")
        await asyncio.sleep(0.5)
        assert transport.get_write_buffer_size() == held < 3 * 1024 * 1024
        reader._limit = 1 << 30  # type: ignore[attr-defined]
        seen: set[int] = set()
        lost = 0
        async with asyncio.timeout(20):
            while not lost or not seen.issuperset(made):
                event = json.loads(await reader.readline())
                if event["event"] == "sessions":
                    seen.update(row[0] for row in event["data"]["rows"])
                else:
                    lost += event["data"]["lost"]
        assert lost == 3_000
        writer.close()


async def test_closing_does_not_wait_for_a_client_that_does_not_read(host: Host, tmp_path: Path) -> None:
    server = Server(host, tmp_path / "1.sock")
    await server.start()
    async with await connect(server.path) as client:
        await apply(client)
    engine(host).open(20_000)
    _, writer = await asyncio.open_unix_connection(server.path, limit=1000)
    writer.write(b'{"id":1,"method":"subscribe","params":{"streams":["sessions"]}}\n')
    async with asyncio.timeout(5):
        while not any(connection.full for connection in server.connections):
            await asyncio.sleep(0.01)
        await server.close()
        while server.connections:
            await asyncio.sleep(0)
    writer.close()


async def test_the_last_lines_of_the_log_are_said_before_the_end(host: Host, log: Log, tmp_path: Path) -> None:
    server = Server(host, tmp_path / "1.sock")
    await server.start()
    async with await connect(server.path) as client:
        events = client.subscribe("log", interval=60, backlog=1)
        log.ring.add(0.0, "info", "first")
        await until(events, rpc.LogEvent)
        log.ring.add(0.0, "info", "goodbye")
        await server.close()
        assert [record.message for record in (await until(events, rpc.LogEvent)).records] == ["goodbye"]
