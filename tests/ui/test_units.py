from __future__ import annotations

import pytest

from xrgui.ui import units
from xrgui.ui.language import language


@pytest.mark.parametrize(
    ("octets", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9949, "9.9 kB"), (9960, "10 kB"), (999_499, "999 kB"),
     (999_500, "1.0 MB"), (18_400_000, "18.4 MB"), (312_000_000, "312 MB"), (4.2e9, "4.2 GB")],
)  # fmt: skip
def test_size(octets: float, text: str) -> None:
    assert units.size(octets) == text


def test_rates_and_times() -> None:
    assert (units.rate(0.4), units.rate(1100)) == ("0", "1.1 kB/s")
    assert [units.clock(s) for s in (3, 751, 8045)] == ["0:03", "12:31", "2:14:05"]
    assert [units.span(s) for s in (12, 840, 8075, 273600)] == ["12 s", "14 min", "2 h 14 min", "3 d 4 h"]
    assert (units.milliseconds(38.4), units.milliseconds(0.31)) == ("38 ms", "0.3 ms")
    assert units.seconds(7.2) == "8 s"


def test_figures_follow_the_language() -> None:
    language.choose("ru")
    assert units.number(4.2, 1) == "4,2"
