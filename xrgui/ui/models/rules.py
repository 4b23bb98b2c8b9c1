"""The routing rules of one tunnel in their order, and what a dry run found of each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from xrgui import rpc
from xrgui.config import model as c
from xrgui.ui.language import tr

Index = QModelIndex | QPersistentModelIndex
NUMBER, NAME, WHEN, GOES, RESULT = range(5)


def _ports(ranges: tuple[c.PortRange, ...]) -> str:
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in ranges)


def conditions(rule: c.Rule) -> Iterator[str]:
    """What must hold, in words."""
    if rule.inbound_tags:
        yield tr("comes in by {tags}", tags=", ".join(sorted(rule.inbound_tags)))
    if rule.networks:
        yield " / ".join(sorted(network.value.upper() for network in rule.networks))
    if rule.domains:
        yield tr("name {names}", names=", ".join(rule.domains))
    if rule.ips:
        yield tr("address {addresses}", addresses=", ".join(rule.ips))
    if rule.ports:
        yield tr("port {ports}", ports=_ports(rule.ports))
    if rule.sources:
        yield tr("visitor {addresses}", addresses=", ".join(rule.sources))
    if rule.source_ports:
        yield tr("visitor's port {ports}", ports=_ports(rule.source_ports))
    if rule.local_ips:
        yield tr("arrives at {addresses}", addresses=", ".join(rule.local_ips))
    if rule.local_ports:
        yield tr("arrives at port {ports}", ports=_ports(rule.local_ports))
    if rule.users:
        yield tr("user {users}", users=", ".join(rule.users))
    if rule.protocols:
        yield tr("protocol {protocols}", protocols=", ".join(rule.protocols))
    if rule.attrs:
        yield tr("attributes {names}", names=", ".join(sorted(rule.attrs)))


def rule_words(name: str) -> str:
    """A rule's name; those that `profiles.compile` gives are said in the person's language."""
    if name and not name.endswith(")"):
        return name
    known = {"(not shared)": tr("(not shared)"), "": tr("(default)")}
    if name in known:
        return known[name]
    if found := re.fullmatch(r"(.+) \((by public port|by name)\)|\(tunnel (.+)\)", name):
        service, how, domain = found.groups()
        if domain:
            return tr("(tunnel {domain})", domain=domain)
        if how == "by name":
            return tr("{service} (by name)", service=service)
        return tr("{service} (by public port)", service=service)
    return name


def outbound_words(config: c.Config, tag: str) -> str:
    """What stands behind an outbound's tag."""
    found = next((outbound for outbound in config.outbounds if outbound.tag == tag), None)
    if found is None:
        return tag
    settings = found.settings
    if isinstance(settings, c.BlackholeOutbound):
        return tr("{tag}: dropped", tag=tag)
    if isinstance(settings, c.FreedomOutbound):
        target = f"{settings.redirect_host}:{settings.redirect_port or '*'}"
        known = not settings.redirect_host or target in tag
        return tag if known else f"{tag} → {target}"
    return f"{tag} → {settings.address}:{settings.port}"


def why_not(why: str) -> str:
    """The engine's ``port is 22`` in the person's language."""
    found = re.fullmatch(r"(\w+) (?:is (?P<value>.+)|is not known)", why, re.DOTALL)
    if found is None:
        return why
    names = {
        "inboundTag": tr("it comes in by"),
        "port": tr("the port is"),
        "ip": tr("the address is"),
        "domain": tr("the name is"),
        "network": tr("the network is"),
        "source": tr("the visitor is"),
        "sourceIP": tr("the visitor is"),
        "sourcePort": tr("the visitor's port is"),
        "user": tr("the user is"),
        "protocol": tr("the protocol is"),
    }
    name = names.get(found[1], found[1])
    return f"{name} {found['value'] or tr('not known')}"


class RulesModel(QAbstractTableModel):
    """A row for each rule, and a last one for what no rule takes."""

    MATCHED = Qt.ItemDataRole.UserRole + 1

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._config = c.Config()
        self._found: rpc.Explanation | None = None

    @property
    def config(self) -> c.Config:
        return self._config

    def show(self, config: c.Config) -> None:
        if config != self._config:
            self.beginResetModel()
            self._config, self._found = config, None
            self.endResetModel()

    def show_result(self, found: rpc.Explanation | None) -> None:
        self._found = found
        self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, RESULT))

    def inbound_tags(self) -> list[str]:
        """Where connections may come from: what the rules name first, then the inbounds."""
        named = [tag for rule in self._config.routing.rules for tag in sorted(rule.inbound_tags)]
        there = [inbound.tag for inbound in self._config.inbounds if inbound.tag]
        return list(dict.fromkeys((*named, *there)))

    def _result(self, row: int) -> tuple[bool, str]:
        found = self._found
        if found is None:
            return False, ""
        if row == len(self._config.routing.rules):
            taken = not found.rule
            return taken, tr("takes it") if taken else ""
        if row < len(found.steps):
            step = found.steps[row]
            return step.matched, tr("takes it") if step.matched else tr("no: {why}", why=why_not(step.why))
        return False, ""

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._config.routing.rules) + 1

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 5

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if role == self.MATCHED:
            return self._result(index.row())[0]
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        rules = self._config.routing.rules
        if index.column() == RESULT:
            return self._result(index.row())[1]
        if index.row() == len(rules):
            return self._rest(index.column())
        rule = rules[index.row()]
        return (
            str(index.row() + 1),
            rule_words(rule.name) if rule.name else str(index.row() + 1),
            "; ".join(conditions(rule)) or tr("always"),
            outbound_words(self._config, rule.outbound_tag),
        )[index.column()]

    def _rest(self, column: int) -> str:
        first = self._config.outbounds[0].tag if self._config.outbounds else ""
        goes = outbound_words(self._config, first) if first else tr("dropped")
        return ("", tr("(the rest)"), tr("no rule takes it"), goes)[column]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < 5:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return ("#", tr("Rule"), tr("When"), tr("Goes to"), tr("Dry run"))[section]
        return None
