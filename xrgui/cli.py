"""`xrgui …`: finds the subcommand, opens the window without one, and turns faults into sentences."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import strftime
from typing import NamedTuple

import click

from xrgui import __version__, paths
from xrgui.commands.errors import CommandError, complain

WINDOW_PACKAGES = frozenset({"PySide6", "keyring", "pyqtgraph", "qasync", "segno", "shiboken6", "zxingcpp"})


class Entry(NamedTuple):
    target: str
    """Module below xrgui.commands, and its name there."""
    help: str
    """Empty: not shown."""


COMMANDS = {
    "run": Entry("run:run", "Run a configuration."),
    "check": Entry("check:check", "Judge a configuration without running it."),
    "expose": Entry("expose:expose", "Share one local service through a public server."),
    "forward": Entry("forward:forward", "Reach a service beside the public server."),
    "demo": Entry("demo:demo", "See a tunnel work on this machine."),
    "status": Entry("attached:status", "What the running engines do."),
    "approve": Entry("approve:approve", "Let a bridge in that waits for it."),
    "connections": Entry("attached:connections", "The live sub-connections."),
    "logs": Entry("attached:logs", "What a running engine logged."),
    "stop": Entry("attached:stop", "Stop a running engine."),
    "uuid": Entry("make:uuid", "Make an id."),
    "key": Entry("make:key", "Print this machine's bridge key."),
    "cert": Entry("make:cert", "Make a self-signed certificate."),
    "desktop": Entry("desktop:desktop", "Put xrgui among this desktop's applications."),
    "engine": Entry("run:engine", ""),
    "demo-site": Entry("demo:demo_site", ""),
}


class LazyGroup(click.Group):
    """Imports a command only when it is called, and none to list them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].target.partition(":")
        command = getattr(importlib.import_module(f"xrgui.commands.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items() if entry.help])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="xrgui %(version)s")
@click.option("--debug", is_flag=True, help="Show where an unexpected error comes from.")
def group(debug: bool) -> None:
    """Share what runs on your own computer through a public server.

    Without a command the window opens; what follows (links, files) is imported into it.
    """


def main(args: Sequence[str] | None = None) -> None:
    """The program. Ends by SystemExit: 0 fine, 1 failed, 2 used wrongly, 130 interrupted."""
    given = list(sys.argv[1:] if args is None else args)
    debug = "--debug" in given[:1]
    try:
        code = _window(given) if _wants_window(given) else _command(given)
    except CommandError as failure:
        code = failure.tell()
    except click.UsageError as error:
        program = error.ctx.command_path if error.ctx is not None else "xrgui"
        complain(error.format_message(), f"`{program} --help` shows what it takes.")
        code = error.exit_code
    except click.ClickException as error:
        complain(error.format_message())
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:
        if debug:
            raise
        code = _fault(error)
    raise SystemExit(code)


def _fault(error: Exception) -> int:
    if isinstance(error, ModuleNotFoundError):
        return _missing(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO):
        complain(f"Something cannot be written: {error.strerror}")
        return 1
    return _unexpected(error)


def _command(args: list[str]) -> int:
    code = group.main(args, prog_name="xrgui", standalone_mode=False)
    return code if isinstance(code, int) else 0


def _wants_window(args: list[str]) -> bool:
    if not args or args[0] == "--minimized":
        return True
    first = args[0]
    return first not in COMMANDS and ("://" in first or (not first.startswith("-") and Path(first).is_file()))


def _window(args: list[str]) -> int:
    from xrgui.ui.display import obstacle

    if found := obstacle():
        raise CommandError(*found)
    from xrgui.ui.app import main as open_window

    return int(open_window(args) or 0)


def _missing(error: ModuleNotFoundError) -> int:
    """A package is not here: on a server that is the window's."""
    what = (error.name or "").partition(".")[0]
    if what in WINDOW_PACKAGES:
        message = f"The window needs {what}, which is not installed here."
        hint = "`pip install xrgui` brings it; without the window, `xrgui --help` lists the commands."
    else:
        message = f"xrgui is not installed as a whole: {error.name} is missing."
        hint = "`pip install --force-reinstall xrgui` brings it."
    complain(message, hint)
    return 1


def _unexpected(error: Exception) -> int:
    """One sentence on the terminal, the whole in a file."""
    import traceback

    from xrgui.logs import Masker

    text = "".join(traceback.format_exception(error))
    where = paths.log_dir() / f"crash-{strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    hint = "`xrgui --debug …` shows where it comes from."
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(Masker()(text), encoding="utf-8")
        hint = f"{where} says where it comes from."
    except OSError:
        pass
    complain(f"This is a fault of xrgui: {Masker()(str(error)) or type(error).__name__}.", hint)
    return 1
