"""Every target in short: its seeds, what fuzzing has ever found, and some mutations of both."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import TARGETS, load

FOUND = Path(__file__).parent / "found"


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    target = load(name)
    for seed in target.seeds():
        target.check(seed)


@pytest.mark.parametrize("file", sorted(FOUND.glob("*/*")), ids=lambda file: f"{file.parent.name}-{file.name}")
def test_found(file: Path) -> None:
    load(file.parent.name).check(file.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_mutations(name: str) -> None:
    target = load(name)
    chance = random.Random(7)
    for seed in target.seeds():
        data = bytearray(seed[:600])
        for _ in range(4):
            for _ in range(chance.randrange(1, 4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            target.check(bytes(data))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 255)), max_size=80))
def test_two_ends_and_a_bad_wire(commands: list[tuple[int, int]]) -> None:
    load("resumption").check(bytes(value for command in commands for value in command))
