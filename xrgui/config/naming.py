"""Tags for what was written without."""

from __future__ import annotations

import msgspec

from xrgui.config import model


def name_everything(config: model.Config) -> model.Config:
    """Give tags to what has none, so that the log, the status and a change can name it."""

    def named(entries: tuple[msgspec.Struct, ...], kind: str) -> tuple[msgspec.Struct, ...]:
        return tuple(
            entry if entry.tag else msgspec.structs.replace(entry, tag=f"{kind}#{number}")  # type: ignore[attr-defined]
            for number, entry in enumerate(entries, 1)
        )

    return msgspec.structs.replace(
        config, inbounds=named(config.inbounds, "inbound"), outbounds=named(config.outbounds, "outbound")
    )
