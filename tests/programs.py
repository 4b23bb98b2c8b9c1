"""The program itself, as a person starts it: its own process, its own place for endpoints."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import msgspec

from xrgui import rpc
from xrgui.client import connect

ROOT = Path(__file__).parents[1]
TIMEOUT = 20.0


class Xrgui:
    """Starts `xrgui …` in *home*; ends whatever still runs at the end of the test."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {
            **os.environ,
            "XRGUI_RUNTIME_DIR": str(home / "run"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
            "NO_COLOR": "1",
        }
        self.started: list[subprocess.Popen[str]] = []

    def __call__(self, *args: str | Path, stdin: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run to the end. Fails for another exit code than *code*, and for any traceback."""
        done = subprocess.run(
            self._argv(args),
            input=stdin,
            capture_output=True,
            text=True,
            env=self.env,
            cwd=self.home,
            timeout=TIMEOUT,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done

    def start(self, *args: str | Path, **more: Any) -> subprocess.Popen[str]:
        stderr = (self.home / f"stderr{len(self.started)}").open("w")
        with stderr:
            process = subprocess.Popen(
                self._argv(args),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=self.env,
                cwd=self.home,
                **more,
            )
        self.started.append(process)
        return process

    def said(self, process: subprocess.Popen[str]) -> str:
        """Its stderr so far."""
        return (self.home / f"stderr{self.started.index(process)}").read_text()

    def until(self, what: Callable[[], Any], process: subprocess.Popen[str] | None = None) -> Any:
        """Ask *what* until it gives something true. Fails when *process* ends before."""
        end = time.monotonic() + TIMEOUT
        while not (found := what()):
            assert time.monotonic() < end, self.said(process) if process else "it never came true"
            assert process is None or process.poll() is None, self.said(process)
            time.sleep(0.02)
        return found

    def status(self) -> list[dict[str, Any]]:
        """What the engines of this test say, none where none runs."""
        return asyncio.run(self._ask())

    async def _ask(self) -> list[dict[str, Any]]:
        found = []
        for path in sorted((self.home / "run").glob("*.sock")):
            try:
                async with await connect(path) as engine:
                    found.append(msgspec.to_builtins(await engine.call(rpc.GetStatus())))
            except (OSError, rpc.RpcError):
                continue
        return [status for status in found if status["configs"]]

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.started:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                pipe.close()

    def _argv(self, args: Sequence[str | Path]) -> list[str]:
        return [sys.executable, "-m", "xrgui", *map(str, args)]


def get(url: str) -> bytes:
    """The body of a page. Raises OSError."""
    with urlopen(url, timeout=TIMEOUT) as answer:
        body: bytes = answer.read()
    return body
