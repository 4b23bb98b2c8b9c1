from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import ROOT
from xrgui.ui import display

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux")


@pytest.fixture(autouse=True)
def desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def lacks(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    def fault(library: str) -> str:
        missing = [name for name in libraries if library.endswith(("libqxcb.so", name))]
        return f"{missing[0]}: cannot open shared object file: No such file or directory" if missing else ""

    monkeypatch.setattr(display, "_fault", fault)


def test_no_desktop() -> None:
    found = display.obstacle()
    assert found is not None
    assert found.message.startswith("There is no desktop here")


def test_a_chosen_platform_needs_no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.obstacle() is None


def test_all_missing_libraries_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":1")
    lacks(monkeypatch, "libxcb-cursor.so.0", "libEGL.so.1")
    found = display.obstacle()
    assert found is not None
    assert found.message == "The window needs a library that this system lacks: libxcb-cursor.so.0."
    assert found.hint == "On Debian and Ubuntu: sudo apt install libegl1 libxcb-cursor0"


def test_on_wayland_x11_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    lacks(monkeypatch, "libxcb-cursor.so.0")
    assert display.obstacle() is None


def test_a_display_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "xrgui"],
        env={**os.environ, "DISPLAY": ":65000", "HOME": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr.startswith("error: The display :65000 does not answer")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_make_run_installs_what_the_window_asks_for() -> None:
    listed = (ROOT / "tools" / "packages").read_text().partition('libraries="')[2].partition('"')[0]
    assert dict(line.split() for line in listed.split("\n") if line) == display.LIBRARIES
