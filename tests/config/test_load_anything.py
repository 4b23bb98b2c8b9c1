"""Whatever comes, there are problems and no exception."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.config.reading import ID
from xrgui.config.check import check
from xrgui.config.load import Loaded, load_text, load_value

KEYS = re.findall(
    r"\S+",
    """
    inbounds outbounds routing reverse policy log dns api transport tag port listen protocol settings
    streamSettings sniffing users clients id email level domain rules outboundTag inboundTag ip network
    address vnext servers tlsSettings certificates certificate wsSettings path headers sockopt finalRules
    action blockDelay redirect mux enabled concurrency proxySettings hosts levels 0 bufferSize portMap
    accounts user pass attrs pinnedPeerCertSha256 destOverride security tcpFastOpen allocate limits resume links
    """,
)
TEXTS = re.findall(
    r"\S+",
    f"""
    tunnel vless vmess socks http freedom blackhole trojan ws raw grpc tls reality tcp udp 80 1-2 env:X
    none password UseIP 127.0.0.1 ::1 full:x geoip:private !1.1.1.1 {ID} allow
    """,
)
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(TEXTS)
    | st.text(max_size=8)
)
json_values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=40,
)


def entries(**own: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Inbounds or outbounds, with what only one kind of the two has."""
    optional = {"settings": json_values, "streamSettings": json_values, **own}
    return st.lists(st.fixed_dictionaries({"protocol": st.sampled_from(TEXTS)}, optional=optional), max_size=2)


shaped = st.fixed_dictionaries(
    {},
    optional={
        "inbounds": entries(port=plain, listen=plain, sniffing=json_values, allocate=json_values),
        "outbounds": entries(mux=json_values, proxySettings=json_values),
        "routing": st.fixed_dictionaries({"rules": st.lists(json_values, max_size=2)}) | json_values,
        "reverse": json_values,
        "policy": json_values,
        "dns": json_values,
        "log": json_values,
        "limits": json_values,
        "api": json_values,
    },
)


def judged(loaded: Loaded) -> None:
    assert (loaded.config is None) == any(problem.is_error for problem in loaded.problems)
    found = check(loaded.draft, probe_ports=False) if loaded.draft is not None else []
    for problem in (*loaded.problems, *map(loaded.locate, found)):
        assert problem.message
        assert str(problem)


@given(json_values | shaped)
def test_any_json_gives_problems_never_an_exception(value: Any) -> None:
    judged(load_value(value))


@given(shaped)
def test_the_value_and_its_text_are_read_alike(value: Any) -> None:
    text = load_text(json.dumps(value))
    assert text.draft == load_value(value).draft


@given(st.text() | st.text(alphabet='{}[]":,/*# \n1a'))
def test_any_text_gives_problems_never_an_exception(text: str) -> None:
    judged(load_text(text, "f.json"))
