"""Visitors who notice: echoes whose bytes are checked, and small requests that never wait for one another."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Coroutine, Iterator
from statistics import median
from typing import Any, TypeVar, cast

from bench.fault_bed import high
from bench.load import SMALL, complete
from tests.interop.origin import KEY
from tests.interop.topologies import LOOPBACK

T = TypeVar("T")
BLOCK = 8192


class Background:
    """A loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 120) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Echo:
    """One visitor who sends blocks and compares what comes back, byte by byte. *again*: comes back where the
    connection is lost."""

    def __init__(self, port: int, pause: float, again: bool) -> None:
        self.error = ""
        self.wrong = False
        self.sent = self.received = 0
        self._port = port
        self._pause = pause
        self._again = again
        self._random = random.Random(id(self))
        self._expected = bytearray()
        self._stopping = False
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        await self._visit()
        while self._again and not self._stopping and not self.wrong:
            await asyncio.sleep(0.2)
            self.error = ""
            self.sent = self.received = 0
            self._expected.clear()
            await self._visit()

    async def _visit(self) -> None:
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
        except OSError as error:
            self.error = str(error)
            return
        reading = asyncio.ensure_future(self._read(reader))
        try:
            while not self._stopping and not reading.done():
                block = self._random.randbytes(BLOCK)
                self._expected += block.translate(KEY)
                self.sent += BLOCK
                writer.write(block)
                await writer.drain()
                await asyncio.sleep(self._pause)
            await reading
        except OSError as error:
            self.error = str(error) or type(error).__name__
        finally:
            reading.cancel()
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while not (self._stopping and self.received == self.sent):
            data = await reader.read(65536)
            if not data:
                self.error = "closed"
                return
            self.wrong = self.wrong or data != self._expected[: len(data)]
            del self._expected[: len(data)]
            self.received += len(data)
            if self.wrong:
                return

    def finish(self) -> None:
        """Send no more; what is under way is still awaited."""
        self._stopping = True
        if self.received == self.sent and self.task is not None:
            self.task.cancel()

    @property
    def whole(self) -> bool:
        return not self.error and not self.wrong and self.sent == self.received


class Echoes:
    def __init__(self, background: Background, port: int, count: int, again: bool, pause: float = 0.02) -> None:
        self._background = background
        self.visitors = [Echo(port, pause, again) for _ in range(count)]
        background.run(self._start())

    async def _start(self) -> None:
        for visitor in self.visitors:
            visitor.task = asyncio.ensure_future(visitor.run())

    def finish(self, timeout: float) -> dict[str, float]:
        """How many have got back all that they sent, and how many got something else."""
        self._background.run(self._finish(timeout), timeout + 10)
        whole = sum(visitor.whole for visitor in self.visitors)
        wrong = sum(visitor.wrong for visitor in self.visitors)
        return {"% survived": 100 * whole / len(self.visitors), "wrong": float(wrong)}

    async def _finish(self, patience: float) -> None:
        for visitor in self.visitors:
            visitor.finish()
        tasks = [visitor.task for visitor in self.visitors if visitor.task is not None]
        _, late = await asyncio.wait(tasks, timeout=patience)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Prober:
    """A small request over a connection of its own every *pause* seconds, whatever became of the ones before."""

    def __init__(self, background: Background, port: int, pause: float = 0.05, timeout: float = 20) -> None:
        self.results: list[tuple[float, float | None]] = []
        """When each was begun, and the seconds that it took; None where it failed."""
        self.begun: list[float] = []
        self._background = background
        self._port = port
        self._pause = pause
        self._timeout = timeout
        self._asks: set[asyncio.Task[None]] = set()
        self._task = background.run(self._start())

    async def _start(self) -> asyncio.Task[None]:
        return asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        while True:
            if len(self._asks) < 200:
                task = asyncio.ensure_future(self._ask())
                self._asks.add(task)
                task.add_done_callback(self._asks.discard)
            await asyncio.sleep(self._pause)

    async def _ask(self) -> None:
        begun = time.monotonic()
        self.begun.append(begun)
        took: float | None = None
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._timeout):
                await ask(self._port)
                took = time.monotonic() - begun
        self.results.append((begun, took))

    def good_after(self, moment: float) -> float | None:
        """Seconds from *moment* until a request that began after it was answered."""
        ends = [begun + took for begun, took in self.results if took is not None and begun >= moment]
        return min(ends) - moment if ends else None

    def wait_good(self, moment: float, patience: float) -> float:
        while time.monotonic() < moment + patience:
            found = self.good_after(moment)
            if found is not None:
                return found
            time.sleep(0.01)
        return float("inf")

    def answered(self, since: float, until: float) -> float:
        """Per cent of the requests begun between the two moments that are answered by now."""
        good = sum(took is not None and since <= begun < until for begun, took in self.results)
        return 100 * good / max(sum(since <= begun < until for begun in self.begun), 1)

    def median(self) -> float:
        """Seconds; what was never answered took for ever."""
        times = [took for _, took in self.results if took is not None]
        return median(times + [float("inf")] * (len(self.begun) - len(times)))

    def stop(self) -> None:
        self._background.run(self._stop())

    async def _stop(self) -> None:
        tasks = [self._task, *self._asks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def asking(port: int, pause: float) -> Iterator[Prober]:
    background = Background()
    prober = Prober(background, port, pause)
    try:
        yield prober
    finally:
        prober.stop()
        background.close()


async def ask(port: int) -> None:
    """Raises OSError where no whole page comes."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(SMALL)
        answer = b""
        while not complete(answer):
            part = await reader.read(65536)
            if not part:
                raise ConnectionError("the answer was cut")
            answer += part
    finally:
        writer.transport.abort()


class Regular(asyncio.Protocol):
    """One visitor whose connection stays, and who asks again some time after each answer."""

    def __init__(self, thinking: float) -> None:
        self.times: list[float] = []
        self.asked = 0.0
        """When the request under way was begun; 0 if none is."""
        self.lost = False
        self._thinking = thinking
        self._answer = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._think()

    def _think(self) -> None:
        pause = self._thinking * (0.5 + random.random())
        self._timer = asyncio.get_running_loop().call_later(pause, self._ask)

    def _ask(self) -> None:
        self.asked = time.monotonic()
        self.transport.write(SMALL)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if complete(self._answer):
            self.times.append(time.monotonic() - self.asked)
            self.asked = 0.0
            self._answer = b""
            self._think()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self._timer is not None:
            self._timer.cancel()


class Regulars:
    """*count* busy visitors, each with a connection of its own."""

    def __init__(self, background: Background, port: int, count: int, thinking: float) -> None:
        self._background = background
        self._thinking = thinking
        self._visitors: list[Regular] = []
        self._count = count
        background.run(self._arrive(port))

    async def _arrive(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, TimeoutError):
            for _ in range(self._count):
                async with asyncio.timeout(10):
                    _, visitor = await loop.create_connection(lambda: Regular(self._thinking), LOOPBACK, port)
                self._visitors.append(visitor)

    def watch(self, seconds: float) -> dict[str, float]:
        """What they got in so many seconds, after each has asked once; they leave after that."""
        time.sleep(2 * self._thinking)
        return self._background.run(self._watch(seconds), seconds + 30)

    async def _watch(self, seconds: float) -> dict[str, float]:
        for visitor in self._visitors:
            visitor.times.clear()
        await asyncio.sleep(seconds)
        now = time.monotonic()
        times = [took for visitor in self._visitors for took in visitor.times]
        late = [now - visitor.asked for visitor in self._visitors if visitor.asked and now - visitor.asked > 1]
        held = sum(not visitor.lost for visitor in self._visitors)
        for visitor in self._visitors:
            visitor.transport.abort()
        return {
            "requests/s": len(times) / seconds,
            "p99 ms": high(times + late) * 1000,
            "% of the busy held": 100 * held / self._count,
        }


@contextlib.contextmanager
def load(page: int, echo: int, visitors: int, again: bool = False) -> Iterator[tuple[Prober, Echoes]]:
    """Small requests and echoes for as long as the block runs; `Echoes.finish` is the block's own affair. *again*:
    echoes whose connection is lost come back."""
    background = Background()
    try:
        echoes = Echoes(background, echo, visitors, again)
        prober = Prober(background, page)
        try:
            yield prober, echoes
        finally:
            prober.stop()
            echoes.finish(0)
    finally:
        background.close()
