from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QLabel

from tests.ui.layout_faults import faults
from xrgui.ui.language import language
from xrgui.ui.pages.first_start import WIDTH, FirstStart


@pytest.fixture
def wide_letters(qapp: QApplication) -> Iterator[None]:
    """As DejaVu Sans, the system's font where there is no other."""
    before = qapp.font()
    wide = QFont(before)
    wide.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 125)
    qapp.setFont(wide)
    yield
    qapp.setFont(before)


def test_a_long_title_goes_on_below(qtbot, wide_letters: None) -> None:
    language.choose("ru")
    page = FirstStart()
    qtbot.addWidget(page)
    page.resize(WIDTH + 48, 800)
    page.show()
    QApplication.processEvents()
    title = next(part for part in page.findChildren(QLabel) if part.text() == "Публиковать с этого компьютера")
    assert title.fontMetrics().horizontalAdvance(title.text()) > title.width()
    assert title.height() >= 2 * title.fontMetrics().lineSpacing() - 2
    assert not list(faults(page))
