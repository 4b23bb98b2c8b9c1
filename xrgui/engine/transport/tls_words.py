"""What OpenSSL's errors mean, in plain words."""

from __future__ import annotations

import ssl

from xrgui.engine.errors import AuthenticationError, EngineError, RemoteProtocolError

_VERIFY = {
    9: "the certificate is not valid yet (is the clock right?)",
    10: "the certificate has expired",
    18: "the certificate is self-signed: pin it (pinnedPeerCertSha256) to accept it",
    19: "the certificate's issuer is a private one: add it (usage verify) or pin it (pinnedPeerCertSha256)",
    20: "the certificate's issuer is not known: add it (usage verify) or pin it (pinnedPeerCertSha256)",
    62: "the certificate is for another name",
    64: "the certificate is for another address",
}
"""X509_V_ERR_* of OpenSSL."""

_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "PACKET_LENGTH_TOO_LONG")
_VERSION = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE", "VERSION_TOO_LOW")
_PEER_SAYS = {
    "UNRECOGNIZED_NAME": "the server has no certificate for this name",
    "CERTIFICATE_REQUIRED": "the server asks for a client certificate",
    "UNKNOWN_CA": "the peer does not know the certificate's issuer",
    "BAD_CERTIFICATE": "the peer does not accept the certificate",
    "CERTIFICATE_EXPIRED": "the peer says that the certificate has expired",
    "CERTIFICATE_UNKNOWN": "the peer does not accept the certificate",
    "NO_APPLICATION_PROTOCOL": "the server knows none of the ALPN protocols",
    "HANDSHAKE_FAILURE": "no cipher, version or certificate suits both ends",
    "NO_SHARED_CIPHER": "no cipher suits both ends",
}


def in_words(error: ssl.SSLError | ssl.CertificateError) -> EngineError:
    """AuthenticationError for what concerns certificates, else RemoteProtocolError."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return AuthenticationError(_VERIFY.get(error.verify_code, f"the certificate: {error.verify_message}"))
    reason = getattr(error, "reason", None) or ""
    if reason in _NOT_TLS:
        return RemoteProtocolError("the peer does not speak TLS")
    if any(part in reason for part in _VERSION):
        return RemoteProtocolError("no TLS version suits both ends")
    for part, text in _PEER_SAYS.items():
        if part in reason:
            kind = AuthenticationError if "CERTIFICATE" in part or part == "UNKNOWN_CA" else RemoteProtocolError
            return kind(text)
    return RemoteProtocolError(f"TLS: {reason.replace('_', ' ').lower() or error}")
