from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import resource
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xrgui.config.model import SockOpt, Stream
from xrgui.engine import transport
from xrgui.engine.errors import DialError, describe
from xrgui.engine.transport import sockets, tcp

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")


class Names:
    """A resolver that knows one answer."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[tuple[str, str]] = []

    async def resolve(self, host: str, strategy: str = "UseIP") -> tuple[str, ...]:
        self.asked.append((host, strategy))
        return self.addresses


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port of 127.0.0.2 that answers nobody: its queue is full."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.2", 0))
        listener.listen(0)
        for client in (first, second):
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def failure(bench: Any, host: str, port: int, stream: Stream | None = None, **options: Any) -> DialError:
    with pytest.raises(DialError) as caught:
        await transport.dial(stream or Stream(), host, port, bench.recorder, **options)
    return caught.value


# Listening


async def test_a_taken_port_names_the_place_and_who_holds_it(bench: Any) -> None:
    listener, _ = await bench.listen(Stream())
    with pytest.raises(OSError, match=rf"127\.0\.0\.1:{listener.port} is taken by .*\(pid {os.getpid()}\)") as caught:
        await transport.listen(Stream(), "127.0.0.1", listener.port, bench.recorder)
    assert caught.value.errno == errno.EADDRINUSE
    with pytest.raises(OSError, match=rf"\[::\]:{listener.port} is taken|0\.0\.0\.0:{listener.port} is taken"):
        await transport.listen(Stream(), "", listener.port, bench.recorder)


async def test_a_port_shared_by_so_reuseport_is_still_taken(bench: Any) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OSError, match="is taken"):
            await transport.listen(Stream(), "127.0.0.1", other.getsockname()[1], bench.recorder)


@pytest.mark.parametrize("address", ["192.0.2.1", "no address", "localhost"])
async def test_an_address_of_somebody_else(bench: Any, address: str) -> None:
    with pytest.raises(OSError, match=rf"cannot listen on .*{address}"):
        await transport.listen(Stream(), address, 0, bench.recorder)


async def test_no_address_means_all_of_both_families(bench: Any) -> None:
    listener, accepted = await bench.listen(Stream(), "")
    hosts = ["127.0.0.1", "::1"] if listener.name.startswith("[::]") else ["127.0.0.1"]
    seen = []
    for host in hosts:
        await bench.dial(Stream(), listener.port, host)
        seen.append(await accepted.get())
        await bench.dial(Stream(), listener.port, host)
        await accepted.get()
    assert [each.transport.get_extra_info("peername")[0] for each in seen] == hosts


async def test_v6only_leaves_ipv4_out(bench: Any) -> None:
    try:
        listener, _ = await bench.listen(Stream(sockopt=SockOpt(v6only=True)), "::")
    except OSError:
        pytest.skip("no IPv6 here")
    await failure(bench, "127.0.0.1", listener.port)
    await bench.dial(Stream(), listener.port, "::1")


async def test_a_closed_listener_refuses_and_frees_its_port(bench: Any) -> None:
    listener, accepted = await bench.listen(Stream())
    ours = await bench.dial(Stream(), listener.port)
    theirs = await accepted.get()
    await theirs.until(lambda: theirs.made == 1)
    listener.close()
    listener.close()
    await failure(bench, "127.0.0.1", listener.port)
    again = await transport.listen(Stream(), "127.0.0.1", listener.port, bench.recorder)
    again.close()
    ours.transport.write(b"lives on")
    assert await theirs.at_least(8) == b"lives on"


@pytest.mark.parametrize(("suffix", "mode"), [("", 0o600), (",0666", 0o666)])
async def test_unix_sockets_are_private_unless_asked(bench: Any, tmp_path: Path, suffix: str, mode: int) -> None:
    path = tmp_path / "in.sock"
    listener, accepted = await bench.listen(Stream(), f"{path}{suffix}")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert (listener.name, listener.port) == (str(path), 0)
    ours = await bench.dial(Stream(), 0, str(path))
    ours.transport.write(b"hello")
    assert await (await accepted.get()).at_least(5) == b"hello"
    listener.close()
    assert not path.exists()


async def test_a_stale_socket_file_is_replaced_and_nothing_else(bench: Any, tmp_path: Path) -> None:
    path = tmp_path / "in.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    first, _ = await bench.listen(Stream(), str(path))
    with pytest.raises(OSError, match=f"{path} is taken"):
        await transport.listen(Stream(), str(path), 0, bench.recorder)
    first.close()
    path.write_text("precious")
    with pytest.raises(OSError, match="is taken"):
        await transport.listen(Stream(), str(path), 0, bench.recorder)
    assert path.read_text() == "precious"
    with pytest.raises(OSError, match="octal"):
        await transport.listen(Stream(), f"{path},rw", 0, bench.recorder)


async def test_a_listener_does_not_remove_its_successors_file(bench: Any, tmp_path: Path) -> None:
    path = tmp_path / "in.sock"
    first, _ = await bench.listen(Stream(), str(path))
    path.unlink()
    await bench.listen(Stream(), str(path))
    first.close()
    await bench.dial(Stream(), 0, str(path))


@linux
@pytest.mark.parametrize("name", ["@xrgui-test-{}", "@@xrgui-test-{}"])
async def test_abstract_sockets(bench: Any, name: str) -> None:
    name = name.format(os.getpid())
    await bench.listen(Stream(), name)
    await bench.dial(Stream(), 0, name)
    assert describe((await failure(bench, name + "x", 0)).cause) == "connection refused"


@linux
async def test_running_out_of_descriptors_pauses_and_goes_on(
    bench: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "ACCEPT_PAUSE", 0.02)
    monkeypatch.setattr(tcp, "ACCEPT_CALM", 60)
    listener, accepted = await bench.listen(Stream())
    clients = [socket.create_connection(("127.0.0.1", listener.port)) for _ in range(30)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_next_descriptor() + 10, hard))
    try:
        async with asyncio.timeout(10):
            seen = await _until_dry(accepted)
            assert 0 < len(seen) <= 10
            for recorder in seen:
                recorder.transport.abort()
            again = await _until_dry(accepted)
            assert 0 < len(again) <= 10
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    async with asyncio.timeout(10):
        for _ in range(30 - len(seen) - len(again)):
            await accepted.get()
    for client in clients:
        client.close()
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1, "once, however often a place comes free"
    assert errors[0].startswith(f"127.0.0.1:{listener.port}: out of file descriptors; new connections wait")


async def _until_dry(accepted: asyncio.Queue[Any]) -> list[Any]:
    """What is accepted until nothing comes any more for some tries to accept."""
    seen = [await accepted.get()]
    while True:
        try:
            seen.append(await asyncio.wait_for(accepted.get(), 0.1))
        except TimeoutError:
            return seen


def _next_descriptor() -> int:
    with open("/dev/null") as probe:
        return probe.fileno()


async def test_many_connections_at_once(bench: Any) -> None:
    listener, accepted = await bench.listen(Stream())
    ours = [await bench.dial(Stream(), listener.port) for _ in range(300)]
    theirs = [await accepted.get() for _ in ours]
    for recorder in ours:
        recorder.transport.close()
    for recorder in theirs:
        assert await recorder.ended() is None


# Dialling


async def test_connections_that_have_ended_wait_for_no_look_for_cycles(bench: Any) -> None:
    """These looks are rare (xrgui/loop.py): what each connection leaves would be kept for minutes, at both ends."""

    def sockets_held() -> int:
        return sum(type(each) is sockets.StreamSocket for each in gc.get_objects())

    listener, accepted = await bench.listen(Stream())
    gc.collect()
    gc.disable()
    try:
        before = sockets_held()
        for _ in range(10):
            assert tcp.connect_at_once(SockOpt(), "127.0.0.1", listener.port, bench.recorder)
            theirs = await accepted.get()
            while not theirs.made:
                await asyncio.sleep(0)
            theirs.transport.abort()
            for each in bench.made:
                await each.ended()
            bench.made.clear()
        del theirs, each
        await asyncio.sleep(0)
        assert sockets_held() == before
    finally:
        gc.enable()


async def test_causes_in_plain_words(bench: Any, free_port: Any) -> None:
    port = free_port()
    refused = await failure(bench, "127.0.0.1", port)
    assert str(refused) == f"127.0.0.1:{port}: connection refused"
    assert isinstance(refused.cause, ConnectionRefusedError)
    unknown = await failure(bench, "no-such-host.invalid", 1)
    assert describe(unknown.cause) in ("name not found", "the name server does not answer")
    assert isinstance(unknown.cause, socket.gaierror)
    assert describe((await failure(bench, "x" * 70, 1)).cause) in ("not a valid host name", "name not found")
    assert describe((await failure(bench, "/no/such.sock", 0)).cause) == "no such socket"
    local = await failure(bench, "127.0.0.1", port, local_addr=("192.0.2.9", 0))
    assert describe(local.cause) == "this host has no such local address"


async def test_no_answer(bench: Any, deaf: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "DIAL_TIMEOUT", 0.1)
    assert describe((await failure(bench, "127.0.0.2", deaf)).cause) == "no answer in 0.1 seconds"


async def test_the_next_address_is_tried_beside_a_silent_one(bench: Any, deaf: int) -> None:
    listener = await transport.listen(Stream(), "127.0.0.1", deaf, bench.recorder)
    bench.listeners.append(listener)
    loop = asyncio.get_running_loop()
    names = Names("127.0.0.2", "127.0.0.1")
    started = loop.time()
    where, _ = await transport.dial(Stream(), "portal.example", deaf, bench.recorder, resolver=names)
    assert where.get_extra_info("peername") == ("127.0.0.1", deaf)
    assert tcp.ATTEMPT_DELAY <= loop.time() - started < 5
    assert names.asked == [("portal.example", "UseIP")]


async def test_a_refused_address_gives_way_at_once(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "ATTEMPT_DELAY", 30)
    listener, _ = await bench.listen(Stream())
    async with asyncio.timeout(10):
        where, _ = await transport.dial(
            Stream(), "x.example", listener.port, bench.recorder, resolver=Names("127.0.0.9", "127.0.0.1")
        )
    assert where.get_extra_info("peername") == ("127.0.0.1", listener.port)


async def test_all_addresses_fail(bench: Any, free_port: Any) -> None:
    error = await failure(bench, "x.example", free_port(), resolver=Names("127.0.0.9", "127.0.0.1"))
    assert describe(error.cause) == "connection refused"


async def test_a_cancelled_race_leaves_no_socket(bench: Any, deaf: int) -> None:
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    dial = asyncio.ensure_future(
        transport.dial(Stream(), "x.example", deaf, bench.recorder, resolver=Names("127.0.0.2", "127.0.0.2"))
    )
    await asyncio.sleep(0.01)
    dial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dial
    await asyncio.sleep(0.01)
    assert sys.platform != "linux" or len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("strategy", "found", "expected"),
    [
        (
            "AsIs",
            ("::1", "::2", "1.1.1.1", "2.2.2.2", "3.3.3.3"),
            ["::1", "1.1.1.1", "::2", "2.2.2.2", "3.3.3.3"],
        ),
        ("UseIP", ("1.1.1.1", "::1", "::2"), ["1.1.1.1", "::1", "::2"]),
        ("UseIPv4", ("::1", "1.1.1.1"), ["1.1.1.1"]),
        ("ForceIPv6", ("::1", "1.1.1.1"), ["::1"]),
        ("UseIPv4v6", ("::1", "1.1.1.1"), ["1.1.1.1", "::1"]),
        ("UseIPv6v4", ("1.1.1.1", "::1"), ["::1", "1.1.1.1"]),
    ],
)
async def test_order_of_addresses(strategy: str, found: tuple[str, ...], expected: list[str]) -> None:
    assert await tcp.resolve("x.example", strategy, Names(*found)) == expected
    assert await tcp.resolve("192.0.2.1", strategy, None) == ["192.0.2.1"]


async def test_a_name_without_a_wanted_address() -> None:
    with pytest.raises(socket.gaierror, match="no address for UseIPv6"):
        await tcp.resolve("x.example", "UseIPv6", Names("1.1.1.1"))


async def test_the_local_address_is_used(bench: Any) -> None:
    listener, accepted = await bench.listen(Stream())
    await transport.dial(Stream(), "127.0.0.1", listener.port, bench.recorder, local_addr=("127.0.0.5", 0))
    theirs = await accepted.get()
    await theirs.until(lambda: theirs.made == 1)
    assert theirs.transport.get_extra_info("peername")[0] == "127.0.0.5"


# Options


def option(recorder: Any, level: int, name: int) -> int:
    return int(recorder.transport.get_extra_info("socket").getsockopt(level, name))


@linux
async def test_options_of_both_ends(bench: Any) -> None:
    listener, accepted = await bench.listen(Stream(), "0.0.0.0")
    ours = await bench.dial(Stream(), listener.port, "127.0.0.2")
    theirs = await accepted.get()
    await theirs.until(lambda: theirs.made == 1)
    near = (await bench.pair(Stream(), Stream()))[0]
    assert not option(near, socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    for recorder in (ours, theirs, near):
        assert option(recorder, socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert option(recorder, socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == sockets.NOTSENT_LOWAT
    assert option(ours, socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert option(ours, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 45
    assert option(ours, socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 45
    assert not option(theirs, socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@linux
async def test_options_that_were_asked_for(bench: Any) -> None:
    wanted = Stream(sockopt=SockOpt(keep_alive_idle=7, user_timeout=1234, tcp_fast_open=1))
    silent = Stream(sockopt=SockOpt(keep_alive_idle=-1))
    theirs = (await bench.pair(wanted, wanted))[1]
    assert option(theirs, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 7
    assert option(theirs, socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1234
    listener, _ = await bench.listen(silent, "0.0.0.0")
    ours = await bench.dial(silent, listener.port, "127.0.0.2")
    assert not option(ours, socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@linux
async def test_an_option_that_cannot_be_is_named(bench: Any) -> None:
    stream = Stream(sockopt=SockOpt(interface="no-such-card"))
    assert describe((await failure(bench, "127.0.0.1", 1, stream)).cause).startswith("sockopt.interface: ")
    with pytest.raises(OSError, match=r"cannot listen on 127\.0\.0\.1:0: sockopt\.interface: "):
        await transport.listen(stream, "127.0.0.1", 0, bench.recorder)


@linux
async def test_an_interface(bench: Any) -> None:
    stream = Stream(sockopt=SockOpt(interface="lo"))
    try:
        ours, theirs = await bench.pair(stream, stream)
    except OSError as error:
        pytest.skip(str(error))
    ours.transport.write(b"by lo")
    assert await theirs.at_least(5) == b"by lo"
