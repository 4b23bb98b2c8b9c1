"""Several files, one configuration: the rules of Xray's `Config.Override` (infra/conf/xray.go)."""

from __future__ import annotations

from pathlib import Path

from xrgui.config.cursor import Cursor, Report

_LISTS = {"inbounds": ("inbound", "inboundDetour"), "outbounds": ("outbound", "outboundDetour")}
KEYS = ("log", "dns", "routing", "policy", "reverse", "api", "transport", "fakeDns", "limits")
_HARMLESS = ("stats", "metrics", "observatory", "burstObservatory", "geodata", "version", "env", "$schema")


class Document:
    """The parts of a configuration, each a cursor that knows its file."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.parts: dict[str, Cursor] = {}
        self.inbounds: list[Cursor] = []
        self.outbounds: list[Cursor] = []

    def add(self, root: Cursor) -> None:
        """Lay the file at *root* over what is there."""
        first = not self.parts
        for key in KEYS:
            part = root.get(key)
            if first or not part.missing:
                self.parts[key] = part
        root.accept(*_HARMLESS, "observatories")
        inbounds, outbounds = _listed(root, "inbounds"), _listed(root, "outbounds")
        port = root.get("port")
        if first and inbounds and not port.missing and isinstance(inbounds[0].value, dict):
            inbounds[0].value.setdefault("port", port.value)
        if first:
            self.inbounds, self.outbounds = inbounds, outbounds
        else:
            self.inbounds += _fresh(inbounds, self.inbounds)
            fresh = _fresh(outbounds, self.outbounds)
            behind = "tail" in Path(root.file).name.lower()
            self.outbounds = self.outbounds + fresh if behind else fresh + self.outbounds
        root.done()

    def numbered(self, key: str) -> list[Cursor]:
        """The merged list with canonical names that count through all files."""
        return [
            Cursor(part.value, self.report, file=part.file, path=part.path, name=f"{key}[{index}]")
            for index, part in enumerate(getattr(self, key))
        ]


def _listed(root: Cursor, key: str) -> list[Cursor]:
    single, detour = _LISTS[key]
    alone = root.get(single)
    found = [] if alone.missing else [alone]
    return [*found, *root.get(detour).items(), *root.get(key).items()]


def _fresh(later: list[Cursor], present: list[Cursor]) -> list[Cursor]:
    """What of *later* is new; what has the tag of a present one takes its place."""
    fresh: list[Cursor] = []
    for part in later:
        tag = part.get("tag").text()
        same = next((index for index, old in enumerate(present) if old.get("tag").text() == tag), None)
        if same is None:
            fresh.append(part)
            continue
        if not tag:
            part.warn(
                f"has no tag and takes the place of one without a tag in {present[same].file}",
                "give both a tag to keep both",
            )
        present[same] = part
    return fresh
