"""Two engines in one process: what a bridge opens beside the portal, and which bridges may join it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import msgspec
import pytest

from tests.conftest import pick_port
from xrgui import bridge_key, rpc
from xrgui.address import Network
from xrgui.config import model
from xrgui.engine.engine import Engine
from xrgui.engine.mux import extension
from xrgui.engine.procedures import Procedures
from xrgui.engine.reverse import bridge as bridge_module

ID = UUID("b831381d-6324-4d53-ad4f-8cda48b30811")
LOOPBACK = "127.0.0.1"
ALLOW = (model.FinalRule(action="allow"),)
DOMAIN = "tunnel.test"
replace = msgspec.structs.replace


def tunnel(tag: str, port: int) -> model.Inbound:
    return model.Inbound(
        tag=tag, listen=LOOPBACK, ports=((0, 0),), settings=model.TunnelInbound(address=LOOPBACK, port=port)
    )


def rule(inbound: str, outbound: str, *domains: str) -> model.Rule:
    return model.Rule(outbound_tag=outbound, inbound_tags=frozenset({inbound}), domains=domains)


def portal_config(
    service: int,
    classic: bool,
    *rules: model.Rule,
    keys: tuple[str, ...] | None = None,
    final_rules: tuple[model.FinalRule, ...] = ALLOW,
) -> model.Config:
    user = model.VlessUser(id=ID, reverse_tag="" if classic else "portal", bridge_keys=None if classic else keys)
    link = model.Inbound(tag="link", listen=LOOPBACK, ports=((0, 0),), settings=model.VlessInbound(users=(user,)))
    own = (rule("visitors", "portal"), *((rule("link", "portal", f"full:{DOMAIN}"),) if classic else ()))
    ends = (model.ReverseEnd(tag="portal", domain=DOMAIN, bridge_keys=keys),) if classic else ()
    return model.Config(
        inbounds=(link, tunnel("visitors", service)),
        outbounds=(model.Outbound(tag="free", settings=model.FreedomOutbound(final_rules=final_rules)),),
        routing=model.Routing(rules=(*own, *rules)),
        reverse=model.Reverse(portals=ends),
    )


def bridge_config(link: int, service: int, classic: bool, key: str = "") -> model.Config:
    reverse = None if classic else model.ReverseLink(tag="bridge", key=key)
    server = model.VlessOutbound(address=LOOPBACK, port=link, id=ID, reverse=reverse)
    own = (rule("bridge", "server", f"full:{DOMAIN}"),) if classic else ()
    ends = (model.ReverseEnd(tag="bridge", domain=DOMAIN, key=key),) if classic else ()
    free = model.FreedomOutbound(final_rules=ALLOW)
    return model.Config(
        inbounds=(tunnel("local", service),),
        outbounds=(model.Outbound(tag="free", settings=free), model.Outbound(tag="server", settings=server)),
        routing=model.Routing(rules=(*own, rule("local", "bridge"), rule("bridge", "free"))),
        reverse=model.Reverse(bridges=ends),
    )


def port_of(engine: Engine, tag: str) -> int:
    listen = next(inbound.listen for inbound in engine.status().inbounds if inbound.tag == tag)
    return int(listen.rpartition(":")[2])


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def ask(port: int, question: bytes = b"hello") -> bytes:
    """What an echo answers; empty where the connection ends instead."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        with suppress(OSError):
            writer.write(question)
            async with asyncio.timeout(10):
                return await reader.read(100)
        return b""
    finally:
        writer.close()


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


Ends = Callable[..., Awaitable[tuple[Engine, Engine]]]


@pytest.fixture
async def ends(echo: int) -> AsyncIterator[Ends]:
    """Makes a portal and a bridge, each with an inbound that leads to the echo beside the other one."""
    running: list[Engine] = []

    async def make(
        *rules: model.Rule, classic: bool = False, key: str = "", service: int = 0, **portal: object
    ) -> tuple[Engine, Engine]:
        there, here = Engine(), Engine()
        running.extend((here, there))
        await there.apply(portal_config(echo, classic, *rules, **portal))
        await here.apply(bridge_config(port_of(there, "link"), service or echo, classic, key))
        return there, here

    yield make
    for engine in running:
        await engine.close(0)


def portal_of(engine: Engine):
    return engine.status().portals[0]


def bridge_of(engine: Engine):
    return engine.status().bridges[0]


def last_error(engine: Engine, inbound: str) -> str:
    return next((s.error for s in reversed(engine.closed) if s.inbound_tag == inbound), "")


def make_key(path: Path) -> str:
    return bridge_key.encode(bridge_key.create(path).public)


class TestForward:
    @pytest.mark.parametrize("classic", [False, True])
    async def test_both_ends_reach_what_is_beside_the_other(self, ends: Ends, classic: bool) -> None:
        there, here = await ends(rule("portal", "free"), classic=classic)
        await until(lambda: bridge_of(here).equal)
        assert await ask(port_of(there, "visitors"), b"to the desktop") == b"to the desktop"
        assert await ask(port_of(here, "local"), b"to the server") == b"to the server"
        row = next(s for s in (*there.closed, *there.sessions.values()) if s.inbound_tag == "portal")
        assert (row.inbound_protocol, row.outbound_tag, row.link > 0) == ("portal", "free", True)

    @pytest.mark.parametrize("catch_all", [(), (model.Rule(outbound_tag="free"),)])
    async def test_without_a_rule_that_names_the_portal_it_is_refused(
        self, ends: Ends, catch_all: tuple[model.Rule, ...]
    ) -> None:
        there, here = await ends(*catch_all)
        await until(lambda: bridge_of(here).equal)
        assert await ask(port_of(here, "local")) == b""
        await until(lambda: last_error(here, "local"))
        assert "no rule with inboundTag 'portal' allows" in last_error(here, "local")
        assert there.dispatcher.refused == 1

    async def test_freedom_allows_nothing_unless_final_rules_do(self, ends: Ends) -> None:
        _, here = await ends(rule("portal", "free"), final_rules=())
        await until(lambda: bridge_of(here).equal)
        assert await ask(port_of(here, "local")) == b""
        await until(lambda: last_error(here, "local"))
        assert "no finalRules entry allows it" in last_error(here, "local")

    async def test_a_target_that_is_down_is_named_on_the_other_side(self, ends: Ends) -> None:
        _, here = await ends(rule("portal", "free"), service=pick_port())
        await until(lambda: bridge_of(here).equal)
        assert await ask(port_of(here, "local")) == b""
        await until(lambda: last_error(here, "local"))
        assert "refused" in last_error(here, "local").lower()

    async def test_a_visitor_is_told_why_the_desktop_failed(self, ends: Ends, echo: int) -> None:
        there, here = await ends()
        await until(lambda: bridge_of(here).equal)
        config = there.config
        visitors = replace(config.inbounds[1], settings=model.TunnelInbound(address=LOOPBACK, port=pick_port()))
        await there.apply(replace(config, inbounds=(config.inbounds[0], visitors)))
        assert await ask(port_of(there, "visitors")) == b""
        await until(lambda: last_error(there, "visitors"))
        assert "refused" in last_error(there, "visitors").lower()

    async def test_a_portal_that_is_not_equal_is_named_as_the_reason(
        self, ends: Ends, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(extension, "FEATURES", extension.FEATURES & ~extension.FEATURE_EQUAL)
        there, here = await ends(rule("portal", "free"))
        await until(lambda: bridge_of(here).state == "up")
        assert await ask(port_of(here, "local")) == b""
        await until(lambda: last_error(here, "local"))
        assert "needs xrgui at the other end" in last_error(here, "local")
        assert there.dispatcher.refused == 0

    async def test_what_the_bridge_opened_survives_the_loss_of_its_link(self, ends: Ends) -> None:
        there, here = await ends(rule("portal", "free"))
        await until(lambda: len(portal_of(there).peers) == 2 and bridge_of(here).links == 2)
        reader, writer = await asyncio.open_connection(LOOPBACK, port_of(here, "local"))
        for round_ in range(4):
            for size in (1, 200_000):
                data = bytes((round_,)) * size
                writer.write(data)
                async with asyncio.timeout(10):
                    assert await reader.readexactly(size) == data
            for link in list(here._bridges["bridge"][1].links):
                link.worker.transport.abort()
        writer.close()

    async def test_a_bridge_without_visitors_leaves_them_to_the_others(
        self, ends: Ends, echo: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("xrgui.engine.reverse.waiting.PATIENCE", 0.05)
        there, here = await ends(rule("portal", "free"))
        await until(lambda: portal_of(there).links == 2)
        config = here.config
        server = config.outbounds[1]
        alone = replace(
            server, settings=replace(server.settings, reverse=model.ReverseLink(tag="bridge", visitors=False))
        )
        await here.apply(replace(config, outbounds=(config.outbounds[0], alone)))
        links = there._portals["portal"].links
        await until(lambda: len(links) == 2 and all(link.worker.going_away for link in links))
        assert await ask(port_of(there, "visitors")) == b""
        assert await ask(port_of(here, "local")) == b"hello"


class Questions(asyncio.DatagramProtocol):
    """A UDP client, and the echo beside either end: it answers with what it gets and the port that asked."""

    def __init__(self) -> None:
        self.transport: asyncio.DatagramTransport | None = None
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.answers.put_nowait(data)

    async def ask(self, question: bytes) -> bytes:
        assert self.transport is not None
        async with asyncio.timeout(10):
            while True:
                self.transport.sendto(question)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        return await self.answers.get()


class Answers(Questions):
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self.transport is not None
        self.transport.sendto(b"%d %s" % (len(data), data[:20]), addr)


@pytest.fixture
async def packets(ends: Ends) -> AsyncIterator[Callable[..., Awaitable[tuple[Engine, Engine, Questions]]]]:
    """Both ends, and a client at a UDP inbound of the desktop that leads to an echo beside the portal."""
    open_: list[asyncio.DatagramTransport] = []

    async def make(classic: bool, *rules: model.Rule) -> tuple[Engine, Engine, Questions]:
        loop = asyncio.get_running_loop()
        answers, _ = await loop.create_datagram_endpoint(Answers, local_addr=(LOOPBACK, 0))
        open_.append(answers)
        there, here = await ends(*rules, classic=classic)
        await until(lambda: bridge_of(here).equal)
        asked = tunnel("questions", answers.get_extra_info("sockname")[1])
        asked = replace(asked, settings=replace(asked.settings, networks=frozenset({Network.UDP})))
        config = here.config
        routing = replace(config.routing, rules=(*config.routing.rules, rule("questions", "bridge")))
        await here.apply(replace(config, inbounds=(*config.inbounds, asked), routing=routing))
        client, protocol = await loop.create_datagram_endpoint(
            Questions, remote_addr=(LOOPBACK, port_of(here, "questions"))
        )
        open_.append(client)
        return there, here, protocol

    yield make
    for transport in open_:
        transport.close()


class TestPackets:
    @pytest.mark.parametrize("classic", [False, True])
    async def test_they_reach_what_is_beside_the_portal(self, packets, classic: bool) -> None:
        there, here, client = await packets(classic, rule("portal", "free"))
        assert await client.ask(b"one") == b"3 one"
        assert await client.ask(b"x" * 1400) == b"1400 " + b"x" * 20
        (session,) = [session for session in there.sessions.values() if session.inbound_tag == "portal"]
        assert (session.inbound_protocol, session.outbound_tag) == ("portal", "free")
        assert session.destination.network is Network.UDP
        (own,) = [session for session in here.sessions.values() if session.inbound_tag == "questions"]
        assert own.up == session.up == 1403
        here.close_session(own.id, "enough")
        await until(lambda: not there.sessions)

    @pytest.mark.parametrize("classic", [False, True])
    async def test_nothing_is_allowed_without_a_rule(self, packets, classic: bool) -> None:
        there, here, client = await packets(classic)
        client.transport.sendto(b"one")
        await until(lambda: there.dispatcher.refused)
        await until(lambda: last_error(here, "questions"))
        assert "no rule with inboundTag 'portal' allows" in last_error(here, "questions")
        assert not there.sessions
        assert client.answers.empty()

    async def test_a_flow_goes_on_after_the_loss_of_its_link(self, packets) -> None:
        """Packets may be lost; the client that asks again is answered over the next link."""
        _, here, client = await packets(False, rule("portal", "free"))
        assert await client.ask(b"one") == b"3 one"
        for link in list(here._bridges["bridge"][1].links):
            link.worker.transport.abort()
        assert await client.ask(b"again") == b"5 again"


class TestKeys:
    @pytest.mark.parametrize("classic", [False, True])
    async def test_a_listed_key_joins(self, ends: Ends, tmp_path: Path, classic: bool) -> None:
        key = make_key(tmp_path / "k")
        there, here = await ends(rule("portal", "free"), classic=classic, key=str(tmp_path / "k"), keys=(key,))
        await until(lambda: bridge_of(here).equal)
        assert await ask(port_of(there, "visitors")) == b"hello"
        assert await ask(port_of(here, "local")) == b"hello"
        assert portal_of(there).pending == ()

    async def test_the_machines_own_key_is_found(self, ends: Ends) -> None:
        key = make_key(bridge_key.default_path())
        there, _ = await ends(keys=(key,))
        await until(lambda: portal_of(there).links == 2)

    @pytest.mark.parametrize("has_key", [False, True])
    async def test_another_carries_nobody_until_it_is_approved(
        self, ends: Ends, tmp_path: Path, has_key: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("xrgui.engine.reverse.waiting.PATIENCE", 0.05)
        key = make_key(tmp_path / "k") if has_key else ""
        there, here = await ends(rule("portal", "free"), key=str(tmp_path / "k") if has_key else "", keys=())
        await until(lambda: len(portal_of(there).pending) == 2 and bridge_of(here).equal)
        await until(lambda: all(pending.key == key for pending in portal_of(there).pending))
        pending = portal_of(there).pending[0]
        assert pending.fingerprint == (bridge_key.fingerprint(bridge_key.decode(key)) if has_key else "")
        assert pending.address.startswith(LOOPBACK)
        assert portal_of(there).links == 0
        assert await ask(port_of(there, "visitors")) == b""
        assert await ask(port_of(here, "local")) == b""
        await until(lambda: last_error(here, "local"))
        assert ("has yet to approve" if has_key else "without a bridge key") in last_error(here, "local")
        assert [waiting.xrgui for waiting in portal_of(there).waiting] == [True]
        assert there.approve("portal", bridge_key.decode(key) if has_key else b"")
        assert (portal_of(there).links, portal_of(there).pending) == (2, ())
        assert await ask(port_of(there, "visitors")) == b"hello"
        assert await ask(port_of(here, "local")) == b"hello"
        assert not there.approve("another", bytes(32))

    async def test_who_is_let_in_by_his_id_alone_is_so_until_keys_are_asked_for_anew(self, ends: Ends) -> None:
        there, _ = await ends(keys=())
        portal = there._portals["portal"]
        await until(lambda: len(portal_of(there).pending) == 2)
        portal.approve(b"")
        assert len(portal.links) == 2
        assert not portal.admission.required
        portal.require([bytes(32)])
        assert portal.links == []

    async def test_a_list_that_changes_counts_for_links_that_stand(self, ends: Ends, tmp_path: Path) -> None:
        key = make_key(tmp_path / "k")
        there, _ = await ends(key=str(tmp_path / "k"))
        portal = there._portals["portal"]
        await until(lambda: len([link for link in portal.links if link.worker.peer]) == 2)
        config = there.config

        def with_keys(keys: tuple[str, ...] | None) -> model.Config:
            user = replace(config.inbounds[0].settings.users[0], bridge_keys=keys)
            return replace(
                config,
                inbounds=(replace(config.inbounds[0], settings=model.VlessInbound(users=(user,))), config.inbounds[1]),
            )

        portal.require([bridge_key.decode(key)])
        assert len(portal.links) == 2
        portal.require([bytes(32)])
        await until(lambda: len([link for link in portal.pending if link.worker.peer]) == 2)
        assert not portal.links
        portal.require(None)
        assert len(portal.links) == 2
        links = list(portal.links)
        assert (await there.apply(with_keys((key,)))).started == []
        assert portal.links == links
        await there.apply(with_keys(()))
        assert portal.links == []

    @pytest.mark.parametrize("fault", ["replayed", "stolen"])
    async def test_a_false_signature_is_refused_and_counted(
        self, ends: Ends, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = make_key(tmp_path / "k")
        sign = bridge_module.Bridge._sign
        first: list[extension.Hello] = []

        def forge(self, own: extension.Hello, portal: extension.Hello) -> extension.Hello:
            made = sign(self, own, portal)
            if fault == "stolen":
                return replace(made, signature=bytes(64))
            first.append(made)
            return first[0]

        monkeypatch.setattr(bridge_module.Bridge, "_sign", forge)
        there, _ = await ends(key=str(tmp_path / "k"), keys=(key,))
        await until(lambda: portal_of(there).forged >= 1)
        assert portal_of(there).links == (1 if fault == "replayed" else 0)

    async def test_approval_by_rpc(self, ends: Ends, tmp_path: Path) -> None:
        key = make_key(tmp_path / "k")
        there, _ = await ends(key=str(tmp_path / "k"), keys=())
        await until(lambda: [pending.key for pending in portal_of(there).pending] == [key, key])
        procedures = Procedures(SimpleNamespace(engines={"web": there}, configs={"web": there.config}))
        for call in (
            rpc.Approve("other", "portal", key),
            rpc.Approve("web", "other", key),
            rpc.Approve("web", "portal", "A"),
            rpc.Approve("web", "other", ""),
        ):
            with pytest.raises(rpc.RpcError):
                await procedures.of(call)
        await procedures.of(rpc.Approve("web", "portal", key))
        assert portal_of(there).links == 2

    async def test_nonces_are_fresh_for_each_link(self, ends: Ends, tmp_path: Path) -> None:
        make_key(tmp_path / "k")
        there, _ = await ends(key=str(tmp_path / "k"))
        await until(lambda: len([link for link in there._portals["portal"].links if link.worker.peer]) == 2)
        hellos = [hello for link in there._portals["portal"].links for hello in (link.worker.hello, link.worker.peer)]
        assert len({hello.nonce for hello in hellos}) == 4
        assert all(len(hello.nonce) == 32 for hello in hellos)
