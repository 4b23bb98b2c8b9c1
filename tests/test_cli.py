"""`xrgui …` as a person types it: exit codes, sentences, files."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.programs import Xrgui, get
from xrgui import cli, paths


@pytest.fixture
def xrgui(tmp_path: Path) -> Iterator[Xrgui]:
    program = Xrgui(tmp_path)
    yield program
    program.end()


def config(port: int = 0, target: int = 9, **more: Any) -> dict[str, Any]:
    tunnel = {
        "tag": "in",
        "listen": "127.0.0.1",
        "port": port,
        "protocol": "tunnel",
        "settings": {"address": "127.0.0.1", "port": target},
    }
    return {"inbounds": [tunnel], "outbounds": [{"tag": "direct", "protocol": "freedom"}], **more}


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


class TestCheck:
    def test_fine(self, xrgui: Xrgui, tmp_path: Path) -> None:
        assert xrgui("check", "-c", write(tmp_path / "c.json", config())).stdout.endswith("c.json.\n")

    def test_all_problems_at_once_with_their_places(self, xrgui: Xrgui, tmp_path: Path) -> None:
        bad = config(70000, typo=1)
        bad["outbounds"].append({"protocol": "vless", "settings": {"address": "h", "port": 1, "id": ""}})
        done = xrgui("check", "-c", write(tmp_path / "c.json", bad), code=1)
        assert "c.json inbounds[0].port: " in done.stdout
        assert "outbounds[1].settings.id: " in done.stdout
        assert re.search(r"^warning: .*typo", done.stdout, re.MULTILINE)
        assert re.search(r"^\d errors, \d warnings? in ", done.stdout, re.MULTILINE)

    def test_json(self, xrgui: Xrgui, tmp_path: Path) -> None:
        file = write(tmp_path / "c.json", config(70000))
        (problem,) = json.loads(xrgui("check", "--json", "-c", file, code=1).stdout)
        assert problem["path"] == "inbounds[0].port"
        assert problem["severity"] == "error"

    def test_stdin(self, xrgui: Xrgui) -> None:
        assert xrgui("check", "-c", "-", stdin=json.dumps(config())).returncode == 0
        assert "stdin:1:2" in xrgui("check", "-c", "-", stdin="{]", code=1).stdout

    def test_a_taken_port(self, xrgui: Xrgui, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            file = write(tmp_path / "c.json", config(taken.getsockname()[1]))
            assert "is taken by" in xrgui("check", "-c", file, code=1).stdout

    def test_a_missing_file(self, xrgui: Xrgui) -> None:
        assert "nope.json: cannot be read: No such file" in xrgui("check", "-c", "nope.json", code=1).stdout


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that greets, echoes one line and waits."""
    with subprocess.Popen([sys.executable, "-c", ECHO], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.kill()


ECHO = """
import socket, threading
def visit(c):
    c.sendall(b"hello\\n")
    while d := c.recv(65536): c.sendall(d)
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True)
while True: threading.Thread(target=visit, args=(s.accept()[0],), daemon=True).start()
"""


def running(xrgui: Xrgui, *args: str | Path) -> tuple[subprocess.Popen[str], int]:
    """`xrgui run` and the port that its inbound really has."""
    process = xrgui.start("run", *args)
    (status,) = xrgui.until(xrgui.status, process)
    return process, int(status["configs"][0]["inbounds"][0]["listen"].rpartition(":")[2])


def talk(port: int) -> socket.socket:
    visitor = socket.create_connection(("127.0.0.1", port), timeout=10)
    assert visitor.recv(100) == b"hello\n"
    return visitor


class TestRun:
    def test_bytes_pass_and_sigterm_ends_within_two_seconds(self, xrgui: Xrgui, tmp_path: Path, echo: int) -> None:
        process, port = running(xrgui, "-c", write(tmp_path / "web.json", config(target=echo)))
        with talk(port) as visitor:
            visitor.sendall(b"back")
            assert visitor.recv(100) == b"back"
            start = time.monotonic()
            process.terminate()
            assert process.wait(5) == 0
            assert time.monotonic() - start < 2
        assert not list((tmp_path / "run").iterdir())

    def test_sigint_ends_too(self, xrgui: Xrgui, tmp_path: Path) -> None:
        process, _ = running(xrgui, "-c", write(tmp_path / "c.json", config()))
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
        assert "Traceback" not in xrgui.said(process)

    def test_errors_start_nothing(self, xrgui: Xrgui, tmp_path: Path) -> None:
        done = xrgui("run", "-c", write(tmp_path / "c.json", config(70000)), code=1)
        assert done.stderr.splitlines()[-1] == f"error: 1 error in {tmp_path}/c.json. Nothing was started."

    def test_sighup_restarts_only_what_changed(self, xrgui: Xrgui, tmp_path: Path, echo: int) -> None:
        file = write(tmp_path / "c.json", config(target=echo, log={"loglevel": "info"}))
        process, port = running(xrgui, "-c", file)
        with talk(port) as visitor:
            more = config(target=echo, log={"loglevel": "info"})
            more["inbounds"].append({**more["inbounds"][0], "tag": "second"})
            write(file, more)
            process.send_signal(signal.SIGHUP)
            xrgui.until(lambda: "reloaded: started inbound second" in xrgui.said(process), process)
            visitor.sendall(b"still here")
            assert visitor.recv(100) == b"still here"
            file.write_text("{")
            process.send_signal(signal.SIGHUP)
            xrgui.until(lambda: "not reloaded: 1 error" in xrgui.said(process), process)
            visitor.sendall(b"and here")
            assert visitor.recv(100) == b"and here"

    def test_stdin_survives_sighup(self, xrgui: Xrgui) -> None:
        process = xrgui.start("run", "-c", "-")
        assert process.stdin is not None
        process.stdin.write(json.dumps(config(log={"loglevel": "info"})))
        process.stdin.close()
        xrgui.until(xrgui.status, process)
        process.send_signal(signal.SIGHUP)
        xrgui.until(lambda: "reloaded: nothing changed" in xrgui.said(process), process)

    def test_the_log_tells_visitor_target_rule_and_outbound(self, xrgui: Xrgui, tmp_path: Path, echo: int) -> None:
        rules = {"rules": [{"ruleTag": "web", "inboundTag": ["in"], "outboundTag": "direct"}]}
        more = config(target=echo, routing=rules, log={"loglevel": "info", "access": str(tmp_path / "access")})
        process, port = running(xrgui, "-c", write(tmp_path / "c.json", more))
        with talk(port) as visitor:
            source = visitor.getsockname()[1]
        line = rf"^\d\d:\d\d:\d\d info .*127.0.0.1:{source}.*tcp:127.0.0.1:{echo}.*web.*direct"
        xrgui.until(lambda: re.search(line, xrgui.said(process), re.MULTILINE), process)
        assert f"127.0.0.1:{source}" in (tmp_path / "access").read_text()

    def test_no_control(self, xrgui: Xrgui, tmp_path: Path) -> None:
        process = xrgui.start("run", "--no-control", "--log-level", "info", "-c", write(tmp_path / "c", config()))
        xrgui.until(lambda: "running" in xrgui.said(process), process)
        assert xrgui.status() == []

    def test_a_second_one_of_the_same_port_is_refused(self, xrgui: Xrgui, tmp_path: Path) -> None:
        _, port = running(xrgui, "-c", write(tmp_path / "a.json", config()))
        done = xrgui("run", "-c", write(tmp_path / "b.json", config(port)), code=1)
        assert f"port {port} is taken by" in done.stderr


class TestAttached:
    def test_status_connections_logs_and_stop(self, xrgui: Xrgui, tmp_path: Path, echo: int) -> None:
        process, port = running(xrgui, "-c", write(tmp_path / "web.json", config(target=echo)))
        with talk(port) as visitor:
            source = ":".join(map(str, visitor.getsockname()))
            (row,) = json.loads(xrgui("connections", "--json").stdout)
            assert (row["pid"], row["config"], row["source"], row["outbound"]) == (
                process.pid,
                "web",
                source,
                "direct",
            )
            assert source in xrgui("connections").stdout
            (status,) = xrgui.status()
            assert status["totals"]["open"] == 1
            assert "1 open" in xrgui("status").stdout
            xrgui("logs", "-n", "5")
            assert xrgui("stop").stdout == f"Stopped engine {process.pid}.\n"
        assert process.wait(5) == 0
        assert xrgui("connections", code=1).stderr.startswith("error: No engine runs.")

    def test_an_engine_that_never_answers_holds_up_nobody(
        self, xrgui: Xrgui, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XRGUI_RUNTIME_DIR", xrgui.env["XRGUI_RUNTIME_DIR"])
        monkeypatch.setattr("xrgui.commands.attached.PATIENCE", 0.2)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(paths.new_endpoint()))
            listener.listen()
            with pytest.raises(SystemExit, match="1"):
                cli.main(["status"])
        assert "has not answered" in capsys.readouterr().err

    def test_several_engines_want_a_name(self, xrgui: Xrgui, tmp_path: Path) -> None:
        file = write(tmp_path / "c.json", config())
        processes = [xrgui.start("run", "-c", file) for _ in range(2)]
        xrgui.until(lambda: len(xrgui.status()) == 2)
        assert "Name one by --pid." in xrgui("stop", code=1).stderr
        xrgui("stop", "--pid", str(processes[0].pid))
        assert processes[0].wait(5) == 0
        xrgui("stop", "--all")
        assert processes[1].wait(5) == 0

    def test_logs_follow_until_the_engine_ends(self, xrgui: Xrgui, tmp_path: Path) -> None:
        process, _ = running(xrgui, "-c", write(tmp_path / "c.json", config(log={"loglevel": "info"})))
        follower = xrgui.start("logs", "-f")
        assert follower.stdout is not None
        assert re.match(r"\d\d:\d\d:\d\d info running .*c\.json", follower.stdout.readline())
        process.terminate()
        assert "stopping" in follower.stdout.read()
        assert follower.wait(5) == 1

    def test_what_a_killed_engine_leaves_is_cleared_away(self, xrgui: Xrgui, tmp_path: Path) -> None:
        process, _ = running(xrgui, "-c", write(tmp_path / "c.json", config()))
        process.kill()
        process.wait()
        assert list((tmp_path / "run").iterdir())
        xrgui("status", code=1)
        assert not list((tmp_path / "run").iterdir())


class TestEngine:
    def test_waits_for_configurations_and_ends_with_its_owner(self, xrgui: Xrgui, tmp_path: Path) -> None:
        process = xrgui.start("engine", "--until-eof")
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline().strip() == str(tmp_path / "run" / f"{process.pid}.sock")
        process.stdin.close()
        assert process.wait(5) == 0

    def test_outlives_its_owner_otherwise(self, xrgui: Xrgui) -> None:
        process = xrgui.start("engine")
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdin.close()
        (status,) = json.loads(xrgui("status", "--json").stdout)["engines"]
        assert (status["pid"], status["configs"]) == (process.pid, [])

    @pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can own it wrongly")
    def test_a_place_that_others_own_is_refused(self, xrgui: Xrgui, tmp_path: Path) -> None:
        (tmp_path / "run").mkdir(mode=0o777)
        os.chown(tmp_path / "run", 12345, 12345)
        assert "is not private to you" in xrgui("engine", code=1).stderr


def tunnel_files(xrgui: Xrgui, tmp_path: Path, ports: Callable[[], int]) -> tuple[Path, str, int]:
    """A portal's configuration, the link to it, and its port for visitors."""
    pin = xrgui("cert", "127.0.0.1", "--out", "portal").stdout.strip()
    user, door, public = xrgui("uuid").stdout.strip(), ports(), ports()
    pair = {"certificateFile": str(tmp_path / "portal.crt"), "keyFile": str(tmp_path / "portal.key")}
    portal = {
        "inbounds": [
            {
                "tag": "door",
                "listen": "127.0.0.1",
                "port": door,
                "protocol": "vless",
                "settings": {"users": [{"id": user, "reverse": {"tag": "home"}}], "decryption": "none"},
                "streamSettings": {"security": "tls", "tlsSettings": {"certificates": [pair]}},
            },
            {"tag": "public", "listen": "127.0.0.1", "port": public, "protocol": "tunnel", "settings": {}},
        ],
        "outbounds": [{"protocol": "blackhole"}],
        "routing": {"rules": [{"inboundTag": ["public"], "outboundTag": "home"}]},
    }
    link = f"vless://{user}@127.0.0.1:{door}?encryption=none&security=tls&pcs={pin}&type=raw#home"
    return write(tmp_path / "portal.json", portal), link, public


class TestExpose:
    @pytest.mark.parametrize("way", ["link", "stdin", "environment", "portal", "outbound"])
    def test_a_local_port_gets_a_public_url(
        self, xrgui: Xrgui, tmp_path: Path, free_port: Callable[[], int], echo: int, way: str
    ) -> None:
        file, link, public = tunnel_files(xrgui, tmp_path, free_port)
        xrgui.start("run", "-c", file)
        xrgui.until(xrgui.status)
        args: list[str | Path] = [
            "--via",
            {"link": link, "stdin": "-", "portal": file}.get(way, "bridge.json"),
        ]
        if way == "environment":
            xrgui.env["XRGUI_VIA"] = link
            args = []
        if way == "outbound":
            write(tmp_path / "bridge.json", outbound_of(file))
        exposed = xrgui.start("expose", str(echo), *args)
        assert exposed.stdin is not None
        assert exposed.stdout is not None
        if way == "stdin":
            exposed.stdin.write(link + "\n")
        exposed.stdin.close()
        assert exposed.stdout.readline() == f"http://127.0.0.1:{public}/\n", xrgui.said(exposed)
        with talk(public) as visitor:
            visitor.sendall(b"through")
            assert visitor.recv(100) == b"through"
        assert link.split("@")[0][8:] not in xrgui.said(exposed)

    def test_only_that_port_can_be_reached(
        self, xrgui: Xrgui, tmp_path: Path, free_port: Callable[[], int], echo: int
    ) -> None:
        """A portal that asks for another target reaches what is shared all the same."""
        file, link, public = tunnel_files(xrgui, tmp_path, free_port)
        portal = json.loads(file.read_text())
        with socket.create_server(("127.0.0.1", 0)) as secret:
            portal["inbounds"][1]["settings"] = {"address": "127.0.0.1", "port": secret.getsockname()[1]}
            xrgui.start("run", "-c", write(file, portal))
            xrgui.until(xrgui.status)
            exposed = xrgui.start("expose", str(echo), "--via", link)
            assert exposed.stdout is not None
            exposed.stdout.readline()
            talk(public).close()
            secret.settimeout(0.2)
            with pytest.raises(TimeoutError):
                secret.accept()

    def test_waits_for_a_server_that_is_away_and_says_so(
        self, xrgui: Xrgui, tmp_path: Path, free_port: Callable[[], int], echo: int
    ) -> None:
        file, link, public = tunnel_files(xrgui, tmp_path, free_port)
        exposed = xrgui.start("expose", str(echo), "--via", link)
        assert exposed.stdout is not None
        xrgui.until(lambda: "Nothing listens there" in xrgui.said(exposed), exposed)
        xrgui.start("run", "-c", file)
        assert exposed.stdout.readline() == f"http://127.0.0.1:{public}/\n"

    def test_a_wrong_pin_is_told_from_a_wrong_id(
        self, xrgui: Xrgui, tmp_path: Path, free_port: Callable[[], int], echo: int
    ) -> None:
        file, link, _ = tunnel_files(xrgui, tmp_path, free_port)
        xrgui.start("run", "-c", file)
        xrgui.until(xrgui.status)
        pinned = xrgui.start("expose", str(echo), "--via", re.sub("pcs=[0-9a-f]{64}", "pcs=" + "0" * 64, link))
        xrgui.until(lambda: "compare its certificate with the pin" in xrgui.said(pinned), pinned)
        stranger = xrgui.start("expose", str(echo), "--via", re.sub("//[^@]*", f"//{UUID(int=5)}", link))
        xrgui.until(lambda: "whether it knows this id" in xrgui.said(stranger), stranger)

    def test_a_target_that_does_not_answer_is_told(
        self, xrgui: Xrgui, tmp_path: Path, free_port: Callable[[], int]
    ) -> None:
        _, link, _ = tunnel_files(xrgui, tmp_path, free_port)
        exposed = xrgui.start("expose", str(free_port()), "--via", link)
        xrgui.until(lambda: "visitors fail until something listens there" in xrgui.said(exposed), exposed)

    @pytest.mark.parametrize(
        ("via", "said"),
        [
            ("nope.json", "nope.json cannot be read: No such file or directory."),
            ("trojan://p@h:1", "The link cannot be used: link: needs what xrgui lacks: Trojan."),
            ("vless://x@h", "The link cannot be used: port: is missing"),
            ("empty.json", "empty.json holds no tunnel."),
        ],
    )
    def test_a_via_that_is_none(self, xrgui: Xrgui, tmp_path: Path, via: str, said: str) -> None:
        write(tmp_path / "empty.json", {"outbounds": [{"protocol": "freedom"}]})
        done = xrgui("expose", "3000", "--via", via, code=1)
        assert said in done.stderr
        assert done.stderr.count("\n") == 1

    def test_a_portal_file_that_listens_everywhere_wants_an_address(
        self, xrgui: Xrgui, tmp_path: Path, free_port: Callable[[], int]
    ) -> None:
        file, _, _ = tunnel_files(xrgui, tmp_path, free_port)
        portal = json.loads(file.read_text())
        portal["inbounds"][0]["listen"] = "0.0.0.0"
        done = xrgui("expose", "3000", "--via", write(file, portal), code=1)
        assert "Add --server HOST." in done.stderr


def outbound_of(file: Path) -> dict[str, Any]:
    """What dials the portal of *file*: an outbound alone, as a user may have it."""
    door = json.loads(file.read_text())["inbounds"][0]
    settings = {"address": "127.0.0.1", "port": door["port"], "id": door["settings"]["users"][0]["id"]}
    chain = Path(door["streamSettings"]["tlsSettings"]["certificates"][0]["certificateFile"])
    from xrgui.profiles.certificates import pin

    tls = {"pinnedPeerCertSha256": pin(chain.read_text())}
    return {
        "protocol": "vless",
        "settings": {**settings, "encryption": "none"},
        "streamSettings": {"security": "tls", "tlsSettings": tls},
    }


def test_pages_are_fetched(xrgui: Xrgui) -> None:
    site = xrgui.start("demo-site")
    assert site.stdout is not None
    url = site.stdout.readline().strip()
    assert b"You came through a tunnel" in get(url)
