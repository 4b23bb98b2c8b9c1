"""States and troubles in words: what happened, and what to do next."""

from __future__ import annotations

import time
from dataclasses import dataclass

from xrgui.profiles.problems import TEXTS, Problem
from xrgui.profiles.secrets import SecretError
from xrgui.profiles.store import Notice
from xrgui.ui import units
from xrgui.ui.engine_words import engine_words
from xrgui.ui.language import tr
from xrgui.ui.tunnel import Phase, Role, Trouble, Tunnel

SAID = ("message", "reason", "lacks")
"""Values of a problem that are sentences of the checks."""


@dataclass(frozen=True)
class Advice:
    """A trouble as the error card says it; `steps` names the actions offered, the first is the main one."""

    title: str
    text: str
    steps: tuple[str, ...] = ()


def phase(tunnel: Tunnel) -> str:
    """The state in a few words: for list, tray and screen reader."""
    if tunnel.phase is Phase.TROUBLE:
        return advice(tunnel).title
    if tunnel.phase is Phase.CONNECTING and tunnel.role is Role.SERVE:
        return tr("Waiting for a computer")
    return {
        Phase.STOPPED: tr("Stopped"),
        Phase.CONNECTING: tr("Connecting"),
        Phase.UP: tr("Up"),
        Phase.UNKNOWN: tr("The engine does not answer"),
    }[tunnel.phase]


def asking(tunnel: Tunnel) -> str:
    """That somebody waits for approval; empty if nobody does."""
    number = len(tunnel.newcomers)
    return tr("{n} computer asks to be let in|{n} computers ask to be let in", number) if number else ""


def state(tunnel: Tunnel) -> str:
    """`phase`, and who waits for the person: for tray and screen reader."""
    return ", ".join(part for part in (phase(tunnel), asking(tunnel)) if part)


def standing(tunnel: Tunnel, now: float | None = None) -> str:
    """The line beside the tunnel's name: since when, or what it waits for."""
    now = time.time() if now is None else now
    if tunnel.phase is Phase.UP:
        return tr("Up for {span}", span=units.span(now - tunnel.since))
    if tunnel.phase is Phase.CONNECTING and tunnel.role is not Role.SERVE:
        return attempt(tunnel, now)
    return "" if tunnel.phase is Phase.TROUBLE else phase(tunnel)


def attempt(tunnel: Tunnel, now: float | None = None) -> str:
    """``Attempt 3, again in 8 s``"""
    now = time.time() if now is None else now
    if tunnel.retry_at > now:
        return tr(
            "Attempt {number}, again in {wait}",
            number=tunnel.attempt,
            wait=units.wait(tunnel.retry_at - now),
        )
    if tunnel.attempt > 1:
        return tr("Connecting, attempt {number}", number=tunnel.attempt)
    return tr("Connecting")


def retries(tunnel: Tunnel) -> bool:
    """It tries again by itself, and no person is needed yet."""
    return tunnel.phase is Phase.CONNECTING and tunnel.attempt > 1


def patience(tunnel: Tunnel) -> Advice:
    """What the card says of a tunnel that `retries`."""
    title = advice(tunnel).title if tunnel.trouble is not Trouble.NONE else tr("Connecting")
    return Advice(title, tr("xrgui goes on trying. Nothing has to be done yet."), ("retry",))


def invites(tunnel: Tunnel) -> bool:
    """A public server through which nobody shares or asks to."""
    return tunnel.role is Role.SERVE and tunnel.phase is Phase.CONNECTING and not tunnel.newcomers


def invitation() -> Advice:
    """What the card says of a server that `invites`."""
    text = tr(
        "On the computer that shares, choose “Share from this computer” and paste this server's link there. "
        "The link holds a secret."
    )
    return Advice(tr("No computer shares through this server yet"), text, ("copy_link",))


def advice(tunnel: Tunnel) -> Advice:
    """What the error card says of the tunnel's trouble."""
    server = tunnel.server or tr("The server")
    service = next((s.label for s in tunnel.services if s.answers is False), tr("The local service"))
    known = {
        Trouble.REFUSED_ID: Advice(
            tr("The server refused the id"),
            tr(
                "{server} answered, but closed the link right after the greeting. Its list of users does "
                "not contain the id of this tunnel, or that user has no reverse tag.",
                server=server,
            ),
            ("edit", "other_end", "retry"),
        ),
        Trouble.CERTIFICATE: Advice(
            tr("The certificate does not match"),
            tr(
                "{server} showed a certificate that is not the expected one. Either the server has a new "
                "certificate, or somebody stands between.",
                server=server,
            ),
            ("edit", "retry"),
        ),
        Trouble.UNREACHABLE: Advice(
            tr("The server cannot be reached"),
            tr("There is no way to {server} from here. Look whether this computer is online.", server=server),
            ("retry", "edit"),
        ),
        Trouble.NAME: Advice(
            tr("The server's name is unknown"),
            tr("No address was found for {server}. Look for a typing error in the name.", server=server),
            ("edit", "retry"),
        ),
        Trouble.REFUSED: Advice(
            tr("Nothing listens at the server's port"),
            tr(
                "The computer answers, but {server} takes no connections. The program there does not run, "
                "or it listens on another port.",
                server=server,
            ),
            ("edit", "other_end", "retry"),
        ),
        Trouble.TIMEOUT: Advice(
            tr("The server does not answer"),
            tr("{server} stays silent. A firewall may swallow the port, or it is down.", server=server),
            ("retry", "edit"),
        ),
        Trouble.DROPPED: Advice(
            tr("The link was lost"),
            tr("{server} was connected, then the link broke off.", server=server),
            ("retry", "edit"),
        ),
        Trouble.PROTOCOL: Advice(
            tr("The server speaks otherwise"),
            tr(
                "{server} answers, but not as this tunnel expects. Protocol, transport, path and TLS must be "
                "the same on both ends.",
                server=server,
            ),
            ("edit", "other_end", "retry"),
        ),
        Trouble.PORT_TAKEN: Advice(
            tr("The port is taken"),
            tr("Another program on this computer listens there already. Choose another port, or stop it."),
            ("edit", "restart"),
        ),
        Trouble.UNAPPROVED: Advice(
            tr("The server's owner has to let you in"),
            tr(
                "{server} knows the id, but not this computer. Its owner sees the key below and approves it; "
                "then the tunnel comes up by itself.",
                server=server,
            ),
            ("copy_key",),
        ),
        Trouble.SERVICE: Advice(
            tr("The local service does not answer"),
            tr(
                "Visitors reach this computer, but nothing answers at {service}. Start the program there.",
                service=service,
            ),
            ("edit",),
        ),
        Trouble.CONFIG: Advice(
            tr("The configuration has an error"),
            tr("The engine did not take this tunnel's configuration."),
            ("edit", "restart"),
        ),
        Trouble.SECRETS: Advice(
            tr("Secrets are not at hand"),
            tr("The id or key of this tunnel could not be read."),
            ("unlock", "edit"),
        ),
        Trouble.SECRET_MISSING: Advice(
            tr("A secret is missing"), tr("Enter the id or key of this tunnel again."), ("edit",)
        ),
        Trouble.ENGINE: Advice(
            tr("The engine stopped"), tr("It ended on its own and is being started again."), ("restart",)
        ),
    }
    return known.get(
        tunnel.trouble,
        Advice(tr("Something went wrong"), tr("The engine said what follows."), ("retry", "edit")),
    )


def problem(found: Problem) -> str:
    """What is wrong with a field of a profile."""
    said = {name: engine_words(value) if name in SAID else value for name, value in found.params.items()}
    return tr(TEXTS[found.code]).format_map(said)


def secret(error: SecretError) -> str:
    """Why a secret cannot be read or stored."""
    return {
        "timeout": tr("The keyring did not answer in time. Answer its prompt, then try again."),
        "locked": tr("The secrets are locked. Unlock them and try again."),
        "missing": tr("A secret is not in the store any more. Enter it again."),
        "unavailable": tr("This system has no keyring that runs."),
        "passphrase": tr("The passphrase does not open it."),
    }.get(error.code, engine_words(f"{error}."))


def notice(found: Notice) -> str:
    """What became of a file that gave no tunnel."""
    name = found.path.name
    if found.kind == "newer":
        return tr("{name} was written by a newer xrgui and is left alone.", name=name)
    if found.kind == "unreadable":
        return engine_words(f"{name}: {found.reason}.")
    parts = [tr("The file {name} is damaged ({reason}).", name=name, reason=engine_words(found.reason))]
    if found.kept is not None:
        parts.append(tr("It was set aside as {path}.", path=found.kept))
    if found.restored:
        parts.append(tr("The last good version took its place."))
    return " ".join(parts)


def step(name: str, trouble: Trouble) -> str:
    """The label of an error card's button."""
    if name == "edit" and trouble is Trouble.REFUSED_ID:
        return tr("Edit the id")
    return {
        "edit": tr("Edit"),
        "copy_key": tr("Copy the key"),
        "copy_link": tr("Copy the link"),
        "other_end": tr("Show the server's part"),
        "retry": tr("Retry now"),
        "restart": tr("Start again"),
        "unlock": tr("Unlock secrets"),
    }[name]
