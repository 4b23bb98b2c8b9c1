"""A dry run of routing: which rule would take a connection, where to, and why, told by the parts that decide."""

from __future__ import annotations

from xrgui.address import Destination, Network, parse_endpoint
from xrgui.config import model
from xrgui.config.naming import name_everything
from xrgui.engine.interfaces import ResolverLike
from xrgui.engine.outbound.freedom import FreedomOutbound
from xrgui.engine.router import Route, Router, Step
from xrgui.engine.session import Session
from xrgui.rpc import Explain, Explanation, RuleStep


async def explain(config: model.Config, query: Explain, resolver: ResolverLike) -> Explanation:
    """Raises ValueError for a target, source or rule that cannot be read."""
    config = name_everything(config)
    router = Router(config.routing, resolver)
    session = _session(config, query)
    route = await router.route(session)
    steps = [_step(step) for step in router.explain(session)]
    taken = next((place for place, step in enumerate(steps, 1) if step.matched), len(steps))
    outbound, why = _way(config, session, route)
    if outbound and (objection := await _objection(config, outbound, session, resolver)):
        outbound, why = "", f"{why} It is refused there: {objection}."
    return Explanation(
        outbound=outbound,
        rule=route.rule if route is not None else "",
        why=why,
        steps=tuple(steps[:taken]),
        resolved=session.resolved,
    )


def _way(config: model.Config, session: Session, route: Route | None) -> tuple[str, str]:
    """The outbound that *session* is given to, empty for none, and a sentence about it."""
    if route is None and session.inbound_protocol == "portal":
        return "", "No rule that names this portal takes it, so what its bridge asks for is refused."
    if route is None:
        if not config.outbounds:
            return "", "There is no outbound."
        return config.outbounds[0].tag, "No rule takes it, so the first outbound does."
    if route.outbound_tag in outbound_tags(config):
        return route.outbound_tag, f"Rule {route.rule} takes it."
    missing = f"its outbound {route.outbound_tag!r} is not there: the connection is dropped"
    return "", f"Rule {route.rule} takes it, but {missing}."


async def _objection(config: model.Config, tag: str, session: Session, resolver: ResolverLike) -> str:
    """Why the outbound *tag* refuses *session*; empty where it does not, or only its other end knows."""
    if tag in _portal_tags(config):
        return ""
    found = next((outbound for outbound in config.outbounds if outbound.tag == tag), None)
    if found is None or not isinstance(found.settings, model.FreedomOutbound):
        return ""
    return await FreedomOutbound(found, resolver).objection(session)


def outbound_tags(config: model.Config) -> set[str]:
    """All tags that a rule may name: outbounds, portals and bridges."""
    return {outbound.tag for outbound in config.outbounds} | _portal_tags(config) | set(_bridges(config))


def _portal_tags(config: model.Config) -> set[str]:
    tags = {portal.tag for portal in config.reverse.portals}
    for inbound in config.inbounds:
        if isinstance(inbound.settings, model.VlessInbound):
            tags.update(user.reverse_tag for user in inbound.settings.users if user.reverse_tag)
    return tags


def _bridges(config: model.Config) -> dict[str, str]:
    """The tag of each bridge, and the inbound protocol of what comes over its links."""
    found = {end.tag: "bridge" for end in config.reverse.bridges}
    for outbound in config.outbounds:
        if isinstance(outbound.settings, model.VlessOutbound) and outbound.settings.reverse is not None:
            found[outbound.settings.reverse.tag] = "vless-reverse"
    return found


def _inbound_protocol(config: model.Config, tag: str) -> str:
    """What a session of the inbound *tag* has as its protocol, which decides on what it may reach."""
    for inbound in config.inbounds:
        if inbound.tag == tag:
            return str(inbound.settings.__struct_config__.tag)
    return "portal" if tag in _portal_tags(config) else _bridges(config).get(tag, "")


def parse_target(text: str) -> Destination:
    """``host:port`` with ``tcp:`` or ``udp:`` in front or not. Raises ValueError."""
    network = Network.TCP
    head, colon, rest = text.partition(":")
    if colon and head.lower() in (Network.TCP, Network.UDP):
        network, text = Network(head.lower()), rest
    host, port = parse_endpoint(text)
    if not host or port is None:
        raise ValueError(f"{text!r} is not host:port")
    return Destination(network, host, port)


def _session(config: model.Config, query: Explain) -> Session:
    source = parse_target(query.source) if query.source else None
    protocol = _inbound_protocol(config, query.inbound)
    session = Session(query.inbound, protocol, parse_target(query.target), source=source, user=query.user)
    session.sniffed_protocol = query.protocol
    return session


def _step(step: Step) -> RuleStep:
    if step.matched:
        return RuleStep(step.route.rule, True, "all of its conditions hold")
    seen = f"is {step.value}" if step.value else "is not known"
    return RuleStep(step.route.rule, False, f"{step.condition} {seen}")
