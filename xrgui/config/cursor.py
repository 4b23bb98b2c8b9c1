"""A place in parsed JSON: reads values, knows its path, and notes what is wrong instead of raising."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from xrgui.address import Network, parse_ip
from xrgui.config.ids import parse_id
from xrgui.config.jsonc import Repeated
from xrgui.config.model import Networks, PortRange, Text
from xrgui.config.problem import Problem, Severity

T = TypeVar("T")


class Place(NamedTuple):
    file: str
    path: str


class Report:
    """Problems found so far, and where in the files each canonical path comes from."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.places: dict[str, Place] = {}

    def locate(self, problem: Problem) -> Problem:
        """*problem*, whose path is canonical, with the path and the file that the user wrote."""
        head, tail = problem.path, ""
        while head and head not in self.places:
            cut = max(head.rfind("."), head.rfind("["), 0)
            head, tail = head[:cut], head[cut:] + tail
        if not head:
            return problem
        place = self.places[head]
        return Problem(place.path + tail, problem.message, problem.hint, problem.severity, place.file)


def kind(value: object) -> str:
    """What *value* is, in words and without showing it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """``did you mean "x"?`` where one of *words* is close to *word*, else nothing."""
    lowered = {known.lower(): known for known in words if known}
    close = get_close_matches(word.lower(), lowered, n=1, cutoff=0.7)
    return f'did you mean "{lowered[close[0]]}"?' if close else ""


def joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


class Cursor:
    """A value, or its absence, at `path` of `file`.

    `name` is the canonical path: the same whatever spelling the file uses, and with the index
    that the thing has in `model.Config`. A JSON null counts as absent, as in Go.
    """

    __slots__ = ("_fields", "_known", "file", "name", "path", "report", "value")

    def __init__(
        self, value: Any, report: Report, *, file: str = "", path: str = "", name: str | None = None
    ) -> None:
        self.value = value
        self.report = report
        self.file = file
        self.path = path
        self.name = path if name is None else name
        self._fields: dict[str, tuple[str, Any]] | None = None
        self._known: dict[str, str] = {}
        report.places[self.name] = Place(file, path)

    @property
    def missing(self) -> bool:
        return self.value is None

    # Noting

    def error(self, message: str, hint: str = "") -> None:
        self.report.problems.append(Problem(self.path, message, hint, Severity.ERROR, self.file))

    def warn(self, message: str, hint: str = "") -> None:
        self.report.problems.append(Problem(self.path, message, hint, Severity.WARNING, self.file))

    def lacks(self, what: str, hint: str) -> None:
        self.error(f"xrgui has no {what}", hint)

    # Objects and lists

    def get(self, *spellings: str) -> Cursor:
        """The value under the first of *spellings* that is there. Case does not matter."""
        fields = self._object()
        for spelling in spellings:
            self._known[spelling.lower()] = spelling
        found = [fields[s.lower()] for s in spellings if fields.get(s.lower(), ("", None))[1] is not None]
        if len(found) > 1:
            self.warn(
                f'"{found[1][0]}" is ignored, since "{found[0][0]}" is there too', "keep one of the two"
            )
        key, value = found[0] if found else (spellings[0], None)
        return Cursor(
            value,
            self.report,
            file=self.file,
            path=joined(self.path, key),
            name=joined(self.name, spellings[0]),
        )

    def has(self, key: str) -> bool:
        return self._object().get(key.lower(), ("", None))[1] is not None

    def accept(self, *keys: str) -> None:
        """Keys that are right where they are and change nothing here."""
        for key in keys:
            self._known[key.lower()] = key

    def ignore(self, key: str, why: str) -> None:
        """A key that others act on and xrgui does not; warns if it is set to something."""
        if (value := self.get(key)).value:
            value.warn(f"is ignored: {why}")

    def done(self) -> None:
        """Warn of the keys that nobody asked for."""
        fields = self._object()
        if isinstance(self.value, Repeated):
            names = ", ".join(f'"{name}"' for name in self.value.repeated)
            self.warn(f"has {names} more than once; the last one counts", "remove the others")
        for lowered, (key, _) in fields.items():
            if lowered not in self._known and not key.startswith(("_", "//", "#")):
                hint = did_you_mean(key, self._known.values())
                self._child(key, None).warn("is unknown and ignored", hint)

    def items(self) -> list[Cursor]:
        """The elements of a list; a missing one is empty."""
        if self.missing:
            return []
        if not isinstance(self.value, list):
            self.error(f"should be a list, not {kind(self.value)}", "put it in [ ]")
            return []
        return [self.at(index, value) for index, value in enumerate(self.value)]

    def at(self, index: int, value: Any) -> Cursor:
        return Cursor(
            value,
            self.report,
            file=self.file,
            path=f"{self.path}[{index}]",
            name=f"{self.name}[{index}]",
        )

    def entries(self) -> list[tuple[str, Cursor]]:
        """The pairs of an object that is used as a table."""
        return [(key, self._child(key, value)) for key, value in self._object().values()]

    def _child(self, key: str, value: Any) -> Cursor:
        return Cursor(
            value,
            self.report,
            file=self.file,
            path=joined(self.path, key),
            name=joined(self.name, key),
        )

    def _object(self) -> dict[str, tuple[str, Any]]:
        if self._fields is None:
            if self.value is not None and not isinstance(self.value, dict):
                self.error(f"should be an object, not {kind(self.value)}", "put it in { }")
            pairs = self.value if isinstance(self.value, dict) else {}
            self._fields = {key.lower(): (key, value) for key, value in pairs.items()}
        return self._fields

    # Plain values

    def text(self, default: str = "") -> str:
        if isinstance(self.value, str):
            return self.value
        return self._expected("a text", default)

    def flag(self, default: bool = False) -> bool:
        if isinstance(self.value, bool):
            return self.value
        return self._expected("true or false", default)

    def integer(self, default: int = 0, low: int = 0, high: int = 0xFFFFFFFF) -> int:
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            if low <= self.value <= high:
                return self.value
            self.error(f"should be a whole number from {low} to {high}")
            return default
        return self._expected("a whole number", default)

    def choice(self, default: str, choices: Mapping[str, str]) -> str:
        """The value of the key of *choices* (lower case) that the text names."""
        text = self.text(default)
        if text.lower() in choices:
            return choices[text.lower()]
        if text and text != default:
            names = ", ".join(f'"{name}"' for name in dict.fromkeys(choices.values()) if name)
            self.error(f'"{text[:40]}" is none of {names}', did_you_mean(text, choices))
        return default

    def texts(self) -> Text:
        """A list of texts, or one text with commas."""
        if isinstance(self.value, str):
            return tuple(part.strip() for part in self.value.split(",") if part.strip())
        found = (item.text() for item in self._listed("a list of texts"))
        return tuple(text for text in found if text)

    def table(self) -> dict[str, str]:
        return {key: value.text() for key, value in self.entries()}

    def _listed(self, what: str) -> list[Cursor]:
        if self.missing or isinstance(self.value, list):
            return self.items()
        return self._expected(what, [])

    def _expected(self, what: str, default: T) -> T:
        if not self.missing:
            self.error(f"should be {what}, not {kind(self.value)}")
        return default

    # Values with a form of their own

    def id(self) -> UUID:
        """A user's id; the nil UUID where it is bad."""
        if self.missing:
            self.error("is missing", "`xrgui uuid` makes one")
            return UUID(int=0)
        if isinstance(self.value, str):
            try:
                return parse_id(self.value)
            except ValueError as error:
                self.error(str(error), "`xrgui uuid` makes one")
                return UUID(int=0)
        return self._expected("a UUID in quotes", UUID(int=0))

    def networks(self, default: Networks) -> Networks:
        if self.missing:
            return default
        names = {name.lower() for name in self.texts()}
        for name in sorted(names - set(Network)):
            self.error(f'"{name}" is no network', 'tcp, udp or "tcp,udp"')
        return frozenset(Network(name) for name in names & set(Network)) or default

    def address(self) -> str:
        """A host name or an IP address; ``env:NAME`` stands for the variable's value."""
        host = self.resolved(self.text()).strip()
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        if not host or parse_ip(host) is not None:
            return host
        if re.search(r"[\s/:@?#]", host) or len(host.encode("utf-8", "replace")) > 255:
            self.error("is no address", "a host name or an IP address alone; the port has its own key")
        return host

    def port(self, default: int = 0) -> int:
        """One port, as a number or a text."""
        if isinstance(self.value, str):
            ranges = self.ports()
            if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
                return ranges[0][0]
            if ranges:
                self.error("should be one port")
            return default
        return self.integer(default, 0, 65535)

    def ports(self) -> tuple[PortRange, ...]:
        """A port number, or a text such as ``"53,443,1000-2000"``."""
        if not isinstance(self.value, str):
            number = self.integer(-1, 0, 65535)
            return () if number < 0 else ((number, number),)
        found: list[PortRange] = []
        parts = [part.strip() for part in self.value.split(",") if part.strip()]
        if not parts:
            self.error("is empty", 'a number from 0 to 65535, or "1000-2000"')
        for part in parts:
            if not (text := self.resolved(part)):
                continue
            if (numbers := _port_range(text)) is None:
                self.error(f'"{part}" is no port', 'a number from 0 to 65535, or "1000-2000"')
            else:
                found.append(numbers)
        return tuple(found)

    def resolved(self, text: str) -> str:
        """*text*, or for ``env:NAME`` what that environment variable holds; noted where it is unset."""
        if not text.startswith("env:"):
            return text
        name = text.removeprefix("env:")
        for spelling in (name, name.strip().upper().replace(".", "_")):
            if "\0" not in spelling and spelling in os.environ:
                return os.environ[spelling]
        self.error(f"the environment has no {name!r}", "set the variable before the start")
        return ""


def _port_range(text: str) -> PortRange | None:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text, re.ASCII)
    if match is None:
        return None
    first = int(match[1])
    last = int(match[2] or first)
    return (first, last) if first <= last <= 65535 else None
