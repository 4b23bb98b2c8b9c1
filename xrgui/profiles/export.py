"""Profiles as text for other programs and other computers.

Nothing secret leaves unless it is asked for.
"""

from __future__ import annotations

from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from xrgui.config.dump import dump
from xrgui.links import format_link
from xrgui.profiles.compile import compile_profile
from xrgui.profiles.model import Certificate, Dialect, Profile
from xrgui.profiles.otherend import PLACEHOLDER_KEY, Other, private_end, public_end
from xrgui.profiles.problems import Problem, ProfileError, problem
from xrgui.profiles.servers import server_link
from xrgui.profiles.validate import validate
from xrgui.profiles.vault import map_secrets

Target = Literal["xray", "v2ray", "xrgui"]
"""Current Xray; v2ray 4.34 and Xray until v26.4.17; xrgui."""

PLACEHOLDER_ID = "<put the {what} here: it is a secret and was left out>"
"""Too long for an id, so that nothing starts with it."""

replace = msgspec.structs.replace


class Exported(NamedTuple):
    text: str
    notes: tuple[Problem, ...]
    """What to fill in, and what the target does not do; none of them is an error."""


def export_json(profile: Profile, target: Target = "xray", *, secrets: bool = False) -> Exported:
    """The profile as the configuration of *target*. With *secrets*, they must be in place.

    Raises ProfileError if the profile is wrong, or in a dialect that the target does not know.
    """
    blanks: dict[str, str] = {}
    shown = profile if secrets else _blanked(profile, blanks)
    notes: list[Problem] = []
    if profile.role == "custom" and target == "xrgui":
        text = shown.json
    else:
        _check_dialect(profile, target)
        written, found = dump(compile_profile(shown), target)
        text = msgspec.json.format(msgspec.json.encode(written), indent=2).decode() + "\n"
        notes = [item for item in validate(shown).values() if not item.is_error]
        notes += [problem(item.path, "json.bad", "warning", message=item.message) for item in found]
    for blank, what in blanks.items():
        text = text.replace(blank, what)
    if blanks:
        notes.append(problem("", "other.secrets", "warning"))
    return Exported(text, tuple(notes))


def export_link(profile: Profile) -> str:
    """The link of a share's server, for any program that reads such links; it holds the id.

    Raises ProfileError for other roles.
    """
    if profile.link:
        return profile.link
    if profile.role != "share":
        raise ProfileError((problem("role", "export.link"),))
    return format_link(server_link(profile.server, profile.name))


def other_end(
    profile: Profile,
    target: Target,
    *,
    secrets: bool = False,
    certificate: Certificate | None = None,
    bridge: str = "",
) -> Exported:
    """What to run on the other computer, ready to paste: a configuration, or a command for xrgui.

    For a share that is its public server, with *certificate* for TLS; for a public server the share of
    *bridge*, by default the first. Raises ProfileError.
    """
    if profile.role == "custom":
        raise ProfileError((problem("role", "export.other_end"),))
    other = public_end(profile, certificate) if profile.role == "share" else private_end(profile, bridge)
    fitting = _in_dialect_of(other, target)
    exported = export_json(fitting.profile, target, secrets=secrets)
    text = exported.text if target != "xrgui" else f"xrgui run -c - <<'END'\n{exported.text}END\n"
    return Exported(text, (*fitting.notes, *exported.notes))


def _in_dialect_of(other: Other, target: Target) -> Other:
    profile = other.profile
    wanted: Dialect = {"xray": "vless-reverse", "v2ray": "classic"}.get(target, profile.dialect)  # type: ignore[assignment]
    if wanted == profile.dialect:
        return other
    code = "other.vless_reverse" if wanted == "vless-reverse" else "other.classic"
    note = problem("", code, "warning", domain=profile.tunnel_domain)
    return Other(replace(profile, dialect=wanted), (*other.notes, note))


def _check_dialect(profile: Profile, target: Target) -> None:
    if profile.role == "custom":
        return
    if target == "xray" and profile.dialect == "classic":
        raise ProfileError((problem("dialect", "dialect.xray"),))
    if target == "v2ray" and profile.dialect == "vless-reverse":
        raise ProfileError((problem("dialect", "dialect.v2ray"),))


def _blanked(profile: Profile, blanks: dict[str, str]) -> Profile:
    """The profile with ids that say nothing in place of its secrets; *blanks* gets what each stands for."""

    def blank(place: str, value: str) -> str:
        if place == "link":
            return value
        marker = str(UUID(int=len(blanks) + 1))
        blanks[marker] = PLACEHOLDER_ID.format(what="secret" if place == "json" else f"id of the {place}")
        return marker

    certificate = profile.listen.certificate
    if certificate.key:
        certificate = replace(certificate, key="", key_file=PLACEHOLDER_KEY)
    return map_secrets(replace(profile, listen=replace(profile.listen, certificate=certificate)), blank)
