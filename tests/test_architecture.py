"""docs/architecture.md has every module of the engine on its level, and the linter holds those; no page names a file
that is not there."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
CODECS = 1
"""The lowest level of the engine; those of the table go up from it."""


def levels() -> dict[int, list[str]]:
    """By level: the engine's modules and packages, as the table names them."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([1-5]) \| ([^|]+) \|", page, re.MULTILINE)
    return {
        int(level): [name for text in re.findall("`([^`]+)`", cell) for name in spread(text)] for level, cell in rows
    }


def spread(text: str) -> list[str]:
    """``a.{b,c}`` is ``a.b`` and ``a.c``."""
    head, brace, rest = text.partition("{")
    return [f"xrgui.{head}{name}" for name in rest.rstrip("}").split(",")] if brace else [f"xrgui.{text}"]


def modules() -> list[str]:
    engine = ROOT / "xrgui" / "engine"
    return [
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in engine.rglob("*.py")
        if file.name != "__init__.py"
    ]


def test_every_module_of_the_engine_has_its_level():
    named = [name for names in levels().values() for name in names]
    covering = Counter(
        {module: sum(module == name or module.startswith(f"{name}.") for name in named) for module in modules()}
    )
    assert {module: count for module, count in covering.items() if count != 1} == {}
    assert [name for name in named if not any(f"{module}.".startswith(f"{name}.") for module in modules())] == []


def test_the_linter_holds_these_levels():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (contract,) = [each for each in contracts if each["name"].startswith("The engine's levels")]
    held = [sorted(layer.split(" : ")) for layer in reversed(contract["layers"])]
    assert dict(enumerate(held, CODECS)) == {level: sorted(names) for level, names in levels().items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_a_page_names_are_there(page: Path):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:xrgui|bench|tests|tools|docs|resources|engine|mux)/[\w./-]*(?:\.\w+|/))`", text))
    named |= {target for target in re.findall(r"\]\(([\w./-]+)\)", text) if "://" not in target}
    places = (ROOT, page.parent, ROOT / "xrgui", ROOT / "xrgui" / "engine")
    assert [name for name in sorted(named) if not any((place / name).exists() for place in places)] == []
