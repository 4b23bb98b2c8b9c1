"""JSON with comments (``//``, ``#``, ``/* */``), as Xray and v2ray read it."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from xrgui.config.problem import Problem

_token = re.compile(
    r'"(?:[^"\\\n]++|\\.)*+"?|(?P<comment>//[^\n]*|#[^\n]*|/\*.*?\*/)|(?P<open>/\*)', re.DOTALL
)
_not_newline = re.compile(r"[^\n]")
_half_character = re.compile(r"\\u[dD][89a-fA-F]")

_wording = {
    "Expecting value": "a value is expected here",
    "Expecting property name enclosed in double quotes": "a name in double quotes is expected here",
    "Illegal trailing comma before end of object": "a comma with nothing behind it",
    "Illegal trailing comma before end of array": "a comma with nothing behind it",
    "Expecting ':' delimiter": "a colon is expected here",
    "Expecting ',' delimiter": "a comma or the closing bracket is expected here",
    "Extra data": "there is something behind the end of the configuration",
}


class Repeated(dict[str, Any]):
    """An object in which a name stands more than once; the last one counts."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs)
        self.repeated = sorted(name for name, count in counts.items() if count > 1)


def parse(text: str, file: str) -> tuple[Any, Problem | None]:
    """The value that *text* spells, or None and what is wrong with it."""
    bare, unclosed = _without_comments(text.removeprefix("\ufeff"))
    if unclosed is not None:
        return None, _at(bare, unclosed, file, "a comment that never ends", "close it with */")
    try:
        value = json.loads(bare, object_pairs_hook=_object, parse_constant=_no_constant)
        return (_whole(value) if _half_character.search(bare) else value), None
    except json.JSONDecodeError as error:
        return None, _explain(bare, error, file)
    except RecursionError:
        return None, Problem("", "is nested too deeply", file=file)
    except ValueError as error:
        return None, Problem("", f"is no JSON: {error}", file=file)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else Repeated(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def _whole(value: Any) -> Any:
    """*value* with U+FFFD for every half of a surrogate pair, as Go decodes it."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


def _without_comments(text: str) -> tuple[str, int | None]:
    """*text* with blanks for comments, so that places stay, and where one is not closed."""
    unclosed: list[int] = []

    def blank(match: re.Match[str]) -> str:
        if match["open"]:
            unclosed.append(match.start())
        if match["comment"]:
            return _not_newline.sub(" ", match[0])
        return match[0]

    bare = _token.sub(blank, text)
    return bare, unclosed[0] if unclosed else None


def _explain(bare: str, error: json.JSONDecodeError, file: str) -> Problem:
    message, hint, place = _wording.get(error.msg, error.msg[:1].lower() + error.msg[1:]), "", error.pos
    before = bare[:place].rstrip()
    here = bare[place : place + 1]
    if before.endswith(",") and here in ("}", "]"):
        place, message, hint = len(before) - 1, "a comma with nothing behind it", "remove it"
    elif here == "'":
        hint = "texts stand in double quotes"
    elif not bare.strip():
        place, message, hint = 0, "the file is empty", "an empty configuration is {}"
    elif place >= len(bare.rstrip()):
        hint = "the file ends too early: is a closing bracket missing?"
    elif error.msg == "Extra data":
        hint = "is there a bracket too many, or a comma missing?"
    return _at(bare, place, file, message, hint)


def _at(text: str, place: int, file: str, message: str, hint: str) -> Problem:
    line = text.count("\n", 0, place) + 1
    column = place - (text.rfind("\n", 0, place) + 1) + 1
    return Problem("", message, hint, file=file, line=line, column=column)
