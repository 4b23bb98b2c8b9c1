"""The control session of a reverse link: only ValueError."""

from __future__ import annotations

from collections.abc import Iterator

from xrgui.engine.reverse import control


def seeds() -> Iterator[bytes]:
    for state in (control.ACTIVE, control.DRAIN):
        yield control.encode(state, b"r" * 20)
    yield b"\x08\x01\x12\x02ab\x1d1234\x2112345678"


def check(data: bytes) -> None:
    try:
        state = control.decode(data)
    except ValueError:
        return
    assert state >= 0
    assert control.decode(control.encode(control.DRAIN, data[:64] or b"r")) == control.DRAIN
