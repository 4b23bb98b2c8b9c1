"""How a command says that it cannot go on: one sentence and a way out, on stderr."""

from __future__ import annotations

import os
import sys


class CommandError(Exception):
    """A command ends with *code* after saying this. It is no fault of the program."""

    def __init__(self, message: str, hint: str = "", *, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def tell(self) -> int:
        if self.message:
            complain(self.message, self.hint)
        return self.code


def complain(message: str, hint: str = "") -> None:
    word = "error:"
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        word = f"\x1b[31m{word}\x1b[0m"
    sentence = message if message.endswith((".", "!", "?")) else f"{message}."
    print(word, f"{sentence} {hint}".strip(), file=sys.stderr)
