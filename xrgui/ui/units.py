"""Sizes, rates, durations and times as a person of the chosen language reads them."""

from __future__ import annotations

import math

from PySide6.QtCore import QDateTime, QLocale

from xrgui.ui.language import language, tr

UNITS = 6


def _unit(step: int) -> str:
    return (tr("B"), tr("kB"), tr("MB"), tr("GB"), tr("TB"), tr("PB"))[step]


def number(value: float, decimals: int = 0) -> str:
    return language.locale.toString(float(value), "f", decimals)


def count(value: int) -> str:
    return language.locale.toString(value)


def scaled(value: float) -> tuple[str, int]:
    """Three significant figures at most, and which power of 1000 they count."""
    step = 0
    while value >= 999.5 and step < UNITS - 1:
        value /= 1000
        step += 1
    fine = value < (99.95 if step > 1 else 9.95 if step else 0)
    return number(value, 1 if fine else 0), step


def size(octets: float) -> str:
    """``4.2 GB``: powers of 1000."""
    figure, step = scaled(octets)
    return f"{figure} {_unit(step)}"


def brief_size(octets: float) -> str:
    """The same in a sentence: ``61 MB``."""
    figure, step = scaled(octets)
    return f"{_trimmed(figure)} {_unit(step)}"


def _trimmed(figure: str) -> str:
    return figure.removesuffix(f"{language.locale.decimalPoint()}0")


def whole_size(octets: float) -> str:
    """``42 MB``: where tenths would only flicker."""
    step = min(int(math.log10(max(octets, 1)) // 3), UNITS - 1)
    return f"{number(octets / 1000**step)} {_unit(step)}"


def rate(octets_per_second: float) -> str:
    """``18 MB/s``; below one octet ``0``."""
    if octets_per_second < 1:
        return "0"
    figure, step = scaled(octets_per_second)
    return tr("{size}/s", size=f"{figure} {_unit(step)}")


def round_rate(octets_per_second: float) -> str:
    """The same for a scale: ``20 MB/s``, ``1.5 MB/s``."""
    figure, step = scaled(octets_per_second)
    return tr("{size}/s", size=f"{_trimmed(figure)} {_unit(step)}")


def clock(seconds: float) -> str:
    """``0:03``, ``12:31``, ``2:14:05``: an age in a table."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """``2 h 14 min``, ``3 d 4 h``, ``12 s``: the two largest units."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return tr("{days} d {hours} h", days=days, hours=hours)
    if hours:
        return tr("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return tr("{minutes} min", minutes=minutes) if minutes else tr("{seconds} s", seconds=whole)


def seconds(value: float) -> str:
    """A short wait, rounded up: ``8 s``."""
    return tr("{seconds} s", seconds=count(max(0, math.ceil(value))))


def wait(value: float) -> str:
    """`seconds` for a sentence: no line ends within them."""
    return seconds(value).replace(" ", "\u00a0")


def milliseconds(value: float) -> str:
    """``38 ms``, ``0.3 ms``, ``2.3 s``."""
    if value >= 999.5:
        return tr("{seconds} s", seconds=number(value / 1000, 1))
    return tr("{figure} ms", figure=number(value, 0 if value >= 9.95 else 1))


def time_of_day(unix: float) -> str:
    return QDateTime.fromMSecsSinceEpoch(int(unix * 1000)).toString("HH:mm:ss")


def moment(unix: float, *, exact: bool = False) -> str:
    """Date and time in the language's short form, or *exact* in a form that sorts."""
    when = QDateTime.fromMSecsSinceEpoch(int(unix * 1000))
    if exact:
        return when.toString("yyyy-MM-dd HH:mm:ss")
    return language.locale.toString(when, QLocale.FormatType.ShortFormat)
