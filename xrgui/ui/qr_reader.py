"""QR codes in pictures."""

from __future__ import annotations

from PySide6.QtGui import QImage


class QrError(ValueError):
    """No code could be read; the text says why."""


def read(image: QImage) -> list[str]:
    """The texts of all codes in *image*. Raises QrError where the reader is not installed."""
    try:
        import numpy
        import zxingcpp
    except ImportError:
        raise QrError("zxing-cpp") from None
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    if grey.isNull():
        return []
    pixels = numpy.frombuffer(grey.constBits(), dtype=numpy.uint8)
    rows = pixels.reshape(grey.height(), grey.bytesPerLine())[:, : grey.width()]
    return [code.text for code in zxingcpp.read_barcodes(numpy.ascontiguousarray(rows)) if code.text]
