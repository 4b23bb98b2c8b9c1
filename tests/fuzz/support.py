"""What the targets share: vectors as seeds, and ways to cut an input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors"
EXAMPLES = HERE.parents[1] / "resources" / "examples"
SHORT = 4096
"""Seeds are no longer: a fuzzer does more with short ones."""


def pieces(data: bytes) -> Iterator[bytes]:
    """*data* in pieces whose sizes follow from it, so that an input fails again in the same way."""
    chance = Random(crc32(data))
    position = 0
    while position < len(data):
        size = chance.choice((1, 1, 2, 3, 7, 40, 1500))
        yield data[position : position + size]
        position += size


def vector(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def captured(*keys: str) -> list[bytes]:
    """Every text of hexadecimal digits in the vectors that stands under one of *keys*, shortened."""
    found: list[bytes] = []
    for file in sorted(VECTORS.rglob("*.json")):
        _collect(json.loads(file.read_text()), keys, found)
    return list(dict.fromkeys(found))


def _collect(value: Any, keys: tuple[str, ...], found: list[bytes]) -> None:
    if isinstance(value, list):
        for each in value:
            _collect(each, keys, found)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in keys and isinstance(each, str):
                found.append(bytes.fromhex(each)[:SHORT])
            else:
                _collect(each, keys, found)
