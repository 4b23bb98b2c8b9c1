"""What is wrong with a configuration: where, what, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Problem(msgspec.Struct, frozen=True):
    """One finding.

    `path` is a JSON path such as ``inbounds[0].settings.clients[1].id``, empty for a whole file.
    `line` and `column` (from 1) are there for syntax errors only. Never holds a secret.
    """

    path: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    file: str = ""
    line: int = 0
    column: int = 0

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    @property
    def place(self) -> str:
        """Where it is: file, line and path, as far as they are known."""
        line = f"{self.line}:{self.column}" if self.line else ""
        file = ":".join(part for part in (self.file, line) if part)
        return " ".join(part for part in (file, self.path) if part)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text} ({self.hint})" if self.hint else text


def any_error(problems: Iterable[Problem]) -> bool:
    return any(problem.is_error for problem in problems)
