import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from xrgui.profiles import files
from xrgui.profiles.files import StoreError, keep_copy, locked, write_atomic


def test_a_file_is_replaced_whole_and_private(tmp_path: Path):
    path = tmp_path / "a.json"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_what_was_there_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str):
    path = tmp_path / "a.json"
    write_atomic(path, b"old")

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_the_newest_copies_are_kept(tmp_path: Path):
    path, copies = tmp_path / "a.json", tmp_path / "copies"
    for number in range(8):
        write_atomic(path, str(number).encode())
        keep_copy(path, copies, 5)
    kept = sorted(copies.iterdir())
    assert [file.read_text() for file in kept] == ["3", "4", "5", "6", "7"]


def test_copies_are_made_where_links_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*args: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "a.json"
    write_atomic(path, b"x")
    keep_copy(path, tmp_path / "copies", 5)
    assert [file.read_bytes() for file in (tmp_path / "copies").iterdir()] == [b"x"]


def test_a_held_lock_is_waited_for_and_then_reported(tmp_path: Path):
    path = tmp_path / ".lock"
    with locked(path), pytest.raises(StoreError, match="another program"), locked(path, wait=0.05):
        pytest.fail("two held the lock")
    with locked(path, wait=0):
        pass


def test_the_lock_passes_on(tmp_path: Path):
    path = tmp_path / ".lock"
    order: list[str] = []
    entered = threading.Event()

    def other() -> None:
        entered.set()
        with locked(path):
            order.append("other")

    thread = threading.Thread(target=other)
    with locked(path):
        thread.start()
        entered.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_a_lock_dies_with_its_program(tmp_path: Path):
    path = tmp_path / ".lock"
    program = (
        "import os, pathlib, sys\n"
        "from xrgui.profiles.files import locked\n"
        "with locked(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
        "    os._exit(1)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdin is not None
    with child.stdout:
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(StoreError), locked(path, wait=0):
            pass
    child.stdin.close()
    child.wait(10)
    with locked(path, wait=0):
        pass


def test_names_of_copies_sort_by_time():
    first, second = files.timestamp(), files.timestamp()
    assert first < second or first == second
    assert len(first) == len("20260131T235959.000001Z")
