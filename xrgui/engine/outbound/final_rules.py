"""Freedom's last word on where it may connect (`finalRules`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from xrgui.address import IPAddress, Network
from xrgui.config import model
from xrgui.matching import ip_matcher, is_private, port_matcher

_DENIED = frozenset({"vless-reverse", "portal"})
"""Inbound protocols whose visitors get nowhere without a rule."""
_PUBLIC_ONLY = frozenset({"vless", "vmess", "trojan", "hysteria", "wireguard"})
"""Those, and shadowsocks, whose visitors do not get to private addresses without a rule."""


class _Rule(NamedTuple):
    allow: bool
    networks: frozenset[Network]
    port: Callable[[int], bool] | None
    ip: Callable[[IPAddress], bool] | None


class FinalRules:
    """The first rule that matches decides; without one the inbound's protocol does
    (Xray proxy/freedom: getDefaultFinalRule). Raises ValueError for addresses that cannot be read."""

    def __init__(self, rules: tuple[model.FinalRule, ...]) -> None:
        self._rules = tuple(
            _Rule(
                rule.action == "allow",
                rule.networks,
                port_matcher(rule.ports) if rule.ports else None,
                ip_matcher(rule.ips) if rule.ips else None,
            )
            for rule in rules
        )

    def judge(self, inbound: str, network: Network, address: IPAddress, port: int) -> str:
        """Empty where visitors of an inbound of protocol *inbound* may connect, else why not."""
        for number, rule in enumerate(self._rules, 1):
            if rule.networks and network not in rule.networks:
                continue
            if (rule.port is None or rule.port(port)) and (rule.ip is None or rule.ip(address)):
                return "" if rule.allow else f"finalRules entry #{number} blocks it"
        if inbound in _DENIED:
            return "no finalRules entry allows it"
        if (inbound in _PUBLIC_ONLY or inbound.startswith("shadowsocks")) and is_private(address):
            return "it is a private address and no finalRules entry allows it"
        return ""

    def concern(self, inbound: str) -> bool:
        """Whether anything is forbidden to visitors of this inbound."""
        return bool(
            self._rules or inbound in _DENIED or inbound in _PUBLIC_ONLY or inbound.startswith("shadowsocks")
        )
