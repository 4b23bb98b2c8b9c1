"""Which bridges may join a portal: those that prove a listed key in their HELLO (docs/mux-extension.md)."""

from __future__ import annotations

from collections.abc import Iterable

from xrgui import bridge_key
from xrgui.engine.errors import AuthenticationError
from xrgui.engine.mux import extension


class Admission:
    """A portal's list of public keys; None as *keys* lets every bridge in."""

    def __init__(self, keys: Iterable[bytes] | None = None) -> None:
        self._keys = None if keys is None else frozenset(keys)
        self._approved: set[bytes] = set()
        """Let in by a person since the configuration was read; an empty one stands for whoever knows the id."""

    @property
    def required(self) -> bool:
        return self._keys is not None and b"" not in self._approved

    def require(self, keys: Iterable[bytes] | None) -> bool:
        """Put another list in place; False if it is the same."""
        wanted = None if keys is None else frozenset(keys)
        if wanted == self._keys:
            return False
        self._keys = wanted
        self._approved.clear()
        return True

    def approve(self, key: bytes) -> None:
        """Let the owner of *key* in; empty: every bridge, since one without a key differs in nothing from another."""
        self._approved.add(key)

    def admits(self, key: bytes) -> bool:
        """Whether the owner of *key* may join; empty: it has proved none."""
        return not self.required or key in (self._keys or ()) or key in self._approved


def proven_key(own: extension.Hello, peer: extension.Hello) -> bytes:
    """The key of the bridge that answered *own* with *peer*; empty if it names none.

    Raises AuthenticationError where the signature is not that key's, or not for this very link.
    """
    if not peer.key:
        return b""
    signed = extension.to_sign(own, peer.instance, peer.nonce)
    if not own.nonce or not peer.nonce or not bridge_key.verify(peer.key, peer.signature, signed):
        raise AuthenticationError(f"the bridge does not own the key {bridge_key.fingerprint(peer.key)}")
    return peer.key
