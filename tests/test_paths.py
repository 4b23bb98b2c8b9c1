"""Where endpoints are made and found."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from xrgui import paths

posix = pytest.mark.skipif(os.name != "posix", reason="there are no modes here")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XRGUI_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "run"


@posix
def test_the_directory_is_private_from_the_start(home: Path) -> None:
    old = os.umask(0)
    try:
        assert paths.runtime_dir() == home
    finally:
        os.umask(old)
    assert home.stat().st_mode & 0o777 == 0o700


@posix
@pytest.mark.parametrize("mode", [0o777, 0o750, 0o701])
def test_one_that_others_can_enter_is_refused_and_not_looked_into(home: Path, mode: int) -> None:
    home.mkdir()
    (home / f"{os.getpid()}.sock").touch()
    home.chmod(mode)
    with pytest.raises(PermissionError, match="not private to you"):
        paths.runtime_dir()
    assert paths.endpoints() == []


@posix
def test_a_link_in_its_place_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    home.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        paths.runtime_dir()


@posix
def test_one_in_a_folder_that_anybody_may_change_is_refused(home: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(PermissionError):
        paths.runtime_dir()
    tmp_path.chmod(0o1777)
    assert paths.runtime_dir() == home


def test_living_ones_are_listed_by_age_and_dead_ones_removed(home: Path) -> None:
    paths.runtime_dir()
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        young, old = home / f"{os.getpid()}.sock", home / f"{other.pid}.tcp"
        listener.bind(str(young))
        listener.listen()
        for path in (old, home / "notes.txt"):
            path.touch()
        os.utime(old, (1, 1))
        assert paths.endpoints() == [old, young]
        other.communicate()
        assert paths.endpoints() == [young]
    assert not old.exists()
    assert (home / "notes.txt").exists()


@posix
def test_what_a_dead_engine_left_whose_number_is_used_again_is_passed_over(home: Path) -> None:
    paths.runtime_dir()
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(home / f"{os.getpid()}.sock"))
    assert paths.endpoints() == []


@posix
@pytest.mark.parametrize("place", ["x" * 100, "file/below"])
def test_a_directory_that_cannot_be_is_named(home: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    (home.parent / "file").touch()
    monkeypatch.setenv("XRGUI_RUNTIME_DIR", str(home.parent / place))
    with pytest.raises(OSError, match=place) as found:
        paths.runtime_dir()
    assert "set XRGUI_RUNTIME_DIR" in str(found.value)


def test_no_directory_is_no_engine(home: Path) -> None:
    assert paths.endpoints() == []
    assert not home.exists()


@posix
def test_a_service_and_a_login_find_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XRGUI_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(paths.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    without = paths._runtime_dirs()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "login"))
    assert paths._runtime_dirs() == [tmp_path / "login" / "xrgui", *without]
    assert tmp_path / f"xrgui-{os.getuid()}" in without


@posix
def test_a_path_too_long_for_a_socket_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XRGUI_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("x" * 100)))
    assert all(len(str(path)) < 90 for path in paths._runtime_dirs())


def test_the_resources_are_there() -> None:
    assert (paths.resources() / "demo" / "index.html").is_file()


def test_the_program_starts_again_wherever_it_is(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('somebody else')")
    done = subprocess.run(paths.program("--version"), capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.startswith("xrgui ")
