"""An echo server that XORs what it sends back: ``python -m tests.interop.origin`` prints its port.

A process of its own, so that it has a core to itself and no test's loop runs it. It ends with
its standard input.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

KEY = bytes(byte ^ 0x5A for byte in range(256))


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data.translate(KEY))

    def pause_writing(self) -> None:
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run
    run(serve())


if __name__ == "__main__":
    main()
