"""Reads Xray JSON, in old and new spellings, into `model.Config`. Notes problems, never raises."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any, Literal, cast

from xrgui.config import jsonc
from xrgui.config.cursor import Cursor, Report, kind
from xrgui.config.inbounds import read_bridge_keys, read_inbound, required_text
from xrgui.config.merge import Document
from xrgui.config.model import (
    LINKS,
    BlackholeOutbound,
    Config,
    Dns,
    Limits,
    Log,
    Outbound,
    Policy,
    PolicyLevel,
    Reverse,
    ReverseEnd,
    Routing,
    Text,
)
from xrgui.config.outbounds import read_links, read_outbound
from xrgui.config.problem import Problem, any_error
from xrgui.config.routing import read_routing


class Loaded:
    """What came of reading.

    `draft` is there unless a file could not be read at all: bad parts are replaced by defaults,
    so that `check` can go on and judge the rest. `config` is the same where there was no error.
    """

    def __init__(self, draft: Config | None, report: Report) -> None:
        self.draft = draft
        self.problems = tuple(report.problems)
        self._report = report

    @property
    def config(self) -> Config | None:
        return None if any_error(self.problems) else self.draft

    def locate(self, problem: Problem) -> Problem:
        """A problem that `check` found in `draft`, with the file and the path as written there."""
        return self._report.locate(problem)


def load_files(paths: Iterable[str | PathLike[str]], *, stdin: str | None = None) -> Loaded:
    """The files at *paths*, merged as Xray does; ``-`` stands for *stdin* where that is given."""
    texts: list[tuple[str, str]] = []
    report = Report()
    for path in paths:
        if path == "-" and stdin is not None:
            texts.append(("stdin", stdin))
            continue
        try:
            texts.append((str(path), Path(path).read_bytes().decode("utf-8-sig")))
        except OSError as error:
            reason = error.strerror or str(error)
            report.problems.append(Problem("", f"cannot be read: {reason}", file=str(path)))
        except ValueError:
            report.problems.append(
                Problem("", "is no text in UTF-8", "save it as UTF-8", file=str(path).replace("\0", "?"))
            )
    if not texts and not report.problems:
        report.problems.append(Problem("", "no configuration file was named", "xrgui run -c FILE"))
    return _load_texts(texts, report)


def load_text(text: str, name: str = "") -> Loaded:
    return _load_texts([(name, text)], Report())


def load_value(value: Any) -> Loaded:
    """A configuration that was parsed already."""
    report = Report()
    return _read([Cursor(value, report)], report)


def _load_texts(texts: list[tuple[str, str]], report: Report) -> Loaded:
    roots: list[Cursor] = []
    for name, text in texts:
        value, problem = jsonc.parse(text, name)
        if problem is not None:
            report.problems.append(problem)
        else:
            roots.append(Cursor(value, report, file=name))
    if any_error(report.problems):
        return Loaded(None, report)
    return _read(roots, report)


def _read(roots: list[Cursor], report: Report) -> Loaded:
    document = Document(report)
    for root in roots:
        if not isinstance(root.value, dict):
            root.error(f"is {kind(root.value)}, not a configuration", "an object in { } is expected")
            return Loaded(None, report)
        document.add(root)
    return Loaded(_read_config(document), report)


def _read_config(document: Document) -> Config:
    parts = document.parts
    if parts["transport"].value:
        parts["transport"].lacks(
            "stream settings for all at once", "write streamSettings in each inbound and outbound"
        )
    if parts["fakeDns"].value:
        parts["fakeDns"].lacks("fake DNS", "remove it")
    outbounds = [read_outbound(node) for node in document.numbered("outbounds")]
    return Config(
        inbounds=tuple(read_inbound(node) for node in document.numbered("inbounds")),
        outbounds=(*outbounds, *_api_outbound(parts["api"], outbounds)),
        routing=Routing() if parts["routing"].missing else read_routing(parts["routing"]),
        reverse=_read_reverse(parts["reverse"]),
        policy=_read_policy(parts["policy"]),
        log=_read_log(parts["log"]),
        dns=_read_dns(parts["dns"]),
        limits=_read_limits(parts["limits"]),
    )


def _api_outbound(node: Cursor, outbounds: list[Outbound]) -> list[Outbound]:
    """A blackhole in the place of Xray's gRPC API, so that rules which lead there still stand."""
    if node.missing:
        return []
    tag = node.get("tag").text()
    node.accept("services", "listen")
    node.done()
    node.warn("is ignored: xrgui has a control socket of its own", "remove it, with its inbound and rule")
    if not tag or any(outbound.tag == tag for outbound in outbounds):
        return []
    return [Outbound(settings=BlackholeOutbound(), tag=tag)]


def _read_reverse(node: Cursor) -> Reverse:
    ends = {
        key: tuple(_reverse_end(item, key) for item in node.get(key).items()) for key in ("bridges", "portals")
    }
    node.done()
    return Reverse(bridges=ends["bridges"], portals=ends["portals"])


def _reverse_end(node: Cursor, kind: str) -> ReverseEnd:
    found = ReverseEnd(
        tag=required_text(node.get("tag")),
        domain=required_text(node.get("domain")),
        key=node.get("key").text() if kind == "bridges" else "",
        visitors=node.get("visitors").flag(True) if kind == "bridges" else True,
        links=read_links(node.get("links")) if kind == "bridges" else LINKS,
        bridge_keys=read_bridge_keys(node.get("bridgeKeys")) if kind == "portals" else None,
    )
    node.done()
    return found


def _read_policy(node: Cursor) -> Policy:
    levels: dict[int, PolicyLevel] = {}
    for key, level in node.get("levels").entries():
        if key.isascii() and key.isdigit() and len(key) < 10:
            levels[int(key)] = _policy_level(level)
        else:
            level.error("is no level", 'a number in quotes, such as "0"')
    node.accept("system")
    node.done()
    return Policy(levels=levels)


def _policy_level(node: Cursor) -> PolicyLevel:
    kibibytes = node.get("bufferSize")
    size = kibibytes.integer(-1, -0x80000000, 0x1FFFFF)
    node.accept("statsUserUplink", "statsUserDownlink", "statsUserOnline")
    default = PolicyLevel()
    found = PolicyLevel(
        handshake=node.get("handshake").integer(int(default.handshake)),
        conn_idle=node.get("connIdle").integer(int(default.conn_idle)),
        uplink_only=node.get("uplinkOnly").integer(int(default.uplink_only)),
        downlink_only=node.get("downlinkOnly").integer(int(default.downlink_only)),
        buffer_size=None if kibibytes.missing else max(size * 1024, -1),
    )
    node.done()
    return found


def _read_limits(node: Cursor) -> Limits:
    default = Limits()
    found = Limits(
        per_address=node.get("perAddress").integer(default.per_address, 1),
        connections=node.get("connections").integer(default.connections, 1),
        handshakes=node.get("handshakes").integer(default.handshakes, 1),
        memory=node.get("memory").integer(),
        resume=node.get("resume").integer(default.resume, 0, 3600),
    )
    node.done()
    return found


def _read_log(node: Cursor) -> Log:
    levels = {name: name for name in ("debug", "info", "warning", "error", "none")} | {"": "warning"}
    node.ignore("maskAddress", "addresses stand in the log in full")
    node.accept("dnsLog")
    found = Log(
        level=cast(
            Literal["debug", "info", "warning", "error", "none"],
            node.get("loglevel").choice("warning", levels),
        ),
        access=node.get("access").text(),
        error=node.get("error").text(),
    )
    node.done()
    return found


def _read_dns(node: Cursor) -> Dns:
    hosts = {key: _host_targets(value) for key, value in node.get("hosts").entries()}
    servers = node.get("servers")
    if any(item.value != "localhost" for item in servers.items()):
        servers.warn("are ignored: names are resolved by the system", 'write ["localhost"] or nothing')
    strategy = node.get("queryStrategy")
    known = {"useip": "UseIP", "useipv4": "UseIPv4", "useipv6": "UseIPv6", "": "UseIP", "usesystem": "UseIP"}
    known |= {"use_ip": "UseIP", "use_ip4": "UseIPv4", "use_ip6": "UseIPv6"}
    node.accept("clientIp", "tag", "disableCache", "disableFallback", "disableFallbackIfMatch")
    node.accept("serveStale", "serveExpiredTTL", "enableParallelQuery", "useSystemHosts")
    found = Dns(
        hosts={key: targets for key, targets in hosts.items() if targets},
        query_strategy=cast(Literal["UseIP", "UseIPv4", "UseIPv6"], strategy.choice("UseIP", known)),
    )
    node.done()
    return found


def _host_targets(node: Cursor) -> Text:
    targets = node.items() if isinstance(node.value, list) else [node]
    return tuple(filter(None, (target.address() for target in targets)))
