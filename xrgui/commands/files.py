"""The configuration files that a command names, judged, and their problems in words."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from xrgui.commands.errors import CommandError
from xrgui.config.check import Checked, check_files
from xrgui.config.problem import Problem

option = click.option(
    "-c",
    "--config",
    "files",
    multiple=True,
    required=True,
    metavar="FILE",
    help="Configuration in Xray JSON; several are merged. - reads stdin.",
)


class Source:
    """Files that may be read more than once, but for stdin, whose text is kept."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self.files = files
        self._stdin: str | None = None

    @property
    def name(self) -> str:
        first = self.files[0]
        return "stdin" if first == "-" else Path(first).stem

    def check(self, *, probe_ports: bool) -> Checked:
        if "-" in self.files and self._stdin is None:
            self._stdin = _read_stdin()
        return check_files(self.files, probe_ports=probe_ports, stdin=self._stdin)


def _read_stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError("stdin is no text in UTF-8.", "Give it a configuration in JSON.") from None


def describe(problem: Problem) -> str:
    """``error: FILE path: what is wrong (what would be right)``."""
    return f"{problem.severity}: {problem}"


def summary(problems: Iterable[Problem]) -> str:
    """``2 errors, 1 warning``; empty where there is none."""
    found = [problem.severity.value for problem in problems]
    counts = ((found.count(word), word) for word in ("error", "warning"))
    return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)
