"""A letter of its own for each line of a menu, so that Alt and letters reach all of it in every language."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar


def plain(text: str) -> str:
    """*text* without the mark of its letter."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&&")


def assign(menu: QMenu | QMenuBar) -> None:
    """Mark a letter in each line: that of its first word, or of another one, or any that is free."""
    taken: set[str] = set()
    for action in menu.actions():
        if not action.isSeparator():
            action.setText(_marked(action, plain(action.text()), taken))


def _marked(action: QAction, text: str, taken: set[str]) -> str:
    for place in _places(text):
        if text[place].lower() not in taken:
            taken.add(text[place].lower())
            return f"{text[:place]}&{text[place:]}"
    if not any(map(_is_letter, text)):
        for letter in action.objectName():
            if letter.isalpha() and letter not in taken:
                taken.add(letter)
                return f"{text}(&{letter.upper()})"
    return text


def _places(text: str) -> Iterator[int]:
    """Of the letters in *text*, those that begin words first."""
    letters = [place for place, letter in enumerate(text) if _is_letter(letter)]
    yield from (place for place in letters if not place or not text[place - 1].isalpha())
    yield from (place for place in letters if place and text[place - 1].isalpha())


def _is_letter(letter: str) -> bool:
    """One that a keyboard has a key for; Chinese has none, and takes the Latin one of the command's key."""
    return letter.isalpha() and ord(letter) < 0x2000
