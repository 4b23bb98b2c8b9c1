from __future__ import annotations

import re
from string import Formatter

import pytest

from tests.ui import catalog
from xrgui.ui.language import language, plural, tr

CONTEXTS = catalog.contexts()


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("code", catalog.FORMS)
def test_everything_is_translated(code: str, context: str) -> None:
    known, texts = catalog.read(code, context), CONTEXTS[context]
    assert not [text for text in texts if text not in known]
    assert not [text for text in known if text not in texts], "run python -m tests.ui.catalog"


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("code", catalog.FORMS)
def test_translations_name_the_same_things(code: str, context: str) -> None:
    for text, forms in catalog.read(code, context).items():
        plural_forms = CONTEXTS[context][text][1]
        assert len(forms) == (catalog.FORMS[code] if plural_forms else 1), text
        wanted = fields(text.replace("|", " "))
        for form in forms:
            assert fields(form) == wanted, (text, form)
            assert form == form.strip() or text != text.strip(), form


def test_no_text_of_the_window_is_said_untranslated() -> None:
    """Whatever reaches `setText` and its like as a literal has passed through `tr`."""
    bare = re.compile(r'\.(setText|setToolTip|setPlaceholderText|setAccessibleName)\(\s*f?"[^"{}]*[A-Za-z]{3,}')
    allowed = ("host:port", "box.example.net", "127.0.0.1")
    for path in (catalog.ROOT / "xrgui" / "ui").rglob("*.py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = bare.search(line)
            assert not found or any(word in line for word in allowed) or "tr(" in line, f"{path}:{number}: {line}"


@pytest.mark.parametrize(
    ("code", "n", "form"),
    [("en", 1, 0), ("en", 0, 1), ("en", 21, 1), ("ru", 1, 0), ("ru", 21, 0), ("ru", 11, 2), ("ru", 3, 1),
     ("ru", 13, 2), ("ru", 24, 1), ("ru", 5, 2), ("ru", 111, 2), ("zh_CN", 7, 0)],
)  # fmt: skip
def test_plural_forms(code: str, n: int, form: int) -> None:
    assert plural(code, n) == form


def test_words_change_at_once() -> None:
    assert tr("{n} visitor|{n} visitors", 1) == "1 visitor"
    assert tr("{n} visitor|{n} visitors", 1934) == "1,934 visitors"
    assert tr("Open§list") == "Open"
    language.choose("ru")
    assert tr("{n} visitor|{n} visitors", 22) == "22 посетителя"
    assert (tr("Open"), tr("Open§list")) == ("Открыть", "Открытые")
    language.choose("zh_CN")
    assert tr("Copied {text}", text="x") == "已复制 x"
    assert tr("never seen") == "never seen"
