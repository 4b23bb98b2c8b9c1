from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.engine.errors import AuthenticationError, EngineError, RemoteProtocolError
from xrgui.engine.wire import vmess
from xrgui.engine.wire.vmess import Command, Option, Security

VECTORS = Path(__file__).parents[2] / "vectors"
V2RAY = json.loads((VECTORS / "vmess_aead.json").read_text())
XRAY = [
    json.loads((VECTORS / f"xray/xray_vmess_{name}.json").read_text()) for name in ("aes-128-gcm", "chacha20-poly1305")
]
USER = UUID("b831381d-6324-4d53-ad4f-8cda48b30811")
ACCOUNT = vmess.Account(USER)
NOW = 1_795_338_273.5


def sealed(now: float = NOW, user: UUID = USER) -> bytes:
    request = vmess.new_request(Security.AES_128_GCM, Command.TCP, "a.test", 80, os.urandom)
    return vmess.seal_request(vmess.Account(user), request, now, os.urandom(vmess.SALT_SIZE))


def reader() -> vmess.RequestReader[str]:
    return vmess.RequestReader([(vmess.Account(UUID(int=7)), "b"), (ACCOUNT, "a")], vmess.ReplayFilter())


@pytest.mark.parametrize("example", V2RAY["kdf_examples"])
def test_kdf(example: Any) -> None:
    path = [part.encode() for part in example["path"]]
    assert vmess.kdf(bytes.fromhex(example["key_hex"]), *path).hex() == example["out_hex"]


def test_kdf_hashes_long_path_parts_with_the_level_below() -> None:
    part = bytes(70)
    assert vmess.kdf(b"k", b"a", part) == vmess.kdf(b"k", b"a", vmess.kdf(part, b"a"))


@pytest.mark.parametrize("connection", V2RAY["connections"])
def test_captured_request_decodes_and_encodes_to_the_same_bytes(connection: Any) -> None:
    raw = bytes.fromhex(connection["c2s_hex"])
    result = reader().receive(raw, connection["auth_time"])
    assert result is not None
    request, user, size = result
    header = connection["header"]
    assert (user, size) == ("a", connection["body_offset"])
    assert (request.key.hex(), request.iv.hex(), request.check) == (
        header["key"],
        header["iv"],
        header["resp_auth"],
    )
    assert request[3:8] == (
        header["option"],
        header["security"],
        header["command"],
        header.get("address", ""),
        header.get("port", 0),
    )
    assert request.padding.hex() == header["padding"]
    salt = bytes.fromhex(connection["auth_random"] + connection["connection_nonce"])
    assert vmess.seal_request(ACCOUNT, request, connection["auth_time"], salt) == raw[:size]

    answer = bytes.fromhex(connection["s2c_hex"])
    assert vmess.open_response(request, answer) == connection["response_body_offset"]
    assert vmess.seal_response(request) == answer[: connection["response_body_offset"]]
    assert all(vmess.open_response(request, answer[:n]) is None for n in range(38))


@pytest.mark.parametrize("vector", XRAY, ids=["aes", "chacha"])
def test_captures_of_xray(vector: Any) -> None:
    for connection, command in zip(vector["connections"], (1, 1, 1, 3), strict=True):
        raw, answer = bytes.fromhex(connection["c2s"]), bytes.fromhex(connection["s2c"])
        result = reader().receive(raw, vector["unix_time"])
        assert result is not None
        request, _, size = result
        assert request.command == command
        auth_time = ACCOUNT.auth_time(raw[:16])
        assert auth_time is not None
        salt = ACCOUNT._decrypt(raw[:16])[8:12] + raw[34:42]
        assert vmess.seal_request(ACCOUNT, request, auth_time, salt) == raw[:size]
        assert vmess.open_response(request, answer) == 38
        assert vmess.seal_response(request) == answer[:38]


def test_any_split_gives_the_same_request() -> None:
    raw = sealed()
    whole = reader().receive(raw + b"body", NOW)
    slow = reader()
    results = [slow.receive(raw[:n], NOW) for n in range(len(raw) + 1)]
    assert whole is not None
    assert results[-1] == whole
    assert results[:-1] == [None] * len(raw)


@pytest.mark.parametrize("off", [-120, 120])
def test_a_clock_within_two_minutes_will_do(off: int) -> None:
    assert reader().receive(sealed(int(NOW)), int(NOW) + off) is not None


@pytest.mark.parametrize(("off", "word"), [(-121, "ahead"), (121, "behind")])
def test_a_clock_further_off_is_named(off: int, word: str) -> None:
    with pytest.raises(AuthenticationError, match=f"clock is 121 s {word}"):
        reader().receive(sealed(int(NOW)), int(NOW) + off)


def test_an_unknown_user_is_refused() -> None:
    with pytest.raises(AuthenticationError, match="unknown user"):
        reader().receive(sealed(user=UUID(int=1)), NOW)


def test_a_replay_is_refused_but_pieces_of_one_request_are_none() -> None:
    replays = vmess.ReplayFilter()
    raw = sealed()
    first = vmess.RequestReader([(ACCOUNT, 0)], replays)
    assert first.receive(raw[:20], NOW) is None
    assert first.receive(raw, NOW) is not None
    with pytest.raises(AuthenticationError, match="replay"):
        vmess.RequestReader([(ACCOUNT, 0)], replays).receive(raw, NOW + 60)


def test_the_replay_filter_remembers_for_two_minutes_at_least() -> None:
    replays = vmess.ReplayFilter()
    assert replays.is_new(b"a", 1000)
    assert replays.is_new(b"b", 1119)
    assert not replays.is_new(b"a", 1119)
    assert replays.is_new(b"c", 1120)
    assert not replays.is_new(b"b", 1239)
    assert replays.is_new(b"b", 1241)
    assert replays.is_new(b"b", 2000)


def test_a_changed_bit_anywhere_is_refused() -> None:
    raw = sealed()
    for index in range(len(raw)):
        bad = raw[:index] + bytes((raw[index] ^ 4,)) + raw[index + 1 :]
        with pytest.raises(EngineError):
            assert reader().receive(bad, NOW)


def forged(**changes: Any) -> bytes:
    request = vmess.new_request(Security.AES_128_GCM, Command.TCP, "a.test", 80, os.urandom)
    salt = os.urandom(vmess.SALT_SIZE)
    return vmess.seal_request(ACCOUNT, request._replace(**changes), NOW, salt)


@pytest.mark.parametrize("changes", [{"security": 1}, {"security": 0}, {"command": 4}, {"command": 0}])
def test_unsupported_securities_and_commands_are_named(changes: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError, match="unsupported VMess"):
        reader().receive(forged(**changes), NOW)


def test_a_response_to_another_request_is_refused() -> None:
    request = vmess.new_request(Security.AES_128_GCM, Command.TCP, "a", 1, os.urandom)
    answer = vmess.seal_response(request._replace(check=request.check ^ 1))
    with pytest.raises(RemoteProtocolError, match="another request"):
        vmess.open_response(request, answer)
    with pytest.raises(RemoteProtocolError, match="decrypt"):
        vmess.open_response(request._replace(key=bytes(16)), answer)


def test_options_of_new_requests() -> None:
    for security, options in ((3, 0x0D), (4, 0x0D), (5, 0x05)):
        request = vmess.new_request(Security(security), Command.TCP, "a", 1, os.urandom)
        assert request.options == options
        assert not request.options & Option.AUTHENTICATED_LENGTH


@given(st.binary(max_size=120))
def test_garbage_raises_only_our_errors(raw: bytes) -> None:
    request = vmess.Request(bytes(16), bytes(16), 0, 13, Security.AES_128_GCM, Command.TCP, "a", 1, b"")
    for parse in (lambda: reader().receive(raw, NOW), lambda: vmess.open_response(request, raw)):
        try:
            assert parse() is None
        except EngineError:
            pass


@given(st.binary(min_size=0, max_size=120))
def test_a_users_malformed_header_raises_only_our_errors(plain: bytes) -> None:
    try:
        vmess._decode_header(plain + vmess._fnv1a(plain).to_bytes(4))
    except RemoteProtocolError:
        return
    assert len(plain) >= 38
