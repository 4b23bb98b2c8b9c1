"""Configuration text: reading, judging and writing raise nothing; what was written is read back the same."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.support import EXAMPLES
from xrgui.config import check as checks
from xrgui.config import dump, load


def seeds() -> Iterator[bytes]:
    for file in sorted(EXAMPLES.glob("*.json")):
        yield file.read_bytes()
    yield b'// a comment\n{"log": {"loglevel": "none"}, /* more */ "inbounds": [null, 1, {"port": "1-5,env:X"}],}'
    yield b'{"routing":{"rules":[{"domain":["regexp:(a+)+$","full:x","geosite:cn"],"port":"1-2,5","outboundTag":"x"}]}}'


def check(data: bytes) -> None:
    loaded = load.load_text(data.decode("utf-8", "surrogateescape"), "text")
    checks.judge(loaded, probe_ports=False)
    if loaded.config is None:
        return
    for dialect in ("xray", "v2ray"):
        dump.dump(loaded.config, dialect)  # type: ignore[arg-type]
