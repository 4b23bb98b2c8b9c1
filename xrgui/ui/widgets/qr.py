"""A QR code, dark on white in both themes, since cameras want it so."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from xrgui.profiles.qr import TooLongError, qr_svg


class QrView(QWidget):
    def __init__(self, size: int = 260) -> None:
        super().__init__()
        self._size = size
        self._renderer: QSvgRenderer | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str) -> bool:
        """False if it does not fit into a code."""
        try:
            self._renderer = QSvgRenderer(QByteArray(qr_svg(text).encode()))
        except TooLongError:
            self._renderer = None
        self.update()
        return self._renderer is not None

    def sizeHint(self) -> QSize:
        return QSize(self._size, self._size)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._renderer is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor("#ffffff"))
        painter.setPen(QColor("#ffffff"))
        painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        modules = self._renderer.viewBoxF().width()
        side = modules * max(1, int(self.width() * self.devicePixelRatioF() / modules)) / self.devicePixelRatioF()
        edge = (self.width() - side) / 2
        self._renderer.render(painter, QRectF(edge, edge, side, side))
