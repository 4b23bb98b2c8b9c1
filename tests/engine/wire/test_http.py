from __future__ import annotations

from base64 import b64encode
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.engine.errors import AuthenticationError, LocalProtocolError, RemoteProtocolError
from xrgui.engine.wire.http import (
    MAX_HEAD,
    ConnectHandshake,
    Request,
    RequestBody,
    ResponseHead,
    read_head,
    read_request,
    response,
)

GET = b"GET http://Example.com:8080/a?b=1 HTTP/1.1\r\nHost: other\r\nX: 1\r\n\r\nrest"


def request(data: bytes, transparent: bool = False) -> Request:
    found = read_request(data, transparent)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "host", "port", "path"),
    [
        (b"GET http://Example.com:8080/a?b=1 HTTP/1.1", "Example.com", 8080, "/a?b=1"),
        (b"GET http://example.com HTTP/1.0", "example.com", 80, "/"),
        (b"GET HTTP://user:pw@example.com?q HTTP/1.1", "example.com", 80, "/?q"),
        (b"GET https://[2001:db8::1]/x#frag HTTP/1.1", "2001:db8::1", 443, "/x"),
        (b"OPTIONS http://a.b HTTP/1.1", "a.b", 80, "*"),
        (b"CONNECT a.b:22 HTTP/1.1", "a.b", 22, ""),
        (b"CONNECT [::1] HTTP/1.1", "::1", 443, ""),
    ],
)
def test_targets(line: bytes, host: str, port: int, path: str) -> None:
    found = request(line + b"\r\n\r\n")
    if found.connects:
        assert found[:3] == ("CONNECT", host, port)
    else:
        assert (found.host, found.port, found.path) == (host, port, path)


def test_a_path_is_enough_where_transparent_requests_are_served() -> None:
    data = b"GET /x HTTP/1.1\r\nHost: a.b:81\r\n\r\n"
    assert request(data, True)[1:4] == ("a.b", 81, "/x")
    with pytest.raises(RemoteProtocolError, match="whole URL"):
        read_request(data)
    with pytest.raises(RemoteProtocolError, match="whole URL"):
        read_request(b"GET /x HTTP/1.1\r\n\r\n", True)


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"GET http://a.b/\r\n\r\n",
        b"GET http://a b/ HTTP/1.1\r\n\r\n",
        b"GET http://a.b/ HTTP/2.0\r\n\r\n",
        b"GET http://a.b:99999/ HTTP/1.1\r\n\r\n",
        b"GET http:///x HTTP/1.1\r\n\r\n",
        b"GET http://%2frun/x HTTP/1.1\r\n\r\n",
        b"CONNECT /run/socket HTTP/1.1\r\n\r\n",
        b"GET http://a.b/ HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET http://a.b/ HTTP/1.1\r\nX : space\r\n\r\n",
        b"GET http://a.b/ HTTP/1.1\r\nX: 1\r\n folded\r\n\r\n",
        b"GET http://a.b/ HTTP/1.1\r\nX: a\0b\r\n\r\n",
        b"GET http://a.b/ HTTP/1.1\r\nX: " + b"x" * MAX_HEAD,
    ],
)
def test_bad_requests(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read_request(data)


def test_what_the_origin_server_gets() -> None:
    head = (
        b"POST http://a.b/x HTTP/1.1\r\nHost: evil\r\nProxy-Connection: keep-alive\r\nTE: x\r\n"
        b"Connection: keep-alive, X-Hop, content-length, host\r\nX-Hop: 1\r\nContent-Length: 4\r\n"
        b"Proxy-Authorization: Basic eA==\r\nUpgrade: h2c\r\nAccept: */*\r\nKeep-Alive: 5\r\n\r\n"
    )
    assert request(head).for_origin() == (
        b"POST /x HTTP/1.1\r\nHost: a.b\r\nContent-Length: 4\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    assert request(GET).for_origin().startswith(b"GET /a?b=1 HTTP/1.1\r\nHost: Example.com:8080\r\nX: 1\r\n")
    assert b"\r\nHost: [::1]\r\n" in request(b"GET http://[::1]/ HTTP/1.0\r\n\r\n").for_origin()


def test_attributes_for_routing() -> None:
    assert request(GET).attributes() == {"host": "other", "x": "1", ":method": "GET", ":path": "/a"}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"Basic " + b64encode(b"me:pass:word"), ("me", "pass:word")),
        (b"basic  " + b64encode("mé:x".encode()), ("mé", "x")),
        (b"Bearer x", None),
        (b"Basic !", None),
        (b"Basic " + b64encode(b"nocolon"), None),
        (b"Basic " + b64encode(b"\xff:x"), None),
        (b"", None),
    ],
)
def test_credentials(value: bytes, found: tuple[str, str] | None) -> None:
    data = b"GET http://a.b/ HTTP/1.1\r\nProxy-Authorization: " + value + b"\r\n\r\n"
    assert request(data).credentials() == found


@given(st.integers(0, len(GET) - 5))
def test_a_head_is_read_once_it_is_whole(cut: int) -> None:
    assert read_request(GET[:cut]) is None
    found = request(GET)
    assert GET[found.head.size :] == b"rest"


@given(st.binary(max_size=100), st.sampled_from([b"", b"GET ", b"GET http://a.b/ HTTP/1.1\r\n"]))
def test_garbage_raises_only_our_error(data: bytes, start: bytes) -> None:
    try:
        read_request(start + data + b"\r\n\r\n", True)
    except RemoteProtocolError:
        pass


# Bodies


def body(*headers: bytes) -> RequestBody:
    head = read_head(b"\r\n".join([b"POST / HTTP/1.1", *headers, b"", b""]))
    assert head is not None
    return RequestBody(head)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[first:last] for first, last in pairwise(borders)]


CHUNKED = b"5\r\nhello\r\n10;x=y\r\n0123456789abcdef\r\n000\r\nTrailer: 1\r\n\r\n"
cuts = st.lists(st.integers(0, 90), max_size=8)


@given(cuts)
def test_a_body_of_chunks_ends_where_it_says(cuts: list[int]) -> None:
    found = body(b"Transfer-Encoding: Chunked")
    assert not found.ended
    taken = b"".join(found.take(piece) for piece in split(CHUNKED + b"GET http://next/", cuts))
    assert taken == CHUNKED
    assert found.ended
    assert found.take(b"more") == b""


@given(cuts)
def test_a_body_of_known_length(cuts: list[int]) -> None:
    found = body(b"Content-Length: 20", b"content-length: 20")
    data = bytes(range(40))
    assert b"".join(found.take(piece) for piece in split(data, cuts)) == data[:20]
    assert found.ended


def test_no_body() -> None:
    assert body().ended
    assert body(b"Content-Length: 0").take(b"x") == b""


@pytest.mark.parametrize(
    "headers",
    [
        [b"Content-Length: 1", b"Content-Length: 2"],
        [b"Content-Length: 1, 1"],
        [b"Content-Length: -1"],
        [b"Content-Length: +1"],
        [b"Content-Length: "],
        [b"Content-Length: 1", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked, gzip"],
        [b"Transfer-Encoding: identity"],
    ],
)
def test_lengths_that_are_not_clear(headers: list[bytes]) -> None:
    with pytest.raises(RemoteProtocolError):
        body(*headers)


@pytest.mark.parametrize(
    "data", [b"\r\n", b"x\r\n", b"-1\r\n", b"0x1\r\n", b"5 5\r\n", b"1" * (MAX_HEAD + 1)]
)
def test_bad_chunks(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        body(b"Transfer-Encoding: chunked").take(data)


# Answers


def test_an_own_answer() -> None:
    assert response(502, "no way", ("X", "1")) == (
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 24\r\n"
        b"X: 1\r\nConnection: close\r\n\r\n502 Bad Gateway: no way\n"
    )


@given(cuts)
def test_an_answer_says_that_it_closes(cuts: list[int]) -> None:
    answer = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: 1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    passing = ResponseHead()
    assert b"".join(map(passing.receive, split(answer, cuts))) + passing.flush() == (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n0\r\n\r\n"
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-x\r\nmore\r\n\r\nmore",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\nraw",
        b"HTTP/1.1 200 OK\r\nends early",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\nx",
        b"x" * (MAX_HEAD + 1),
    ],
)
def test_what_is_no_answer_passes_as_it_is(answer: bytes) -> None:
    passing = ResponseHead()
    assert passing.receive(answer) + passing.flush() == answer
    assert passing.receive(b"more") == b"more"


# A proxy's client


def test_a_client_asks_and_is_let_in() -> None:
    client = ConnectHandshake("a.b", 22, "me", "pw", {"X": "1"})
    assert client.data_to_send() == (
        b"CONNECT a.b:22 HTTP/1.1\r\nHost: a.b:22\r\nX: 1\r\nProxy-Authorization: Basic bWU6cHc=\r\n\r\n"
    )
    assert client.data_to_send() == b""
    for byte in b"HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 Connection established\r\nX: 1\r\n\r":
        client.receive_data(bytes((byte,)))
        assert client.result is None
    client.receive_data(b"\nSSH-2")
    assert client.result is True
    assert client.rest == b"SSH-2"


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (b"HTTP/1.1 407 Who\r\n\r\n", AuthenticationError, "user and password"),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\n", RemoteProtocolError, "answers 502 Bad Gateway"),
        (b"HTTP/1.1 301\r\n\r\n", RemoteProtocolError, "answers 301$"),
        (b"SSH-2.0-x\r\n\r\n", RemoteProtocolError, "does not speak HTTP"),
        (b"x" * (MAX_HEAD + 1), RemoteProtocolError, "head of more than"),
    ],
)
def test_what_a_client_is_told(answer: bytes, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        ConnectHandshake("a.b", 22).receive_data(answer)


@pytest.mark.parametrize("headers", [{"X": "a\r\nb"}, {"X y": "1"}, {"X": "é"}])
def test_headers_that_cannot_be_sent(headers: dict[str, str]) -> None:
    with pytest.raises(LocalProtocolError, match="'X"):
        ConnectHandshake("a.b", 22, headers=headers)
