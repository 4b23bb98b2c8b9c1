"""Plain text for terminals and pipes: aligned columns, sizes, ages."""

from __future__ import annotations

from collections.abc import Sequence

from xrgui.logs import visible


def table(rows: Sequence[Sequence[str]], *, indent: str = "") -> list[str]:
    """Lines in which the columns stand below one another."""
    rows = [[visible(cell) for cell in row] for row in rows]
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]


def size(count: float) -> str:
    """Bytes in three digits: ``0 B``, ``1.5 kB``, ``12 MB``."""
    unit = "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if count < 1000:
            break
        count, unit = count / 1000, larger
    return f"{count:.1f} {unit}" if unit != "B" and count < 10 else f"{count:.0f} {unit}"


def age(seconds: float) -> str:
    """``5 s``, ``3 min``, ``2 h 5 min``, ``3 d 4 h``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if not days else f"{days} d {hours % 24} h"
