"""The columns of the sub-connections: title, width, words and order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from xrgui.address import parse_ip
from xrgui.ui import units
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.models.rules import rule_words
from xrgui.ui.models.sessions import Row


@dataclass(frozen=True)
class Column:
    key: str
    title: Callable[[], str]
    text: Callable[[Row, float], str]
    """The words of a row at a time (unix)."""
    order: Callable[[Row], Any]
    """What rows are sorted by."""
    width: int
    right: bool = False
    live: bool = False
    """It changes while the row stands."""
    shown: bool = True
    fixed: bool = False
    """In the fixed font."""


def endpoint(text: str) -> str:
    """``tcp:host:port`` without its network."""
    return text.partition(":")[2] if text.startswith(("tcp:", "udp:")) else text


def network(row: Row) -> str:
    return row.session.target.partition(":")[0].upper()


def _rule(row: Row, at: float) -> str:
    session = row.session
    return f"{rule_words(session.rule)} → {session.outbound or '–'}"


def _rate(rate: float, row: Row) -> str:
    return units.rate(rate) if not row.session.ended_at else ""


def _age(row: Row, at: float) -> str:
    return units.clock((row.session.ended_at or at) - row.session.started_at)


def _idle(row: Row, at: float) -> str:
    if row.session.ended_at:
        return ""
    return units.seconds(max(0, int(at - row.moved_at)))


def _ended(row: Row, at: float) -> str:
    if not row.session.ended_at:
        return ""
    return engine_words(row.session.reason) or tr("closed")


def _address_order(text: str) -> tuple[object, ...]:
    host, _, port = text.rpartition(":")
    address = parse_ip(host.strip("[]"))
    number = int(port) if port.isdigit() else -1
    return (0, address.version, int(address), number) if address else (1, 0, 0, host, number)


def state_word(row: Row) -> str:
    return {
        "connecting": tr("Connecting"),
        "open": tr("Open§state"),
        "closed": tr("Closed§state"),
        "failed": tr("Failed"),
    }.get(row.session.state, row.session.state)


STATE_PHASES = {"connecting": "connecting", "open": "up", "closed": "stopped", "failed": "trouble"}
_STATE_ORDER = {"failed": 0, "connecting": 1, "open": 2, "closed": 3}

COLUMNS = (
    Column(
        "state", lambda: "", lambda r, at: "", lambda r: _STATE_ORDER.get(r.session.state, 9), 34, live=True,
    ),
    Column("id", lambda: "#", lambda r, at: str(r.session.id), attrgetter("session.id"), 64, right=True),
    Column(
        "tunnel", lambda: tr("Tunnel"), lambda r, at: r.session.config, attrgetter("session.config"), 120,
        shown=False,
    ),
    Column(
        "visitor", lambda: tr("Visitor"), lambda r, at: r.session.source or tr("not told"),
        lambda r: _address_order(r.session.source), 172,
    ),
    Column(
        "target", lambda: tr("Target"), lambda r, at: endpoint(r.session.target),
        lambda r: _address_order(endpoint(r.session.target)), 144,
    ),
    Column("network", lambda: tr("Network"), lambda r, at: network(r), network, 76, shown=False),
    Column(
        "rule", lambda: tr("Rule → outbound"), _rule,
        lambda r: (r.session.rule, r.session.outbound), 126,
    ),
    Column(
        "down_rate", lambda: tr("↓ rate"), lambda r, at: _rate(r.down_rate, r), attrgetter("down_rate"), 86,
        right=True, live=True,
    ),
    Column(
        "up_rate", lambda: tr("↑ rate"), lambda r, at: _rate(r.up_rate, r), attrgetter("up_rate"), 86,
        right=True, live=True, shown=False,
    ),
    Column(
        "down", lambda: tr("↓ total"), lambda r, at: units.size(r.session.down), attrgetter("session.down"),
        80, right=True, live=True,
    ),
    Column(
        "up", lambda: tr("↑ total"), lambda r, at: units.size(r.session.up), attrgetter("session.up"), 80,
        right=True, live=True,
    ),
    Column(
        "age", lambda: tr("Age"), _age, lambda r: -r.session.started_at, 70, right=True, live=True,
    ),
    Column("idle", lambda: tr("Idle"), _idle, lambda r: -r.moved_at, 58, right=True, live=True),
    Column(
        "link", lambda: tr("Main connection"), lambda r, at: str(r.session.link or "–"),
        attrgetter("session.link"), 120, right=True, shown=False,
    ),
    Column("ended", lambda: tr("Ended"), _ended, lambda r: r.session.reason, 100, live=True),
)  # fmt: skip
PLACES = {column.key: place for place, column in enumerate(COLUMNS)}
