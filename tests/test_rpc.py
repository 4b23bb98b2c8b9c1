"""The RPC's shapes, its page, and the client against an engine that misbehaves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from xrgui import client, logs, rpc
from xrgui.engine import control, dispatcher, feeds, procedures

PAGE = (Path(__file__).parents[1] / "docs" / "rpc.md").read_text(encoding="utf-8")
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class TestPage:
    """docs/rpc.md is what others build on: nothing may be missing there."""

    @pytest.mark.parametrize("method", sorted(rpc.CALLS))
    def test_names_every_call_and_its_parameters(self, method: str) -> None:
        assert re.search(rf"^### .*\b{method}\b", PAGE, re.MULTILINE)
        for field in rpc.CALLS[method].__struct_fields__:
            assert f'"{field}"' in PAGE or f"`{field}`" in PAGE, f"{method}: {field}"

    @pytest.mark.parametrize("event", sorted(rpc.EVENTS))
    def test_names_every_event_and_its_fields(self, event: str) -> None:
        part = PAGE[PAGE.index("## Events") :]
        assert f"### {event}\n" in part
        if event != "status":
            for field in rpc.EVENTS[event].__struct_fields__:
                assert f'"{field}"' in part, f"{event}: {field}"

    @pytest.mark.parametrize(
        "kind",
        [
            *(rpc.Status, rpc.ConfigStatus, rpc.InboundStatus, rpc.OutboundStatus, rpc.BridgeStatus),
            *(rpc.PortalStatus, rpc.Totals, rpc.Welcome, rpc.Applied, rpc.AppliedAll),
            *(rpc.Explanation, rpc.RuleStep, rpc.SessionList),
        ],
    )
    def test_names_every_field_of_a_result(self, kind: type[rpc.Struct]) -> None:
        for field in kind.__struct_fields__:
            assert f'"{field}"' in PAGE, f"{kind.__name__}: {field}"

    def test_gives_the_rows_in_their_order(self) -> None:
        assert f"`[{', '.join(rpc.SessionRow.__struct_fields__)}]`" in PAGE
        assert f"[[{', '.join(rpc.LogRecord.__struct_fields__)}]" in PAGE

    def test_gives_the_engines_numbers(self) -> None:
        for text in (
            f"more than {feeds.ROWS:,} rows",
            f"the last {dispatcher.KEEP_CLOSED:,} of each configuration",
            f"`limit` and {procedures.MOST_ROWS:,} at most",
            f"{logs.KEPT:,}\nrecords at most",
            f"more than {control.UNREAD >> 20} MiB waits",
            f"at most {rpc.MAX_LINE >> 20} MiB long",
            f"({rpc.MIN_INTERVAL} to {rpc.MAX_INTERVAL:.0f} seconds",
            f"({procedures.LONGEST_GRACE:.0f} at most)",
        ):
            assert text in PAGE, text

    def test_names_every_error_code(self) -> None:
        for code in rpc.ErrorCode.__args__:  # type: ignore[attr-defined]
            assert f"| `{code}` |" in PAGE


class TestShapes:
    @pytest.mark.parametrize("method", sorted(rpc.CALLS))
    def test_unknown_parameters_are_ignored_and_names_agree(self, method: str) -> None:
        kind = rpc.CALLS[method]
        assert kind.method == method
        required = {field.name for field in msgspec.structs.fields(kind) if field.required}
        texts = {"target", "name", "tag", "key"}
        values = {key: "h:1" if key in texts else [] for key in required}
        decoded = msgspec.convert({"from_the_future": 1, **values}, kind)
        assert msgspec.json.decode(msgspec.json.encode(decoded), type=kind) == decoded

    def test_a_row_may_grow(self) -> None:
        row = [1, "c", "open", "in", "tunnel", "", "", "tcp:h:1", "", "", "out", 0, 1, 2, 1.0, 0.0, "", "new"]
        assert msgspec.convert(row, rpc.SessionRow).outbound == "out"

    @pytest.mark.parametrize(
        "call",
        [
            rpc.Hello(token="s3cret"),
            rpc.Apply((rpc.NamedConfig("web", {"id": "s3cret"}),)),
            rpc.Check((rpc.NamedConfig("web", {"id": "s3cret"}),)),
            rpc.Explain("h:1", config={"id": "s3cret"}),
            rpc.TcpEndpoint(1, "s3cret"),
        ],
    )
    def test_no_secret_in_a_repr(self, call: object) -> None:
        assert "s3cret" not in repr(call)
        assert b"s3cret" in msgspec.json.encode(call)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Callable[[Answer], Awaitable[Path]]]:
    """An engine that greets, then does what the test says."""
    servers: list[asyncio.Server] = []

    async def start(then: Answer) -> Path:
        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(GREETING)
            try:
                await then(reader, writer)
            finally:
                writer.close()

        path = tmp_path / "1.sock"
        servers.append(await asyncio.start_unix_server(visit, path))
        return path

    yield start
    for server in servers:
        server.close()


GREETING = b'{"id":1,"result":{"protocol":1,"version":"9","pid":1,"started_at":0,"configs":[],"mood":"new"}}\n'


def totals(number: int) -> bytes:
    event = rpc.TotalsEvent(float(number), 0, rpc.Totals(), {})
    return b'{"event":"totals","data":' + msgspec.json.encode(event) + b"}\n"


class TestClient:
    async def test_answers_may_come_in_any_order(self, engine: Callable[[Answer], Awaitable[Path]]) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            await reader.readline()
            writer.write(b'{"id":3,"result":{"closed":3}}\n{"id":99,"result":{}}\n{"id":2,"result":{"closed":2}}\n')
            await reader.read()

        async with await client.connect(await engine(answer)) as told:
            calls = [told.call(rpc.CloseSessions((number,))) for number in range(2)]
            assert [result.closed for result in await asyncio.gather(*calls)] == [2, 3]

    async def test_an_error_is_raised_with_its_hint(self, engine: Callable[[Answer], Awaitable[Path]]) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b'{"id":2,"error":{"code":"not_found","message":"No.","hint":"Look."}}\n')

        async with await client.connect(await engine(answer)) as told:
            with pytest.raises(rpc.RpcError, match="No\\.") as caught:
                await told.call(rpc.Retry())
        assert (caught.value.code, caught.value.hint) == ("not_found", "Look.")

    @pytest.mark.parametrize("last", [b"", b"nonsense\n", b'{"id":2', b"[]\n"])
    async def test_an_engine_that_breaks_off_fails_the_calls(
        self, engine: Callable[[Answer], Awaitable[Path]], last: bytes
    ) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(last)

        async with await client.connect(await engine(answer)) as told:
            with pytest.raises(rpc.RpcError, match="closed the connection"):
                await told.call(rpc.GetStatus())
            await told.wait_closed()
            with pytest.raises(rpc.RpcError, match="closed the connection"):
                await told.call(rpc.GetStatus())

    async def test_events_of_streams_that_it_does_not_know_are_passed_over(
        self, engine: Callable[[Answer], Awaitable[Path]]
    ) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b'{"id":2,"result":{}}\n{"event":"weather","data":{}}\n' + totals(1))

        async with await client.connect(await engine(answer)) as told:
            assert [event async for event in told.subscribe("totals")] == [rpc.TotalsEvent(1.0, 0, rpc.Totals(), {})]

    async def test_events_that_nobody_takes_stop_the_reading_but_no_call(
        self, engine: Callable[[Answer], Awaitable[Path]]
    ) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b'{"id":2,"result":{}}\n')
            writer.writelines(totals(number) for number in range(5000))
            await reader.readline()
            writer.write(b'{"id":3,"result":{"retried":["a"]}}\n')

        async with await client.connect(await engine(answer)) as told:
            events = told.subscribe("totals")
            first = await anext(events)
            for _ in range(50):
                await asyncio.sleep(0)
            assert told._events.qsize() <= told.QUEUE
            assert (await told.call(rpc.Retry())).retried == ("a",)
            rest = [event async for event in events]
        numbers = [event.at for event in (first, *rest) if isinstance(event, rpc.TotalsEvent)]
        assert numbers == [float(number) for number in range(5000)]

    async def test_another_version_is_refused(self, tmp_path: Path) -> None:
        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(GREETING.replace(b'"protocol":1', b'"protocol":2'))
            await reader.read()
            writer.close()

        server = await asyncio.start_unix_server(visit, tmp_path / "1.sock")
        with pytest.raises(rpc.RpcError, match="speaks version 2"):
            await client.connect(tmp_path / "1.sock")
        server.close()

    async def test_nobody_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            await client.connect(tmp_path / "1.sock")

    async def test_a_call_that_is_given_up_leaves_nothing(self, engine: Callable[[Answer], Awaitable[Path]]) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with await client.connect(await engine(answer)) as told:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(told.call(rpc.GetStatus()), 0.05)
            assert not told._waiting
