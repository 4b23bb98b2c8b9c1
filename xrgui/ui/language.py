"""The program's languages: English in the source, others in resources/translations/*.ts, read as they are.

`tr` looks a text up in the chosen language. Qt's own texts (file dialogs, edit menus) come from Qt's
catalogues. Who shows texts builds them anew after a change; see `MainWindow.rebuild`.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from xrgui.paths import resources

LANGUAGES = {"en": "English", "ru": "Русский", "zh_CN": "简体中文"}
"""Code -> the language's own name."""

Catalog = dict[str, tuple[str, ...]]


def plural(language: str, n: int) -> int:
    """Which plural form *n* takes, as an index into a message's forms (Unicode CLDR, cardinal)."""
    if language == "zh_CN":
        return 0
    if language == "ru":
        if n % 10 == 1 and n % 100 != 11:
            return 0
        return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2
    return 0 if n == 1 else 1


def read_catalog(path: Path) -> dict[str, Catalog]:
    """The context's name -> its catalogue: ``xrgui`` for `tr`, ``engine`` for `engine_words`.

    Raises OSError or ParseError.
    """
    return {context.findtext("name", ""): _messages(context) for context in ET.parse(path).getroot()}


def _messages(context: ET.Element) -> Catalog:
    """Source text -> its translation, or its plural forms."""
    found: Catalog = {}
    for message in context.iter("message"):
        source, target = message.findtext("source"), message.find("translation")
        if source is None or target is None or target.get("type") == "unfinished":
            continue
        forms = tuple(form.text or "" for form in target.iter("numerusform")) or (target.text or "",)
        if all(forms):
            found[source] = forms
    return found


class Language:
    """What `tr` speaks now."""

    def __init__(self) -> None:
        self.code = "en"
        self.locale = QLocale(QLocale.Language.English)
        self._catalog: Catalog = {}
        self.engine: Catalog = {}
        """The sentences of the engine, which speaks English."""
        self._qt: QTranslator | None = None

    def choose(self, code: str) -> None:
        """Speak *code*; "" follows the system. Unknown ones fall back to English."""
        chosen = code if code in LANGUAGES else system_language()
        self.code = chosen
        self.locale = _locale(chosen)
        QLocale.setDefault(self.locale)
        found = {} if chosen == "en" else read_catalog(resources() / "translations" / f"xrgui_{chosen}.ts")
        self._catalog, self.engine = found.get("xrgui", {}), found.get("engine", {})
        self._install_qt()

    def _install_qt(self) -> None:
        app = QApplication.instance()
        if app is None:
            return
        if self._qt is not None:
            app.removeTranslator(self._qt)
        self._qt = QTranslator(app)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if self.code != "en" and self._qt.load(f"qtbase_{self.code}", folder):
            app.installTranslator(self._qt)

    def forms(self, text: str) -> tuple[str, ...]:
        return self._catalog.get(text, ())


def _locale(code: str) -> QLocale:
    """The system's own locale where it speaks *code*, so that dates and numbers stay as set there."""
    system = QLocale.system()
    wanted = QLocale(code)
    return system if system.language() == wanted.language() and system.name() != "C" else wanted


def system_language() -> str:
    for name in QLocale.system().uiLanguages():
        short = name.replace("-", "_")
        if short in LANGUAGES:
            return short
        if short.split("_")[0] == "zh":
            return "zh_CN"
        if short.split("_")[0] in LANGUAGES:
            return short.split("_")[0]
    return "en"


language = Language()


def tr(text: str, n: int | None = None, /, **values: object) -> str:
    """*text* in the chosen language, ``{names}`` filled in.

    With *n* the text is ``"one form|other form"`` and may use ``{n}``. What follows a ``§`` is a remark for
    translators, which tells two uses of one word apart.
    """
    forms = language.forms(text)
    if n is None:
        chosen = forms[0] if forms else text.partition("§")[0]
    else:
        source = forms or tuple(text.split("|"))
        chosen = source[min(plural(language.code if forms else "en", n), len(source) - 1)]
        values["n"] = language.locale.toString(n)
    return chosen.format(**values) if values else chosen


def sentences(first: str, second: str) -> str:
    """One after the other; *second* ends itself."""
    return tr("{first}. {second}", first=first, second=second)
