"""QR codes in pictures: files, and what lies on the clipboard."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter

LONGEST_SIDE = 4096
"""Pixels. What is larger is read smaller: a code that fills a hundredth of it still has 400."""
SMALL_SIDE = 400
"""Pixels. What is smaller may show a module as one pixel, which the reader does not see."""


class PictureError(ValueError):
    """No picture could be read; the text says why, in Qt's words."""


def load(path: Path) -> QImage:
    """The picture of a file, the right way up. Takes no more memory than Qt's limit for a picture, however large
    the file says that it is. Raises PictureError."""
    reader = QImageReader(str(path))
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    size = reader.size()
    if max(size.width(), size.height()) > LONGEST_SIDE:
        reader.setScaledSize(_fitted(size))
    image = reader.read()
    if image.isNull():
        raise PictureError(reader.errorString())
    return image


def read(image: QImage) -> list[str]:
    """The texts of all QR codes in *image*, each once."""
    import zxingcpp

    if image.isNull():
        return []
    codes = zxingcpp.read_barcodes(_prepared(image), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return list(dict.fromkeys(code.text for code in codes if code.text))


def _fitted(size: QSize) -> QSize:
    return size.scaled(LONGEST_SIDE, LONGEST_SIDE, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))


def _prepared(image: QImage) -> QImage:
    """Grey on white, neither huge nor tiny."""
    longest = max(image.width(), image.height())
    if longest > LONGEST_SIDE:
        image = image.scaled(_fitted(image.size()), mode=Qt.TransformationMode.SmoothTransformation)
    elif longest < SMALL_SIDE:
        image = image.scaled(image.size() * (SMALL_SIDE // longest + 1))
    if image.hasAlphaChannel():
        image = _on_white(image)
    return image.convertToFormat(QImage.Format.Format_Grayscale8)


def _on_white(image: QImage) -> QImage:
    white = QImage(image.size(), QImage.Format.Format_RGB32)
    white.fill(QColor("white"))
    painter = QPainter(white)
    painter.drawImage(0, 0, image)
    painter.end()
    return white
