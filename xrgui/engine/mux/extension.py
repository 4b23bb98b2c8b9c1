"""What two xrgui say to each other inside Mux.cool: messages in the data of KeepAlive frames, which stock peers
discard. Specified in docs/mux-extension.md. Sans-I/O.

One frame carries one message: its type (1 byte) and its body, big-endian. The frame's id names the sub-connection,
0 the main connection.
"""

from __future__ import annotations

import struct

import msgspec

from xrgui.engine.errors import OverLimitError, PeerResetError, RefusedError, RemoteProtocolError, fault
from xrgui.engine.mux import frames

MAGIC = b"xrgui-mx"
VERSION = 1

HELLO, OPEN, CREDIT, FIN, RESET, REOPEN, REOPENED, GOAWAY, APPROVAL = range(1, 10)

FEATURE_CREDIT = 1
FEATURE_FIN = 2
FEATURE_RESET = 4
FEATURE_GOAWAY = 8
FEATURE_RESUME = 16
FEATURE_EQUAL = 32
FEATURES = FEATURE_CREDIT | FEATURE_FIN | FEATURE_RESET | FEATURE_GOAWAY | FEATURE_RESUME | FEATURE_EQUAL
"""What this program speaks; both ends use what both name."""

TAG_FEATURES, TAG_WINDOW, TAG_INSTANCE, TAG_NONCE, TAG_KEY, TAG_SIGNATURE = range(1, 7)
TAG_PUBLIC, TAG_ASKS, TAG_FORMER = range(7, 10)

SIGNED = b"xrgui bridge 1"
"""What a bridge's signature begins with."""

INSTANCE = 16
"""Bytes by which a portal or bridge is known to its peers: two of one process are two."""
NONCE = 32
"""Bytes that a link's HELLO is told apart by from every other's."""
MOST_TEXT = 400
"""Bytes of a RESET's text."""
MIN_WINDOW = 16 * 1024
MAX_WINDOW = 64 * 1024 * 1024


class Hello(msgspec.Struct, frozen=True, gc=False):
    """Both sides' introduction. *window* is how many bytes of each sub-connection its sender takes before it
    grants more; *instance* names the portal or bridge (16 random bytes); *public* are the portal's ports for visitors,
    as ``tcp:443`` texts; *nonce* (32 bytes) is new for each link; *key* (Ed25519, 32 bytes) and *signature* (64) are
    a bridge's; *asks*: the portal wants a key that is approved, and says so by Approval; *former* is the instance of
    a bridge that has died, in whose place this one is. Empty is left out."""

    features: int
    window: int
    instance: bytes
    public: tuple[str, ...] = ()
    nonce: bytes = b""
    key: bytes = b""
    signature: bytes = b""
    asks: bool = False
    former: bytes = b""

    def encode(self) -> bytes:
        fields = [
            (TAG_FEATURES, self.features.to_bytes(4, "big")),
            (TAG_WINDOW, self.window.to_bytes(4, "big")),
            (TAG_INSTANCE, self.instance),
        ]
        optional = (
            (TAG_NONCE, self.nonce),
            (TAG_KEY, self.key),
            (TAG_SIGNATURE, self.signature),
            (TAG_FORMER, self.former),
        )
        fields += [(tag, value) for tag, value in optional if value]
        if self.public:
            fields.append((TAG_PUBLIC, ",".join(self.public).encode()))
        if self.asks:
            fields.append((TAG_ASKS, b"\x01"))
        body = b"".join(struct.pack("!BH", tag, len(value)) + value for tag, value in fields)
        return frames.keep_alive(0, bytes((HELLO,)) + MAGIC + bytes((VERSION,)) + body)


class Open(msgspec.Struct, frozen=True, gc=False):
    """Comes directly before New(id): the sub-connection speaks the extension. *uid* names it for resumption."""

    id: int
    uid: int
    flags: int = 0

    def encode(self) -> bytes:
        return frames.keep_alive(self.id, struct.pack("!BQB", OPEN, self.uid, self.flags))


class Credit(msgspec.Struct, frozen=True, gc=False):
    """Payload bytes below *consumed* are done with; up to ``consumed + window`` may be sent."""

    id: int
    consumed: int
    window: int

    def encode(self) -> bytes:
        return frames.keep_alive(self.id, struct.pack("!BQI", CREDIT, self.consumed, self.window))


class Fin(msgspec.Struct, frozen=True, gc=False):
    """No more bytes than *offset* in this direction; the other one goes on."""

    id: int
    offset: int

    def encode(self) -> bytes:
        return frames.keep_alive(self.id, struct.pack("!BQ", FIN, self.offset))


class Reset(msgspec.Struct, frozen=True, gc=False):
    """Why the End with Error that follows: one of the codes below, and a text for people."""

    id: int
    code: int
    text: str

    def encode(self) -> bytes:
        return frames.keep_alive(self.id, bytes((RESET, self.code)) + self.text.encode()[:MOST_TEXT])


class Reopen(msgspec.Struct, frozen=True, gc=False):
    """The sub-connection *uid* lives on as *id* here; send again from *received*."""

    id: int
    uid: int
    received: int

    def encode(self) -> bytes:
        return frames.keep_alive(self.id, struct.pack("!BQQ", REOPEN, self.uid, self.received))


class Reopened(msgspec.Struct, frozen=True, gc=False):
    """The answer: send again from *received*. An End for the id instead says that the uid is unknown."""

    id: int
    received: int

    def encode(self) -> bytes:
        return frames.keep_alive(self.id, struct.pack("!BQ", REOPENED, self.received))


class GoAway(msgspec.Struct, frozen=True, gc=False):
    """No new sub-connections here; the running ones may finish."""

    def encode(self) -> bytes:
        return frames.keep_alive(0, bytes((GOAWAY,)))


class Approval(msgspec.Struct, frozen=True, gc=False):
    """A portal that asks for keys has looked at the bridge's: its links carry visitors, or wait for a person."""

    approved: bool

    def encode(self) -> bytes:
        return frames.keep_alive(0, bytes((APPROVAL, self.approved)))


Message = Hello | Open | Credit | Fin | Reset | Reopen | Reopened | GoAway | Approval

REFUSED, UNREACHABLE, DNS, DENIED, TIMED_OUT, TOO_SLOW, OVER_LIMIT, SHUTTING_DOWN, FLOW_VIOLATION, FAILED = range(1, 11)
_CODES: dict[str, int] = {"refused": REFUSED, "unreachable": UNREACHABLE, "name": DNS, "timeout": TIMED_OUT}


def reset_code(error: BaseException) -> int:
    """The code that tells the peer of *error*."""
    if isinstance(error, PeerResetError):
        return error.code
    if isinstance(error, OverLimitError):
        return OVER_LIMIT
    return DENIED if isinstance(error, RefusedError) else _CODES.get(fault(error), FAILED)


def to_sign(portal: Hello, instance: bytes, nonce: bytes) -> bytes:
    """What a bridge, with its *instance* and *nonce*, signs in answer to the HELLO of *portal*."""
    return b"".join((SIGNED, portal.instance, portal.nonce, instance, nonce))


def decode(stream_id: int, data: bytes) -> Message | None:
    """The message in a KeepAlive's *data*; None for what is not one (padding, or a type of the future).

    Raises RemoteProtocolError for a message of a known type that is malformed.
    """
    if not data:
        return None
    kind, body = data[0], data[1:]
    if kind == HELLO:
        return _hello(body)
    try:
        if kind == OPEN:
            return Open(stream_id, *struct.unpack_from("!QB", body))
        if kind == CREDIT:
            return Credit(stream_id, *struct.unpack_from("!QI", body))
        if kind == FIN:
            return Fin(stream_id, *struct.unpack_from("!Q", body))
        if kind == REOPEN:
            return Reopen(stream_id, *struct.unpack_from("!QQ", body))
        if kind == REOPENED:
            return Reopened(stream_id, *struct.unpack_from("!Q", body))
        if kind == APPROVAL:
            return Approval(*struct.unpack_from("!?", body))
    except struct.error:
        raise RemoteProtocolError(f"an extension message of type {kind} is too short") from None
    if kind == RESET and body:
        text = body[1 : 1 + MOST_TEXT].decode(errors="replace")
        return Reset(stream_id, body[0], "".join(c if c.isprintable() else "?" for c in text))
    if kind == GOAWAY:
        return GoAway()
    return None


def _hello(body: bytes) -> Hello | None:
    if body[: len(MAGIC)] != MAGIC or len(body) <= len(MAGIC):
        return None
    fields: dict[int, bytes] = {}
    offset = len(MAGIC) + 1
    while len(body) - offset >= 3:
        tag, size = struct.unpack_from("!BH", body, offset)
        offset += 3
        if len(body) - offset < size:
            raise RemoteProtocolError("the peer's HELLO is cut short")
        fields[tag] = body[offset : offset + size]
        offset += size
    features = int.from_bytes(fields.get(TAG_FEATURES, b""), "big")
    window = int.from_bytes(fields.get(TAG_WINDOW, b""), "big")
    instance = fields.get(TAG_INSTANCE, b"")
    if not MIN_WINDOW <= window <= MAX_WINDOW or len(instance) != INSTANCE:
        raise RemoteProtocolError("the peer's HELLO has no usable window or instance")
    public = fields.get(TAG_PUBLIC, b"").decode(errors="replace")
    nonce, key, signature, asks, former = (_sized(fields, tag, size) for tag, size in _SIZES)
    return Hello(
        features,
        window,
        instance,
        tuple(public.split(",")) if public else (),
        nonce,
        key,
        signature,
        any(asks),
        former,
    )


_SIZES = ((TAG_NONCE, NONCE), (TAG_KEY, 32), (TAG_SIGNATURE, 64), (TAG_ASKS, 1), (TAG_FORMER, INSTANCE))


def _sized(fields: dict[int, bytes], tag: int, size: int) -> bytes:
    """The value of *tag*; one of another size than it must have is as good as none."""
    value = fields.get(tag, b"")
    return value if len(value) == size else b""
