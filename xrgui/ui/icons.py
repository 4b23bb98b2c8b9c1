"""Our own SVGs, drawn in the theme's colours whenever they are painted: a change of theme needs no call."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from xrgui.paths import resources
from xrgui.ui import theme


@lru_cache(maxsize=512)
def _renderer(name: str, tint: str) -> QSvgRenderer:
    svg = (resources() / "icons" / f"{name}.svg").read_bytes().replace(b"currentColor", tint.encode())
    return QSvgRenderer(QByteArray(svg))


class _Engine(QIconEngine):
    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def _tint(self, mode: QIcon.Mode) -> QColor:
        return theme.color("muted" if mode == QIcon.Mode.Disabled else self._role)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        paint(painter, QRectF(rect), self._name, self._tint(mode).name())

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        return self.pixmap(size, mode, state)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        result = QPixmap(size)
        result.fill(Qt.GlobalColor.transparent)
        painter = QPainter(result)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return result

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._role)


def paint(painter: QPainter, rect: QRectF, name: str, tint: str) -> None:
    """Draw icon *name* into *rect* in the colour *tint* (``#rrggbb``)."""
    before = painter.renderHints()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _renderer(name, tint).render(painter, rect)
    painter.setRenderHints(painter.renderHints(), False)
    painter.setRenderHints(before)


STATE_ROLES = {
    "stopped": "muted",
    "connecting": "waiting",
    "up": "up",
    "trouble": "error",
    "unknown": "waiting",
    "warning": "waiting",
}
"""The phases of a tunnel, and what is not yet trouble."""


def paint_state(painter: QPainter, rect: QRectF, state: str) -> None:
    """Draw a phase: hollow circle, broken ring, filled circle with a tick, triangle, question mark."""
    paint(painter, rect, f"state-{state}", theme.color(STATE_ROLES[state]).name())


@lru_cache(maxsize=256)
def icon(name: str, role: str = "text") -> QIcon:
    """Icon *name* of resources/icons in the theme's colour *role*."""
    return QIcon(_Engine(name, role))


def pixmap(name: str, role: str, size: int, scale: float = 1.0) -> QPixmap:
    """A picture of *size* logical pixels for a screen of *scale*."""
    result = icon(name, role).pixmap(QSize(size, size) * scale)
    result.setDevicePixelRatio(scale)
    return result


@lru_cache(maxsize=1)
def program_icon() -> QIcon:
    return QIcon(str(resources() / "icons" / "xrgui.svg"))
