"""`xrgui desktop`: what the settings of the window do, for who installs it by a script."""

from __future__ import annotations

import click

from xrgui.commands.errors import CommandError
from xrgui.ui import desktop_entry


@click.command()
@click.option("--remove", is_flag=True, help="Take it away again.")
def desktop(remove: bool) -> None:
    """Put xrgui among your applications, to open xrgui:// links too."""
    if not desktop_entry.supported():
        raise CommandError("This system has no such entries.", "Start the window with `xrgui`.")
    try:
        desktop_entry.set_on(not remove)
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}.") from None
    click.echo("xrgui is no longer among the applications." if remove else "xrgui is among the applications.")
