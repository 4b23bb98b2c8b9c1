"""What the status stream takes for news."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from xrgui.engine.feeds import StatusFeed
from xrgui.rpc import BridgeStatus, ConfigStatus, PendingBridge, PortalStatus, Status, Totals

PORTAL = PortalStatus("portal", "vless")
BRIDGE = BridgeStatus("bridge", "vless", "up")
QUIET = {"tag", "dialect", "since", "visitors", "next_try_in", "fault"}
"""Changes with another field, or counts, which the totals tell."""
OTHER = {
    "state": "waiting",
    "server": "box:443",
    "error": "refused",
    "peers": ("203.0.113.7",),
    "public": ("tcp:8080",),
    "pending": (PendingBridge("key", "SHA256:x", "203.0.113.7:5000", 1.0),),
    "rtt_ms": 4.0,
    "equal": True,
}


def cases() -> list[tuple[PortalStatus | BridgeStatus, str]]:
    return [(end, name) for end in (PORTAL, BRIDGE) for name in end.__struct_fields__ if name not in QUIET]


@pytest.mark.parametrize(("end", "name"), cases())
def test_every_change_of_an_end_is_told_once(end: PortalStatus | BridgeStatus, name: str) -> None:
    shown = [end]
    place = "portals" if isinstance(end, PortalStatus) else "bridges"

    def status() -> Status:
        return Status("1", 1, 0.0, 0, Totals(), (ConfigStatus(name="one", **{place: tuple(shown)}),))

    feed = StatusFeed(SimpleNamespace(status=status))
    assert len(list(feed())) == 1
    assert list(feed()) == []
    shown[0] = msgspec.structs.replace(end, **{name: OTHER.get(name, 7)})
    assert len(list(feed())) == 1
    assert list(feed()) == []
