"""The RPC server: calls, streams, slow readers, strangers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from xrgui import rpc
from xrgui.address import Destination, Network
from xrgui.client import Client, connect
from xrgui.config import model
from xrgui.engine.control import UNDER_WAY, Server
from xrgui.engine.errors import EngineError
from xrgui.engine.host import Host
from xrgui.engine.session import Session
from xrgui.logs import Log

CONFIG: dict[str, Any] = {
    "inbounds": [{"tag": "in", "protocol": "tunnel", "listen": "127.0.0.1", "port": 1, "settings": {}}],
    "outbounds": [{"tag": "direct", "protocol": "freedom"}, {"tag": "none", "protocol": "blackhole"}],
    "routing": {"rules": [{"ruleTag": "web", "port": 80, "outboundTag": "none"}]},
}


@dataclass
class Applied:
    started: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


class FakeEngine:
    """Does what the tests tell it, in place of sockets."""

    def __init__(self) -> None:
        self.sessions: dict[int, Session] = {}
        self.closed: deque[Session] = deque(maxlen=1000)
        self.config: model.Config | None = None
        self.fails: Exception | None = None
        self.waiting = ["r-in"]
        self.opened = 0
        self.is_closed = False
        self.bridge = rpc.BridgeStatus("r-in", "vless", "connecting")

    async def apply(self, config: model.Config) -> Applied:
        if self.fails is not None:
            raise self.fails
        self.config = config
        return Applied(started=[f"inbound {entry.tag}" for entry in config.inbounds])

    async def close(self, grace: float = 1.0) -> None:
        self.is_closed = True

    def status(self) -> rpc.EngineStatus:
        return rpc.EngineStatus(bridges=(self.bridge,), totals=self.totals())

    def totals(self) -> rpc.Totals:
        return rpc.Totals(up=7, open=len(self.sessions), opened=self.opened)

    def close_session(self, session_id: int, reason: str) -> bool:
        return session_id in self.sessions and self.end(session_id, reason)

    @property
    def has_bridges(self) -> bool:
        return False

    def check_links(self) -> None:
        raise AssertionError("there are no bridges")

    def retry(self, tag: str = "") -> list[str]:
        return [name for name in self.waiting if tag in ("", name)]

    def open(self, count: int = 1) -> list[Session]:
        made = []
        for _ in range(count):
            source = Destination(Network.TCP, "192.0.2.1", 5000)
            session = Session("in", "tunnel", Destination(Network.TCP, "web", 80), source=source, user="u@x")
            session.state = "open"
            session.started_at = 1.0
            self.sessions[session.id] = session
            made.append(session)
        self.opened += count
        return made

    def end(self, session_id: int, reason: str) -> bool:
        session = self.sessions.pop(session_id)
        session.state, session.error, session.ended_at = "closed", reason, 2.0
        self.closed.append(session)
        return True


@pytest.fixture
def log() -> Log:
    return Log(None)


@pytest.fixture
async def host(log: Log) -> Host:
    return Host(FakeEngine, log)


@pytest.fixture(params=["sock", "tcp"])
async def server(request: pytest.FixtureRequest, host: Host, tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(host, tmp_path / f"1.{request.param}")
    await server.start()
    yield server
    await server.close()
    assert not server.path.exists()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    async with await connect(server.path) as client:
        yield client


async def apply(client: Client, name: str = "web", config: dict[str, Any] = CONFIG) -> rpc.Applied:
    result = await client.call(rpc.Apply((rpc.NamedConfig(name, config),)))
    return result.configs[0]


def engine(host: Host, name: str = "web") -> FakeEngine:
    found = host.engines[name]
    assert isinstance(found, FakeEngine)
    return found


async def raw(server: Server, *lines: bytes, read: int) -> list[dict[str, Any]]:
    """Say *lines* without a client and give the next *read* answers."""
    if server.path.suffix == ".tcp":
        port = json.loads(server.path.read_bytes())["port"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    else:
        reader, writer = await asyncio.open_unix_connection(server.path)
    writer.writelines(lines)
    answers = [json.loads(await reader.readline()) for _ in range(read)]
    writer.close()
    return answers


def hello(server: Server) -> bytes:
    return b'{"id":1,"method":"hello","params":{"token":"%s"}}\n' % server.token.encode()


async def until(events: AsyncIterator[rpc.Event], kind: type[Any]) -> Any:
    async with asyncio.timeout(5):
        while True:
            event = await anext(events)
            if isinstance(event, kind):
                return event


async def test_hello_names_what_runs(client: Client, server: Server) -> None:
    assert client.welcome.configs == ()
    await apply(client)
    async with await connect(server.path) as other:
        assert other.welcome.configs == ("web",)
        assert other.welcome.protocol == rpc.PROTOCOL


class TestStrangers:
    @pytest.mark.parametrize("server", ["tcp"], indirect=True)
    @pytest.mark.parametrize(
        "line",
        [
            b'{"id":4,"method":"hello","params":{"token":"wrong"}}\n',
            b'{"id":4,"method":"hello"}\n',
            b'{"id":4,"method":"status"}\n',
            b'{"id":4,"method":"status"}\n{"id":5,"method":"shutdown"}\n',
        ],
    )
    async def test_without_the_token_nothing_is_told(self, server: Server, line: bytes) -> None:
        (answer,) = await raw(server, line, read=1)
        assert answer == {
            "id": 4,
            "error": {
                "code": "unauthorized",
                "message": "The token is wrong.",
                "hint": "Read it from the endpoint's file.",
            },
        }
        assert not server.host.stopping.done()

    async def test_the_endpoint_is_private(self, server: Server) -> None:
        assert server.path.stat().st_mode & 0o077 == 0


class TestLines:
    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (b"{]\n", "bad_request"),
            (b"\xff\n", "bad_request"),
            (b'{"method":"status"}\n', "bad_request"),
            (b'{"id":7,"method":"status","params":[]}\n', "bad_request"),
            (b'{"id":7,"method":"dance"}\n', "unknown_method"),
            (b'{"id":7,"method":"close_sessions","params":{"ids":["x"]}}\n', "bad_request"),
            (b'{"id":7,"method":"check","params":%s}\n' % (b"[" * 20_000 + b"]" * 20_000), "bad_request"),
            (b'{"id":7,"method":"check","params":{"configs":[%s1]}}\n' % (b'{"config":{"a":' * 5000), "bad_request"),
        ],
    )
    async def test_a_bad_line_is_answered(self, server: Server, line: bytes, code: str) -> None:
        *_, answer = await raw(server, hello(server), line, read=2)
        assert answer["error"]["code"] == code

    async def test_a_parameter_is_named(self, server: Server) -> None:
        line = b'{"id":7,"method":"close_sessions","params":{"ids":["x"]}}\n'
        *_, answer = await raw(server, hello(server), line, read=2)
        assert "$.ids[0]" in answer["error"]["message"]
        assert answer["id"] == 7

    async def test_any_split_gives_the_same(self, server: Server) -> None:
        text = hello(server) + b'{"id":2,"method":"status"}\n\n{"id":3,"method":"log"}\n'
        pieces = [text[i : i + 1] for i in range(len(text))]
        answers = await raw(server, *pieces, read=3)
        assert [answer["id"] for answer in answers] == [1, 2, 3]

    async def test_a_line_that_never_ends_is_refused(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rpc, "MAX_LINE", 1000)
        *_, answer = await raw(server, hello(server), b"x" * 2000, read=2)
        assert answer["error"]["code"] == "too_large"

    async def test_many_calls_at_once_are_all_answered(self, server: Server) -> None:
        lines = [b'{"id":%d,"method":"status"}\n' % number for number in range(2, 4 * UNDER_WAY)]
        answers = await raw(server, hello(server), *lines, read=len(lines) + 1)
        assert {answer["id"] for answer in answers} == set(range(1, 4 * UNDER_WAY))


class TestConfigurations:
    async def test_apply_starts_and_remove_stops(self, client: Client, host: Host) -> None:
        applied = await apply(client)
        assert applied.started == ("inbound in",)
        assert applied.error is None
        running = engine(host)
        result = await client.call(rpc.Remove(("web", "nobody")))
        assert result.removed == ("web",)
        assert running.is_closed

    async def test_an_error_names_the_place_and_what_runs_goes_on(self, client: Client, host: Host) -> None:
        await apply(client)
        before = engine(host).config
        applied = await apply(client, config={"inbounds": [{"protocol": "tunnel", "port": 70000}]})
        assert applied.error is not None
        assert applied.error.code == "bad_config"
        assert "inbounds[0].port" in applied.error.message
        assert engine(host).config is before

    async def test_one_failure_leaves_the_others_alone(self, client: Client, host: Host) -> None:
        bad = rpc.NamedConfig("bad", {"inbounds": 3})
        good = rpc.NamedConfig("good", CONFIG)
        result = await client.call(rpc.Apply((bad, good)))
        assert [applied.error is None for applied in result.configs] == [False, True]
        assert list(host.engines) == ["good"]

    async def test_what_the_system_refuses_is_told(self, client: Client, host: Host) -> None:
        await apply(client)
        engine(host).fails = OSError(98, "Address already in use")
        applied = await apply(client)
        assert applied.error == rpc.Error("failed", "Address already in use")

    async def test_a_new_one_that_fails_is_not_kept(
        self, client: Client, host: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refuse(self: FakeEngine, config: model.Config) -> Applied:
            raise EngineError("not today")

        monkeypatch.setattr(FakeEngine, "apply", refuse)
        applied = await apply(client)
        assert applied.error is not None
        assert applied.error.message == "not today"
        assert not host.engines

    async def test_replace_stops_the_rest(self, client: Client, host: Host) -> None:
        await apply(client, "old")
        result = await client.call(rpc.Apply((rpc.NamedConfig("new", CONFIG),), replace=True))
        assert result.removed == ("old",)
        assert list(host.engines) == ["new"]

    async def test_check_starts_nothing(self, client: Client, host: Host) -> None:
        result = await client.call(rpc.Check((rpc.NamedConfig("x", {"inbounds": [{"protocol": "nonsense"}]}),)))
        assert any(problem.is_error for problem in result.configs[0].problems)
        assert not host.engines

    async def test_secrets_of_a_configuration_are_masked_in_the_log(self, client: Client, log: Log, host: Host) -> None:
        account = {"user": "me", "pass": "hunter2-and-more"}
        outbound = {"tag": "o", "protocol": "socks", "settings": {"address": "h", "port": 1, **account}}
        applied = await apply(client, config={"outbounds": [outbound]})
        assert applied.error is None
        log.emit(logging.LogRecord("x", logging.ERROR, "", 0, "it is hunter2-and-more", (), None))
        records = (await client.call(rpc.GetLog())).records
        assert records[-1].message == "it is •••"


class TestQuestions:
    async def test_status(self, client: Client) -> None:
        await apply(client)
        status = await client.call(rpc.GetStatus())
        assert [config.name for config in status.configs] == ["web"]
        assert status.configs[0].bridges[0].state == "connecting"
        assert status.totals.up == 7
        assert status.memory > 1_000_000
        assert status.tasks >= 2

    async def test_sessions_live_and_ended(self, client: Client, host: Host) -> None:
        await apply(client)
        first, second = engine(host).open(2)
        engine(host).end(first.id, "enough")
        found = await client.call(rpc.GetSessions(closed=5))
        assert [row.id for row in found.rows] == [second.id]
        assert found.rows[0].source == "192.0.2.1:5000"
        assert found.rows[0].target == "tcp:web:80"
        assert [(row.id, row.reason, row.ended_at) for row in found.closed] == [(first.id, "enough", 2.0)]
        assert (await client.call(rpc.GetSessions(limit=0))).open == 1

    async def test_close_sessions_counts(self, client: Client, host: Host) -> None:
        await apply(client)
        (session,) = engine(host).open()
        assert (await client.call(rpc.CloseSessions((session.id, 10**9)))).closed == 1
        assert session.error == "closed by the user"

    async def test_retry(self, client: Client) -> None:
        await apply(client)
        assert (await client.call(rpc.Retry())).retried == ("web/r-in",)
        assert (await client.call(rpc.Retry(tag="other"))).retried == ()
        with pytest.raises(rpc.RpcError, match="No configuration is called 'x'"):
            await client.call(rpc.Retry(name="x"))

    async def test_explain(self, client: Client) -> None:
        await apply(client)
        told = await client.call(rpc.Explain("192.0.2.1:80", inbound="in", name="web"))
        assert (told.outbound, told.rule) == ("none", "web")
        told = await client.call(rpc.Explain("udp:192.0.2.1:53", name="web"))
        assert (told.outbound, told.rule) == ("direct", "")
        assert told.steps[0].why == "port is 53"

    async def test_explain_says_when_nothing_is_there(self, client: Client) -> None:
        with pytest.raises(rpc.RpcError) as caught:
            await client.call(rpc.Explain("h:1", name="web"))
        assert caught.value.code == "not_found"
        with pytest.raises(rpc.RpcError, match="is not host:port") as caught:
            await client.call(rpc.Explain("h", config=CONFIG))
        assert caught.value.code == "bad_request"

    async def test_a_fault_is_no_answer_with_a_traceback(
        self, client: Client, host: Host, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(host, "status", lambda: 1 / 0)
        with pytest.raises(rpc.RpcError) as caught:
            await client.call(rpc.GetStatus())
        assert caught.value.code == "internal"
        assert "Traceback" not in caught.value.message

    async def test_shutdown_answers_first(self, client: Client, host: Host) -> None:
        await client.call(rpc.Shutdown(grace=0.5))
        assert await host.stopping == 0.5


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
