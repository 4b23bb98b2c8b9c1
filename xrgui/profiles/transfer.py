"""Profiles out of links, configurations and backups that somebody hands over.

Nothing is saved and nothing is started here: a preview says what there is and what to know about it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from xrgui.config import jsonc
from xrgui.config.load import load_text
from xrgui.links import Link, LinkError, extract_links, format_link
from xrgui.profiles import backup, ownlink
from xrgui.profiles.document import DamagedError, NewerError, profile_from
from xrgui.profiles.model import Certificate, Profile, Service, is_reference, new_id
from xrgui.profiles.problems import Problem, problem
from xrgui.profiles.rawjson import map_texts
from xrgui.profiles.recognise_server import recognise_server
from xrgui.profiles.recognise_share import recognise_share
from xrgui.profiles.sealed import unseal
from xrgui.profiles.servers import link_server, place
from xrgui.profiles.store import copy_of
from xrgui.profiles.validate import MAX_NAME
from xrgui.profiles.vault import map_secrets

MAX_SIZE = 16 * 1024 * 1024
MAX_ITEMS = 1000
_FILE_NAMES = frozenset({"access", "error", "certificatefile", "keyfile", "masterkeylog"})
"""Names under which Xray configurations hold paths of files, in lower case."""

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They write what follows backwards."""

replace = msgspec.structs.replace


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One profile that could be taken over. Its secrets are in place; it has an id that is new here."""

    name: str
    profile: Profile | None = None
    """None while it is sealed."""
    warnings: tuple[Problem, ...] = ()
    sealed: bytes = b""
    """To be opened by `unlock`."""

    def __repr__(self) -> str:
        return f"Item({self.name!r}, {self.profile!r})"


class Failure(NamedTuple):
    """A part that cannot be taken over, and why; `origin` holds no secret."""

    origin: str
    reason: str


class Preview(NamedTuple):
    items: tuple[Item, ...]
    failures: tuple[Failure, ...]


class Found(NamedTuple):
    """A profile as it came, before it is made fit for this place."""

    profile: Profile
    warnings: tuple[Problem, ...] = ()


class Sealed(NamedTuple):
    name: str
    data: bytes


Part = Found | Sealed | Failure


def preview_file(path: Path, existing: Sequence[Profile]) -> Preview:
    """What is in the file, of whatever kind it is."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        return _failed(path.name, f"cannot be read: {error.strerror or error}")
    if len(data) > MAX_SIZE:
        return _failed(path.name, f"is larger than {MAX_SIZE // 1024 // 1024} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _failed(path.name, "is no text in UTF-8")
    return preview_text(text, existing, path.stem)


def preview_text(text: str, existing: Sequence[Profile], name: str = "") -> Preview:
    """What is in the text: links, a subscription, configurations, profiles or a backup.

    *existing* are the profiles that are here already; *name* is for what has none of its own.
    """
    return _preview(_parts(text, name), existing)


def unlock(item: Item, passphrase: str, existing: Sequence[Profile]) -> Preview:
    """What is under the seal of *item*. Raises PassphraseError."""
    data = unseal(item.sealed, passphrase)
    return _preview(_documents(item.name, data), existing)


def _failed(origin: str, reason: str) -> Preview:
    return Preview((), (Failure(origin, reason),))


def _preview(parts: Iterator[Part], existing: Sequence[Profile]) -> Preview:
    items: list[Item] = []
    failures: list[Failure] = []
    known = _Known(existing)
    for part in parts:
        if isinstance(part, Failure):
            failures.append(part)
        elif isinstance(part, Sealed):
            items.append(Item(name=part.name, sealed=part.data))
        else:
            item = _fitted(part, known)
            if len(items) == MAX_ITEMS:
                failures.append(Failure(item.name, f"this and what follows is left out: more than {MAX_ITEMS} at once"))
                break
            items.append(item)
            if item.profile is not None:
                known.add(item.profile)
    return Preview(tuple(items), tuple(failures))


# What kind of text it is


def _parts(text: str, name: str) -> Iterator[Part]:
    value, fault = jsonc.parse(text, name)
    if fault is None and isinstance(value, dict | list) and value != []:
        yield from _json(value, text, name)
        return
    links = extract_links(text)
    yield from (_link(link) for link in links.links)
    yield from (Failure(origin, str(error)) for origin, error in links.failures)
    if not links.links and not links.failures:
        looks_like_json = text.lstrip().startswith(("{", "[", "//", "/*", "#"))
        reason = str(fault) if looks_like_json and fault else "holds no link, configuration or backup"
        yield Failure(name, reason)


def _json(value: Any, text: str, name: str) -> Iterator[Part]:
    if backup.is_backup(value):
        yield from _backup(value, name)
    elif isinstance(value, dict) and "schema" in value:
        yield _document(value, name)
    elif isinstance(value, dict) and {"inbounds", "outbounds", "reverse"} & value.keys():
        yield _configuration(text, _remarks(value) or name)
    elif isinstance(value, list) and all(isinstance(item, dict) and "outbounds" in item for item in value):
        for number, item in enumerate(value, 1):
            written = msgspec.json.format(msgspec.json.encode(item), indent=2).decode()
            yield _configuration(written, _remarks(item) or f"{name} {number}".strip())
    else:
        links = extract_links(text)
        yield from (_link(link) for link in links.links)
        yield from (Failure(origin, str(error)) for origin, error in links.failures)
        if not links.links and not links.failures:
            yield Failure(name, "is JSON, but no configuration, profile or backup")


def _remarks(value: dict[str, Any]) -> str:
    remarks = value.get("remarks")
    return remarks if isinstance(remarks, str) else ""


def _backup(value: dict[str, Any], name: str) -> Iterator[Part]:
    try:
        sealed = backup.sealed_part(value)
        if sealed:
            yield Sealed(name, sealed)
            return
        yield from _listed(value, name)
    except (DamagedError, NewerError) as error:
        yield Failure(name, str(error))


def _listed(value: Any, name: str) -> Iterator[Part]:
    for number, profile in enumerate(backup.profiles_in(value), 1):
        yield Found(profile) if isinstance(profile, Profile) else Failure(f"{name} {number}", str(profile))


def _document(value: dict[str, Any], name: str) -> Part:
    try:
        return Found(profile_from(value))
    except (DamagedError, NewerError) as error:
        return Failure(name, str(error))


def _documents(name: str, data: bytes) -> Iterator[Part]:
    """What was under a seal: one profile, or those of a backup."""
    try:
        value = msgspec.json.decode(data)
        if isinstance(value, dict) and "profiles" in value:
            yield from _listed(value, name)
        else:
            yield Found(profile_from(value))
    except (msgspec.DecodeError, RecursionError, DamagedError, NewerError) as error:
        yield Failure(name, str(error))


# Links


def _link(link: Link) -> Part:
    name = link.name or link.address
    if link.protocol == "xrgui":
        return _own(link)
    checked = replace(link, insecure=False)
    if checked.lacks:
        lacks = problem("link", "link.unsupported", "warning", lacks=", ".join(link.lacks))
        return Found(Profile(id=new_id(), name=name, link=format_link(link)), (lacks,))
    warnings = [problem("server.pins", "import.insecure", "warning")] if link.insecure and not link.pins else []
    profile = Profile(
        id=new_id(),
        name=name,
        server=link_server(checked),
        dialect="classic" if link.protocol == "vmess" else "vless-reverse",
    )
    return Found(profile, (*warnings, problem("services", "import.services", "warning")))


def _own(link: Link) -> Part:
    try:
        sealed = ownlink.sealed_part(link)
        return Sealed(link.name, sealed) if sealed else Found(ownlink.open_link(link))
    except LinkError as error:
        return Failure(f"xrgui:// {link.name}".strip(), str(error))


# Configurations


def _configuration(text: str, name: str) -> Part:
    """A plain profile where one can say it all, else the text itself."""
    loaded = load_text(text)
    if loaded.draft is None:
        return Failure(name, "; ".join(str(item) for item in loaded.problems))
    name = name or "Xray"
    notes = tuple(problem(f"json:{item.place}", "json.bad", "warning", message=item) for item in loaded.problems)
    plain = None
    if loaded.config is not None:
        plain = recognise_share(loaded.config, name) or recognise_server(loaded.config, name)
    if plain is not None:
        return Found(plain, notes)
    return Found(Profile(id=new_id(), name=name, role="custom", json=text), notes)


# Fit for this place


_Whereto = tuple[tuple[str, int, str, str], tuple[Service, ...]]


class _Known:
    """What is here already, and what came before in the same text. Thousands may come in one."""

    def __init__(self, existing: Iterable[Profile]) -> None:
        self.ids: set[str] = set()
        self.names: set[str] = set()
        self._twins: dict[_Whereto, str] = {}
        for profile in existing:
            self.add(profile)

    def add(self, profile: Profile) -> None:
        self.ids.add(profile.id)
        self.names.add(profile.name)
        if (key := _whereto(profile)) is not None:
            self._twins.setdefault(key, profile.name)

    def twin(self, profile: Profile) -> str | None:
        """The name of one that shares the same through the same server."""
        key = _whereto(profile)
        return self._twins.get(key) if key is not None else None


def _whereto(profile: Profile) -> _Whereto | None:
    shares = profile.role == "share" and profile.server.address
    return (place(profile.server), profile.services) if shares else None


def _clean(name: str) -> str:
    """On one line, without what makes a name look like another one."""
    kept = (" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in name if char not in _TURNING)
    return " ".join("".join(kept).split())[:MAX_NAME]


def _fitted(found: Found, known: _Known) -> Item:
    profile, warnings = found.profile, list(found.warnings)
    profile = replace(profile, name=_clean(profile.name))
    profile = _without_references(_without_paths(profile, warnings), warnings)
    if profile.start_with_program:
        profile = replace(profile, start_with_program=False)
        warnings.append(problem("start_with_program", "import.start", "warning"))
    if profile.id in known.ids:
        profile = replace(profile, id=new_id())
        warnings.append(problem("id", "import.same_id", "warning"))
    twin = known.twin(profile)
    if twin is not None:
        warnings.append(problem("server", "import.twin", "warning", name=twin))
    if profile.name in known.names:
        profile = replace(copy_of(profile, known.names), id=profile.id)
    return Item(name=profile.name, profile=profile, warnings=tuple(warnings))


def _without_paths(profile: Profile, warnings: list[Problem]) -> Profile:
    """Nobody else's profile says which of our files to read or to write."""
    certificate = profile.listen.certificate
    for path in filter(None, (certificate.chain_file, certificate.key_file)):
        warnings.append(problem("listen.certificate", "import.path", "warning", path=path))
    bare = Certificate(chain=certificate.chain, key=certificate.key)
    return replace(
        profile,
        listen=replace(profile.listen, certificate=bare),
        json=_json_without_paths(profile.json, warnings),
    )


def _without_references(profile: Profile, warnings: list[Problem]) -> Profile:
    """Nobody else's profile may send the secrets of one that is here to a server of its choice."""

    def change(place: str, value: str) -> str:
        if not is_reference(value):
            return value
        warnings.append(problem(place, "import.reference", "warning"))
        return ""

    return map_secrets(profile, change)


def _json_without_paths(text: str, warnings: list[Problem]) -> str:
    def change(name: str, value: str) -> str:
        is_file = name in _FILE_NAMES and value not in ("", "none")
        is_socket = name in ("listen", "dest", "target") and value.startswith(("/", "@"))
        if not (is_file or is_socket):
            return value
        warnings.append(problem("json", "import.path", "warning", path=value))
        return ""

    return map_texts(text, change)
