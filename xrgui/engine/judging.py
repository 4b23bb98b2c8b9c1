"""Judges configurations beside the loop: a big one takes seconds, and visitors must not notice."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from xrgui.config.check import Checked, judge
from xrgui.config.load import load_value

TURN = 0.0005
"""Seconds after which the loop gets the interpreter back from a judge who is at work (Python's own: 5 ms)."""


class Judge:
    """One thread, so what was asked for first is done first."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "judge")
        self._asked = 0
        self._usual = sys.getswitchinterval()

    async def judge(self, config: dict[str, Any], *, probe_ports: bool = False) -> Checked:
        """As `xrgui check` does."""
        self._asked += 1
        sys.setswitchinterval(TURN)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, _judge, config, probe_ports)
        finally:
            self._asked -= 1
            if not self._asked:
                sys.setswitchinterval(self._usual)


def _judge(config: dict[str, Any], probe_ports: bool) -> Checked:
    return judge(load_value(config), probe_ports=probe_ports)
