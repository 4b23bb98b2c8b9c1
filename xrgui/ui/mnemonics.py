"""A letter of its own for each line of a menu, so that Alt and letters reach all of it in every language."""

from __future__ import annotations

import re

from PySide6.QtWidgets import QMenu, QMenuBar


def plain(text: str) -> str:
    """*text* without the mark of its letter."""
    text = re.sub(r"\(&[A-Z]\)$", "", text)
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&&")


def assign(menu: QMenu | QMenuBar) -> None:
    """Mark a letter in each line, as near as can be to the beginning of a word."""
    lines = [action for action in menu.actions() if not action.isSeparator()]
    texts = [plain(action.text()) for action in lines]
    letters = _matched([_letters(text, action.objectName()) for text, action in zip(texts, lines, strict=True)])
    for number, (action, text) in enumerate(zip(lines, texts, strict=True)):
        action.setText(_marked(text, letters.get(number, "")))


def _matched(wishes: list[list[str]]) -> dict[int, str]:
    """A letter for each line where that can be; a line gives way if it has another wish."""
    holders: dict[str, int] = {}

    def find(line: int, tried: set[str]) -> bool:
        for letter in wishes[line]:
            if letter not in tried:
                tried.add(letter)
                if letter not in holders or find(holders[letter], tried):
                    holders[letter] = line
                    return True
        return False

    for line in range(len(wishes)):
        find(line, set())
    return {line: letter for letter, line in holders.items()}


def _letters(text: str, key: str) -> list[str]:
    """Of *text*, those that begin words first. Chinese has none that a key types: it takes those of *key*."""
    there = [place for place, letter in enumerate(text) if _is_typed(letter)]
    first = [place for place in there if not place or not text[place - 1].isalpha()]
    found = [text[place].lower() for place in (*first, *there)] or [letter for letter in key if letter.isalpha()]
    return list(dict.fromkeys(found))


def _marked(text: str, letter: str) -> str:
    if not letter:
        return text
    places = [place for place, found in enumerate(text) if found.lower() == letter]
    if not places or not any(map(_is_typed, text)):
        return f"{text}(&{letter.upper()})"
    place = next((place for place in places if not place or not text[place - 1].isalpha()), places[0])
    return f"{text[:place]}&{text[place:]}"


def _is_typed(letter: str) -> bool:
    return letter.isalpha() and letter < "⺀"
