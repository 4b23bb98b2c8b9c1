"""The RPC server: calls, and what strangers get."""

from __future__ import annotations

import logging

import pytest

from tests.engine.control.steered import CONFIG, Applied, FakeEngine, apply, engine, hello, raw
from xrgui import bridge_key, rpc
from xrgui.client import Client, connect
from xrgui.config import model
from xrgui.engine.control import UNDER_WAY, Server
from xrgui.engine.errors import EngineError
from xrgui.engine.host import Host
from xrgui.logs import Log


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

    async def test_approve(self, client: Client, host: Host) -> None:
        await apply(client)
        key = bytes(range(32))
        for text in (bridge_key.encode(key), ""):
            await client.call(rpc.Approve("web", "r-out", text))
        assert engine(host).approved == [key, b""]

    @pytest.mark.parametrize(
        ("name", "tag", "key", "code", "hint"),
        [
            ("x", "r-out", "", "not_found", "There are: web."),
            ("web", "x", "", "not_found", "There are: r-out."),
            ("web", "r-out", "no key", "bad_request", ""),
        ],
    )
    async def test_approve_says_what_it_does_not_find(
        self, client: Client, name: str, tag: str, key: str, code: str, hint: str
    ) -> None:
        await apply(client)
        with pytest.raises(rpc.RpcError) as caught:
            await client.call(rpc.Approve(name, tag, key))
        assert (caught.value.code, caught.value.hint) == (code, hint)

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
