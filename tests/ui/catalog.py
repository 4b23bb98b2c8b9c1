"""The texts of the window, found in its source, and the catalogues that translate them.

python -m tests.ui.catalog     brings the .ts files up to date: new texts are added as unfinished, texts that are
                               gone are dropped
"""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ET
from pathlib import Path

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


def read(language: str) -> dict[str, list[str]]:
    """Source text -> its finished forms."""
    path = TRANSLATIONS / f"xrgui_{language}.ts"
    found: dict[str, list[str]] = {}
    if not path.exists():
        return found
    for message in ET.parse(path).getroot().iter("message"):
        target = message.find("translation")
        if target is not None and target.get("type") != "unfinished":
            forms = [form.text or "" for form in target.iter("numerusform")] or [target.text or ""]
            found[message.findtext("source") or ""] = forms
    return found


def write(language: str, texts: Texts, known: dict[str, list[str]]) -> list[str]:
    """Write the catalogue; the result is what it lacks."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ET.SubElement(root, "context")
    ET.SubElement(context, "name").text = "xrgui"
    lacking = []
    for text, (place, plural) in sorted(texts.items(), key=lambda item: (item[1][0], item[0])):
        message = ET.SubElement(context, "message")
        if plural:
            message.set("numerus", "yes")
        ET.SubElement(message, "location", filename=f"../../{place}")
        ET.SubElement(message, "source").text = text
        target = ET.SubElement(message, "translation")
        forms = known.get(text, [])
        if len(forms) != (FORMS[language] if plural else 1) or not all(forms):
            target.set("type", "unfinished")
            lacking.append(text)
        elif plural:
            for form in forms:
                ET.SubElement(target, "numerusform").text = form
        else:
            target.text = forms[0]
    ET.indent(root, "  ")
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
    body = ET.tostring(root, encoding="unicode")
    (TRANSLATIONS / f"xrgui_{language}.ts").write_text(f"{head}{body}\n", encoding="utf-8")
    return lacking


def main() -> None:
    texts = source_texts()
    for language in FORMS:
        lacking = write(language, texts, read(language))
        print(f"{language}: {len(texts)} texts, {len(lacking)} to be translated")
        for text in lacking:
            print(f"  {text}")


if __name__ == "__main__":
    main()
