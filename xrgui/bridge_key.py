"""The key by which a portal knows this machine's bridges: Ed25519, one for an installation.

The private half is a PEM file that only its owner may read. The public half, 32 bytes, is written in base64.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from binascii import Error
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from xrgui import paths

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIZE = 32


class BridgeKey:
    """A private key; `public` are its 32 public bytes."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"BridgeKey({fingerprint(self.public)})"

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


def default_path() -> Path:
    return paths.data_dir() / "bridge.key"


def load(path: Path) -> BridgeKey:
    """Raises OSError, or ValueError for a file that holds no such key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return BridgeKey(key)


def create(path: Path) -> BridgeKey:
    """Make a key and keep it in a new file at *path*. Raises OSError, FileExistsError among them."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
    return BridgeKey(key)


def ensure(path: Path) -> BridgeKey:
    """The key in *path*, made where there is none yet. Raises as `load` and `create` do."""
    try:
        return load(path)
    except FileNotFoundError:
        return create(path)


def verify(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the owner of *public* signed *data*."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def short(print_: str) -> str:
    """The beginning of a fingerprint, enough to tell keys apart at a glance."""
    return print_[: len("SHA256:") + 12] + "…" if len(print_) > 20 else print_


def fingerprint(public: bytes) -> str:
    """What people compare, in the form that ssh uses."""
    return "SHA256:" + b64encode(sha256(public).digest()).decode().rstrip("=")


def encode(public: bytes) -> str:
    return b64encode(public).decode()


def decode(text: str) -> bytes:
    """The key written as *text*. Raises ValueError."""
    try:
        public = b64decode(text, validate=True)
    except (Error, ValueError):
        public = b""
    if len(public) != SIZE:
        raise ValueError("no bridge key: 32 bytes in base64, as `xrgui key` prints them")
    return public
