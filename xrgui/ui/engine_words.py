"""What the engine, the checks and the readers of links say in English, said in the chosen language.

They know of no window, and their sentences come over the RPC as well. The catalogue holds each as a template,
``"{0}" is no port``; what stands in its places may be such a sentence again. What no template fits stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from xrgui.ui.language import Catalog, language

LONGEST = 600
"""Characters of a text that is looked at."""
_PLACE = re.compile(r"\{\d\}")
_JOINTS = (". ", " (", ": ", "; ", ", ")
"""What two sentences are joined by; a hint stands in brackets."""
_WIDE = {". ": "。", " (": "（", ")": "）", ": ": "：", "; ": "；", ", ": "、", ".": "。"}


class Sentences:
    def __init__(self, catalog: Catalog, points: Mapping[str, str]) -> None:
        self._points = points
        self._whole: dict[str, str] = {}
        templates: list[tuple[int, re.Pattern[str], str]] = []
        for source, (target,) in catalog.items():
            literal = _PLACE.split(source)
            if len(literal) == 1:
                self._whole[source.format()] = target.format()
            else:
                pattern = re.compile("(.*)".join(re.escape(part.format()) for part in literal), re.DOTALL)
                templates.append((sum(map(len, literal)), pattern, target))
        self._templates = [(pattern, target) for _, pattern, target in sorted(templates, key=lambda t: -t[0])]
        self._known = lru_cache(maxsize=4096)(self._look_up)

    def say(self, text: str) -> str:
        """*text* in the other language as far as it is known."""
        if said := self._known(text):
            return said
        bare = text.removesuffix(".")
        return (self._known(bare) or bare) + (self._point(".") if bare != text else "")

    def _look_up(self, text: str) -> str | None:
        return self._whole.get(text) or self._joined(text, strict=True) or self._fitted(text) or self._joined(text)

    def _fitted(self, text: str) -> str | None:
        for pattern, target in self._templates:
            if found := pattern.fullmatch(text):
                return target.format(*(self._known(part) or part for part in found.groups()))
        return None

    def _joined(self, text: str, strict: bool = False) -> str | None:
        """Two sentences, the second of them known; if *strict*, the first is so too, or names a place."""
        for joint in _JOINTS:
            inside, end = (text[:-1], text[-1:]) if joint == " (" else (text, "")
            if joint == " (" and end != ")":
                continue
            for found in re.finditer(re.escape(joint), inside):
                head, tail = self._known(inside[: found.start()]), self._known(inside[found.end() :])
                bare = inside[: found.start()]
                if tail and (head or not strict or " " not in bare):
                    return f"{head or bare}{self._point(joint)}{tail}{self._point(end)}"
        return None

    def _point(self, point: str) -> str:
        return self._points.get(point, point)


@lru_cache(maxsize=1)
def _sentences(code: str) -> Sentences:
    return Sentences(language.engine, _WIDE if code == "zh_CN" else {})


@lru_cache(maxsize=1024)
def _said(code: str, text: str) -> str:
    return _sentences(code).say(text)


def engine_words(text: object) -> str:
    """*text*, an English sentence or an exception that holds one, in the chosen language."""
    plain = str(text)
    return _said(language.code, plain) if language.engine and len(plain) <= LONGEST else plain
