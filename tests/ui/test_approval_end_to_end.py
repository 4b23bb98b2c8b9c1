"""A server in the window's hands, real engines at both ends: a stranger's bridge waits until a person lets it in."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import pick_port
from tests.programs import Xrgui
from tests.ui.ending import end
from tests.ui.samples import serve
from xrgui import rpc
from xrgui.client import Client, connect
from xrgui.config.dump import dump
from xrgui.profiles.compile import compile_profile
from xrgui.profiles.model import Entry, Listen, Profile
from xrgui.profiles.otherend import private_end
from xrgui.profiles.secrets import MemorySecrets
from xrgui.ui import standing
from xrgui.ui.app import Program
from xrgui.ui.tunnel import Phase, Trouble, Tunnel

PATIENCE = 20.0


async def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)


@pytest.fixture
def computers(tmp_path: Path) -> Iterator[Callable[[str], tuple[Xrgui, Path]]]:
    """An engine with a home, and so a key unless it shall have none, of its own."""
    made: list[Xrgui] = []

    def computer(name: str, *, has_key: bool = True) -> tuple[Xrgui, Path]:
        home = tmp_path / name
        home.mkdir()
        xrgui = Xrgui(home)
        xrgui.env["XDG_DATA_HOME"] = str(home / "data")
        made.append(xrgui)
        if has_key:
            (home / "key").write_text(xrgui("key").stdout.splitlines()[0])
        process = xrgui.start("engine", "--until-eof")
        assert process.stdout is not None
        return xrgui, Path(process.stdout.readline().strip())

    yield computer
    for xrgui in made:
        xrgui.end()


@pytest.fixture
async def service() -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def program(qapp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Program]:
    for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / name))
    made = Program(qapp, [])
    made.library._secrets = MemorySecrets()
    made.shell.window.show()
    yield made
    await made.engine.leave()
    await end(made)


async def share(engine: Client, profile: Profile) -> None:
    """What a desktop does with the server's link."""
    written, _ = dump(compile_profile(private_end(profile).profile), "xrgui")
    answer = await engine.call(rpc.Apply((rpc.NamedConfig("desk", written),)))
    assert answer.configs[0].error is None


async def fetch(port: int) -> bytes:
    def get() -> bytes:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as page:
            return bytes(page.read())

    return await asyncio.to_thread(get)


async def as_the_desktop_sees_it(engine: Client, key: str) -> Tunnel:
    """What the desktop's own window reads from its engine."""
    status = await engine.call(rpc.GetStatus())
    tunnel = Tunnel("desk", "Desk", key=key)
    tunnel.phase, _ = standing.read(tunnel, status.configs[0], time.time())
    assert tunnel.phase is (Phase.TROUBLE if tunnel.trouble is Trouble.UNAPPROVED else Phase.UP)
    return tunnel


async def serve_from(program: Program, endpoint: Path, service: int) -> tuple[Profile, Tunnel, int]:
    """A public server that asks for approval, in the engine at *endpoint*; its tunnel and its visitors' port."""
    port, visitors = pick_port(), pick_port()
    profile = serve(
        listen=Listen(address="127.0.0.1", port=port, tls=False),
        entries=(Entry(port=visitors, bridge="Workbench", target_port=service, listen="127.0.0.1"),),
        public_url=f"http://127.0.0.1:{visitors}",
        approval=True,
    )
    await program.library.save(profile)
    program.runner.show("serve")
    program.engine.attach(str(endpoint), foreign=False)
    await until(lambda: program.engine.running)
    program.runner.start(["serve"])
    program.shell.loaded()
    tunnel = program.tunnels.get("serve")
    assert tunnel is not None
    await until(lambda: tunnel.since)
    return profile, tunnel, visitors


async def test_a_stranger_waits_until_he_is_approved_for_good(program: Program, computers, service: int) -> None:
    server, endpoint = computers("server")
    desk, desk_endpoint = computers("desk")
    profile, tunnel, visitors = await serve_from(program, endpoint, service)
    async with await connect(desk_endpoint) as desktop:
        await share(desktop, profile)
        await until(lambda: [who for who in tunnel.newcomers if who.key])
        [newcomer] = tunnel.newcomers
        assert newcomer.key == (desk.home / "key").read_text()
        assert newcomer.fingerprint == desk("key").stdout.splitlines()[1]
        assert tunnel.links == 0
        assert program.notifications.list[-1].title == "Public side: a computer asks to be let in"
        await until(lambda: program.shell.tunnels.detail._newcomers.isVisible())

        assert (await as_the_desktop_sees_it(desktop, newcomer.key)).detail == newcomer.fingerprint

        program.shell.tunnels.newcomer_answered.emit("approve", newcomer)
        await until(lambda: tunnel.links and not tunnel.newcomers)
        assert await fetch(visitors) == b"hello"
        assert (await as_the_desktop_sees_it(desktop, newcomer.key)).trouble is Trouble.NONE

        kept = json.loads((program.library.store.directory / "profiles" / "serve.json").read_text())
        assert [key["public"] for key in kept["bridges"][0]["keys"]] == [newcomer.key]
        await asyncio.to_thread(server.end)
        _, endpoint = computers("server again")
        await until(lambda: not program.engine.running)
        program.engine._again.stop()
        program.engine.attach(str(endpoint), foreign=False)
        await until(lambda: tunnel.links)
        assert not tunnel.newcomers
        assert await fetch(visitors) == b"hello"


async def test_one_without_a_key_is_let_in_by_its_id_for_good(program: Program, computers, service: int) -> None:
    _, endpoint = computers("server")
    _, old_endpoint = computers("old", has_key=False)
    profile, tunnel, visitors = await serve_from(program, endpoint, service)
    async with await connect(old_endpoint) as old:
        await share(old, profile)
        await until(lambda: tunnel.newcomers)
        [newcomer] = tunnel.newcomers
        assert (newcomer.key, newcomer.who) == ("", "127.0.0.1")
        assert program.notifications.list[-1].text == f"Without a key, from {newcomer.address}"
        program.shell.tunnels.newcomer_answered.emit("approve", newcomer)
        await until(lambda: tunnel.links and not tunnel.newcomers)
        assert await fetch(visitors) == b"hello"
        saved = program.library.store.directory / "profiles" / "serve.json"
        await until(lambda: json.loads(saved.read_text())["bridges"][0].get("keyless"))
        kept = program.library.get("serve")
        assert kept is not None
        assert kept.approval, "other computers are asked for their keys"


async def test_what_is_tried_here_asks_nobody(
    program: Program, computers, service: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def page() -> int:
        return service

    monkeypatch.setattr(program.shell.trial, "_start_site", page)
    _, endpoint = computers("here")
    program.engine.attach(str(endpoint), foreign=False)
    await until(lambda: program.engine.running)
    url = await program.shell.trial.start()
    assert await fetch(int(url.rpartition(":")[2])) == b"hello"
    assert not any(tunnel.newcomers for tunnel in program.tunnels)


async def test_a_stranger_with_a_stolen_id_stays_outside(program: Program, computers, service: int) -> None:
    _, endpoint = computers("server")
    _, thief_endpoint = computers("thief")
    profile, tunnel, _ = await serve_from(program, endpoint, service)
    async with await connect(thief_endpoint) as thief:
        await share(thief, profile)
        await until(lambda: [who for who in tunnel.newcomers if who.key])
        program.shell.tunnels.newcomer_answered.emit("ignore", tunnel.newcomers[0])
        assert tunnel.newcomers == ()
        await program.engine.client.refresh()
        assert (tunnel.newcomers, tunnel.links) == ((), 0)
