"""Try it here: a public server, a tunnel and a sample page, all on this computer, for as long as one looks."""

from __future__ import annotations

import asyncio
import socket
import uuid

from PySide6.QtCore import QObject, QProcess, Signal

from xrgui import certificate, paths, rpc
from xrgui.config.dump import dump
from xrgui.profiles.compile import compile_profile
from xrgui.profiles.model import Bridge, Certificate, Entry, Listen, Profile, Server, Service
from xrgui.ui import engine_client, profile_view
from xrgui.ui.engine import Engine
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.tunnel import Phase, Tunnel

HERE = "127.0.0.1"
SERVER, SHARE = "try-server", "try-share"
PATIENCE = 10.0


class TrialError(Exception):
    """It did not start; the text says why."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on right now."""
    sockets = [socket.create_server((HERE, 0)) for _ in range(count)]
    ports = [int(item.getsockname()[1]) for item in sockets]
    for item in sockets:
        item.close()
    return ports


def profiles(site: int, listen: int, public: int) -> tuple[Profile, Profile]:
    """Both ends, over TLS with a certificate made on the spot and pinned."""
    made, secret = certificate.make([HERE]), str(uuid.uuid4())
    url = f"http://{HERE}:{public}"
    server = Profile(
        id=SERVER,
        name=tr("Try it: the public server"),
        role="server",
        listen=Listen(address=HERE, port=listen, certificate=Certificate(chain=made.chain, key=made.key)),
        bridges=(Bridge(name="try", secret=secret),),
        entries=(Entry(port=public, bridge="try", listen=HERE),),
        public_url=url,
    )
    share = Profile(
        id=SHARE,
        name=tr("Try it: this computer shares"),
        services=(Service(host=HERE, port=site, public_port=public),),
        server=Server(address=HERE, port=listen, secret=secret, pins=(made.pin,)),
        public_url=url,
    )
    return server, share


class Trial(QObject):
    ended = Signal()

    def __init__(self, engine: Engine, tunnels: TunnelsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._tunnels = engine, tunnels
        self._site: QProcess | None = None

    @property
    def running(self) -> bool:
        return self._site is not None

    async def start(self) -> str:
        """The public address. Raises TrialError."""
        try:
            async with asyncio.timeout(PATIENCE):
                port = await self._start_site()
        except TimeoutError:
            self.stop_site()
            raise TrialError(tr("The sample page did not start.")) from None
        both = profiles(port, *free_ports(2))
        for profile in both:
            tunnel = profile_view.fill(Tunnel(profile.id, profile.name), profile)
            tunnel.foreign, tunnel.phase = True, Phase.CONNECTING
            self._tunnels.put(tunnel)
        configs = tuple(rpc.NamedConfig(profile.id, dump(compile_profile(profile), "xrgui")[0]) for profile in both)
        try:
            answer = await self._engine.client.call(rpc.Apply(configs))
        except rpc.RpcError as error:
            raise TrialError(engine_words(error.message)) from None
        if failed := next((applied.error for applied in answer.configs if applied.error), None):
            raise TrialError(engine_words(failed.message))
        return both[1].public_url

    async def _start_site(self) -> int:
        """It prints its address as its first line."""
        process = QProcess(self)
        command = paths.program("demo-site")
        process.setProgram(command[0])
        process.setArguments(command[1:])
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def read() -> None:
            if process.canReadLine() and not told.done():
                told.set_result(bytes(process.readLine().data()).decode().strip())

        process.readyReadStandardOutput.connect(read)
        process.setStandardErrorFile(QProcess.nullDevice())
        self._site = process
        process.start()
        return int((await told).rstrip("/").rpartition(":")[2])

    async def stop(self) -> None:
        if self._engine.running:
            try:
                await self._engine.client.call(rpc.Remove((SERVER, SHARE)), within=engine_client.PATIENCE)
            except rpc.RpcError:
                pass
        for name in (SERVER, SHARE):
            self._tunnels.remove(name)
        self.stop_site()
        self.ended.emit()

    def stop_site(self) -> None:
        process, self._site = self._site, None
        if process is not None:
            process.closeWriteChannel()
            if not process.waitForFinished(1000):
                process.kill()
                process.waitForFinished(1000)
            process.deleteLater()
