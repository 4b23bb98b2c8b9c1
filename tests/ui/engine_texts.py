"""The sentences that the engine and the checks say in English, found in their source as templates.

A template is what `xrgui.ui.engine_words` matches: ``"{0}" is no port``; braces of its own are doubled.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPEAKERS = (
    "bridge_key.py",
    "matching.py",
    "config/*.py",
    "links/*.py",
    "profiles/backup.py",
    "profiles/certificates.py",
    "profiles/document.py",
    "profiles/files.py",
    "profiles/ownlink.py",
    "profiles/qr.py",
    "profiles/se*.py",
    "profiles/store.py",
    "profiles/transfer.py",
    "engine/dialer.py",
    "engine/errors.py",
    "engine/leaving.py",
    "engine/limits.py",
    "engine/memory.py",
    "engine/proxy_client.py",
    "engine/resolver.py",
    "engine/mux/*.py",
    "engine/outbound/*.py",
    "engine/reverse/bridge*.py",
    "engine/reverse/portal.py",
    "engine/transport/*.py",
    "engine/wire/vless.py",
    "engine/wire/vmess.py",
)
"""Modules whose texts a person meets in the window on ordinary ways."""
SENTENCE = re.compile(r"[A-Za-z]{2,}.* |\ .*[a-z]{2,}", re.DOTALL)
NOT_SAID = re.compile(r"%[sd]|\n|\(\?|^ |^AsIs |^Mozilla/|^IP Address$|^xrgui:// |^(look up|http|socks|freedom|dial) ")
"""Formats of the log, patterns, pieces, names of tasks."""
SYSTEM = (
    "Permission denied",
    "No such file or directory",
    "Is a directory",
    "Not a directory",
    "No space left on device",
    "Disk quota exceeded",
    "Read-only file system",
    "Input/output error",
    "File name too long",
    "Too many open files",
)
"""What the C library says of files (its texts stay English without `setlocale`)."""
DONE = ("deleted", "emptied", "read", "restored", "saved")
"""What of a file failed (`profiles.files.explain`)."""
LEAST = 5
"""Letters without which a template would fit anything."""


def engine_texts() -> dict[str, str]:
    """Template -> the file that it stands in first."""
    found = dict.fromkeys(SYSTEM + DONE, "xrgui/ui/engine_words.py")
    for speaker in SPEAKERS:
        for path in sorted((ROOT / "xrgui").glob(speaker)):
            for text in texts(ast.parse(path.read_text())):
                found.setdefault(text, path.relative_to(ROOT).as_posix())
    return found


def texts(tree: ast.Module) -> Iterator[str]:
    silent = {id(part) for node in ast.walk(tree) for part in _not_said(node)}
    for node in ast.walk(tree):
        if id(node) not in silent and (text := template(node)) and _is_sentence(text):
            yield text


def template(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _escaped(node.value)
    if not isinstance(node, ast.JoinedStr):
        return ""
    holes = iter(range(len(node.values)))
    return "".join(
        _escaped(part.value) if isinstance(part, ast.Constant) else f"{{{next(holes)}}}" for part in node.values
    )


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _is_sentence(text: str) -> bool:
    letters = re.sub(r"\{\d\}|[^a-zA-Z]", "", text)
    return len(letters) >= LEAST and bool(SENTENCE.search(text)) and not NOT_SAID.search(text)


def _not_said(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, keys, what goes to the log, and the parts of a template."""
    if isinstance(node, ast.Dict):
        yield from (key for key in node.keys if key is not None)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    if isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.Constant))
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
        yield from node.args
