"""Several files make one configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xrgui.config import model
from xrgui.config.load import Loaded, load_files, load_text
from xrgui.config.problem import Severity


def write(folder: Path, name: str, value: Any) -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def tags(loaded: Loaded) -> tuple[list[str], list[str]]:
    assert loaded.draft is not None
    return [i.tag for i in loaded.draft.inbounds], [o.tag for o in loaded.draft.outbounds]


def test_several_files_are_merged_as_xray_does(tmp_path: Path) -> None:
    def part(tag: str, port: int = 1) -> dict[str, Any]:
        return {"tag": tag, "port": port, "protocol": "http"}

    def exits(*names: str, protocol: str = "freedom") -> list[dict[str, Any]]:
        return [{"tag": name, "protocol": protocol} for name in names]

    first = {"inbounds": [part("a"), part("b")], "outbounds": exits("x", "y"), "log": {"loglevel": "info"}}
    second = {
        "inbounds": [part("c"), part("a", 2)],
        "outbounds": [*exits("p", "q"), *exits("y", protocol="blackhole")],
        "log": {"access": "none"},
    }
    third = {"outbounds": exits("z")}
    loaded = load_files(
        [
            write(tmp_path, "a.json", first),
            write(tmp_path, "b.json", second),
            write(tmp_path, "03_Tail.json", third),
        ]
    )
    assert loaded.problems == ()
    assert tags(loaded) == (["a", "b", "c"], ["p", "q", "x", "y", "z"])
    assert loaded.config is not None
    assert loaded.config.inbounds[0].ports == ((2, 2),)
    assert isinstance(loaded.config.outbounds[3].settings, model.BlackholeOutbound)
    assert loaded.config.log == model.Log(access="none")


def test_problems_name_the_file_and_the_path_in_that_file(tmp_path: Path) -> None:
    first = write(tmp_path, "a.json", {"inbounds": [{"tag": "a", "port": 1, "protocol": "http"}]})
    second = write(tmp_path, "b.json", {"inbounds": [{"tag": "b", "port": "x", "protocol": "http"}]})
    (problem,) = load_files([first, second]).problems
    assert (problem.file, problem.path) == (str(second), "inbounds[0].port")


def test_untagged_parts_replace_one_another_with_a_warning(tmp_path: Path) -> None:
    files = [write(tmp_path, f"{n}.json", {"inbounds": [{"port": n, "protocol": "http"}]}) for n in (1, 2)]
    loaded = load_files(files)
    assert loaded.config is not None
    assert [inbound.ports for inbound in loaded.config.inbounds] == [((2, 2),)]
    assert [problem.severity for problem in loaded.problems] == [Severity.WARNING]


def test_files_that_cannot_be_read_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    bad = write(tmp_path, "bad.json", '{\n  "a": 1,\n}')
    loaded = load_files([tmp_path / "none.json", tmp_path, tmp_path / "binary.json", bad, "a\0b"])
    assert loaded.draft is None
    assert loaded.config is None
    assert len(loaded.problems) == 5
    assert any("No such file" in problem.message for problem in loaded.problems)
    assert str(loaded.problems[-1]).startswith(f"{bad}:2:9: ")


def test_no_file_at_all_is_an_error() -> None:
    assert load_files([]).config is None


def test_a_configuration_is_an_object() -> None:
    for text in ("[]", "5", '"x"', "null"):
        loaded = load_text(text, "f.json")
        assert loaded.config is None
        assert "object" in loaded.problems[0].hint
