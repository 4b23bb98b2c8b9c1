"""`xrgui check`: all that is wrong with a configuration, at once."""

from __future__ import annotations

import click

from xrgui.commands.files import Source, describe, option, summary


@click.command()
@option
@click.option("--json", "as_json", is_flag=True, help="Print the problems as a JSON array.")
def check(files: tuple[str, ...], as_json: bool) -> int:
    """Judge a configuration without running it.

    Exit code 0: fine, maybe with warnings; 1: errors; 2: used wrongly.
    """
    checked = Source(files).check(probe_ports=True)
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(checked.problems)))
    else:
        for problem in checked.problems:
            click.echo(describe(problem))
        click.echo(f"{summary(checked.problems) or 'No problems'} in {', '.join(files)}.")
    return 0 if checked.config is not None else 1
