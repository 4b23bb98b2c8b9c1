"""The messages between two xrgui: vectors, garbage, and what a bridge signs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.engine.fake import FakeTransport
from xrgui import bridge_key
from xrgui.engine.errors import (
    AuthenticationError,
    DialError,
    PeerResetError,
    RefusedError,
    RemoteProtocolError,
)
from xrgui.engine.mux import extension, frames
from xrgui.engine.mux.connection import Broken, Ended, KeptAlive, MuxConnection, Opened
from xrgui.engine.mux.packets import PacketStream
from xrgui.engine.mux.resumption import Resumption
from xrgui.engine.mux.substream import SubStream
from xrgui.engine.mux.worker import MuxWorker
from xrgui.engine.reverse.admission import proven_key

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "extension.json").read_text(encoding="utf-8"))
MESSAGES = VECTORS["messages"]
replace = msgspec.structs.replace


def values(message: extension.Message) -> dict[str, Any]:
    """As the vectors write them."""
    found = {name: getattr(message, name) for name in message.__struct_fields__}
    return {
        name: value.hex() if isinstance(value, bytes) else list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
    }


def built(vector: dict[str, Any]) -> extension.Message:
    kind = getattr(extension, vector["type"])
    raw = {"instance", "nonce", "key", "signature", "former"}
    return kind(
        **{
            name: bytes.fromhex(value) if name in raw else tuple(value) if isinstance(value, list) else value
            for name, value in vector["fields"].items()
        }
    )


def named(name: str) -> extension.Hello:
    vector = next(vector for vector in MESSAGES if vector["name"].startswith(name))
    message = built(vector)
    assert isinstance(message, extension.Hello)
    return message


class Socket(FakeTransport):
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


class TestVectors:
    @pytest.mark.parametrize("vector", MESSAGES, ids=lambda vector: vector["name"])
    def test_encodes(self, vector: dict[str, Any]) -> None:
        assert built(vector).encode().hex() == vector["hex"]

    @pytest.mark.parametrize("vector", MESSAGES, ids=lambda vector: vector["name"])
    def test_decodes(self, vector: dict[str, Any]) -> None:
        (event,) = MuxConnection().receive_data(bytes.fromhex(vector["hex"]))
        assert isinstance(event, KeptAlive)
        message = extension.decode(event.id, event.payload)
        assert message is not None
        assert (type(message).__name__, values(message)) == (vector["type"], vector["fields"])

    def test_every_type_has_one(self) -> None:
        kinds = {bytes.fromhex(vector["hex"])[8] for vector in MESSAGES}
        assert kinds == set(range(extension.HELLO, extension.APPROVAL + 1))

    def test_the_bridges_signature(self) -> None:
        portal, bridge, keys = named("HELLO of a portal"), named("HELLO of a bridge"), VECTORS["keys"]
        assert extension.to_sign(portal, bridge.instance, bridge.nonce).hex() == keys["signed"]
        assert proven_key(portal, bridge).hex() == keys["public"]

    async def test_the_exchange_is_what_a_bridge_says(self) -> None:
        """Both links' bytes of the portal, given to a bridge, bring the bytes of the bridge."""
        resumption = Resumption()
        heard = bytearray()

        class Service(asyncio.Protocol):
            def __init__(self, stream: SubStream) -> None:
                self.stream = stream

            def data_received(self, data: bytes) -> None:
                heard.extend(data)
                self.stream.write(b"answer")

            def eof_received(self) -> bool:
                self.stream.write_eof()
                return True

        def accept(stream: SubStream | PacketStream, _: Opened) -> None:
            assert isinstance(stream, SubStream)
            stream.set_protocol(Service(stream))

        def link() -> tuple[MuxWorker, Socket]:
            worker = MuxWorker(client=False, lost=lambda *_: None, accept=accept, hello=named("HELLO of a bridge"))
            worker.resumption = resumption
            transport = Socket()
            worker.connection_made(transport)
            worker.data_received(named("HELLO of a portal").encode())
            return worker, transport

        def give(worker: MuxWorker, transport: Socket, entry: dict[str, Any]) -> bytes:
            transport.take()
            worker.data_received(bytes.fromhex(entry["hex"]))
            worker.flush()
            return transport.take()

        steps = VECTORS["reopen_exchange"]
        worker, transport = link()
        worker.flush()
        assert give(worker, transport, steps[0]) == frames.keep_head(1, 6) + b"answer"
        worker.abort(ConnectionResetError("cut"), final=False)
        worker, transport = link()
        worker.flush()
        assert give(worker, transport, steps[2]).hex() == steps[3]["hex"]
        assert give(worker, transport, steps[4]).hex() == steps[5]["hex"]
        assert give(worker, transport, steps[6]) == b""
        assert heard == b"question"
        assert not worker.streams
        assert not worker.settling
        worker.abort(ConnectionResetError("test over"))
        resumption.close()


class TestGarbage:
    @given(st.integers(0, 65535), st.binary(max_size=300))
    @example(0, b"\1xrgui-mx\1\1\0\4")
    @example(0, b"\5")
    def test_raises_nothing_but_our_error(self, stream_id: int, data: bytes) -> None:
        try:
            extension.decode(stream_id, data)
        except RemoteProtocolError:
            pass

    @given(st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8]), st.binary(max_size=120), st.booleans())
    def test_so_does_a_known_type_with_any_body(self, kind: int, body: bytes, magic: bool) -> None:
        start = bytes((kind,)) + (extension.MAGIC + b"\1" if magic else b"")
        try:
            message = extension.decode(9, start + body)
        except RemoteProtocolError:
            return
        if message is not None:
            (event,) = MuxConnection().receive_data(message.encode())
            assert isinstance(event, KeptAlive)
            again = extension.decode(event.id, event.payload)
            if not isinstance(message, extension.Reset | extension.Hello):
                assert again == message

    @given(st.integers(0, 255), st.integers(0, 65535), st.text(max_size=600))
    def test_the_text_of_a_reset_is_fit_for_a_log(self, code: int, stream_id: int, text: str) -> None:
        (event,) = MuxConnection().receive_data(
            extension.Reset(stream_id, code, text.encode(errors="replace").decode()).encode()
        )
        assert isinstance(event, KeptAlive)
        message = extension.decode(event.id, event.payload)
        assert isinstance(message, extension.Reset)
        assert message.code == code
        assert message.text.isprintable()

    @given(st.lists(st.sampled_from([bytes.fromhex(vector["hex"]) for vector in MESSAGES]), max_size=12), st.data())
    def test_any_order_and_any_cut_leave_the_framing_whole(self, pieces: list[bytes], data: st.DataObject) -> None:
        sent = b"".join(pieces)
        connection = MuxConnection()
        events = []
        while sent:
            size = data.draw(st.integers(1, len(sent)))
            events += connection.receive_data(sent[:size])
            sent = sent[size:]
        assert len(events) == len(pieces)
        assert not any(isinstance(event, Broken | Ended) for event in events)

    @pytest.mark.parametrize("tag", [extension.TAG_NONCE, extension.TAG_KEY, extension.TAG_SIGNATURE])
    def test_a_key_of_another_size_is_none(self, tag: int) -> None:
        hello = named("HELLO without")
        payload = MuxConnection().receive_data(hello.encode())[0].payload + bytes((tag, 0, 31)) + bytes(31)
        assert extension.decode(0, payload) == hello


class TestProof:
    portal, bridge = named("HELLO of a portal"), named("HELLO of a bridge")

    def test_none_named_is_none(self) -> None:
        assert proven_key(self.portal, replace(self.bridge, key=b"")) == b""

    @pytest.mark.parametrize("field", ["nonce", "instance", "signature"])
    def test_another_bridges_words(self, field: str) -> None:
        value = bytes(len(getattr(self.bridge, field)))
        with pytest.raises(AuthenticationError, match="does not own the key SHA256:"):
            proven_key(self.portal, replace(self.bridge, **{field: value}))

    @pytest.mark.parametrize("field", ["nonce", "instance"])
    def test_an_answer_to_another_portal_or_link(self, field: str) -> None:
        with pytest.raises(AuthenticationError):
            proven_key(replace(self.portal, **{field: b"\1" * len(getattr(self.portal, field))}), self.bridge)

    @pytest.mark.parametrize("field", ["nonce", "signature"])
    def test_what_is_missing(self, field: str) -> None:
        with pytest.raises(AuthenticationError):
            proven_key(self.portal, replace(self.bridge, **{field: b""}))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConnectionRefusedError(), extension.REFUSED),
        (RefusedError("no rule"), extension.DENIED),
        (TimeoutError(), extension.TIMED_OUT),
        (ConnectionResetError(), extension.FAILED),
        (ValueError(), extension.FAILED),
        (PeerResetError(extension.TOO_SLOW, "slow"), extension.TOO_SLOW),
    ],
)
def test_codes(error: Exception, code: int) -> None:
    assert extension.reset_code(error) == code


def test_codes_of_a_dial() -> None:
    from socket import gaierror

    from xrgui.address import Destination, Network

    target = Destination(Network.TCP, "nobody.test", 80)
    assert extension.reset_code(DialError(target, gaierror(-2, "unknown"))) == extension.DNS
    assert extension.reset_code(DialError(target, OSError(113, "no route"))) == extension.UNREACHABLE


def test_a_key_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "bridge.key"
    made = bridge_key.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert bridge_key.load(path).public == made.public
    assert bridge_key.decode(bridge_key.encode(made.public)) == made.public
    with pytest.raises(FileExistsError):
        bridge_key.create(path)
    path.write_text("nonsense")
    with pytest.raises(ValueError, match="holds no Ed25519 key"):
        bridge_key.load(path)


@pytest.mark.parametrize("text", ["", "AAAA", "é", "!" * 44, "A" * 43])
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(ValueError, match="32 bytes in base64"):
        bridge_key.decode(text)
