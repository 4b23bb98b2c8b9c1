from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication

from xrgui.ui import theme
from xrgui.ui.language import language


@pytest.fixture(scope="session")
def _themed(qapp: QApplication) -> theme.Theme:
    return theme.install(qapp)


@pytest.fixture(autouse=True)
def _look(_themed: theme.Theme) -> None:
    if theme.theme().colors is not theme.LIGHT:
        theme.theme().choose(theme.Scheme.LIGHT)
    language.choose("en")
