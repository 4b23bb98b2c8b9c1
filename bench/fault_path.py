"""``python -m bench.fault_path DEVICE SECONDS``: a TUN device that gives back each packet after a while.

What the kernel routes into the device comes out of it unchanged, in order and late, so it looks to both ends like the
other side of a long line. Packets are never dropped here: their number is bounded by the windows of those who send.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import sys
import time
from collections import deque

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LONGEST = 65536
AT_ONCE = 64
"""Packets read before those that are due are looked at again."""


def open_device(name: str) -> int:
    """The descriptor of a new TUN device, which is gone when it is closed. Raises OSError."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return descriptor


def carry(descriptor: int, delay: float) -> None:
    """For ever."""
    packets: deque[tuple[float, bytes]] = deque()
    while True:
        wait = max(packets[0][0] - time.monotonic(), 0) if packets else None
        if select.select([descriptor], [], [], wait)[0]:
            take(descriptor, time.monotonic() + delay, packets)
        now = time.monotonic()
        while packets and packets[0][0] <= now:
            os.write(descriptor, packets.popleft()[1])


def take(descriptor: int, due: float, packets: deque[tuple[float, bytes]]) -> None:
    try:
        for _ in range(AT_ONCE):
            packets.append((due, os.read(descriptor, LONGEST)))
    except BlockingIOError:
        return


def main() -> None:
    name, delay = sys.argv[1:]
    descriptor = open_device(name)
    print("ready", flush=True)
    carry(descriptor, float(delay))


if __name__ == "__main__":
    main()
