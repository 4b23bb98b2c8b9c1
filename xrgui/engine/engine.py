"""A configuration, running: makes the inbounds, outbounds, bridges and portals and changes them in place."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import time

import msgspec

from xrgui import bridge_key, rpc
from xrgui.config import model
from xrgui.config.naming import name_everything
from xrgui.engine.dispatcher import Dispatcher
from xrgui.engine.errors import EngineError
from xrgui.engine.interfaces import Inbound, Outbound
from xrgui.engine.kinds import make_inbound, make_outbound
from xrgui.engine.leaving import Leaving
from xrgui.engine.mux import extension
from xrgui.engine.mux.worker import WINDOW
from xrgui.engine.outbound.vless import VlessOutbound
from xrgui.engine.resolver import Resolver
from xrgui.engine.reverse.bridge import Bridge, Dial, tunnel_target
from xrgui.engine.reverse.place import take as take_place
from xrgui.engine.reverse.portal import Portal
from xrgui.engine.router import Route, Router
from xrgui.engine.session import Cancellable, Session
from xrgui.engine.status import bridge_status, inbound_status, outbound_status, portal_status, server_of
from xrgui.engine.tasks import spawn

log = logging.getLogger(__name__)


@dataclass
class Applied:
    """Texts like ``inbound NAME``."""

    started: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class BridgeSpec:
    """What makes a bridge this one: any difference restarts it."""

    tag: str
    domain: str
    """The tunnel domain of the classic dialect; empty for VLESS reverse."""
    carrier: model.Outbound
    """The outbound through which its links are dialled."""
    key: str
    """The file of its key; empty: this machine's, if there is one."""
    visitors: bool
    """Whether it takes any."""
    links: int
    """How many it keeps ready."""


class Engine:
    """Runs one configuration. `apply` starts it and later changes it; what does not differ is not touched."""

    def __init__(self, grace: float = 1.0) -> None:
        """*grace*: seconds that sessions have to finish when a change takes away what they run over."""
        self.config = model.Config()
        self._grace = grace
        self._leaving: dict[Leaving, asyncio.Task[None]] = {}
        self.started_at = time()
        self._resolver = Resolver(self.config.dns)
        self.dispatcher = Dispatcher(Router(self.config.routing, self._resolver))
        self._inbounds: dict[str, tuple[model.Inbound, Inbound]] = {}
        self._outbounds: dict[str, tuple[model.Outbound, Outbound]] = {}
        self._portals: dict[str, Portal] = {}
        self._bridges: dict[str, tuple[BridgeSpec, Bridge]] = {}

    @property
    def sessions(self) -> dict[int, Session]:
        return self.dispatcher.sessions

    @property
    def closed(self) -> deque[Session]:
        """The last that ended, newest last."""
        return self.dispatcher.closed

    # Changing

    async def apply(self, config: model.Config) -> Applied:
        """Run *config* in place of what runs.

        Raises EngineError or OSError when a new inbound cannot start; what ran before runs on then.
        """
        config = name_everything(config)
        applied = Applied()
        leaving = Leaving(self.dispatcher)
        await self._change_inbounds(config, applied, leaving)
        former = self.config
        self.config = config
        if config.dns != former.dns:
            self._resolver = Resolver(config.dns)
        self.dispatcher.policy = config.policy
        self._change_outbounds(config, applied, leaving)
        self._change_portals(config, applied, leaving)
        self._route(config)
        self._change_bridges(config, applied, leaving)
        for tag, (_, bridge) in self._bridges.items():
            self.dispatcher.outbounds.setdefault(tag, bridge)
        self._limit(config.limits)
        if leaving:
            task = self._leaving[leaving] = spawn(leaving.end(self._grace), "what a change has left")
            task.add_done_callback(lambda _: self._leaving.pop(leaving))
        return applied

    def _limit(self, limits: model.Limits) -> None:
        self.dispatcher.crowd.limits = limits
        for _, inbound in self._inbounds.values():
            inbound.doorway.most = limits.handshakes
        bridges = [bridge for _, bridge in self._bridges.values()]
        for resumption in [end.resumption for end in self._portals.values()] + [end.resumption for end in bridges]:
            resumption.grace = limits.resume

    def _route(self, config: model.Config) -> None:
        dispatcher = self.dispatcher
        dispatcher.router = Router(config.routing, self._resolver)
        dispatcher.outbounds = {tag: out for tag, (_, out) in self._outbounds.items()}
        dispatcher.outbounds.update(self._portals)
        dispatcher.default = self._outbounds[config.outbounds[0].tag][1] if config.outbounds else None
        dispatcher.tunnel_domains = frozenset(end.domain for end in config.reverse.portals)
        sniffing = {entry.tag: entry.sniffing for entry in config.inbounds}
        for entry in config.outbounds:
            if isinstance(entry.settings, model.VlessOutbound) and entry.settings.reverse:
                sniffing[entry.settings.reverse.tag] = entry.settings.reverse.sniffing
        dispatcher.sniffing = sniffing

    async def _change_inbounds(self, config: model.Config, applied: Applied, leaving: Leaving) -> None:
        wanted = {entry.tag: _without_keys(entry) for entry in config.inbounds}
        stopped = {tag: old for tag, old in self._inbounds.items() if wanted.get(tag) != old[0]}
        for _, running in stopped.values():
            await running.close()
        started: dict[str, tuple[model.Inbound, Inbound]] = {}
        try:
            for tag, entry in wanted.items():
                if tag in self._inbounds and tag not in stopped:
                    continue
                new = make_inbound(entry, self.dispatcher, self.portal, config.policy)
                await new.start()
                started[tag] = entry, new
        except (OSError, EngineError):
            for _, new in started.values():
                await new.close()
            await self._restore(stopped)
            raise
        for tag, (_, former) in stopped.items():
            del self._inbounds[tag]
            self.dispatcher.refused += former.doorway.refused
            self.dispatcher.over_limit += former.doorway.refused
            leaving.take(lambda session, tag=tag: session.inbound_tag == tag)  # type: ignore[misc]
            for portal in self._portals.values():
                leaving.links += portal.drain(tag)
        applied.kept += [f"inbound {tag}" for tag in self._inbounds]
        applied.stopped += [f"inbound {tag}" for tag in stopped]
        applied.started += [f"inbound {tag}" for tag in started]
        self._inbounds |= started

    async def _restore(self, stopped: dict[str, tuple[model.Inbound, Inbound]]) -> None:
        """Listen again where a change that failed had stopped it."""
        for tag, (entry, _) in stopped.items():
            again = make_inbound(entry, self.dispatcher, self.portal, self.config.policy)
            try:
                await again.start()
            except (OSError, EngineError) as error:
                log.error("inbound %s cannot go on: %s", tag, error)
                del self._inbounds[tag]
            else:
                self._inbounds[tag] = entry, again

    def _change_outbounds(self, config: model.Config, applied: Applied, leaving: Leaving) -> None:
        wanted = {entry.tag: entry for entry in config.outbounds}
        stopped = {tag: old for tag, old in self._outbounds.items() if wanted.get(tag) != old[0]}
        for tag, (_, running) in stopped.items():
            del self._outbounds[tag]
            leaving.take(lambda session, tag=tag: session.outbound_tag == tag)  # type: ignore[misc]
            leaving.outbounds.append(running)
        applied.kept += [f"outbound {tag}" for tag in self._outbounds]
        applied.stopped += [f"outbound {tag}" for tag in stopped]
        for tag, entry in wanted.items():
            if tag not in self._outbounds:
                limit = self.dispatcher.buffer_limit()
                new = make_outbound(entry, self._resolver, limit, lambda tag: self.dispatcher.outbounds.get(tag))
                self._outbounds[tag] = entry, new
                applied.started.append(f"outbound {tag}")

    def _change_portals(self, config: model.Config, applied: Applied, leaving: Leaving) -> None:
        wanted = {end.tag: end.domain for end in config.reverse.portals}
        keys = _bridge_keys(config)
        for entry in config.inbounds:
            if isinstance(entry.settings, model.VlessInbound):
                wanted.update((user.reverse_tag, "") for user in entry.settings.users if user.reverse_tag)
        for tag, portal in list(self._portals.items()):
            if wanted.get(tag) == portal.domain:
                applied.kept.append(f"portal {tag}")
            else:
                del self._portals[tag]
                portal.drain()
                leaving.portals.append(portal)
                applied.stopped.append(f"portal {tag}")
        for tag, domain in wanted.items():
            if tag not in self._portals:
                applied.started.append(f"portal {tag}")
            self.portal(tag, domain).require(keys.get(tag))

    def portal(self, tag: str, domain: str = "") -> Portal:
        """The portal of *tag*, made where it is not there yet (an inbound may be quicker than `apply`): it lets
        nobody in until `apply` has said which keys it asks for."""
        found = self._portals.get(tag)
        if found is None:
            found = self._portals[tag] = Portal(
                tag,
                domain,
                hello=partial(self._portal_hello, tag, os.urandom(extension.INSTANCE)),
                buffer_limit=self.dispatcher.buffer_limit,
                acceptor=self.dispatcher,
                keys=(),
            )
        return found

    def _portal_hello(self, tag: str, instance: bytes) -> extension.Hello:
        return extension.Hello(
            extension.FEATURES, WINDOW, instance, self._public_ports(tag), nonce=os.urandom(extension.NONCE)
        )

    def _public_ports(self, portal_tag: str) -> tuple[str, ...]:
        """Where visitors of a portal come in: the tunnel inbounds that a rule leads to it."""
        tags = {
            tag for rule in self.config.routing.rules if rule.outbound_tag == portal_tag for tag in rule.inbound_tags
        }
        return tuple(
            f"{network.value}:{first}"
            for entry in self.config.inbounds
            if entry.tag in tags and isinstance(entry.settings, model.TunnelInbound)
            for network in sorted(entry.settings.networks)
            for first, _ in entry.ports
        )

    def _change_bridges(self, config: model.Config, applied: Applied, leaving: Leaving) -> None:
        wanted = {spec.tag: spec for spec in self._bridge_specs(config)}
        for tag, (spec, bridge) in list(self._bridges.items()):
            if wanted.get(tag) == spec:
                applied.kept.append(f"bridge {tag}")
                continue
            del self._bridges[tag]
            bridge.go_away(for_good=tag not in wanted)
            leaving.take(lambda session, tag=tag: tag in (session.inbound_tag, session.outbound_tag))  # type: ignore[misc]
            leaving.bridges.append(bridge)
            applied.stopped.append(f"bridge {tag}")
        for tag, spec in wanted.items():
            if tag not in self._bridges:
                bridge = self._make_bridge(spec)
                self._bridges[tag] = spec, bridge
                bridge.start()
                applied.started.append(f"bridge {tag}")

    def _bridge_specs(self, config: model.Config) -> Iterator[BridgeSpec]:
        for end in config.reverse.bridges:
            route = self.dispatcher.router.pick(Session(end.tag, "bridge", tunnel_target(end.domain)))
            found = self._outbounds.get(route.outbound_tag) if isinstance(route, Route) else None
            carrier = found[0] if found else config.outbounds[0]
            yield BridgeSpec(end.tag, end.domain, carrier, end.key, end.visitors, end.links)
        for entry in config.outbounds:
            if isinstance(entry.settings, model.VlessOutbound) and entry.settings.reverse:
                link = entry.settings.reverse
                yield BridgeSpec(link.tag, "", entry, link.key, link.visitors, link.links)

    def _make_bridge(self, spec: BridgeSpec) -> Bridge:
        dial: Dial
        if spec.domain:
            target = tunnel_target(spec.domain)

            def dial(worker: asyncio.BaseProtocol) -> Cancellable | None:
                return self.dispatcher.connect(Session(spec.tag, "bridge", target), worker)

        else:
            carrier = self._outbounds[spec.carrier.tag][1]
            assert isinstance(carrier, VlessOutbound)
            dial = carrier.connect_link
        server, instance = server_of(spec.carrier), os.urandom(extension.INSTANCE)
        name = f"{server} {spec.tag} {spec.domain} {getattr(spec.carrier.settings, 'id', '')}"
        place = take_place(name, instance)
        return Bridge(
            spec.tag,
            server,
            dial,
            self.dispatcher,
            reverse=not spec.domain,
            hello=extension.Hello(extension.FEATURES, WINDOW, instance, former=place.former),
            user=getattr(spec.carrier.settings, "email", ""),
            buffer_limit=self.dispatcher.buffer_limit,
            key=_load_key(spec.key),
            visitors=spec.visitors,
            warm=spec.links,
            place=place,
        )

    async def close(self, grace: float = 1.0) -> None:
        """Stop everything; sessions have *grace* seconds to finish, and the other ends are told at once."""
        for _, bridge in self._bridges.values():
            bridge.go_away()
        for portal in self._portals.values():
            portal.drain()
        for _, running in self._inbounds.values():
            await running.close()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        while self.dispatcher.sessions and loop.time() < deadline:
            await asyncio.sleep(0.05)
        self.dispatcher.close()
        for leaving in self._leaving:
            leaving.hurried = True
        await asyncio.gather(*self._leaving.values())
        for _, bridge in self._bridges.values():
            bridge.stop()
        for portal in self._portals.values():
            await portal.close()
        for _, out in self._outbounds.values():
            await out.close()

    def check_links(self) -> None:
        """The network has changed, or the machine has slept: see whether the bridges' links live."""
        for _, bridge in self._bridges.values():
            bridge.check()

    @property
    def has_bridges(self) -> bool:
        return bool(self._bridges)

    # Asking

    def close_session(self, session_id: int, reason: str) -> bool:
        return self.dispatcher.close_session(session_id, reason)

    def retry(self, tag: str = "") -> list[str]:
        """Let bridges that wait dial now; the result is their tags."""
        retried = []
        for name, (_, bridge) in self._bridges.items():
            if bridge.state == "waiting" and tag in ("", name):
                bridge.retry()
                retried.append(name)
        return retried

    def approve(self, portal_tag: str, key: bytes) -> bool:
        """Let a bridge join, all of them for an empty *key*; False if there is no such portal."""
        portal = self._portals.get(portal_tag)
        if portal is not None:
            portal.approve(key)
        return portal is not None

    def status(self) -> rpc.EngineStatus:
        sessions = self.sessions.values()
        came, went = Counter(s.inbound_tag for s in sessions), Counter(s.outbound_tag for s in sessions)
        return rpc.EngineStatus(
            started_at=self.started_at,
            inbounds=tuple(inbound_status(*pair, came[tag]) for tag, pair in self._inbounds.items()),
            outbounds=tuple(outbound_status(entry, went[tag]) for tag, (entry, _) in self._outbounds.items()),
            bridges=tuple(bridge_status(bridge) for _, bridge in self._bridges.values()),
            portals=tuple(portal_status(portal, went[tag]) for tag, portal in self._portals.items()),
            totals=self.totals(),
        )

    def totals(self) -> rpc.Totals:
        dispatcher = self.dispatcher
        live = dispatcher.sessions.values()
        turned_away = sum(inbound.doorway.refused for _, inbound in self._inbounds.values())
        return rpc.Totals(
            up=dispatcher.up + sum(s.up for s in live),
            down=dispatcher.down + sum(s.down for s in live),
            open=len(live),
            opened=dispatcher.opened,
            refused=dispatcher.refused + turned_away,
            over_limit=dispatcher.over_limit + turned_away,
        )


def _bridge_keys(config: model.Config) -> dict[str, list[bytes]]:
    """The keys that each portal asks for; it is not named where it asks for none. Users that share a portal share
    their keys, and one that asks makes all of them ask."""
    found: dict[str, list[bytes]] = {}
    ends = [(end.tag, end.bridge_keys) for end in config.reverse.portals]
    for entry in config.inbounds:
        if isinstance(entry.settings, model.VlessInbound):
            ends += [(user.reverse_tag, user.bridge_keys) for user in entry.settings.users if user.reverse_tag]
    for tag, keys in ends:
        if keys is not None:
            found.setdefault(tag, []).extend(map(bridge_key.decode, keys))
    return found


def _without_keys(entry: model.Inbound) -> model.Inbound:
    """What makes an inbound this one: the keys that it asks for are its portal's business, and may change while
    links stand."""
    if not isinstance(entry.settings, model.VlessInbound):
        return entry
    users = tuple(msgspec.structs.replace(user, bridge_keys=None) for user in entry.settings.users)
    return msgspec.structs.replace(entry, settings=msgspec.structs.replace(entry.settings, users=users))


def _load_key(file: str) -> bridge_key.BridgeKey | None:
    """The key in *file*, or this machine's; that there is none is told only where *file* should hold one."""
    path = Path(file) if file else bridge_key.default_path()
    try:
        return bridge_key.load(path)
    except FileNotFoundError:
        if file:
            log.error("no bridge key: %s is not there", path)
    except OSError as error:
        log.error("no bridge key: %s cannot be read: %s", path, error.strerror)
    except ValueError as error:
        log.error("no bridge key: %s", error)
    return None
