"""Which tunnels shall run, and how they do: between the profiles, the engine and the models."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from xrgui import bridge_key, rpc
from xrgui.config.dump import dump
from xrgui.profiles.compile import compile_profile
from xrgui.profiles.problems import ProfileError
from xrgui.profiles.secrets import SecretError
from xrgui.ui import profile_view, standing, words
from xrgui.ui.engine import Engine
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.library import Library
from xrgui.ui.models.sessions import Sessions
from xrgui.ui.models.traffic import Traffic
from xrgui.ui.models.tunnels import TunnelsModel
from xrgui.ui.tasks import spawn
from xrgui.ui.tunnel import Newcomer, Phase, Role, Trouble, Tunnel

log = logging.getLogger("xrgui.window")


class Runner(QObject):
    """Applies profiles to the engine one change at a time, and reads its status back into the tunnels."""

    changed = Signal()
    """Something of a tunnel's state, at most once for each event of the engine."""
    failed = Signal(str)
    """A sentence for a person."""

    def __init__(
        self,
        library: Library,
        engine: Engine,
        tunnels: TunnelsModel,
        traffic: Traffic,
        sessions: Sessions,
        key_file: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        """*key_file* holds the key by which servers know this computer; it is made where there is none."""
        super().__init__(parent)
        self._key_file, self._key = key_file, ""
        self._library, self._engine = library, engine
        self._tunnels, self._traffic, self._sessions = tunnels, traffic, sessions
        self.wanted: set[str] = set()
        """Ids of the tunnels that shall run."""
        self._carried: set[str] = set()
        """What the engine ran when it last said so."""
        self._one_at_a_time = asyncio.Lock()
        client = engine.client
        client.status.connect(self._status)
        client.totals.connect(self._totals)
        client.sessions.connect(sessions.apply)
        client.sessions_begin.connect(sessions.begin)
        engine.died.connect(self._died)
        engine.left.connect(self._left)
        engine.pulse.changed.connect(self._pulse_changed)
        client.connected.connect(self._connected)

    # The list

    def show(self, profile_id: str) -> Tunnel | None:
        """Make or renew the tunnel of a profile in the list."""
        profile = self._library.get(profile_id)
        if profile is None:
            return None
        tunnel = self._tunnels.get(profile_id) or Tunnel(profile_id, profile.name)
        profile_view.fill(tunnel, profile)
        self._tunnels.put(tunnel)
        return tunnel

    # Commands

    def start(self, ids: list[str]) -> None:
        self.wanted.update(ids)
        now = time.time()
        for tunnel in self._known(ids):
            tunnel.trouble = Trouble.NONE
            answers = self._engine.pulse.answers
            self._tunnels.set_phase(tunnel, Phase.CONNECTING if answers else Phase.UNKNOWN, now)
            self._tunnels.touch(tunnel.id)
        if self._engine.running:
            spawn(self._apply(ids), "start tunnels")
        else:
            self._engine.start()
        self.changed.emit()

    def stop(self, ids: list[str]) -> None:
        self.wanted.difference_update(ids)
        for tunnel in self._known(ids):
            self._forget(tunnel, Phase.STOPPED)
        if self._engine.running:
            spawn(self._remove(ids), "stop tunnels")
        self.changed.emit()

    def restart(self, tunnel_id: str) -> None:
        """Stop it, then start it anew."""
        spawn(self._restart(tunnel_id), "restart a tunnel")

    def edited(self, tunnel_id: str) -> None:
        """Its profile was saved: what runs takes the change over, other tunnels notice nothing."""
        self.show(tunnel_id)
        if tunnel_id in self.wanted:
            self.start([tunnel_id])

    def retry(self, tunnel_id: str) -> None:
        spawn(self._call(rpc.Retry(name=tunnel_id)), "retry")

    async def approve(self, tunnel_id: str, newcomer: Newcomer) -> None:
        """Let it in until the tunnel's profile changes."""
        await self._call(rpc.Approve(tunnel_id, newcomer.portal, newcomer.key))
        await self._engine.client.refresh()

    def ignore(self, tunnel_id: str, newcomer: Newcomer) -> None:
        """Not to be spoken of again while the program runs."""
        tunnel = self._tunnels.get(tunnel_id)
        if tunnel is not None:
            tunnel.ignored.add((newcomer.portal, newcomer.who))
            tunnel.newcomers = tuple(other for other in tunnel.newcomers if other != newcomer)
            self._tunnels.touch(tunnel_id)
            self.changed.emit()

    def close_sessions(self, ids: list[int]) -> None:
        spawn(self._call(rpc.CloseSessions(tuple(ids))), "close sub-connections")

    def _known(self, ids: list[str]) -> list[Tunnel]:
        return [tunnel for number in ids if (tunnel := self._tunnels.get(number)) is not None]

    async def _call(self, call: rpc.Call[Any]) -> None:
        try:
            await self._engine.client.call(call)
        except rpc.RpcError as error:
            self.failed.emit(sentence(error))

    async def _restart(self, tunnel_id: str) -> None:
        await self._remove([tunnel_id])
        self.start([tunnel_id])

    async def _remove(self, ids: list[str]) -> None:
        async with self._one_at_a_time:
            await self._engine.client.refresh()
            try:
                await self._engine.client.call(rpc.Remove(tuple(ids)))
            except rpc.RpcError as error:
                self.failed.emit(sentence(error))

    async def _know_key(self) -> None:
        """Before the engine reads it: without a key of its own a computer cannot be approved."""
        if self._key_file is None or self._key:
            return
        try:
            own = await asyncio.to_thread(bridge_key.ensure, self._key_file)
        except (OSError, ValueError) as error:
            log.warning("no bridge key: %s", error)
        else:
            self._key = bridge_key.encode(own.public)

    async def _apply(self, ids: list[str]) -> None:
        async with self._one_at_a_time:
            await self._know_key()
            named = [config for number in ids if (config := await self._compiled(number)) is not None]
            if not named:
                return
            try:
                answer = await self._engine.client.call(rpc.Apply(tuple(named)))
            except rpc.RpcError as error:
                for config in named:
                    self._refused(config.name, Trouble.OTHER, sentence(error))
                return
            for applied in answer.configs:
                if applied.error is not None:
                    self._not_applied(applied, applied.error)
            await self._engine.client.refresh()

    async def _compiled(self, tunnel_id: str) -> rpc.NamedConfig | None:
        if tunnel_id not in self.wanted or self._library.get(tunnel_id) is None:
            return None
        try:
            profile = await self._library.complete(tunnel_id)
            written, _ = dump(compile_profile(profile), "xrgui")
        except SecretError as error:
            missing = error.code == "missing"
            kind = Trouble.SECRET_MISSING if missing else Trouble.SECRETS
            self._refused(tunnel_id, kind, "" if missing else words.secret(error))
        except ProfileError as error:
            self._refused(tunnel_id, Trouble.CONFIG, words.problem(error.problems[0]))
        else:
            return rpc.NamedConfig(tunnel_id, written)
        return None

    def _not_applied(self, applied: rpc.Applied, error: rpc.Error) -> None:
        kind = Trouble.CONFIG if error.code == "bad_config" else Trouble.OTHER
        if error.code == "failed" and "in use" in error.message:
            kind = Trouble.PORT_TAKEN
        self._refused(applied.name, kind, sentence(error))

    def _refused(self, tunnel_id: str, trouble: Trouble, detail: str) -> None:
        tunnel = self._tunnels.get(tunnel_id)
        if tunnel is not None:
            standing.forget(tunnel, trouble, detail)
            self._tunnels.set_phase(tunnel, Phase.TROUBLE, time.time())
            self._tunnels.touch(tunnel_id)
            self.changed.emit()

    def _forget(self, tunnel: Tunnel, phase: Phase) -> None:
        """What the engine said of it is over."""
        standing.forget(tunnel)
        self._tunnels.set_phase(tunnel, phase, time.time())
        self._tunnels.touch(tunnel.id)

    # The engine's word

    def _connected(self, welcome: rpc.Welcome) -> None:
        """Adopt what runs there already, and start what shall run."""
        spawn(self._know_key(), "know this computer's key")
        adopted = {name for name in welcome.configs if self._library.get(name) is not None}
        self.wanted |= adopted
        missing = sorted(self.wanted - adopted)
        if missing:
            spawn(self._apply(missing), "start tunnels")

    def _status(self, status: rpc.Status) -> None:
        now = time.time()
        there = {config.name: config for config in status.configs}
        self._carried = set(there)
        for name in there.keys() - set(self._tunnels.ids):
            self._tunnels.put(Tunnel(name, name, Role.CUSTOM, link=tr("started elsewhere"), foreign=True))
        for tunnel in list(self._tunnels):
            config = there.get(tunnel.id)
            if config is not None and (tunnel.id in self.wanted or tunnel.foreign):
                self._read(tunnel, config, now)
            elif tunnel.foreign:
                self._tunnels.remove(tunnel.id)
            elif config is None and tunnel.phase in (Phase.UP, Phase.UNKNOWN):
                self._forget(tunnel, Phase.STOPPED)
        self.changed.emit()

    def _read(self, tunnel: Tunnel, config: rpc.ConfigStatus, now: float) -> None:
        tunnel.key = self._key
        known = {(newcomer.portal, newcomer.who) for newcomer in tunnel.newcomers}
        phase, since = standing.read(tunnel, config, now)
        self._tunnels.set_phase(tunnel, standing.with_services(tunnel, phase), since)
        self._tunnels.touch(tunnel.id)
        for newcomer in tunnel.newcomers:
            if (newcomer.portal, newcomer.who) not in known:
                self._tunnels.newcomer.emit(tunnel.id, newcomer)

    def services_asked(self) -> None:
        """The health lights were looked at anew."""
        for tunnel in self._tunnels:
            phase = tunnel.phase
            if phase is Phase.TROUBLE and tunnel.trouble is Trouble.SERVICE:
                tunnel.trouble, phase = Trouble.NONE, Phase.UP
            self._tunnels.set_phase(tunnel, standing.with_services(tunnel, phase), time.time())
            self._tunnels.touch(tunnel.id)
        self.changed.emit()

    def _totals(self, event: rpc.TotalsEvent) -> None:
        self._traffic.apply(event)
        for tunnel in self._tunnels:
            if tunnel.id in event.configs:
                tunnel.down_rate, tunnel.up_rate = self._traffic.series(tunnel.id).last()
                tunnel.visitors = event.configs[tunnel.id].open
                tunnel.refused = event.configs[tunnel.id].refused
                self._tunnels.touch(tunnel.id)
        self.changed.emit()

    def _died(self, why: str, failed: bool) -> None:
        self._forget_engine()
        for tunnel in list(self._tunnels):
            if tunnel.foreign:
                self._tunnels.remove(tunnel.id)
            elif tunnel.running:
                if not self._comes_back(tunnel.id, failed):
                    self.wanted.discard(tunnel.id)
                self._refused(tunnel.id, Trouble.ENGINE, why)

    def _forget_engine(self) -> None:
        self._carried.clear()
        self._traffic.forget()
        self._sessions.clear()

    def _left(self) -> None:
        """Another engine will take over, or none: what this one ran is to be started there."""
        self._forget_engine()
        for tunnel in list(self._tunnels):
            if tunnel.foreign:
                self._tunnels.remove(tunnel.id)
            elif tunnel.running:
                self._forget(tunnel, Phase.CONNECTING)

    def _pulse_changed(self) -> None:
        """Of an engine that hangs nothing is known; of one that answers again it is asked."""
        if self._engine.pulse.answers:
            spawn(self._engine.client.refresh(), "ask how the tunnels do")
            return
        for tunnel in self._tunnels:
            if tunnel.running and (tunnel.id in self._carried or tunnel.phase is Phase.CONNECTING):
                self._forget(tunnel, Phase.UNKNOWN)
        self.changed.emit()

    def _comes_back(self, tunnel_id: str, failed: bool) -> bool:
        profile = self._library.get(tunnel_id)
        return profile is not None and (profile.restart == "always" or (profile.restart == "on-failure" and failed))


def sentence(error: rpc.RpcError | rpc.Error) -> str:
    return " ".join(engine_words(part) for part in (error.message, error.hint) if part)
