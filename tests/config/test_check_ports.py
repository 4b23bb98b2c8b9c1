from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from xrgui.address import Network
from xrgui.config.check import check
from xrgui.config.check_ports import check_ports
from xrgui.config.findings import Findings
from xrgui.config.load import load_value
from xrgui.config.ports import holder, obstacle


def found(*inbounds: dict[str, Any], probe: bool = False) -> dict[str, str]:
    value = [{"protocol": "http", **inbound} for inbound in inbounds]
    config = load_value({"inbounds": value}).config
    assert config is not None
    problems = check(config, probe_ports=probe)
    assert all(problem.is_error for problem in problems)
    return {problem.path: problem.message for problem in problems}


def tunnel(port: Any, network: str = "tcp", **fields: Any) -> dict[str, Any]:
    return {"protocol": "tunnel", "port": port, "settings": {"network": network}, **fields}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"port": 80}, {"port": 80}),
        ({"port": 80, "listen": "0.0.0.0"}, {"port": 80, "listen": "127.0.0.1"}),
        ({"port": 80, "listen": "127.0.0.1"}, {"port": 80}),
        ({"port": 80, "listen": "::"}, {"port": 80, "listen": "127.0.0.1"}),
        ({"port": "70-90"}, {"port": "1,80"}),
        (tunnel(53, "tcp,udp"), tunnel(53, "udp")),
    ],
)
def test_two_inbounds_on_one_port(one: dict[str, Any], other: dict[str, Any]) -> None:
    problems = found({**one, "tag": "first"}, other)
    assert set(problems) == {"inbounds[1].port"}
    assert 'inbound "first"' in problems["inbounds[1].port"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"port": 80}, {"port": 81}),
        ({"port": 80, "listen": "127.0.0.1"}, {"port": 80, "listen": "127.0.0.2"}),
        ({"port": 80, "listen": "0.0.0.0"}, {"port": 80, "listen": "::1"}),
        (tunnel(53, "tcp"), tunnel(53, "udp")),
        ({"port": 0}, {"port": 0}),
        ({"listen": "@a"}, {"listen": "@a"}),
        (
            {"port": 80, "listen": "::", "streamSettings": {"sockopt": {"v6only": True}}},
            {"port": 80, "listen": "127.0.0.1"},
        ),
    ],
)
def test_inbounds_that_get_along(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert found(one, other) == {}


PLACES = ["", "0.0.0.0", "::", "127.0.0.1", "127.0.0.2", "::1"]
entries = st.tuples(
    st.sampled_from(PLACES),
    st.integers(1, 12),
    st.integers(0, 5),
    st.sampled_from(["tcp", "udp", "tcp,udp"]),
    st.booleans(),
)


def needs(listen: str, first: int, more: int, networks: str, v6only: bool) -> set[tuple[str, str, int]]:
    """Each address, by which an entry listens at one of its ports; those that nobody names stand for all others."""
    taken = {
        "": {"127.0.0.1", "127.0.0.2", "::1", "4", "6"},
        "0.0.0.0": {"127.0.0.1", "127.0.0.2", "4"},
        "::": {"127.0.0.1", "127.0.0.2", "::1", "4", "6"},
    }.get(listen, {listen})
    if v6only and listen in ("", "::"):
        taken = {"::1", "6"}
    return {(n, a, p) for n in networks.split(",") for a in taken for p in range(first, first + more + 1)}


@given(st.lists(entries, max_size=8))
def test_whoever_needs_what_another_has_is_told(wanted: list[tuple[str, int, int, str, bool]]) -> None:
    taken: set[tuple[str, str, int]] = set()
    late = set()
    for number, entry in enumerate(wanted):
        if not taken.isdisjoint(needs(*entry)):
            late.add(f"inbounds[{number}].port")
        taken |= needs(*entry)
    inbounds = [
        tunnel(
            f"{first}-{first + more}", networks, listen=listen, streamSettings={"sockopt": {"v6only": v6only}}
        )
        for listen, first, more, networks, v6only in wanted
    ]
    assert set(found(*inbounds)) == late


def test_twenty_thousand_inbounds_take_seconds() -> None:
    config = load_value({"inbounds": [tunnel(1)]}).config
    assert config is not None
    ranges = [((1024 + n, 1024 + n if n % 2 else 60_000),) for n in range(20_000)]
    inbounds = tuple(
        replace(config.inbounds[0], tag=str(n), listen=f"127.0.{n % 200}.1", ports=ports)
        for n, ports in enumerate(ranges)
    )
    problems = Findings()
    started = process_time()
    check_ports(replace(config, inbounds=inbounds), problems, probe=False)
    assert process_time() - started < 3
    assert len(problems) > 9000


def test_a_port_twice_in_one_list() -> None:
    assert set(found({"port": "80,70-90"})) == {"inbounds[0].port"}


def test_a_taken_port_and_who_holds_it(free_port: Callable[[], int]) -> None:
    port = free_port()
    inbound = {"port": port, "listen": "127.0.0.1"}
    assert found(inbound, probe=True) == {}
    with socket.create_server(("127.0.0.1", port)):
        assert found(inbound) == {}
        message = found(inbound, probe=True)["inbounds[0].port"]
        assert f"tcp port {port} is taken" in message
        if sys.platform == "linux":
            assert f"(pid {os.getpid()})" in message
        assert f"port {port} is taken" in found({"port": port}, probe=True)["inbounds[0].port"]
        assert found(tunnel(port, "udp", listen="127.0.0.1"), probe=True) == {}
    assert found(inbound, probe=True) == {}


def test_a_port_shared_by_others_counts_as_taken(free_port: Callable[[], int]) -> None:
    if not hasattr(socket, "SO_REUSEPORT"):
        pytest.skip("the system has no SO_REUSEPORT")
    port = free_port()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        assert "taken" in obstacle("127.0.0.1", port, Network.TCP)


def test_all_addresses_are_those_of_both_families(free_port: Callable[[], int]) -> None:
    port = free_port()
    with socket.socket(socket.AF_INET6) as other:
        other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            other.bind(("::1", port))
        except OSError:
            pytest.skip("this machine has no IPv6")
        other.listen()
        assert obstacle("0.0.0.0", port, Network.TCP) == ""
        assert "taken" in obstacle("", port, Network.TCP)
        assert "taken" in obstacle("::", port, Network.TCP)


def test_udp_ports_are_tried_too() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert "udp port" in obstacle("127.0.0.1", port, Network.UDP)
        if sys.platform == "linux":
            assert holder(port, Network.UDP).endswith(f"(pid {os.getpid()})")


def test_an_address_of_another_machine() -> None:
    assert "no address 192.0.2.1" in obstacle("192.0.2.1", 0, Network.TCP)


def test_nobody_holds_a_free_port(free_port: Callable[[], int]) -> None:
    assert holder(free_port(), Network.TCP) == ""


def test_unix_sockets(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert found({"listen": str(tmp_path / "socket")}, probe=True) == {}
    assert found({"listen": f"{tmp_path}/socket,0666"}, probe=True) == {}
    assert set(found({"listen": str(tmp_path / "file")})) == {"inbounds[0].listen"}
    assert set(found({"listen": str(tmp_path / "none" / "socket")})) == {"inbounds[0].listen"}
