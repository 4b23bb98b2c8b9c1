"""What `make bundle` would pack. The whole build takes a minute and more: XRGUI_BUNDLE=… tests one that is there."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.programs import ROOT
from xrgui.cli import COMMANDS

BUILT = os.environ.get("XRGUI_BUNDLE", "")
"""The program of an unpacked bundle."""

SITE = "/usr/lib/python3/site-packages"


def entry(path: str) -> tuple[str, str, str]:
    return path, f"{SITE}/{path}", "BINARY"


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    """The names of tools/bundle.spec after it ran, and `asked`: what it asked PyInstaller for."""
    asked: dict[str, Any] = {}

    def analysis(scripts: list[str], **options: Any) -> SimpleNamespace:
        asked.update(options, scripts=scripts)
        return SimpleNamespace(pure=[], scripts=[], binaries=[], datas=[])

    hooks = ModuleType("PyInstaller.utils.hooks")
    found = [(f"{SITE}/{name}.dist-info", f"{name}.dist-info") for name in ("xrgui-1", "PySide6-6")]
    hooks.copy_metadata = lambda name, recursive: found  # type: ignore[attr-defined]
    names = dict.fromkeys(("PyInstaller", "PyInstaller.utils"), ModuleType("PyInstaller"))
    with pytest.MonkeyPatch.context() as patch:
        for name, module in {**names, hooks.__name__: hooks}.items():
            patch.setitem(sys.modules, name, module)
        given = {"SPECPATH": str(ROOT / "tools"), "Analysis": analysis}
        ignored = dict.fromkeys(("PYZ", "EXE", "COLLECT"), lambda *args, **options: None)
        return {**runpy.run_path(str(ROOT / "tools" / "bundle.spec"), {**given, **ignored}), "asked": asked}


def test_every_module_comes_along(spec: dict[str, Any]) -> None:
    modules = set(spec["asked"]["hiddenimports"])
    assert {f"xrgui.commands.{command.target.partition(':')[0]}" for command in COMMANDS.values()} <= modules
    assert {"xrgui.ui.app", "xrgui.ui.qr_reader", "xrgui.ui.widgets.chart"} <= modules


def test_resources_and_licences_come_along(spec: dict[str, Any]) -> None:
    datas = dict(spec["asked"]["datas"])
    assert datas[str(ROOT / "resources")] == "xrgui/resources"
    assert str(ROOT / "LICENSE") in datas
    assert "PySide6-6.dist-info" in datas.values()
    assert "xrgui-1.dist-info" not in datas.values()
    assert all(Path(file).is_file() for file in spec["asked"]["scripts"] + spec["asked"]["runtime_hooks"])


def loaded_without(modules: list[str]) -> set[str]:
    """Qt's modules that the window loads, its chart too, where *modules* are not to be had."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({modules}));"
        "import xrgui.ui.app, xrgui.ui.widgets.chart, zxingcpp, keyring.backends.SecretService;"
        "print(*[name[8:] for name, module in sys.modules.items() if name.startswith('PySide6.Qt') and module])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_what_the_window_imports_is_not_left_out(spec: dict[str, Any]) -> None:
    sources = [file.read_text() for file in (ROOT / "xrgui" / "ui").rglob("*.py")]
    imported = {name for text in sources for name in re.findall(r"from PySide6\.(\w+)", text)}
    assert imported >= {"QtWidgets", "QtSvg"}
    assert imported | loaded_without(spec["unused_modules"]) <= imported | {
        name.removeprefix("PySide6.") for name in spec["asked"]["hiddenimports"]
    }
    libraries = [entry(f"PySide6/Qt/lib/lib{name.replace('Qt', 'Qt6', 1)}.so.6") for name in imported]
    assert spec["used"](libraries) == libraries
    assert not {f"PySide6.{name}" for name in imported} & set(spec["unused_modules"])


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/platforms/libqwayland.so", True),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", True),
        ("PySide6/Qt/plugins/iconengines/libqsvgicon.so", True),
        ("PySide6/Qt/plugins/imageformats/libqjpeg.so", True),
        ("PySide6/Qt/translations/qtbase_ru.qm", True),
        ("PySide6/Qt/translations/qtbase_zh_CN.qm", True),
        ("libxcb-cursor.so.0", True),
        ("libpython3.11.so.1.0", True),
        ("numpy.libs/libscipy_openblas64_-1.so", True),
        ("PySide6/Qt/lib/libQt6Quick.so.6", False),
        ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", False),
        ("PySide6/Qt/translations/qtbase_de.qm", False),
        ("libxcb.so.1", False),
        ("libstdc++.so.6", False),
        ("libgtk-3.so.0", False),
        ("libGL.so.1", False),
    ],
)
def test_what_of_the_system_and_of_qt_comes_along(spec: dict[str, Any], path: str, kept: bool) -> None:
    assert bool(spec["used"]([entry(path)])) == kept


def run(*args: str, home: Path) -> subprocess.CompletedProcess[str]:
    """In a place that has no Python in its path and no libraries given."""
    env = {"HOME": str(home), "PATH": str(home), "XRGUI_RUNTIME_DIR": str(home / "run"), "LANG": "C.UTF-8"}
    return subprocess.run([BUILT, *args], env=env, cwd=home, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(not BUILT, reason="XRGUI_BUNDLE names no bundle")
class TestBuilt:
    def test_the_demo_starts_its_other_processes(self, tmp_path: Path) -> None:
        done = run("demo", "--seconds", "0.2", home=tmp_path)
        assert "200 OK" in done.stdout, done.stderr

    def test_the_examples_are_there(self, tmp_path: Path) -> None:
        example = Path(BUILT).parent / "_internal/xrgui/resources/examples/public-port-bridge.json"
        assert run("check", "-c", str(example), home=tmp_path).returncode == 0

    def test_without_a_desktop_the_window_says_so(self, tmp_path: Path) -> None:
        assert run(home=tmp_path).stderr.startswith("error: There is no desktop here")
