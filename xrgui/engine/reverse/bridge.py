"""The private end of a reverse tunnel: keeps links to the portal up, and routes what comes back over them. Between
two xrgui it is an outbound too, whose connections are opened beside the portal."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Callable
from typing import Literal

import msgspec

from xrgui.address import Destination, Network
from xrgui.bridge_key import BridgeKey, fingerprint
from xrgui.config.model import LINKS
from xrgui.engine.errors import Fault, RefusedError, RemoteProtocolError, describe, fault
from xrgui.engine.interfaces import Acceptor
from xrgui.engine.mux import extension
from xrgui.engine.mux.resumption import Resumption
from xrgui.engine.mux.worker import V2RAY_PACKET, XRAY_PACKET, MuxWorker
from xrgui.engine.reverse.bridge_link import STEADY, BridgeLink
from xrgui.engine.reverse.place import Place
from xrgui.engine.reverse.waiting import WaitingRoom
from xrgui.engine.session import Cancellable, Session

log = logging.getLogger(__name__)

WORN_LINKS = 6
"""Links at most besides the fresh ones: those that drain or are silent."""
SHORTEST_WAIT, LONGEST_WAIT = 0.1, 15.0
HURRY = 0.25
"""Seconds at least until a dial that nobody answers gets a rival: the system repeats a lost SYN after a second."""

Dial = Callable[[asyncio.BaseProtocol], Cancellable | None]


def retry_delay(outage: float, chance: float) -> float:
    """Seconds until the next attempt after *outage* seconds without a link: an eighth of it, so that what comes back
    soon is met soon and what stays away is left in peace; *chance* (0 to 1) takes off up to a quarter."""
    return min(max(outage / 8, SHORTEST_WAIT), LONGEST_WAIT) * (1 - chance / 4)


class Bridge:
    """Dials at once at start and after a loss, then again with growing delay, for ever.

    *dial* opens the carrier of one link for the protocol that it is given, with the semantics of
    `interfaces.Outbound.connect`. *reverse* says that the links are VLESS reverse.
    """

    def __init__(
        self,
        tag: str,
        server: str,
        dial: Dial,
        acceptor: Acceptor,
        *,
        reverse: bool,
        hello: extension.Hello | None,
        user: str = "",
        buffer_limit: Callable[[], int],
        key: BridgeKey | None = None,
        visitors: bool = True,
        warm: int = LINKS,
        place: Place | None = None,
    ) -> None:
        """*key* proves to the portal who we are; without *visitors* it is asked to send none. *warm* links are kept
        ready: the loss of one leaves the others."""
        self.tag = tag
        self.server = server
        """The portal's address in words, for the status."""
        self.links: list[BridgeLink] = []
        """Those that stand, draining ones among them."""
        self.reverse = reverse
        self.user = user
        self.state: Literal["stopped", "connecting", "waiting", "unapproved", "up"] = "stopped"
        self.attempt = 0
        self.error = ""
        self.fault: Fault = ""
        self.since = 0.0
        """Loop time of the last change between up and not up."""
        self._trying_since = 0.0
        """Since when a link is wanted and none stays, which is what the delay grows with."""
        self._setback = False
        """A dial has failed since, or a link that came up did not stay."""
        self._rtt = 0.0
        """Seconds that the way to the portal and back has taken."""
        self.next_try = 0.0
        self.public: tuple[str, ...] = ()
        """The portal's ports for visitors, as it says."""
        self.acceptor = acceptor
        self.resumption = Resumption()
        self._dial = dial
        self._hello = hello
        self._buffer_limit = buffer_limit
        self._key = key
        self._visitors = visitors
        self._warm = warm
        self._place = place or Place()
        self.gone = False
        self._dialling: list[BridgeLink] = []
        self._timer: asyncio.TimerHandle | None = None
        self._room = WaitingRoom(self._open, self._refuse)
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        self.since = self._loop.time()
        self.state = "connecting"
        self._ensure()

    def stop(self) -> None:
        self.hold()
        for link in list(self.links):
            link.worker.shut(ConnectionResetError("the bridge was stopped"))
        self.resumption.close()
        self._place.leave()

    def hold(self) -> None:
        """Dial no more; the links that stand go on."""
        self._cancel_timer()
        self.state = "stopped"
        self._room.close()
        for link in list(self._dialling):
            self._cancel(link)

    def go_away(self, *, for_good: bool = False) -> None:
        """Dial no more; a portal that understands it sends new visitors elsewhere, and what runs may finish here.
        *for_good*: visitors who come nevertheless are refused, since no rule is for them."""
        self.hold()
        self.gone = for_good
        for link in self.links:
            link.worker.go_away()

    def retry(self) -> None:
        """Dial now instead of when the delay is over."""
        if self._timer is not None:
            self._delay_over()

    def check(self) -> None:
        """The network has changed or the machine has slept: dial now, and ask every link whether it lives."""
        self._trying_since = self._loop.time()
        self.retry()
        for link in self.links:
            link.worker.ping()
            link.worker.health.look_soon()

    @property
    def _lacking(self) -> bool:
        fresh = sum(not link.worn for link in self.links)
        return fresh < self._warm and len(self.links) < self._warm + WORN_LINKS

    def _ensure(self) -> None:
        """Dial at once if too few links are fresh, unless the next dial is due anyway."""
        if self._timer is None:
            self._trying_since = self._loop.time()
            self._setback = False
            self._dial_one()

    def _dial_one(self) -> None:
        """Dial if that is needed; while nobody answers, further dials follow, and the first that stands counts."""
        if self.state == "stopped" or not self._lacking:
            return
        if self.state == "waiting":
            self.state = "connecting"
        self.attempt += 1
        link = BridgeLink(self)
        self._dialling.append(link)
        self._dial_later(max(HURRY, 3 * self._rtt))
        link.pending = self._dial(link.worker)

    def _dial_later(self, least: float = 0.0, most: float = LONGEST_WAIT) -> None:
        self._cancel_timer()
        now = self._loop.time()
        delay = min(max(retry_delay(now - self._trying_since, random.random()), least), most)
        self.next_try = now + delay
        self._timer = self._loop.call_later(delay, self._delay_over)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _delay_over(self) -> None:
        self._cancel_timer()
        self._dial_one()

    def _cancel(self, link: BridgeLink) -> None:
        self._dialling.remove(link)
        link.cancel()

    def new_worker(self, link: BridgeLink) -> MuxWorker:
        worker = MuxWorker(
            client=False,
            reverse=self.reverse,
            made=link.made,
            lost=link.lost,
            accept=link.accept,
            hello=self._hello,
            packet_limit=XRAY_PACKET if self.reverse else V2RAY_PACKET,
            buffer_limit=self._buffer_limit(),
        )
        if self._key is not None:
            worker.sign = self._sign
        worker.heard_hello = self._heard_hello
        worker.heard_approval = self._stand
        worker.answered = self._room.admit
        worker.fell_silent = lambda: self.worn_out(link)
        worker.resumption = self.resumption
        return worker

    def _heard_hello(self, worker: MuxWorker) -> None:
        if worker.peer is not None:
            self.public = worker.peer.public
        if not self._visitors:
            worker.go_away()
        self._stand(worker)
        self._dismiss_surplus()
        self.resumption.met(worker, [link.worker for link in self.links])
        self.resumption.reopen(worker)
        self._room.admit()

    def _sign(self, own: extension.Hello, portal: extension.Hello) -> extension.Hello:
        """Our introduction with the proof of our key, for this link alone."""
        if self._key is None or not portal.nonce:
            return own
        nonce = os.urandom(extension.NONCE)
        signature = self._key.sign(extension.to_sign(portal, own.instance, nonce))
        return msgspec.structs.replace(own, nonce=nonce, key=self._key.public, signature=signature)

    # As an outbound

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> Cancellable | None:
        """Open *session*'s destination beside the portal, whose rules have the last word."""
        return None if self._open(session, protocol) else self._room.enter(session, protocol)

    def _open(self, session: Session, protocol: asyncio.BaseProtocol) -> bool:
        """Open *session* over the least loaded link that may; False if it had better wait for one."""
        fit = [link.worker for link in self.links if link.takes_ours]
        try:
            if not fit and self.state == "unapproved":
                raise RefusedError(f"{self.server} carries nobody yet: {self.error}")
            if not fit and any(not link.worker.equal and not link.draining for link in self.links):
                raise RefusedError(f"{self.server} opens nothing for us: this needs xrgui at the other end")
            if not fit:
                return False
            worker = min(fit, key=lambda worker: len(worker.streams))
            session.link = worker.number
            worker.open(session.destination, protocol)
        except (RefusedError, RemoteProtocolError) as error:
            protocol.connection_lost(error)
        return True

    def _refuse(self, protocol: asyncio.BaseProtocol) -> None:
        reason = f": {self.error}" if self.error else ""
        protocol.connection_lost(RefusedError(f"the link to {self.server} is down{reason}"))

    async def close(self) -> None:
        self.stop()

    # Links

    def came_up(self, link: BridgeLink) -> None:
        self._dialling.remove(link)
        self.links.append(link)
        self.attempt = 0
        self.error = ""
        self.fault = ""
        self._stand(link.worker)
        self._cancel_timer()
        if self._lacking and self._setback:
            self._dial_later(most=STEADY)
        elif self._lacking:
            self._dial_one()
        else:
            self._cancel_rivals()

    def _stand(self, worker: MuxWorker) -> None:
        """*worker*'s link has come up, or its portal has said whether it may carry visitors."""
        if self.state == "stopped" or not self.links:
            return
        standing = {link.standing for link in self.links if link.worker.peer is not None} or {"up"}
        state: Literal["up", "unapproved", "connecting"]
        state = "up" if "up" in standing else "unapproved" if "unapproved" in standing else "connecting"
        if state == "unapproved":
            self.error, self.fault = _unapproved(self._key), "unapproved"
        elif self.fault == "unapproved":
            self.error = self.fault = ""
        if state == self.state:
            return
        self.state = state
        self.since = self._loop.time()
        if state == "up":
            log.info("bridge %s: connected to %s", self.tag, self.server)
        elif state == "unapproved":
            log.warning("bridge %s: %s carries nobody yet: %s", self.tag, self.server, self.error)

    def _dismiss_surplus(self) -> None:
        """Rivals that came up together are more than is wanted; a portal that understands it lets the newest go."""
        fresh = [link for link in self.links if not link.worn]
        for link in fresh[self._warm :]:
            if link.worker.peer is not None:
                link.dismiss()

    def _cancel_rivals(self) -> None:
        """Give up the dials that were not answered; what stands already may carry visitors soon."""
        for rival in [rival for rival in self._dialling if rival.worker.transport is None]:
            self._cancel(rival)

    def went_down(self, link: BridgeLink, exc: Exception | None) -> None:
        """A link is gone, or never came."""
        if link in self._dialling:
            self._dialling.remove(link)
        elif link in self.links:
            self.links.remove(link)
            self._rtt = link.worker.least_rtt or self._rtt
        else:
            return
        for other in self.links:
            self.resumption.reopen(other.worker)
        if self.state == "stopped" or link.dismissed:
            return
        last = not any(not other.draining for other in self.links)
        if self.state in ("up", "unapproved") and last and not link.draining:
            self.since = self._loop.time()
            self.state = "connecting"
            reason = f" ({describe(exc)})" if exc else ""
            log.warning("bridge %s: the link to %s is lost%s", self.tag, self.server, reason)
        if link.steady:
            self._cancel_timer()
            self._ensure()
        else:
            self._wait(exc, last)

    def _wait(self, exc: Exception | None, last: bool) -> None:
        """A dial has failed: the next one comes after a delay. *last*: no other link stands."""
        text = describe(exc) if exc is not None else "the portal closed the link"
        if last:
            if text != self.error:
                log.warning("bridge %s: no link to %s: %s", self.tag, self.server, text)
            self.state = "waiting"
        self.error = text
        self.fault = fault(exc)
        self._setback = True
        if self._timer is None or not self._dialling:
            self._dial_later()

    def worn_out(self, link: BridgeLink) -> None:
        """*link* drains, is about to, or is silent: its successor comes while it still carries visitors."""
        if link.steady:
            self._ensure()
        else:
            self._setback = True
            if self._timer is None:
                self._dial_later()


def _unapproved(key: BridgeKey | None) -> str:
    if key is None:
        return "its owner lets nobody in without a bridge key, and there is none here"
    return f"its owner has yet to approve the key {fingerprint(key.public)}"


def tunnel_target(domain: str) -> Destination:
    """What a classic bridge asks its outbound for (Xray app/reverse/bridge.go)."""
    return Destination(Network.TCP, domain, 0)
