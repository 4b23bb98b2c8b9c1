"""The built wheel in a fresh environment that holds what requirements/server.txt names, and no more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from tests.programs import ROOT

LARGEST = 60_000_000
"""Bytes of everything that a server installs."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


def required() -> Iterator[str]:
    """The packages of requirements/server.txt that this system wants."""
    for line in (ROOT / "requirements" / "server.txt").read_text().splitlines():
        name, _, marker = line.partition(";")
        wanted = {
            "": True,
            "sys_platform != 'win32'": os.name != "nt",
            "sys_platform == 'win32'": os.name == "nt",
        }
        if (found := re.match(r"[A-Za-z]\w*", name)) and wanted[marker.strip()]:
            yield found[0]


def link_packages(site: Path) -> int:
    """Put the files of the required packages into *site*; the result is their size in bytes."""
    size = 0
    for name in required():
        package = metadata.distribution(name)
        for file in package.files or ():
            here = Path(str(package.locate_file(file)))
            if ".." in file.parts or not here.is_file():
                continue
            there = site / file
            there.parent.mkdir(parents=True, exist_ok=True)
            there.symlink_to(here)
            size += here.stat().st_size
    return size


@pytest.fixture(scope="module")
def server(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The xrgui of a server install, and the bytes of all its packages."""
    home = tmp_path_factory.mktemp("server")
    venv.create(home, with_pip=False)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            wheel,
        ],
        check=True,
    )
    (site,) = {path.resolve() for path in home.glob("[Ll]ib*/**/site-packages")}
    own = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    return python.with_name("xrgui"), own + link_packages(site)


def run(program: Path, *args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    env["XRGUI_RUNTIME_DIR"] = str(cwd / "run")
    return subprocess.run([program, *args], capture_output=True, text=True, cwd=cwd, env=env, check=False)


def test_everything_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    files = subprocess.run(
        ["git", "ls-files", "xrgui", "resources"], cwd=ROOT, capture_output=True, text=True
    )
    wanted = {name.removeprefix("xrgui/") for name in files.stdout.split() if (ROOT / name).exists()}
    missing = {name for name in wanted if f"xrgui/{name}" not in packed}
    assert wanted
    assert not missing


def test_it_is_small(server: tuple[Path, int]) -> None:
    assert server[1] < LARGEST


def test_an_example_is_checked(server: tuple[Path, int], tmp_path: Path) -> None:
    example = ROOT / "resources" / "examples" / "public-port-bridge.json"
    done = run(server[0], "check", "-c", example, cwd=tmp_path)
    assert "No problems" in done.stdout or "warning" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_the_demo_runs(server: tuple[Path, int], tmp_path: Path) -> None:
    done = run(server[0], "demo", "--seconds", "0.2", cwd=tmp_path)
    assert "GET / through the tunnel: 200 OK" in done.stdout, done.stderr
    assert done.returncode == 0


def test_the_window_says_what_it_needs(server: tuple[Path, int], tmp_path: Path) -> None:
    done = run(server[0], cwd=tmp_path)
    assert done.stderr.startswith("error: The window needs ")
    assert "Traceback" not in done.stderr
    assert done.returncode == 1
