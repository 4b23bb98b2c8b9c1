"""The first thing that runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from tests.programs import Xrgui
from xrgui import __main__

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")


@pytest.fixture
def xrgui(tmp_path: Path) -> Iterator[Xrgui]:
    programs = Xrgui(tmp_path)
    yield programs
    programs.end()


class Interrupting(MetaPathFinder):
    """Ctrl-C while the command line loads."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname == "xrgui.cli":
            raise KeyboardInterrupt
        return None


def test_ctrl_c_while_it_loads_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "xrgui.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 130


@posix
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_stream_harms_nobody(xrgui: Xrgui, tmp_path: Path, free_port: Callable[[], int], number: int) -> None:
    """A socket in the place of stderr ended the event loop."""
    file = tmp_path / "c.json"
    socks = {"tag": "in", "listen": "127.0.0.1", "port": free_port(), "protocol": "socks"}
    file.write_text(json.dumps({"inbounds": [socks], "outbounds": [{"protocol": "freedom"}]}))
    process = xrgui.start("run", "-c", file, preexec_fn=lambda: os.close(number))
    xrgui.until(xrgui.status, process)
    process.terminate()
    assert process.wait(5) == 0


def test_a_terminal_that_knows_few_characters(xrgui: Xrgui) -> None:
    xrgui.env["PYTHONIOENCODING"] = "ascii"
    assert "200 OK" in xrgui("demo", "--seconds", "0.1").stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_no_fault_of_ours(xrgui: Xrgui) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "xrgui", "uuid"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=xrgui.env,
            check=False,
        )
    assert done.stderr == "error: Something cannot be written: No space left on device.\n"
    assert done.returncode == 1


@pytest.mark.parametrize(
    "args", [("demo", "--seconds", "nan"), ("stop", "--grace", "nan"), ("demo", "--seconds", "inf")]
)
def test_a_time_that_is_none(xrgui: Xrgui, args: tuple[str, ...]) -> None:
    assert "is no number of seconds" in xrgui(*args, code=2).stderr
