"""The texts of the window, found in its source, and the catalogues that translate them.

python -m tests.ui.catalog     brings the .ts files up to date: new texts are added as unfinished, texts that are
                               gone are dropped
"""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.ui.engine_texts import engine_texts

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "resources" / "translations"
FORMS = {"ru": 3, "zh_CN": 1}

Texts = dict[str, tuple[str, bool]]
"""Source text -> where it stands, and whether it has plural forms."""


def source_texts() -> Texts:
    found: Texts = {}
    for path in sorted((ROOT / "xrgui" / "ui").rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
                text = node.args[0]
                if isinstance(text, ast.Constant):
                    found.setdefault(str(text.value), (path.relative_to(ROOT).as_posix(), len(node.args) > 1))
    from xrgui.profiles.problems import TEXTS

    for text in TEXTS.values():
        found.setdefault(text, ("xrgui/profiles/problems.py", False))
    return found


def contexts() -> dict[str, Texts]:
    """What the window says itself, and what it says for the engine and the checks."""
    return {"xrgui": source_texts(), "engine": {text: (path, False) for text, path in engine_texts().items()}}


def read(language: str, context: str = "xrgui") -> dict[str, list[str]]:
    """Source text -> its finished forms."""
    path = TRANSLATIONS / f"xrgui_{language}.ts"
    found: dict[str, list[str]] = {}
    if not path.exists():
        return found
    for message in ET.parse(path).getroot().iterfind(f"context[name='{context}']/message"):
        target = message.find("translation")
        if target is not None and target.get("type") != "unfinished":
            forms = [form.text or "" for form in target.iter("numerusform")] or [target.text or ""]
            found[message.findtext("source") or ""] = forms
    return found


def write(language: str, texts: dict[str, Texts]) -> list[str]:
    """Write the catalogue; the result is what it lacks."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    lacking = []
    for name, inside in texts.items():
        known = read(language, name)
        context = ET.SubElement(root, "context")
        ET.SubElement(context, "name").text = name
        for text, (place, plural) in sorted(inside.items(), key=lambda item: (item[1][0], item[0])):
            if not _write_message(context, text, place, known.get(text, []), FORMS[language] if plural else 0):
                lacking.append(text)
    ET.indent(root, "  ")
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
    body = ET.tostring(root, encoding="unicode")
    (TRANSLATIONS / f"xrgui_{language}.ts").write_text(f"{head}{body}\n", encoding="utf-8")
    return lacking


def _write_message(context: ET.Element, text: str, place: str, forms: list[str], plural: int) -> bool:
    """One message, with *plural* forms where it has such; False if its translation is missing."""
    message = ET.SubElement(context, "message")
    if plural:
        message.set("numerus", "yes")
    ET.SubElement(message, "location", filename=f"../../{place}")
    ET.SubElement(message, "source").text = text
    target = ET.SubElement(message, "translation")
    if len(forms) != (plural or 1) or not all(forms):
        target.set("type", "unfinished")
        return False
    if plural:
        for form in forms:
            ET.SubElement(target, "numerusform").text = form
    else:
        target.text = forms[0]
    return True


def main() -> None:
    texts = contexts()
    for language in FORMS:
        lacking = write(language, texts)
        print(f"{language}: {sum(map(len, texts.values()))} texts, {len(lacking)} to be translated")
        for text in lacking:
            print(f"  {text}")


if __name__ == "__main__":
    main()
