"""`xrgui uuid`, `xrgui key` and `xrgui cert`: what a configuration needs and nobody types by hand."""

from __future__ import annotations

from pathlib import Path

import click

from xrgui import bridge_key
from xrgui.commands.errors import CommandError


@click.command()
@click.argument("text", required=False)
def uuid(text: str | None) -> None:
    """Print a new random id, or the one that TEXT (1 to 30 bytes) stands for in Xray."""
    from uuid import uuid4

    from xrgui.config.ids import parse_id

    try:
        click.echo(uuid4() if text is None else parse_id(text))
    except ValueError as error:
        raise click.UsageError(f"The text {error}.") from None


@click.command()
@click.option("--file", type=click.Path(path_type=Path), help="In place of this machine's own.")
def key(file: Path | None) -> None:
    """Print the public key by which portals know this machine's bridges, and its fingerprint.

    It is made where there is none yet. A portal lists such keys as `bridgeKeys`.
    """
    path = file or bridge_key.default_path()
    try:
        found = bridge_key.ensure(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be used: {error.strerror}.") from None
    except ValueError as error:
        raise CommandError(f"{error}.", "Remove it, and a new one is made.") from None
    click.echo(bridge_key.encode(found.public))
    click.echo(bridge_key.fingerprint(found.public))


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@click.option(
    "-o",
    "--out",
    default="xrgui",
    metavar="PATH",
    show_default=True,
    help="Writes PATH.crt and PATH.key.",
)
@click.option("--days", type=click.IntRange(1, 36500), default=3650, show_default=True)
@click.option("--force", is_flag=True, help="Replace files that are there.")
def cert(names: tuple[str, ...], out: str, days: int, force: bool) -> None:
    """Make a self-signed certificate for host names and IP addresses.

    Prints the SHA-256 that clients pin (pinnedPeerCertSha256, or pcs in a link).
    """
    from xrgui import certificate

    chain, key = Path(f"{out}.crt"), Path(f"{out}.key")
    there = [str(path) for path in (chain, key) if path.exists()]
    if there and not force:
        raise CommandError(f"{' and '.join(there)} exists.", "Choose another --out, or add --force to replace it.")
    try:
        made = certificate.make(names, days=days)
        certificate.write(made, chain, key)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    except OSError as error:
        raise CommandError(f"{error.filename or chain} cannot be written: {error.strerror}.") from None
    click.echo(made.pin)
    click.echo(f"Wrote {chain} and {key}. Clients that pin the line above need no authority.", err=True)
