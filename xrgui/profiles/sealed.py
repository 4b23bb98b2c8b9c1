"""Bytes under a passphrase: scrypt makes the key, AES-256-GCM seals.

Layout: ``XRG1``, log2 of scrypt's n, its r and p (one byte each), salt (16), nonce (12), ciphertext with
its tag. All before the ciphertext is authenticated too.
"""

from __future__ import annotations

import os
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"XRG1"
_LOG_N, _R, _P = 15, 8, 1
_MOST_LOG_N, _MOST_R, _MOST_P = 18, 8, 4
"""What we are ready to spend on somebody else's file: 256 MiB and some seconds."""
_SALT, _NONCE = 16, 12
_HEADER = len(MAGIC) + 3


class PassphraseError(ValueError):
    """The passphrase does not open it, or somebody changed a byte."""


class Key:
    """A derived key and how it was made; deriving takes a tenth of a second and 32 MiB."""

    def __init__(self, passphrase: str, header: bytes = b"") -> None:
        """*header* is of a sealed text that this key shall open; empty: a new key.

        Raises ValueError for an empty passphrase or a header that is none of ours.
        """
        if not passphrase:
            raise ValueError("the passphrase is empty")
        self.header = header or _new_header()
        log_n, r, p = self.header[len(MAGIC) : _HEADER]
        salt = self.header[_HEADER:]
        text = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
        self._aead = AESGCM(Scrypt(salt=salt, length=32, n=1 << log_n, r=r, p=p).derive(text))

    def seal(self, data: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        head = self.header + nonce
        return head + self._aead.encrypt(nonce, data, head)

    def open(self, sealed: bytes) -> bytes:
        """Raises PassphraseError."""
        end = len(self.header) + _NONCE
        head, nonce = sealed[:end], sealed[len(self.header) : end]
        try:
            return self._aead.decrypt(nonce, sealed[end:], head)
        except InvalidTag:
            raise PassphraseError("the passphrase is wrong, or the data was changed") from None


def _new_header() -> bytes:
    return MAGIC + bytes((_LOG_N, _R, _P)) + os.urandom(_SALT)


def header_of(sealed: bytes) -> bytes:
    """Raises ValueError for what is not ours, was cut off or asks for too much work."""
    if not sealed.startswith(MAGIC):
        raise ValueError("this was not sealed by xrgui")
    if len(sealed) < _HEADER + _SALT + _NONCE + 16:
        raise ValueError("the sealed data was cut off")
    log_n, r, p = sealed[len(MAGIC) : _HEADER]
    if not (1 <= log_n <= _MOST_LOG_N and 1 <= r <= _MOST_R and 1 <= p <= _MOST_P):
        raise ValueError("the sealed data asks for too much work to open")
    return sealed[: _HEADER + _SALT]


def seal(data: bytes, passphrase: str) -> bytes:
    """Raises ValueError for an empty passphrase."""
    return Key(passphrase).seal(data)


def unseal(sealed: bytes, passphrase: str) -> bytes:
    """Raises PassphraseError, or ValueError for what is no sealed data."""
    return Key(passphrase, header_of(sealed)).open(sealed)
