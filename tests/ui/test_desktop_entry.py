"""The entry among a Linux desktop's applications, as that desktop's own tools see it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QImageReader

from tests.programs import ROOT
from xrgui import paths
from xrgui.commands.desktop import desktop
from xrgui.ui import autostart, desktop_entry, settings
from xrgui.ui.app import Program
from xrgui.ui.single import SingleInstance

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux")

LINK = "xrgui://import#one"


def tool(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"needs {name}")


def said(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    return tmp_path


@pytest.fixture(params=["/usr/bin/xrgui", '/opt/a "b" $c `d` \\e 100%/x y'], ids=["plain", "odd"])
def started(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    path = str(request.param)
    monkeypatch.setattr(paths, "program", lambda *args: [path, *args])
    return path


@pytest.mark.parametrize("module", [desktop_entry, autostart])
def test_the_desktop_accepts_it(home: Path, started: str, module: type[desktop_entry]) -> None:
    validate = tool("desktop-file-validate")
    module.set_on(True)
    assert said(validate, module._entry()) == ""


def test_what_was_uninstalled_is_not_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "program", lambda *args: ["/gone/xrgui", *args])
    for module in (desktop_entry, autostart):
        module.set_on(True)
        assert "\nTryExec=/gone/xrgui\n" in module._entry().read_text()


def test_the_desktop_opens_our_links_with_it(home: Path) -> None:
    query = tool("xdg-mime")
    tool("update-desktop-database")
    desktop_entry.set_on(True)
    assert said(query, "query", "default", "x-scheme-handler/xrgui") == desktop_entry.APPLICATION


def test_a_link_that_the_desktop_opens_reaches_the_window(home: Path, qapp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by the entry's own Exec line, as a shell reads it, while a window is open."""
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    text = desktop_entry.entry_text()
    line = next(line for line in text.splitlines() if line.startswith("Exec=")).removeprefix("Exec=")
    first = SingleInstance(paths.config_dir())
    assert first.listen()
    asked: list[list[str]] = []
    wait = QEventLoop()
    first.asked.connect(asked.append)
    first.asked.connect(wait.quit)
    QTimer.singleShot(30_000, wait.quit)
    with subprocess.Popen(shlex.split(line.replace("%U", shlex.quote(LINK))), cwd=home, env=dict(os.environ)) as second:
        wait.exec()
    first.close()
    assert asked == [[LINK]]
    assert second.returncode == 0


def test_icons_of_each_size_come_and_go_with_it(home: Path) -> None:
    desktop_entry.set_on(True)
    theme = home / "DATA" / "icons" / "hicolor"
    for size in desktop_entry.ICON_SIZES:
        icon = QImageReader(str(theme / f"{size}x{size}/apps/xrgui.png")).read()
        assert (icon.width(), icon.height(), icon.hasAlphaChannel()) == (size, size, True)
    assert (theme / "scalable/apps/xrgui.svg").is_file()
    desktop_entry.set_on(False)
    assert [file for file in home.rglob("*xrgui*") if file.is_file()] == []


@pytest.fixture
def installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Not in a checkout, where nobody is asked."""
    monkeypatch.setattr(paths, "in_checkout", lambda: False)
    monkeypatch.setenv("XDG_DATA_DIRS", f"{home / 'shared'}:{home / 'more'}")
    return home


def test_an_entry_is_missing_where_neither_we_nor_a_package_put_one(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desktop_entry.is_missing()
    desktop_entry.set_on(True)
    assert not desktop_entry.is_missing()
    desktop_entry.set_on(False)
    packaged = installed / "more" / "applications" / "xrgui.desktop"
    packaged.parent.mkdir(parents=True)
    packaged.touch()
    assert not desktop_entry.is_missing()
    packaged.unlink()
    monkeypatch.setattr(paths, "in_checkout", lambda: True)
    assert not desktop_entry.is_missing()


@pytest.mark.parametrize("answer", ["Add", "No thanks"])
async def test_the_window_asks_until_it_has_an_answer(program: Program, installed: Path, answer: str) -> None:
    bar = program.shell.window.notice
    program.shell.choices.offer_menu()
    assert bar.isVisible()
    {"Add": bar._button, "No thanks": bar._refusal}[answer].click()
    assert not bar.isVisible()
    assert desktop_entry.is_on() == (answer == "Add")
    again, _ = settings.load(program.settings_file, settings.Settings)
    assert again.menu_refused == (answer == "No thanks")
    program.shell.choices.offer_menu()
    assert not bar.isVisible()


def test_the_command_does_the_same(home: Path) -> None:
    assert CliRunner().invoke(desktop).exit_code == 0
    assert desktop_entry.is_on()
    assert CliRunner().invoke(desktop, ["--remove"]).exit_code == 0
    assert not desktop_entry.is_on()


def test_a_folder_that_cannot_be_written_is_told(home: Path) -> None:
    (home / "DATA").write_text("no folder")
    result = CliRunner().invoke(desktop)
    assert "cannot be written" in str(result.exception)


def test_the_packaged_files_are_valid() -> None:
    said(tool("desktop-file-validate"), ROOT / "resources" / "xrgui.desktop")
    said(tool("appstreamcli"), "validate", "--no-net", ROOT / "resources" / "xrgui.metainfo.xml")


def test_a_prefix_gets_the_same_files() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shared = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert all((ROOT / file).is_file() for file in shared)
    for size in desktop_entry.ICON_SIZES:
        assert shared[f"resources/icons/xrgui-{size}.png"] == f"share/icons/hicolor/{size}x{size}/apps/xrgui.png"
