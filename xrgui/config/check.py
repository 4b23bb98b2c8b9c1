"""Judges a configuration as a whole: everything that is wrong with it, at once.

`load` has refused by then what cannot be read and what xrgui lacks; here the parts are held
against each other and against this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import NamedTuple, TypeVar
from uuid import UUID

from xrgui.config.check_ports import check_ports
from xrgui.config.check_reverse import check_reverse
from xrgui.config.check_tls import check_client_tls, check_server_tls
from xrgui.config.cursor import did_you_mean
from xrgui.config.findings import Findings, is_public
from xrgui.config.load import Loaded, load_files
from xrgui.config.model import (
    BlackholeOutbound,
    Config,
    FreedomOutbound,
    Inbound,
    Outbound,
    Rule,
    VlessInbound,
    VlessOutbound,
    VmessInbound,
)
from xrgui.config.problem import Problem, any_error
from xrgui.matching import domain_matcher, ip_matcher, regexp

T = TypeVar("T")


class Checked(NamedTuple):
    config: Config | None
    """None where there is an error among the problems."""
    problems: tuple[Problem, ...]


def check_files(
    paths: Iterable[str | PathLike[str]], *, probe_ports: bool, stdin: str | None = None
) -> Checked:
    """Read and judge: what `xrgui check` prints and what `xrgui run` stands guard with."""
    return judge(load_files(paths, stdin=stdin), probe_ports=probe_ports)


def judge(loaded: Loaded, *, probe_ports: bool) -> Checked:
    """What reading found, and what `check` finds in what was read."""
    problems = list(loaded.problems)
    if loaded.draft is not None:
        problems += [loaded.locate(problem) for problem in check(loaded.draft, probe_ports=probe_ports)]
    return Checked(None if any_error(problems) else loaded.draft, tuple(problems))


def check(config: Config, *, probe_ports: bool) -> list[Problem]:
    """All that is wrong with *config*; the paths are those of new spellings and merged lists."""
    found = Findings()
    tags = _check_tags(config, found)
    for index, rule in enumerate(config.routing.rules):
        _check_rule(rule, f"routing.rules[{index}]", tags, found)
    for index, inbound in enumerate(config.inbounds):
        _check_inbound(inbound, f"inbounds[{index}]", found)
    for index, outbound in enumerate(config.outbounds):
        _check_outbound(outbound, f"outbounds[{index}]", tags, found)
    _check_proxy_rings(config, found)
    for name in config.dns.hosts:
        if ":" in name:
            _try(domain_matcher, (name,), f"dns.hosts.{name}", found)
    check_reverse(config, found)
    check_ports(config, found, probe=probe_ports)
    return list(found)


# Tags


class Tags(NamedTuple):
    inbound: frozenset[str]
    outbound: frozenset[str]


def _check_tags(config: Config, found: Findings) -> Tags:
    inbound = [(i.tag, f"inbounds[{n}].tag") for n, i in enumerate(config.inbounds)]
    inbound += [(b.tag, f"reverse.bridges[{n}].tag") for n, b in enumerate(config.reverse.bridges)]
    outbound = [(o.tag, f"outbounds[{n}].tag") for n, o in enumerate(config.outbounds)]
    outbound += [(p.tag, f"reverse.portals[{n}].tag") for n, p in enumerate(config.reverse.portals)]
    bridges, portals = _bridge_tags(config), _portal_tags(config)
    into, out = _check_unique(inbound, bridges, found), _check_unique(outbound, portals, found)
    # Between two xrgui either end opens connections: a portal's tag is an inbound's too, and the other way round.
    both = {tag for tag, _ in (*bridges, *portals) if tag}
    both |= {end.tag for end in (*config.reverse.bridges, *config.reverse.portals)}
    return Tags(into | both, out | both)


def _bridge_tags(config: Config) -> list[tuple[str, str]]:
    """Inbound tags of VLESS reverse: several links may share one."""
    return [
        (outbound.settings.reverse.tag, f"outbounds[{index}].settings.reverse.tag")
        for index, outbound in enumerate(config.outbounds)
        if isinstance(outbound.settings, VlessOutbound) and outbound.settings.reverse is not None
    ]


def _portal_tags(config: Config) -> list[tuple[str, str]]:
    """Outbound tags of VLESS reverse: several users may share one."""
    return [
        (user.reverse_tag, f"inbounds[{index}].settings.clients[{number}].reverse.tag")
        for index, inbound in enumerate(config.inbounds)
        if isinstance(inbound.settings, VlessInbound)
        for number, user in enumerate(inbound.settings.users)
    ]


def _check_unique(
    single: Sequence[tuple[str, str]], shared: Sequence[tuple[str, str]], found: Findings
) -> frozenset[str]:
    owners: dict[str, str] = {}
    for tag, path in single:
        if tag and owners.setdefault(tag, path) != path:
            found.error(path, f'"{tag}" is the tag of {_owner(owners[tag])} too', "give it another tag")
    for tag, path in shared:
        if tag in owners:
            found.error(path, f'"{tag}" is the tag of {_owner(owners[tag])} too', "give it another tag")
    return frozenset(owners) | {tag for tag, _ in shared if tag}


def _owner(path: str) -> str:
    return path.removesuffix(".tag")


def _list(tags: Iterable[str]) -> str:
    names = ", ".join(f'"{tag}"' for tag in sorted(tags))
    return f"there are {names}" if names else "nothing has a tag"


# Rules


def _check_rule(rule: Rule, path: str, tags: Tags, found: Findings) -> None:
    if rule.outbound_tag and rule.outbound_tag not in tags.outbound:
        found.error(
            f"{path}.outboundTag",
            f'no outbound has the tag "{rule.outbound_tag}"',
            did_you_mean(rule.outbound_tag, tags.outbound) or _list(tags.outbound),
        )
    for tag in sorted(rule.inbound_tags - tags.inbound):
        found.warn(
            f"{path}.inboundTag",
            f'no inbound has the tag "{tag}", so it never matches',
            did_you_mean(tag, tags.inbound) or _list(tags.inbound),
        )
    _try(domain_matcher, rule.domains, f"{path}.domains", found)
    for key, texts in (("ip", rule.ips), ("sourceIP", rule.sources), ("localIP", rule.local_ips)):
        _try(ip_matcher, texts, f"{path}.{key}", found)
    for user in rule.users:
        if user.startswith("regexp:"):
            _try(regexp, user.removeprefix("regexp:"), f"{path}.user", found)
    for name, pattern in rule.attrs.items():
        _try(regexp, pattern, f"{path}.attrs.{name}", found)


def _try(compile_it: Callable[[T], object], texts: T, path: str, found: Findings) -> None:
    try:
        compile_it(texts)
    except ValueError as error:
        found.error(path, str(error))


# Inbounds and outbounds


def _check_inbound(inbound: Inbound, path: str, found: Findings) -> None:
    if inbound.stream.security == "tls":
        check_server_tls(inbound.stream.tls, f"{path}.streamSettings.tlsSettings", found)
    _try(domain_matcher, inbound.sniffing.domains_excluded, f"{path}.sniffing.domainsExcluded", found)
    settings = inbound.settings
    if isinstance(settings, VlessInbound):
        users = [(_without_route(user.id), user.email) for user in settings.users]
    elif isinstance(settings, VmessInbound):
        users = [(user.id, user.email) for user in settings.users]
    else:
        return
    _check_users(users, f"{path}.settings.clients", found)


def _check_users(users: Sequence[tuple[UUID, str]], path: str, found: Findings) -> None:
    if not users:
        found.warn(path, "names nobody, so nobody gets in", "add a user with an id")
    ids: set[UUID] = set()
    emails: set[str] = set()
    for number, (identity, email) in enumerate(users):
        if identity in ids and identity.int:
            hint = "every user needs an id of its own (`xrgui uuid`)"
            found.error(f"{path}[{number}].id", "is another user's id too", hint)
        if email and email.lower() in emails:
            hint = "every user needs a name of its own"
            found.warn(f"{path}[{number}].email", "is another user's too; Xray refuses that", hint)
        ids.add(identity)
        emails.add(email.lower())


def _without_route(identity: UUID) -> UUID:
    """A VLESS id without bytes 6 and 7, which are not compared (Xray proxy/vless/validator.go)."""
    return UUID(bytes=identity.bytes[:6] + b"\0\0" + identity.bytes[8:])


def _check_outbound(outbound: Outbound, path: str, tags: Tags, found: Findings) -> None:
    stream, settings = outbound.stream, outbound.settings
    if stream.security == "tls":
        check_client_tls(stream.tls, f"{path}.streamSettings.tlsSettings", found)
    elif isinstance(settings, VlessOutbound) and is_public(settings.address):
        found.warn(
            f"{path}.streamSettings.security",
            f"is none, so everyone on the way to {settings.address} can read along; Xray refuses it",
            'use "tls"',
        )
    if isinstance(settings, FreedomOutbound):
        for number, rule in enumerate(settings.final_rules):
            _try(ip_matcher, rule.ips, f"{path}.settings.finalRules[{number}].ip", found)
    if isinstance(settings, VlessOutbound) and settings.reverse is not None:
        excluded = settings.reverse.sniffing.domains_excluded
        _try(domain_matcher, excluded, f"{path}.settings.reverse.sniffing.domainsExcluded", found)
    if outbound.proxy_tag and isinstance(settings, FreedomOutbound | BlackholeOutbound):
        found.error(
            f"{path}.proxySettings.tag",
            "freedom and blackhole dial by themselves here, through no other outbound",
            f'send what is meant for it to "{outbound.proxy_tag}" by a routing rule',
        )
    elif outbound.proxy_tag and outbound.proxy_tag not in tags.outbound:
        found.error(
            f"{path}.proxySettings.tag",
            f'no outbound has the tag "{outbound.proxy_tag}"',
            did_you_mean(outbound.proxy_tag, tags.outbound) or _list(tags.outbound),
        )


def _check_proxy_rings(config: Config, found: Findings) -> None:
    through = {outbound.tag: outbound.proxy_tag for outbound in config.outbounds if outbound.tag}
    for index, outbound in enumerate(config.outbounds):
        seen = {outbound.tag}
        tag = outbound.proxy_tag
        while tag and tag not in seen:
            seen.add(tag)
            tag = through.get(tag, "")
        if tag and tag == outbound.tag:
            found.error(f"outbounds[{index}].proxySettings.tag", "leads back to itself", "break the ring")
