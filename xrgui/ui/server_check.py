"""Does the public server answer, and is its certificate to be trusted? Asked while one types."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass

from xrgui.profiles.model import Server

TIMEOUT = 6.0


@dataclass(frozen=True)
class Answer:
    round_trip: float | None
    """Milliseconds until the connection stood; None: nobody answered."""
    error: str = ""
    """dns, refused, silent or unreachable, if nobody answered."""
    certificate: str = ""
    """trusted, pinned, unknown, or nothing where no TLS is wanted or spoken."""
    pin: str = ""
    """SHA-256 of the certificate seen, hex."""


async def ask(server: Server) -> Answer:
    """Connect as the engine would, up to TLS; nothing is sent beyond that."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(server.address, server.port)
    except (OSError, ValueError) as error:
        return Answer(None, _kind(error))
    trip = (time.perf_counter() - started) * 1000
    await _close(writer)
    if not server.tls:
        return Answer(trip)
    seen = await _certificate(server, ssl.CERT_NONE)
    if seen is None:
        return Answer(trip, certificate="none")
    pin = hashlib.sha256(seen).hexdigest()
    if server.pins:
        return Answer(trip, certificate="pinned" if pin in server.pins else "unknown", pin=pin)
    trusted = await _certificate(server, ssl.CERT_REQUIRED) is not None
    return Answer(trip, certificate="trusted" if trusted else "unknown", pin=pin)


async def _certificate(server: Server, mode: ssl.VerifyMode) -> bytes | None:
    """The certificate that it shows, DER; None where the handshake fails."""
    context = ssl.create_default_context()
    context.check_hostname = mode is ssl.CERT_REQUIRED
    context.verify_mode = mode
    name = server.sni or server.address
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(server.address, server.port, ssl=context, server_hostname=name)
    except (OSError, ValueError):
        return None
    shown: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    found = shown.getpeercert(binary_form=True) if shown is not None else None
    await _close(writer)
    return found


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()


def _kind(error: OSError | ValueError) -> str:
    if isinstance(error, socket.gaierror | ValueError):
        return "dns"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "silent" if isinstance(error, TimeoutError) else "unreachable"
