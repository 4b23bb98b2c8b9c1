"""The public server that `xrgui expose` goes through: from a link, an outbound, or either end's file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from xrgui.address import Network, parse_ip
from xrgui.commands.errors import CommandError
from xrgui.commands.files import describe, summary
from xrgui.config import jsonc, model
from xrgui.config.load import load_value
from xrgui.links import LinkError, link_outbound, parse_link
from xrgui.profiles import certificates
from xrgui.profiles.compile import BRIDGE_TAG, SERVER_TAG
from xrgui.profiles.model import TUNNEL_DOMAIN

replace = msgspec.structs.replace
Proxy = model.VlessOutbound | model.VmessOutbound


class Via(NamedTuple):
    server: model.Outbound
    """The outbound that dials it."""
    host: str
    """Its address, for the public URL."""
    tunnel_domain: str
    """Empty: VLESS reverse."""
    public: tuple[str, ...] = ()
    """Where visitors come in, ``tcp:8080``, as far as that is known."""


def read_via(text: str, *, server: str = "", domain: str = "") -> Via:
    """*text* is a link, the name of a file, or ``-`` for either's text on stdin. Raises CommandError."""
    if text == "-":
        text = sys.stdin.read().strip()
        return _from_text(text, "stdin", server, domain)
    if "://" in text:
        return _from_text(text, "--via", server, domain)
    try:
        return _from_text(Path(text).read_text(encoding="utf-8-sig"), text, server, domain)
    except OSError as error:
        hint = "Give a vless:// or vmess:// link, or the name of a file."
        raise CommandError(f"{text} cannot be read: {error.strerror}.", hint) from None
    except UnicodeDecodeError:
        raise CommandError(f"{text} is no text in UTF-8.") from None


def _from_text(text: str, name: str, server: str, domain: str) -> Via:
    if text.lstrip().startswith(("{", "/", "#")) or "://" not in text:
        return _from_json(text, name, server, domain)
    try:
        link = parse_link(text.strip())
        reverse = link.protocol == "vless" and not domain
        outbound = link_outbound(link, BRIDGE_TAG if reverse else "", SERVER_TAG)
    except LinkError as error:
        raise CommandError(f"The link cannot be used: {error}.") from None
    return Via(outbound, link.address, "" if reverse else domain or TUNNEL_DOMAIN)


def _from_json(text: str, name: str, server: str, domain: str) -> Via:
    value, problem = jsonc.parse(text, name)
    if problem is not None:
        raise CommandError(f"{problem}.")
    config = _load(value, name)
    for found in (_bridge_end(config, domain), _portal_end(config, server)):
        if found is not None:
            return found
    raise CommandError(
        f"{name} holds no tunnel.",
        "Give the outbound that dials the public server, or the configuration of either end.",
    )


def _load(value: Any, name: str) -> model.Config:
    alone = isinstance(value, dict) and "protocol" in value and "outbounds" not in value
    loaded = load_value({"outbounds": [value]} if alone else value)
    if loaded.config is None:
        for problem in loaded.problems:
            click.echo(describe(problem), err=True)
        raise CommandError(f"{summary(loaded.problems)} in {name}.")
    return loaded.config


# The bridge's own configuration, or just its outbound


def _bridge_end(config: model.Config, domain: str) -> Via | None:
    for outbound in config.outbounds:
        settings = outbound.settings
        if isinstance(settings, model.VlessOutbound) and settings.reverse:
            return _dialled(outbound, "")
    for end in config.reverse.bridges:
        wanted = {
            rule.outbound_tag
            for rule in config.routing.rules
            if end.tag in rule.inbound_tags and f"full:{end.domain}" in rule.domains
        }
        for outbound in config.outbounds:
            if outbound.tag in wanted and isinstance(outbound.settings, Proxy):
                return _dialled(outbound, end.domain)
    if len(config.outbounds) == 1 and isinstance(config.outbounds[0].settings, Proxy) and not config.inbounds:
        outbound = config.outbounds[0]
        classic = domain or isinstance(outbound.settings, model.VmessOutbound)
        return _dialled(outbound, (domain or TUNNEL_DOMAIN) if classic else "")
    return None


def _dialled(outbound: model.Outbound, domain: str) -> Via:
    settings = outbound.settings
    assert isinstance(settings, Proxy)
    if isinstance(settings, model.VlessOutbound):
        reverse = None if domain else model.ReverseLink(tag=BRIDGE_TAG)
        settings = replace(settings, reverse=reverse)
    return Via(replace(outbound, tag=SERVER_TAG, settings=settings), settings.address, domain)


# The public server's own configuration


class _Door(NamedTuple):
    """Where a bridge may come in."""

    inbound: model.Inbound
    user: model.VlessUser | model.VmessUser
    portal_tag: str
    domain: str


def _portal_end(config: model.Config, server: str) -> Via | None:
    door = next(_doors(config), None)
    if door is None:
        return None
    inbound, user = door.inbound, door.user
    host = server or _listening_host(inbound)
    port = inbound.ports[0][0]
    settings: Proxy
    if isinstance(user, model.VlessUser):
        reverse = None if door.domain else model.ReverseLink(tag=BRIDGE_TAG)
        settings = model.VlessOutbound(address=host, port=port, id=user.id, reverse=reverse)
    else:
        settings = model.VmessOutbound(address=host, port=port, id=user.id)
    outbound = model.Outbound(tag=SERVER_TAG, settings=settings, stream=_client_stream(inbound.stream))
    return Via(outbound, host, door.domain, tuple(_public(config, door.portal_tag)))


def _doors(config: model.Config) -> Iterator[_Door]:
    for inbound in config.inbounds:
        if isinstance(inbound.settings, model.VlessInbound):
            for user in inbound.settings.users:
                if user.reverse_tag:
                    yield _Door(inbound, user, user.reverse_tag, "")
    for portal in config.reverse.portals:
        tags = {
            tag
            for rule in config.routing.rules
            if rule.outbound_tag == portal.tag and (not rule.domains or f"full:{portal.domain}" in rule.domains)
            for tag in rule.inbound_tags
        }
        for inbound in config.inbounds:
            if inbound.tag in tags and isinstance(inbound.settings, model.VlessInbound | model.VmessInbound):
                yield from (_Door(inbound, known, portal.tag, portal.domain) for known in inbound.settings.users)


def _listening_host(inbound: model.Inbound) -> str:
    bound = parse_ip(inbound.listen)
    if bound is None or bound.is_unspecified:
        raise CommandError("The configuration does not say where the server is.", "Add --server HOST.")
    return inbound.listen


def _client_stream(stream: model.Stream) -> model.Stream:
    """What a client says to a server with *stream*; it accepts that server's certificate alone."""
    tls = model.Tls(pinned=tuple(_pins(stream.tls)), alpn=stream.tls.alpn) if stream.security == "tls" else model.Tls()
    ws = model.WebSocket(path=stream.ws.path, host=stream.ws.host)
    return model.Stream(network=stream.network, security=stream.security, tls=tls, ws=ws)


def _pins(tls: model.Tls) -> Iterator[bytes]:
    for entry in tls.certificates:
        if entry.usage != "encipherment":
            continue
        try:
            chain = entry.certificate or Path(entry.certificate_file).read_text(encoding="ascii")
            yield bytes.fromhex(certificates.pin(chain))
        except (OSError, ValueError):
            place = entry.certificate_file or "in the configuration"
            click.echo(
                f"The server's certificate {place} cannot be read here, so it must come from an authority.",
                err=True,
            )


def _public(config: model.Config, portal_tag: str) -> Iterator[str]:
    """The ports of visitors that lead to the portal."""
    tags = {tag for rule in config.routing.rules if rule.outbound_tag == portal_tag for tag in rule.inbound_tags}
    for inbound in config.inbounds:
        if inbound.tag in tags and isinstance(inbound.settings, model.TunnelInbound) and inbound.ports:
            for network in (Network.TCP, Network.UDP):
                if network in inbound.settings.networks:
                    yield f"{network.value}:{inbound.ports[0][0]}"
