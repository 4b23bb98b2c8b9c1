"""Inbound ``http``: a proxy for CONNECT and for requests with whole URLs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from hmac import compare_digest
from typing import Any, cast

from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine.errors import AuthenticationError, DialError, RefusedError, RemoteProtocolError, describe
from xrgui.engine.handshake import Handshake, HandshakeInbound
from xrgui.engine.interfaces import Acceptor
from xrgui.engine.layer import Layer
from xrgui.engine.wire import http

_ASK_FOR_PASSWORD = ("Proxy-Authenticate", 'Basic realm="proxy"')


class HttpInbound(HandshakeInbound):
    protocol = "http"

    def __init__(self, config: model.Inbound, acceptor: Acceptor, policy: model.Policy) -> None:
        super().__init__(config, policy)
        self.settings = cast(model.HttpInbound, config.settings)
        self.timeout = policy.level(self.settings.level).handshake
        self.accounts = {account.user: account.password for account in self.settings.accounts}
        self.acceptor = acceptor

    def new_handshake(self) -> Handshake:
        return HttpHandshake(self)


class HttpHandshake(Handshake):
    def __init__(self, inbound: HttpInbound) -> None:
        super().__init__(inbound)
        self._http = inbound

    def advance(self) -> None:
        try:
            request = http.read_request(self.head, self._http.settings.allow_transparent)
            if request is None:
                return
            user = self._log_in(request)
            if user is not None:
                self._hand_on(request, user)
        except RemoteProtocolError as error:
            self.transport.write(http.response(400, str(error)))
            raise

    def _log_in(self, request: http.Request) -> str | None:
        """The user's name; None after having asked for it. Raises AuthenticationError for a wrong one."""
        accounts = self._http.accounts
        if not accounts:
            return ""
        user, password = request.credentials() or ("", "")
        wanted = accounts.get(user)
        if wanted is not None and compare_digest(wanted.encode(), password.encode()):
            return user
        text = "this proxy wants a user and a password"
        self.transport.write(http.response(407, text, _ASK_FOR_PASSWORD))
        if user:
            raise AuthenticationError("wrong user or password")
        self.drop()
        return None

    def _hand_on(self, request: http.Request, user: str) -> None:
        destination = Destination(Network.TCP, request.host, request.port)
        session = self.session(destination, user)
        rest = self.head[request.head.size :]
        failed = partial(_report, self.transport)
        if request.connects:
            self.release()
            opened = partial(self.transport.write, http.ESTABLISHED)
            self._http.acceptor.relay(session, self.transport, rest, opened=opened, failed=failed)
            return
        layer = OneRequest(http.RequestBody(request.head))
        initial = request.for_origin() + layer.take(rest)
        self.release()
        session.sniffed_protocol = "http1"
        session.attrs = request.attributes()
        layer.attach(self.transport, asyncio.Protocol())
        self._http.acceptor.relay(session, layer, initial, failed=failed)


class OneRequest(Layer):
    """Carries a single request and its answer: what a client sends behind the request may be for
    another host, so it is dropped, and the answer tells the client to come again."""

    def __init__(self, body: http.RequestBody) -> None:
        self._body = body
        self._answer = http.ResponseHead()

    def take(self, data: bytes) -> bytes:
        return self._body.take(data)

    def data_received(self, data: bytes) -> None:
        try:
            body = self._body.take(bytes(data))
        except RemoteProtocolError:
            self.lower.abort()
            return
        if body:
            self.upper.data_received(body)

    def write(self, data: Any) -> None:
        passed = self._answer.receive(bytes(data))
        if passed:
            self.lower.write(passed)

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        self._flush()
        super().write_eof()

    def close(self) -> None:
        self._flush()
        super().close()

    def _flush(self) -> None:
        held = self._answer.flush()
        if held and not self.lower.is_closing():
            self.lower.write(held)


def _report(transport: asyncio.Transport, error: BaseException | None) -> None:
    """Say why the target could not be reached."""
    if not transport.is_closing():
        transport.write(http.response(_status(error), describe(error or "the connection was refused")))


def _status(error: BaseException | None) -> int:
    cause = error.cause if isinstance(error, DialError) else error
    if isinstance(cause, RefusedError):
        return 503
    return 504 if isinstance(cause, TimeoutError) else 502
