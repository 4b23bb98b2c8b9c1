from __future__ import annotations

import asyncio
from collections.abc import Callable

from xrgui.config import model
from xrgui.engine import transport


class PlainDialer:
    """Opens what an outbound asks for by TCP alone."""

    async def dial(
        self, host: str, port: int, protocol_factory: Callable[[], asyncio.Protocol]
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        return await transport.dial(model.Stream(), host, port, protocol_factory)
