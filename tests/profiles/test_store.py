import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.profiles.samples import custom, server, share
from xrgui.profiles import files
from xrgui.profiles.files import StoreError, locked
from xrgui.profiles.model import Profile, Server
from xrgui.profiles.store import ConflictError, Store, copy_of

replace = msgspec.structs.replace


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "config")


def names(store: Store) -> list[str]:
    return [item.profile.name for item in store.scan().profiles]


def file_of(store: Store, profile: Profile) -> Path:
    return store.directory / "profiles" / f"{profile.id}.json"


def damage(path: Path, content: bytes, age: float = 60) -> None:
    path.write_bytes(content)
    os.utime(path, (time.time() - age, time.time() - age))


def test_an_empty_store_is_not_made_by_looking(store: Store):
    assert store.scan() == ((), ())
    assert not store.directory.exists()


def test_what_is_saved_is_there_again(store: Store):
    for profile in (share(), server(), custom()):
        store.save(profile, None)
    listing = Store(store.directory).scan()
    assert sorted(item.profile.id for item in listing.profiles) == ["custom1", "server1", "share1"]
    assert {item.profile.id: item.profile for item in listing.profiles}["server1"] == server()
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(file_of(store, share()).stat().st_mode) == 0o600


def test_saving_needs_the_state_that_was_read(store: Store):
    first = store.save(share(), None)
    mine = replace(share(), name="Mine")
    theirs = Store(store.directory).save(replace(share(), name="Theirs"), first.version)
    with pytest.raises(ConflictError, match="changed by another program") as caught:
        store.save(mine, first.version)
    assert caught.value.theirs == theirs
    assert store.load("share1").profile.name == "Theirs"
    assert store.save(mine, theirs.version).profile.name == "Mine"


def test_a_change_by_hand_is_noticed(store: Store):
    stored = store.save(share(), None)
    path = file_of(store, share())
    path.write_text(path.read_text().replace("Home", "House"))
    with pytest.raises(ConflictError) as caught:
        store.save(replace(share(), name="Other"), stored.version)
    assert caught.value.theirs is not None
    assert caught.value.theirs.profile.name == "House"


def test_a_new_profile_never_replaces_one(store: Store):
    store.save(share(), None)
    with pytest.raises(ConflictError):
        store.save(share(name="Other"), None)


def test_a_profile_deleted_by_another_program(store: Store):
    stored = store.save(share(), None)
    Store(store.directory).delete("share1")
    with pytest.raises(ConflictError, match="deleted by another program") as caught:
        store.save(share(name="Other"), stored.version)
    assert caught.value.theirs is None


def test_five_backups_newest_first(store: Store):
    stored = store.save(share(name="0"), None)
    for number in range(1, 8):
        stored = store.save(share(name=str(number)), stored.version)
    kept = store.backups("share1")
    assert [profile.name for _, profile in kept] == ["6", "5", "4", "3", "2"]
    assert [when for when, _ in kept] == sorted((when for when, _ in kept), reverse=True)
    assert store.load("share1").profile.name == "7"


def test_saving_the_same_again_makes_no_backup(store: Store):
    stored = store.save(share(), None)
    assert store.save(share(), stored.version) == stored
    assert store.backups("share1") == ()


def test_a_damaged_file_is_set_aside_and_the_last_good_state_takes_its_place(store: Store):
    stored = store.save(share(name="Good"), None)
    store.save(share(name="Better"), stored.version)
    path = file_of(store, share())
    damage(path, b'{"schema": 1, "id"')
    (notice,) = store.scan().notices
    assert notice.kind == "damaged"
    assert notice.restored
    assert notice.kept is not None
    assert notice.kept.read_text() == '{"schema": 1, "id"'
    assert "set aside" in notice.text
    assert "last good version" in notice.text
    assert names(store) == ["Good"]
    assert store.scan().notices == ()


def test_a_damaged_file_without_a_backup(store: Store):
    store.save(share(), None)
    store.save(server(), None)
    damage(file_of(store, share()), b"\x00\xff")
    listing = store.scan()
    assert [item.profile.id for item in listing.profiles] == ["server1"]
    assert listing.notices[0].kept is not None
    assert listing.notices[0].kept.read_bytes() == b"\x00\xff"
    assert not listing.notices[0].restored


def test_a_file_that_is_being_written_by_hand_is_left_alone(store: Store):
    store.save(share(), None)
    path = file_of(store, share())
    damage(path, b"", age=0)
    (notice,) = store.scan().notices
    assert (notice.kind, notice.kept) == ("damaged", None)
    assert path.exists()


def test_a_newer_file_is_left_alone(store: Store):
    store.save(share(), None)
    path = file_of(store, share())
    path.write_text('{"schema": 99, "id": "share1"}')
    (notice,) = store.scan().notices
    assert (notice.kind, notice.kept) == ("newer", None)
    assert "newer xrgui" in notice.text
    assert path.exists()
    with pytest.raises(StoreError, match="newer"):
        store.load("share1")


def test_the_files_name_is_the_id(store: Store):
    store.save(share(), None)
    copy = file_of(store, share()).with_name("copied.json")
    copy.write_bytes(file_of(store, share()).read_bytes())
    assert sorted(item.profile.id for item in store.scan().profiles) == ["copied", "share1"]


def test_ids_cannot_leave_the_folder(store: Store):
    for bad in ("../x", "", "a/b", "a.b"):
        with pytest.raises(StoreError, match="id of a profile"):
            store.save(share(id=bad), None)
        with pytest.raises(StoreError, match="id of a profile"):
            store.load(bad)


def test_delete_and_undo(store: Store):
    store.save(share(), None)
    store.save(server(), None)
    store.set_order(["share1", "server1"])
    store.delete("share1")
    assert names(store) == ["Office"]
    assert [profile.name for profile in store.trash()] == ["Home"]
    assert store.restore("share1").profile == share()
    assert names(store) == ["Home", "Office"]
    assert store.trash() == ()
    with pytest.raises(StoreError, match="not there any more"):
        store.restore("share1")
    with pytest.raises(StoreError, match="not there any more"):
        store.delete("nobody")


def test_undo_does_not_replace_a_new_one(store: Store):
    store.save(share(), None)
    store.delete("share1")
    store.save(share(name="New"), None)
    with pytest.raises(StoreError, match="is there again"):
        store.restore("share1")
    assert [profile.name for profile in store.trash()] == ["Home"]


def test_emptying_the_trash_names_the_secrets_to_forget(store: Store):
    stored = store.save(share(server=Server(address="h", secret="keyring:share1/server-0a")), None)
    store.save(share(server=Server(address="h", secret="keyring:share1/server-0b")), stored.version)
    store.save(custom(json='{"pass": "keyring:custom1/json-0c"}'), None)
    store.delete("share1")
    assert store.empty_trash() == ("keyring:share1/server-0a", "keyring:share1/server-0b")
    assert store.trash() == ()
    assert store.backups("share1") == ()
    assert names(store) == ["Own"]


def test_order_is_kept_and_can_be_made_anew(store: Store):
    for profile in (share(id="a", name="b"), share(id="b", name="C"), share(id="c", name="a")):
        store.save(profile, None)
    assert names(store) == ["a", "b", "C"]
    store.set_order(["b", "gone", "a"])
    assert names(store) == ["C", "b", "a"]
    (store.directory / "order.json").write_text("{")
    assert names(store) == ["a", "b", "C"]
    assert store.scan().notices == ()


def test_a_full_disk_keeps_what_was_there(store: Store, monkeypatch: pytest.MonkeyPatch):
    stored = store.save(share(), None)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StoreError, match=r"could not be saved: No space left on device.*unchanged"):
        store.save(share(name="New"), stored.version)
    monkeypatch.undo()
    assert store.load("share1") == stored
    assert [path.name for path in file_of(store, share()).parent.iterdir()] == ["share1.json"]


def run_child(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


SAVE = """
import os, sys, pathlib, resource, signal
from tests.profiles.samples import share
from xrgui.profiles.store import Store, StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[2])
if limit >= 0:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if limit < 0 and os.geteuid() == 0:
    os.setgroups([])
    os.seteuid(65534)
store = Store(pathlib.Path(sys.argv[1]))
stored = store.load("share1")
try:
    store.save(share(name="New" * 20), stored.version)
except StoreError as error:
    print(error)
print(len(store.scan().profiles))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are a Unix thing")
def test_a_real_write_that_fails_half_way(store: Store):
    store.save(share(), None)
    said = run_child(SAVE, str(store.directory), "100")
    assert "could not be saved: File too large" in said
    assert said.endswith("\n1")
    assert store.load("share1").profile == share()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a Unix thing")
def test_a_read_only_directory(open_folder: Path):
    store = Store(open_folder / "config")
    store.save(share(), None)
    for path in (store.directory, *store.directory.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    said = run_child(SAVE, str(store.directory), "-1")
    assert "could not be saved: Permission denied" in said
    assert said.endswith("\n1")
    assert store.load("share1").profile == share()


def test_a_file_that_may_not_be_read_is_named(store: Store, monkeypatch: pytest.MonkeyPatch):
    store.save(share(), None)
    monkeypatch.setattr(
        Path, "read_bytes", lambda self: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
    )
    (notice,) = store.scan().notices
    assert (notice.kind, notice.reason) == ("unreadable", "cannot be read: Permission denied")


def test_another_program_that_hangs_in_a_write(store: Store, monkeypatch: pytest.MonkeyPatch):
    store.save(share(), None)
    monkeypatch.setattr("xrgui.profiles.store.locked", lambda path: locked(path, wait=0.05))
    with locked(store.directory / ".lock"), pytest.raises(StoreError, match="another program"):
        store.delete("share1")


RACE = """
import sys, pathlib
from tests.profiles.samples import share
from xrgui.profiles.store import ConflictError, Store
store = Store(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
saved = lost = 0
for number in range(25):
    stored = store.load("share1")
    try:
        store.save(share(name=f"{sys.argv[2]} {number} " + "x" * number), stored.version)
        saved += 1
    except ConflictError:
        lost += 1
print(saved, lost)
"""


def test_two_programs_at_once_cannot_spoil_a_file(store: Store):
    store.save(share(), None)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(store.directory), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    results = [child.communicate("go\n", timeout=60)[0] for child in children]
    totals = [tuple(map(int, text.split())) for text in results]
    assert all(sum(pair) == 25 for pair in totals)
    listing = store.scan()
    assert listing.notices == ()
    assert len(listing.profiles) == 1
    assert not list((store.directory / "profiles").glob(".*"))


def test_a_copy_has_an_id_and_a_name_of_its_own():
    copy = copy_of(share(start_with_program=True), ["Home", "Home 2"])
    assert copy.id != "share1"
    assert copy.name == "Home 3"
    assert not copy.start_with_program
    assert copy_of(copy, ["Home 3"]).name == "Home 2"
    assert replace(copy, id="share1", name="Home") == share()
