import xml.etree.ElementTree as ET

import pytest

from xrgui.profiles.qr import TooLongError, qr_svg


def test_a_code_is_an_svg_that_scales():
    root = ET.fromstring(qr_svg("vless://id@host:443#дом"))
    assert root.tag.endswith("svg")
    assert "viewBox" in root.attrib
    assert "width" not in root.attrib


def test_a_text_that_does_not_fit():
    with pytest.raises(TooLongError):
        qr_svg("x" * 3000)
    assert qr_svg("x" * 2900)
