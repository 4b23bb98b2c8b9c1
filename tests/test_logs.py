"""The log: masked, kept, written."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui import logs
from xrgui.config import model
from xrgui.config.load import load_value

ID = "b831381d-6324-4d53-ad4f-8cda48b30811"


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> Iterator[logs.Log]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield logs.install("info", stream)
    root.handlers[0].close()
    root.handlers[:], root.level = before
    logging.getLogger(logs.ACCESS).setLevel(logging.NOTSET)
    logging.getLogger(logs.ACCESS).disabled = False


say = logging.getLogger("xrgui.test")
access = logging.getLogger(logs.ACCESS)


@pytest.mark.usefixtures("log")
class TestLines:
    def test_clock_level_and_message(self, stream: io.StringIO) -> None:
        say.warning("a %s", "word")
        clock, level, rest = stream.getvalue().split(" ", 2)
        assert len(clock.split(":")) == 3
        assert (level, rest) == ("warning", "a word\n")

    def test_what_a_stranger_sent_writes_no_lines_and_steers_no_terminal(
        self, stream: io.StringIO, log: logs.Log
    ) -> None:
        say.warning("refused %s", "a\r\n12:00:00 info fine\x1b[2J\x9b\u202eé")
        assert stream.getvalue().endswith("refused a\\r\\n12:00:00 info fine\\x1b[2J\\x9b\\u202eé\n")
        assert "\n" not in log.ring.records[-1].message

    def test_below_the_level_nothing_is_said_or_kept(self, stream: io.StringIO, log: logs.Log) -> None:
        say.debug("quiet")
        assert stream.getvalue() == ""
        assert not log.ring.records

    def test_a_traceback_shows_at_debug_only(self, stream: io.StringIO, log: logs.Log) -> None:
        for level, shown in (("info", False), ("debug", True)):
            log.configure((), level)
            try:
                raise ValueError(ID)
            except ValueError:
                say.exception("it broke")
            assert ("Traceback" in stream.getvalue()) == shown
        assert ID not in stream.getvalue()

    def test_a_stream_that_is_gone_harms_nobody(self, stream: io.StringIO, log: logs.Log) -> None:
        stream.close()
        say.error("into the void")
        assert log.ring.records[-1].message == "into the void"


def test_colour_only_where_wanted() -> None:
    assert logs.line(0.0, "error", "m", False).endswith(" error m\n")
    assert "\x1b[31merror\x1b[0m" in logs.line(0.0, "error", "m", True)


@pytest.mark.parametrize(
    ("tty", "no_color", "colour"), [(True, "", True), (True, "1", False), (False, "", False)]
)
def test_no_color_and_pipes_are_respected(
    monkeypatch: pytest.MonkeyPatch, tty: bool, no_color: str, colour: bool
) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: tty  # type: ignore[method-assign]
    monkeypatch.setenv("NO_COLOR", no_color)
    assert logs.Log(stream).colour == colour


class TestFiles:
    def test_errors_go_to_a_file_in_place_of_stderr(
        self, log: logs.Log, stream: io.StringIO, tmp_path: Path
    ) -> None:
        log.configure([model.Log(level="info", error=str(tmp_path / "e"))])
        say.info("to the file")
        assert (tmp_path / "e").read_text().endswith(" info to the file\n")
        assert stream.getvalue() == ""
        assert log.ring.records[-1].message == "to the file"

    def test_connections_go_to_the_access_file_whatever_the_level(
        self, log: logs.Log, tmp_path: Path
    ) -> None:
        log.configure([model.Log(level="error", access=str(tmp_path / "a"))])
        access.info("1.2.3.4 -> x, id %s", ID)
        assert (tmp_path / "a").read_text().endswith(" 1.2.3.4 -> x, id •••\n")
        assert not log.ring.records

    def test_no_access_log(self, log: logs.Log) -> None:
        log.configure([model.Log(level="info", access="none")])
        access.info("nobody reads this")
        assert not log.ring.records

    def test_a_rotated_file_is_let_go(self, log: logs.Log, tmp_path: Path) -> None:
        wanted = [model.Log(level="info", error=str(tmp_path / "e"))]
        log.configure(wanted)
        say.info("old")
        (tmp_path / "e").rename(tmp_path / "e.1")
        log.configure(wanted)
        say.info("new")
        assert "new" in (tmp_path / "e").read_text()
        assert "new" not in (tmp_path / "e.1").read_text()

    def test_one_that_cannot_be_written_changes_nothing(
        self, log: logs.Log, stream: io.StringIO, tmp_path: Path
    ) -> None:
        with pytest.raises(OSError, match="missing"):
            log.configure([model.Log(error=str(tmp_path / "missing" / "e"), level="info")])
        say.error("still on stderr")
        assert "still on stderr" in stream.getvalue()

    def test_the_most_talkative_configuration_decides(self, log: logs.Log) -> None:
        log.configure([model.Log(level="error"), model.Log(level="debug")])
        assert log.threshold == logging.DEBUG
        log.configure([model.Log(level="debug")], "warning")
        assert log.threshold == logging.WARNING


class TestMask:
    def test_ids_in_every_spelling(self) -> None:
        mask = logs.Masker()
        for text in (ID, ID.upper(), ID.replace("-", "")):
            assert mask(f"user {text} left") == f"user {logs.MASK} left"

    def test_a_hash_is_no_id(self) -> None:
        digest = "ab" * 32
        assert logs.Masker()(digest) == digest

    def test_passwords_of_a_configuration(self) -> None:
        account = {"user": "me", "pass": "correct.horse"}
        server = {"address": "h", "port": 1, "user": "me", "pass": "battery+staple"}
        loaded = load_value(
            {
                "inbounds": [
                    {
                        "protocol": "socks",
                        "port": 1,
                        "settings": {"auth": "password", "accounts": [account]},
                        "streamSettings": {
                            "security": "tls",
                            "tlsSettings": {"certificates": [{"certificate": ["c"], "key": ["KEYTEXT"]}]},
                        },
                    }
                ],
                "outbounds": [{"protocol": "http", "settings": server}],
            }
        )
        assert loaded.draft is not None
        assert logs.secrets_of(loaded.draft) == {"correct.horse", "battery+staple", "KEYTEXT"}
        mask = logs.Masker()
        mask.know(logs.secrets_of(loaded.draft))
        assert mask("correct.horse correctxhorse battery+staple me") == "••• correctxhorse ••• me"

    @given(st.lists(st.text(min_size=4), max_size=5), st.text())
    def test_any_secret_is_gone_from_any_text(self, secrets: list[str], around: str) -> None:
        mask = logs.Masker()
        mask.know(secrets)
        for secret in secrets:
            if secret not in logs.MASK:
                assert mask(secret) == logs.MASK or secret not in mask(f"{around}{secret}")


class TestRing:
    @given(st.integers(0, 30), st.integers(1, 40))
    def test_since_gives_all_that_is_kept_and_counts_the_rest(self, added: int, wanted: int) -> None:
        ring = logs.Ring(10)
        for number in range(added):
            ring.add(0.0, "info", str(number))
        records, lost = ring.since(wanted)
        assert [record.seq for record in records] == [
            n for n in range(max(1, added - 9), added + 1) if n >= wanted
        ]
        assert lost == max(0, max(1, added - 9) - wanted)

    def test_last_by_level(self) -> None:
        ring = logs.Ring()
        for level in ("debug", "info", "error", "debug"):
            ring.add(0.0, level, level)  # type: ignore[arg-type]
        assert [record.message for record in ring.last(2, "info")] == ["info", "error"]
        assert ring.last(0, "debug") == []
