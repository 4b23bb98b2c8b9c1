"""What the writers of JSON share: the dialect, what it lacks, and the forms of lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from xrgui.config.findings import Findings
from xrgui.config.model import Networks, PortRange

Dialect = Literal["xray", "v2ray", "xrgui"]
"""Current Xray; v2ray 4.34 and Xray until v26.4.17; or both at once, which only xrgui loads."""
Json = dict[str, Any]

_names = {"xray": "Xray", "v2ray": "v2ray 4.34", "xrgui": "xrgui"}


class Writer(NamedTuple):
    dialect: Dialect
    found: Findings

    @property
    def old(self) -> bool:
        return self.dialect == "v2ray"

    def pick(self, old: str, new: str) -> str:
        return old if self.old else new

    def lacks(self, path: str, what: str, *, serious: bool = False) -> None:
        """Note that the dialect has no *what*; *serious*: what is written will not do its job."""
        note = self.found.error if serious else self.found.warn
        note(path, f"{_names[self.dialect]} has no {what}")


def set_only(**values: Any) -> Json:
    """The values that are not empty, zero or false: those are the defaults of both dialects."""
    return {key: value for key, value in values.items() if value}


def port_list(ranges: Sequence[PortRange]) -> int | str:
    """A number for one port, a text for anything else; empty for none."""
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    return int(texts[0]) or texts[0] if len(texts) == 1 and texts[0].isdigit() else ",".join(texts)


def network_list(networks: Networks) -> str:
    return ",".join(sorted(networks))
