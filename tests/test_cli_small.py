"""`xrgui …` beside the commands that run something: help, wrong use, faults, what is made and what is imported."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.programs import ROOT, Xrgui
from xrgui import cli


@pytest.fixture
def xrgui(tmp_path: Path) -> Iterator[Xrgui]:
    program = Xrgui(tmp_path)
    yield program
    program.end()


def test_version(xrgui: Xrgui) -> None:
    assert re.fullmatch(r"xrgui \d+\.\d+\.\d+\n", xrgui("--version").stdout)


def test_help_lists_the_commands_without_importing_them(xrgui: Xrgui) -> None:
    shown = xrgui("--help").stdout
    for name, entry in cli.COMMANDS.items():
        assert (f"  {name} " in shown) == bool(entry.help)


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], name: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert f"Usage: xrgui {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["dance"], "error: No such command 'dance'. `xrgui --help` shows what it takes.\n"),
        (["run"], "error: Missing option '-c' / '--config'. `xrgui run --help` shows what it takes.\n"),
        (["check", "--frob"], "`xrgui check --help` shows what it takes.\n"),
        (
            ["expose", "x", "--via", "y"],
            "'x' is no port and no host:port. Write 3000, host:3000 or udp:53.",
        ),
        (["uuid", "x" * 31], "The text is neither a UUID nor a text of 1 to 30 bytes."),
        (["cert", "not a name"], "'not a name' is neither a host name nor an IP address."),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(xrgui: Xrgui, args: list[str], said: str) -> None:
    done = xrgui(*args, code=2)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


def test_uuid(xrgui: Xrgui) -> None:
    first, second = (UUID(xrgui("uuid").stdout.strip()) for _ in range(2))
    assert first != second
    assert first.version == 4
    assert xrgui("uuid", "example").stdout == "feb54431-301b-52bb-a6dd-e1e93e81bb9e\n"


def test_cert_writes_a_pair_and_prints_its_pin(xrgui: Xrgui, tmp_path: Path) -> None:
    done = xrgui("cert", "a.example", "127.0.0.1", "--out", "mine")
    key = tmp_path / "mine.key"
    assert re.fullmatch(r"[0-9a-f]{64}\n", done.stdout)
    assert key.stat().st_mode & 0o077 == 0
    before = key.read_text()
    assert "mine.crt and mine.key" in xrgui("cert", "a.example", "--out", "mine", code=1).stderr
    assert key.read_text() == before


def test_a_fault_is_one_sentence_and_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("b831381d-6324-4d53-ad4f-8cda48b30811 broke")

    monkeypatch.setattr(cli, "_command", fail)
    monkeypatch.setattr(cli.paths, "log_dir", lambda: tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["status"])
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("error: This is a fault of xrgui: ••• broke. ")
    assert said.count("\n") == 1
    (crash,) = tmp_path.iterdir()
    assert "in fail" in crash.read_text()
    assert "b831381d" not in crash.read_text()
    with pytest.raises(RuntimeError):
        cli.main(["--debug", "status"])


def test_without_qt_the_window_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PySide6", None)
    monkeypatch.setattr(cli, "_window", lambda _: __import__("PySide6"))
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("error: The window needs PySide6, which is not installed here.")


@pytest.mark.parametrize(
    ("args", "window"),
    [([], True), (["--minimized"], True), (["vless://x"], True), (["run"], False), (["--help"], False)],
)
def test_what_opens_the_window(args: list[str], window: bool) -> None:
    assert cli._wants_window(args) == window


def test_no_command_imports_qt() -> None:
    code = "import sys, xrgui.cli as c; [c.group.get_command(None, n) for n in c.COMMANDS]; " + (
        "sys.exit(any(m.partition('.')[0] in c.WINDOW_PACKAGES for m in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_start_without_tls_loads_no_code_for_certificates() -> None:
    code = "import sys, xrgui.commands.run; sys.exit('cryptography' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
