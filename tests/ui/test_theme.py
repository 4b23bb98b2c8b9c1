from __future__ import annotations

from dataclasses import asdict

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


def test_icons_follow_the_theme() -> None:
    picture = icon("stop")

    def tint() -> str:
        return picture.pixmap(16, 16).toImage().pixelColor(8, 8).name()

    assert tint() == theme.LIGHT.text
    theme.theme().choose(theme.Scheme.DARK)
    assert tint() == theme.DARK.text
