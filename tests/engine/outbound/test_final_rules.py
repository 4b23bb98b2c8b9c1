from __future__ import annotations

from ipaddress import ip_address

import pytest

from xrgui.address import Network
from xrgui.config.model import FinalRule
from xrgui.engine.outbound.final_rules import FinalRules

TCP, UDP = Network.TCP, Network.UDP
NOBODY = "no finalRules entry allows it"
NOT_PRIVATE = "it is a private address and no finalRules entry allows it"


def judge(rules: FinalRules, inbound: str, host: str, port: int = 80, network: Network = TCP) -> str:
    return rules.judge(inbound, network, ip_address(host), port)


@pytest.mark.parametrize(
    ("inbound", "private", "public"),
    [
        ("vless-reverse", NOBODY, NOBODY),
        ("vless", NOT_PRIVATE, ""),
        ("vmess", NOT_PRIVATE, ""),
        ("trojan", NOT_PRIVATE, ""),
        ("shadowsocks-2022", NOT_PRIVATE, ""),
        ("bridge", "", ""),
        ("tunnel", "", ""),
        ("socks", "", ""),
    ],
)
def test_defaults(inbound: str, private: str, public: str) -> None:
    rules = FinalRules(())
    assert judge(rules, inbound, "127.0.0.1") == private
    assert judge(rules, inbound, "fd00::1", network=UDP) == private
    assert judge(rules, inbound, "93.184.216.34") == public
    assert rules.concern(inbound) == bool(private)


def test_the_first_rule_that_matches_decides() -> None:
    rules = FinalRules(
        (
            FinalRule(action="block", ips=("10.0.0.1",)),
            FinalRule(action="allow", networks=frozenset({TCP}), ports=((80, 81),), ips=("10.0.0.0/8",)),
            FinalRule(action="block", ips=("geoip:!private",)),
        )
    )
    assert judge(rules, "vless-reverse", "10.0.0.2") == ""
    assert judge(rules, "vless-reverse", "10.0.0.2", 82) == NOBODY
    assert judge(rules, "vless-reverse", "10.0.0.2", network=UDP) == NOBODY
    assert judge(rules, "vless-reverse", "10.0.0.1") == "finalRules entry #1 blocks it"
    assert judge(rules, "tunnel", "8.8.8.8") == "finalRules entry #3 blocks it"
    assert judge(rules, "tunnel", "192.168.0.1") == ""


def test_a_bare_allow_allows_everything() -> None:
    rules = FinalRules((FinalRule(action="allow"),))
    assert judge(rules, "vless-reverse", "127.0.0.1") == ""
    assert judge(rules, "vless", "::1", network=UDP) == ""
