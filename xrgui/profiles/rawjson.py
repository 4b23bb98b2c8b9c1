"""Single texts inside JSON with comments, changed in place: everything else stays as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_TOKEN = re.compile(r'"(?:[^"\\\n]++|\\.)*+"|//[^\n]*|#[^\n]*|/\*.*?\*/|[{}\[\]:]', re.DOTALL)

Change = Callable[[str, str], str]
"""The name that a text stands under, in lower case, and the text; returns what shall stand there."""


def map_texts(text: str, change: Change) -> str:
    """*text* with every string value put through *change*.

    The elements of a list stand under the name of the list. Names and comments stay as they are; so does
    all in a text that is not JSON, as far as it is not.
    """
    tokens = [match for match in _TOKEN.finditer(text) if match[0][0] not in "/#"]
    names: list[str] = [""]
    pieces: list[str] = []
    done = 0
    for number, token in enumerate(tokens):
        mark = token[0]
        if mark == "{":
            names.append("")
        elif mark == "[":
            names.append(names[-1])
        elif mark in "}]":
            del names[max(1, len(names) - 1) :]
        elif mark != ":":
            value = _decode(mark)
            if number + 1 < len(tokens) and tokens[number + 1][0] == ":":
                names[-1] = value.lower()
            elif (changed := change(names[-1], value)) != value:
                pieces += [text[done : token.start()], json.dumps(changed, ensure_ascii=False)]
                done = token.end()
    return "".join((*pieces, text[done:]))


def _decode(token: str) -> str:
    try:
        value = json.loads(token, strict=False)
    except ValueError:
        return token[1:-1]
    return str(value)
