from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from PySide6.QtGui import QColor

from xrgui.ui import theme
from xrgui.ui.icons import icon


def luminance(text: str) -> float:
    parts = (QColor(text).redF(), QColor(text).greenF(), QColor(text).blueF())
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colors", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(colors: theme.Colors) -> None:
    grounds = ("window", "panel", "side", "selection", "hover")
    found = asdict(colors)
    for role in ("text", "muted", "accent", "up", "waiting", "error"):
        for ground in grounds:
            assert contrast(found[role], found[ground]) >= 4.5, (role, ground)
    assert contrast(colors.on_accent, colors.accent) >= 4.5
    assert contrast(colors.on_accent, colors.accent_hover) >= 4.5
    toast = colors.text
    assert contrast(colors.panel, toast) >= 4.5
    assert contrast(colors.selection, toast) >= 4.5, "the toast's button"


@pytest.mark.parametrize("colors", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_what_says_a_state_without_words_can_be_seen(colors: theme.Colors) -> None:
    """WCAG 1.4.11: shapes, the ring of focus and the frame of a field in error."""
    for role in ("accent", "up", "waiting", "error", "muted"):
        for ground in ("window", "panel", "side", "selection", "hover"):
            assert contrast(getattr(colors, role), getattr(colors, ground)) >= 3, (role, ground)
    assert contrast(colors.up, colors.chart_fill) >= 3, "one line of the chart over the other's ground"


def test_only_the_theme_knows_colours() -> None:
    source = Path(theme.__file__).parent
    for path in source.rglob("*.py"):
        if path.name not in ("theme.py", "qr.py"):
            assert not re.search(r"#[0-9a-fA-F]{6}\b", path.read_text()), path


def test_icons_follow_the_theme() -> None:
    picture = icon("stop")

    def tint() -> str:
        return picture.pixmap(16, 16).toImage().pixelColor(8, 8).name()

    assert tint() == theme.LIGHT.text
    theme.theme().choose(theme.Scheme.DARK)
    assert tint() == theme.DARK.text
