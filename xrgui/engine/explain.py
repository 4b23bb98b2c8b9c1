"""A dry run of routing: which rule would take a connection, and why."""

from __future__ import annotations

from xrgui.address import Destination, Network, parse_endpoint
from xrgui.config import model
from xrgui.engine.interfaces import ResolverLike
from xrgui.engine.router import Router, Step
from xrgui.engine.session import Session
from xrgui.rpc import Explain, Explanation, RuleStep


async def explain(config: model.Config, query: Explain, resolver: ResolverLike) -> Explanation:
    """Raises ValueError for a target, source or rule that cannot be read."""
    router = Router(config.routing, resolver)
    session = _session(query)
    route = await router.route(session)
    steps = [_step(step) for step in router.explain(session)]
    taken = next((place for place, step in enumerate(steps, 1) if step.matched), len(steps))
    if route is None:
        rule, wanted = "", config.outbounds[0].tag if config.outbounds else ""
        why = "No rule takes it, so the first outbound does." if config.outbounds else "There is no outbound."
        there = bool(config.outbounds)
    else:
        rule, wanted = route.rule, route.outbound_tag
        there = wanted in outbound_tags(config)
        why = f"Rule {rule} takes it."
        if not there:
            why = (
                f"Rule {rule} takes it, but its outbound {wanted!r} is not there: the connection is dropped."
            )
    return Explanation(
        outbound=wanted if there else "",
        rule=rule,
        why=why,
        steps=tuple(steps[:taken]),
        resolved=session.resolved,
    )


def outbound_tags(config: model.Config) -> set[str]:
    """All tags that a rule may name: outbounds, classic portals, users that are bridges."""
    tags = {outbound.tag for outbound in config.outbounds}
    tags.update(portal.tag for portal in config.reverse.portals)
    for inbound in config.inbounds:
        if isinstance(inbound.settings, model.VlessInbound):
            tags.update(user.reverse_tag for user in inbound.settings.users if user.reverse_tag)
    return tags


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


def _session(query: Explain) -> Session:
    source = parse_target(query.source) if query.source else None
    session = Session(query.inbound, "", parse_target(query.target), source=source, user=query.user)
    session.sniffed_protocol = query.protocol
    return session


def _step(step: Step) -> RuleStep:
    if step.matched:
        return RuleStep(step.route.rule, True, "all of its conditions hold")
    seen = f"is {step.value}" if step.value else "is not known"
    return RuleStep(step.route.rule, False, f"{step.condition} {seen}")
