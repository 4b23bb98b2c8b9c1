"""Codes drawn by segno, as people meet them: on a screen, turned, photographed, several, none, or broken."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy
import pytest
import segno
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QLinearGradient, QPainter, QPolygonF, QTransform

from tests.ui.samples import LINK
from xrgui.ui import qr_reader

NOISE = 18
"""Standard deviation, of 255."""


def drawn(text: str = LINK, kind: str = "png", **options: object) -> bytes:
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind=kind, **options)
    return out.getvalue()


def picture(data: bytes) -> QImage:
    return QImage.fromData(data).convertToFormat(QImage.Format.Format_ARGB32)


def leaning(code: QImage, at: QPointF, side: float) -> QTransform:
    """Onto a square as it looks from aslant."""
    corners = [(0, 0), (1, 0.08), (0.93, 1), (0.05, 0.9)]
    size = code.width()
    square = QPolygonF([QPointF(x, y) for x, y in ((0, 0), (size, 0), (size, size), (0, size))])
    return QTransform.quadToQuad(square, QPolygonF([at + QPointF(x, y) * side for x, y in corners]))


def photograph(texts: list[str], width: int = 1200, height: int = 1000) -> QImage:
    """Codes aslant on a wall in uneven light, with noise, out of focus."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    light = QLinearGradient(0, 0, width, height)
    light.setColorAt(0, Qt.GlobalColor.darkGray)
    light.setColorAt(1, Qt.GlobalColor.white)
    painter.fillRect(image.rect(), light)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for number, text in enumerate(texts):
        code = picture(drawn(text, scale=10))
        at = QPointF(width * (0.08 + 0.45 * (number % 2)), height * (0.08 + 0.45 * (number // 2)))
        painter.setTransform(leaning(code, at, min(width, height) * 0.38))
        painter.drawImage(0, 0, code)
    painter.end()
    pixels = numpy.frombuffer(image.bits(), dtype=numpy.uint8).reshape(height, width, 4)
    noise = numpy.random.default_rng(1).normal(0, NOISE, (height, width, 1))
    noisy = numpy.clip(pixels * 0.8 + noise, 0, 255).astype(numpy.uint8)
    sharp = QImage(noisy.data, width, height, width * 4, QImage.Format.Format_RGB32)
    smooth = Qt.TransformationMode.SmoothTransformation
    return sharp.scaled(width // 2, height // 2, mode=smooth).scaled(width, height, mode=smooth)


def black_png(width: int, height: int) -> bytes:
    """Few bytes for many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj()
    rows = b"".join(packer.compress(bytes(1 + width)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("png", {"scale": 8}),
        ("png", {"scale": 1}),
        ("png", {"scale": 1, "border": 0}),
        ("png", {"scale": 6, "light": None}),
        ("png", {"scale": 6, "dark": "white", "light": "black"}),
        ("svg", {}),
        ("svg", {"scale": 4, "light": None}),
    ],
    ids=["plain", "one pixel a module", "no border", "transparent", "light on dark", "svg", "transparent svg"],
)
def test_a_drawn_code(kind: str, options: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / f"code.{kind}"
    file.write_bytes(drawn(kind=kind, **options))
    assert qr_reader.read(qr_reader.load(file)) == [LINK]


@pytest.mark.parametrize("angle", [17, 45, 90, 180])
def test_a_turned_code(angle: int) -> None:
    turned = picture(drawn(scale=8)).transformed(QTransform().rotate(angle), Qt.TransformationMode.SmoothTransformation)
    assert qr_reader.read(turned) == [LINK]


def test_a_photograph(tmp_path: Path) -> None:
    file = tmp_path / "photograph.jpg"
    photograph([LINK]).save(str(file), quality=60)
    assert qr_reader.read(qr_reader.load(file)) == [LINK]


def test_all_codes_of_a_picture_each_once() -> None:
    texts = [LINK, LINK.replace("box", "other"), LINK]
    assert sorted(qr_reader.read(photograph(texts))) == sorted(texts[:2])


def test_a_picture_of_fifty_megapixels_is_read_smaller(tmp_path: Path) -> None:
    file = tmp_path / "large.jpg"
    picture(drawn(scale=8)).scaled(8192, 6144).save(str(file), quality=50)
    image = qr_reader.load(file)
    assert (image.width(), image.height()) == (4096, 3072)
    assert qr_reader.read(image) == [LINK]


@pytest.mark.parametrize("size", [(300, 200), (60_000, 1), (1, 1)])
def test_no_code(size: tuple[int, int], tmp_path: Path) -> None:
    file = tmp_path / "none.png"
    file.write_bytes(black_png(*size))
    assert qr_reader.read(qr_reader.load(file)) == []


def test_no_other_kind_of_code() -> None:
    import zxingcpp

    pixels = numpy.array(zxingcpp.create_barcode("4006381333931", zxingcpp.BarcodeFormat.EAN13).to_image(scale=5))
    height, width = pixels.shape
    image = QImage(pixels.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
    assert len(zxingcpp.read_barcodes(image)) == 1
    assert qr_reader.read(image) == []


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", drawn(scale=8)[:60], black_png(30_000, 30_000), b'<svg width="9" height="9"><rect'],
    ids=["empty", "no picture", "cut off", "a decompression bomb", "cut off svg"],
)
def test_what_is_no_picture(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.png"
    file.write_bytes(data)
    with pytest.raises(qr_reader.PictureError):
        qr_reader.load(file)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(qr_reader.PictureError):
        qr_reader.load(tmp_path / "nothing.png")


def test_an_svg_of_any_size_fits(tmp_path: Path) -> None:
    file = tmp_path / "large.svg"
    file.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="1000000" height="1000000"/>')
    assert qr_reader.load(file).width() == qr_reader.LONGEST_SIDE
