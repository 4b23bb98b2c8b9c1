"""The only place that knows colours: palette roles first, a small stylesheet for what roles cannot say."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from enum import StrEnum
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from xrgui.paths import resources
from xrgui.ui.style import STYLESHEET


class Scheme(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Colors:
    window: str
    panel: str
    side: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    accent_hover: str
    selection: str
    hover: str
    up: str
    waiting: str
    error: str
    chart_fill: str

    def color(self, role: str) -> QColor:
        return QColor(getattr(self, role))


LIGHT = Colors(
    window="#f6f7f9",
    panel="#ffffff",
    side="#eef0f3",
    line="#dfe3e8",
    text="#1c2127",
    muted="#5b6573",
    accent="#2563d9",
    on_accent="#ffffff",
    accent_hover="#1d55c0",
    selection="#e3ecfb",
    hover="#f0f2f5",
    up="#17794f",
    waiting="#985900",
    error="#c4342d",
    chart_fill="#e3ebfa",
)
DARK = Colors(
    window="#1b1e23",
    panel="#23272e",
    side="#1f2329",
    line="#363c46",
    text="#e7eaef",
    muted="#a3acba",
    accent="#7aa7ff",
    on_accent="#10151c",
    accent_hover="#93b7ff",
    selection="#2a3a58",
    hover="#2b3038",
    up="#4cc38a",
    waiting="#e3a54a",
    error="#f58a83",
    chart_fill="#2c364a",
)

FALLBACK_FAMILIES = ("Inter", "Cantarell", "Noto Sans", "Ubuntu", "DejaVu Sans")
SIZE = 13
TITLE = 19
SMALL = 12

_TABULAR = QFont.Tag("tnum")


class Theme(QObject):
    """Applies one of the two colour sets to the program; `changed` after each switch."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self.choice = Scheme.SYSTEM
        self.colors = LIGHT
        app.setStyle("Fusion")
        app.setFont(interface_font())
        app.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def dark(self) -> bool:
        return self.colors is DARK

    def choose(self, scheme: Scheme) -> None:
        self.choice = scheme
        hints = self._app.styleHints()
        wanted = {Scheme.LIGHT: Qt.ColorScheme.Light, Scheme.DARK: Qt.ColorScheme.Dark}
        hints.setColorScheme(wanted.get(scheme, Qt.ColorScheme.Unknown))
        self._apply()

    def _system_changed(self) -> None:
        if self._wanted() is not self.colors:
            self._apply()

    def _wanted(self) -> Colors:
        if self.choice is Scheme.SYSTEM:
            return DARK if self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark else LIGHT
        return DARK if self.choice is Scheme.DARK else LIGHT

    def _apply(self) -> None:
        self.colors = self._wanted()
        self._app.setPalette(palette(self.colors))
        self._app.setStyleSheet(stylesheet(self.colors))
        self.changed.emit()


_theme: Theme | None = None


def install(app: QApplication) -> Theme:
    """Make the program's one theme."""
    global _theme
    _theme = Theme(app)
    return _theme


def theme() -> Theme:
    if _theme is None:
        raise RuntimeError("theme.install(app) comes first")
    return _theme


def color(role: str) -> QColor:
    """The colour of *role* (a field of `Colors`) as the program looks now."""
    return theme().colors.color(role)


def palette(c: Colors) -> QPalette:
    role = QPalette.ColorRole
    result = QPalette()
    pairs = {
        role.Window: c.window,
        role.WindowText: c.text,
        role.Base: c.panel,
        role.AlternateBase: c.side,
        role.Text: c.text,
        role.PlaceholderText: c.muted,
        role.Button: c.panel,
        role.ButtonText: c.text,
        role.BrightText: c.error,
        role.ToolTipBase: c.panel,
        role.ToolTipText: c.text,
        role.Highlight: c.selection,
        role.HighlightedText: c.text,
        role.Accent: c.accent,
        role.Link: c.accent,
        role.LinkVisited: c.accent,
        role.Light: c.panel,
        role.Midlight: c.hover,
        role.Mid: c.line,
        role.Dark: c.line,
        role.Shadow: c.line,
    }
    for name, value in pairs.items():
        result.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText):
        faded = QColor(c.muted)
        faded.setAlphaF(0.6)
        result.setColor(QPalette.ColorGroup.Disabled, name, faded)
    return result


def stylesheet(c: Colors) -> str:
    tone = "light" if c is LIGHT else "dark"
    icons = (resources() / "icons").as_posix()
    return Template(STYLESHEET).substitute(asdict(c), tone=tone, icons=icons)


def interface_font() -> QFont:
    """The system's font, never below 13 pixels; where no desktop names one, a good one that is there."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if font.family() in ("Sans Serif", "Sans", "sans-serif", ""):
        installed = set(QFontDatabase.families())
        families = [name for name in FALLBACK_FAMILIES if name in installed]
        if families:
            font.setFamilies([*families, font.family()])
    if QFontInfo(font).pixelSize() < SIZE or sys.platform.startswith("linux"):
        font.setPixelSize(max(SIZE, QFontInfo(font).pixelSize()))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def scaled(pixels: int) -> int:
    """*pixels* of the 13-pixel design, as large as the system's font makes them."""
    return round(pixels * QFontInfo(QApplication.font()).pixelSize() / SIZE)


def font(size: int = SIZE, *, bold: bool = False, fixed: bool = False, tabular: bool = False) -> QFont:
    """The program's font at *size* pixels of the 13-pixel design, scaled as the system's font is."""
    base = QApplication.font()
    if fixed:
        base = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    base.setPixelSize(scaled(size))
    if bold:
        base.setWeight(QFont.Weight.Bold if size > 15 else QFont.Weight.DemiBold)
    if tabular and not fixed:
        base.setFeature(_TABULAR, 1)
    return base
