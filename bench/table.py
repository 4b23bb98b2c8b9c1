"""Medians, ratios and the Markdown table."""

from __future__ import annotations

from statistics import median

from bench.rows import Row

Results = dict[str, dict[str, dict[str, list[float]]]]
"""Row -> contestant -> figure -> one number for each run."""
REMARKS = ("%", "µs")
"""How figures begin that stand beside the others."""


def medians(figures: dict[str, list[float]]) -> dict[str, float]:
    return {name: median(numbers) for name, numbers in figures.items() if numbers}


def text(number: float) -> str:
    if number == float("inf"):
        return "none answered"
    if number >= 1000:
        return f"{number:,.0f}"
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def cell(figures: dict[str, list[float]]) -> str:
    """``18 / 35`` for two sides, ``0.8 (100 % answered)`` for a figure with a remark."""
    found = medians(figures)
    remarks = [f"{text(found.pop(name))} {name}" for name in list(found) if name.startswith(REMARKS)]
    if not found:
        return "-"
    return " / ".join(text(number) for number in found.values()) + (f" ({remarks[0]})" if remarks else "")


def worst(figures: dict[str, list[float]], more_is_better: bool) -> float | None:
    found = [number for name, number in medians(figures).items() if not name.startswith(REMARKS)]
    return (min if more_is_better else max)(found, default=None)


def verdict(row: Row, results: dict[str, dict[str, list[float]]], ours: str = "xrgui") -> str:
    """Each goal of the row with what was reached; empty where a side was not measured."""
    own = worst(results.get(ours, {}), row.more_is_better)
    parts = []
    for rival, goal in row.goals:
        other = worst(results.get(rival, {}), row.more_is_better) if rival else None
        sign = ">=" if row.more_is_better else "<="
        if own is None:
            continue
        if not rival:
            parts.append(judged(f"{sign} {goal:g} {row.unit}", own <= goal))
        elif other is None:
            continue
        elif rival == "direct":
            parts.append(judged(f"{own - other:+.2g} {row.unit}, {sign} {goal:g}", own - other <= goal))
        else:
            ratio = own / other if other else float("inf")
            met = ratio >= goal if row.more_is_better else ratio <= goal
            parts.append(judged(f"{ratio:.2f}x {rival}, {sign} {goal:g}x", met))
    return "; ".join(parts)


def judged(words: str, met: bool) -> str:
    return f"{words}: {'yes' if met else '**no**'}"


def markdown(rows: list[Row], contestants: list[str], results: Results) -> str:
    lines = ["| | " + " | ".join([*contestants, "goal"]) + " |", "|---" * (len(contestants) + 2) + "|"]
    for row in rows:
        found = results.get(row.name, {})
        cells = [cell(found.get(contestant, {})) for contestant in contestants]
        lines.append(f"| {row.title}, {row.unit} | " + " | ".join([*cells, verdict(row, found)]) + " |")
    return "\n".join(lines)
