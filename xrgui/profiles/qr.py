"""Text as a QR code."""

from __future__ import annotations

import io

import segno


class TooLongError(ValueError):
    """The text does not fit into a QR code, which takes some 2,900 bytes."""


def qr_svg(text: str, *, dark: str = "#000000", light: str = "#ffffff") -> str:
    """An SVG document with the quiet zone that cameras need; its size is up to who shows it.

    Raises TooLongError.
    """
    try:
        code = segno.make_qr(text.encode(), error="L", boost_error=True)
    except segno.DataOverflowError:
        raise TooLongError("the text is too long for a QR code") from None
    out = io.BytesIO()
    code.save(out, kind="svg", border=4, dark=dark, light=light, omitsize=True, xmldecl=False)
    return out.getvalue().decode()
