"""Kinds of options that several commands have."""

from __future__ import annotations

from math import isfinite
from typing import Any

import click


class Seconds(click.FloatRange):
    """A time in seconds, 0 or more, at most *longest*."""

    def __init__(self, longest: float | None = None) -> None:
        super().__init__(min=0, max=longest)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if not isfinite(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds
