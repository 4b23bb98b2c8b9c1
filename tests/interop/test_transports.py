"""Our transports alone against stock programs: they speak VLESS over them, so does this file by hand."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest

from tests.conftest import pick_port
from tests.interop import peers
from tests.interop.topologies import LOOPBACK, USER, Certificates, Json
from xrgui.config.model import Certificate, SockOpt, Stream, Tls, WebSocket
from xrgui.engine import transport
from xrgui.engine.transport.websocket import WebSocketLayer
from xrgui.engine.wire import vless

pytestmark = pytest.mark.peer
SIZE = 5_000_000
KINDS = ["tls", "ws", "wss", "ws-early", "wss-early"]
STOCK = ["v2ray", "xray"]
PATH = "/tunnel"


class Echo(asyncio.Protocol):
    """Answers a VLESS request by itself (none with *head* None), then echoes and counts."""

    def __init__(self, servers: list[Echo], head: bytes | None = b"") -> None:
        servers.append(self)
        self.head = head
        self.seen = 0
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.head is not None:
            self.head += data
            found = vless.decode_request(self.head)
            if found is None:
                return
            data, self.head = self.head[found[1] :], None
            self.transport.write(vless.RESPONSE)
        self.seen += len(data)
        if data:
            self.transport.write(data)

    def pause_writing(self) -> None:
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


class Client(asyncio.Protocol):
    """Sends *head* and *payload*, and waits until *answer* bytes came."""

    def __init__(self, head: bytes, payload: bytes, answer: int) -> None:
        self.first = head + payload[:100]
        self.rest = memoryview(payload)[100:]
        self.received = bytearray()
        self.answer = answer
        self.done = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.first)
        self.resume_writing()

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        while self.rest and not self.paused:
            self.transport.write(self.rest[:50_000])
            self.rest = self.rest[50_000:]

    def data_received(self, data: bytes) -> None:
        self.received += data
        if len(self.received) >= self.answer and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("ended too early"))


def stock_stream(name: str, kind: str, certificates: Certificates, *, server: bool) -> Json:
    stream: Json = {"network": "ws" if "ws" in kind else "tcp"}
    if "ws" in kind:
        early = "?ed=2048" if "early" in kind and not server else ""
        stream["wsSettings"] = {"path": PATH + early}
    if kind.startswith(("tls", "wss")):
        stream["security"] = "tls"
        pair = {"certificateFile": str(certificates.leaf), "keyFile": str(certificates.key)}
        if server:
            stream["tlsSettings"] = {"certificates": [pair]}
        elif name == "xray":
            stream["tlsSettings"] = {"pinnedPeerCertSha256": certificates.pin}
        else:
            authority = {"usage": "verify", "certificateFile": str(certificates.ca)}
            stream["tlsSettings"] = {"serverName": "localhost", "certificates": [authority]}
    return stream


def our_stream(kind: str, certificates: Certificates, *, server: bool) -> Stream:
    pair = Certificate(certificate_file=str(certificates.leaf), key_file=str(certificates.key))
    return Stream(
        network="ws" if "ws" in kind else "raw",
        security="tls" if kind.startswith(("tls", "wss")) else "none",
        tls=Tls(certificates=(pair,)) if server else Tls(pinned=(bytes.fromhex(certificates.pin),)),
        ws=WebSocket(path=PATH, early_data=2048 if "early" in kind and not server else 0),
    )


def skip_what_cannot_be(name: str, kind: str) -> None:
    if absent := peers.missing(name):
        pytest.skip(absent)
    if name == "v2ray" and "early" in kind:
        pytest.skip("v2ray 4.34 knows no early data")


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
async def echoes() -> AsyncIterator[list[Echo]]:
    made: list[Echo] = []
    yield made
    for echo in made:
        if not echo.lost.done():
            echo.transport.abort()
            await echo.lost


async def round_trip(client: Client, head: int, payload: bytes) -> None:
    async with asyncio.timeout(30):
        await client.done
        assert hashlib.sha256(client.received[head:]).digest() == hashlib.sha256(payload).digest()
        client.transport.close()
        assert await client.lost is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", STOCK)
async def test_our_client_and_a_stock_server(
    name: str, kind: str, certificates: Certificates, directory: Path, echoes: list[Echo]
) -> None:
    skip_what_cannot_be(name, kind)
    echo = await transport.listen(Stream(), LOOPBACK, 0, lambda: Echo(echoes, None))
    port = pick_port()
    inbound: Json = {"listen": LOOPBACK, "port": port, "protocol": "vless"}
    inbound["settings"] = {"clients": [{"id": USER}], "decryption": "none"}
    inbound["streamSettings"] = stock_stream(name, kind, certificates, server=True)
    freedom: Json = {"protocol": "freedom", "settings": {"finalRules": [{"action": "allow"}]}}
    config = {"log": {"loglevel": "warning"}, "inbounds": [inbound], "outbounds": [freedom]}
    stock = peers.start(name, config, directory, "server")
    try:
        await asyncio.to_thread(stock.wait_listening, port)
        payload = os.urandom(SIZE)
        head = vless.encode_request(UUID(USER), vless.Command.TCP, LOOPBACK, echo.port)
        client = Client(head, payload, SIZE + 2)
        await transport.dial(our_stream(kind, certificates, server=False), LOOPBACK, port, lambda: client)
        await round_trip(client, 2, payload)
    finally:
        echo.close()
        stock.stop()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", STOCK)
async def test_a_stock_client_and_our_server(
    name: str, kind: str, certificates: Certificates, directory: Path, echoes: list[Echo]
) -> None:
    skip_what_cannot_be(name, kind)
    stream = our_stream(kind, certificates, server=True)
    listener = await transport.listen(stream, LOOPBACK, 0, lambda: Echo(echoes))
    port = pick_port()
    inbound: Json = {"listen": LOOPBACK, "port": port, "protocol": "dokodemo-door"}
    inbound["settings"] = {"address": LOOPBACK, "port": 9, "network": "tcp"}
    user = {"id": USER, "encryption": "none"}
    outbound: Json = {"protocol": "vless"}
    outbound["settings"] = {"vnext": [{"address": LOOPBACK, "port": listener.port, "users": [user]}]}
    outbound["streamSettings"] = stock_stream(name, kind, certificates, server=False)
    config = {"log": {"loglevel": "warning"}, "inbounds": [inbound], "outbounds": [outbound]}
    stock = peers.start(name, config, directory, "client")
    try:
        await asyncio.to_thread(stock.wait_listening, port)
        payload = os.urandom(SIZE)
        client = Client(b"", payload, SIZE)
        await transport.dial(Stream(), LOOPBACK, port, lambda: client)
        await round_trip(client, 0, payload)
        whole = [echo for echo in echoes if echo.seen == SIZE]
        async with asyncio.timeout(30):
            assert await whole[0].lost is None
    finally:
        listener.close()
        stock.stop()


NGINX = """
daemon off; pid {work}/pid; worker_processes 1; error_log {work}/error.log;
events {{ worker_connections 100; }}
http {{
  access_log off; client_body_temp_path {work}/body; proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi; uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  server {{
    listen {host}:{port};
    location {path} {{
      proxy_pass http://{host}:{target};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""


@pytest.mark.parametrize("early_data", [0, 2048])
async def test_nginx_in_front_of_our_server(directory: Path, echoes: list[Echo], early_data: int) -> None:
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    trusting = SockOpt(trusted_forwarded_for=("X-Forwarded-For",))
    stream = Stream(network="ws", ws=WebSocket(path=PATH), sockopt=trusting)
    listener = await transport.listen(stream, LOOPBACK, 0, lambda: Echo(echoes))
    port = pick_port()
    text = NGINX.format(work=directory, host=LOOPBACK, port=port, path=PATH, target=listener.port)
    (directory / "nginx.conf").write_text(text)
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    argv = ["nginx", "-e", str(directory / "error.log"), "-c", str(directory / "nginx.conf"), *user]
    proxy = peers.Running("nginx", argv, directory / "log")
    try:
        await asyncio.to_thread(proxy.wait_listening, port)
        payload = os.urandom(SIZE)
        client = Client(vless.encode_request(UUID(USER), vless.Command.TCP, LOOPBACK, 9), payload, SIZE + 2)
        ours = Stream(
            network="ws",
            ws=WebSocket(path=PATH, early_data=early_data, headers={"X-Forwarded-For": "192.0.2.7"}),
        )
        await transport.dial(ours, LOOPBACK, port, lambda: client)
        await asyncio.wait_for(client.done, 30)
        layer = cast(WebSocketLayer, echoes[0].transport)
        assert layer.get_extra_info("peername") == ("192.0.2.7", 0)
        await round_trip(client, 2, payload)
    finally:
        listener.close()
        proxy.stop()


def test_curl_over_our_tls(certificates: Certificates) -> None:
    """A foreign TLS client checks our certificate by name and gets a page."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")

    async def serve() -> subprocess.CompletedProcess[bytes]:
        stream = our_stream("tls", certificates, server=True)
        listener = await transport.listen(stream, LOOPBACK, 0, Page)
        url = f"https://localhost:{listener.port}/"
        argv = ["curl", "-sS", "--max-time", "10", "--http1.1", "--cacert", str(certificates.ca)]
        argv += ["--resolve", f"localhost:{listener.port}:{LOOPBACK}", url]
        try:
            return await asyncio.to_thread(subprocess.run, argv, capture_output=True, check=False)
        finally:
            listener.close()

    found = asyncio.run(serve())
    assert (found.stdout, found.stderr, found.returncode) == (b"a page", b"", 0)


class Page(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\na page")
        self.transport.close()
