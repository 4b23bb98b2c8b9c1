"""However the program is told to end, it ends in order and takes its engine with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.programs import Xrgui

LOG_OUT = """
import sys
from PySide6.QtCore import QTimer
from xrgui.ui import app as application, engine

class Commit:  # no session manager can be made here: whoever listens is told by hand
    def connect(self, slot):
        self.slot = slot

make_app, plain, commit = application.make_app, engine.Engine.__init__, Commit()

def made():
    app = make_app()
    app.commitDataRequest = commit
    return app

def log_out(state, why):
    if state == "running":
        QTimer.singleShot(0, lambda: commit.slot(None))

def init(self, *args):
    plain(self, *args)
    self.state_changed.connect(log_out)

application.make_app, engine.Engine.__init__ = made, init
sys.exit(application.main([]))
"""


@pytest.fixture
def home(tmp_path: Path):
    made = Xrgui(tmp_path)
    made.env |= {"QT_QPA_PLATFORM": "offscreen", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    made.env |= {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CONFIG", "DATA", "STATE")}
    yield made
    made.end()


def engine_of(window: subprocess.Popen[str]) -> psutil.Process | None:
    children = psutil.Process(window.pid).children(recursive=True)
    return next((child for child in children if "engine" in child.cmdline()), None)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_in_order(home: Xrgui, number: signal.Signals) -> None:
    window = home.start()
    engine = home.until(lambda: list(home.home.glob("run/*.sock")) and engine_of(window), window)
    os.kill(window.pid, number)
    assert window.wait(20) == 0, home.said(window)
    engine.wait(5)
    assert "Traceback" not in home.said(window)
    assert (home.home / "DATA/xrgui/window.json").exists()


def test_logging_out_ends_it_in_order(home: Xrgui) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOG_OUT], env=home.env, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert (home.home / "DATA/xrgui/window.json").exists()
    assert not list(home.home.glob("run/*.sock"))
