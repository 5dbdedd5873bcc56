"""Links between members that can be cut, one way or both, slowed and delayed: a TCP proxy for each
ordered pair, in the test's own loop.

A cut link is silent, as a network's partition is: connections stay, bytes wait on the near side
and arrive if it heals. Must not know: what travels.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

CHUNK_BYTES = 16 * 1024


@dataclass
class Way:
    """One direction between two processes. ``delay``: seconds of every chunk; ``rate``: bytes per
    second, 0 for no bound."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    delay: float = 0.0
    rate: float = 0.0

    def __post_init__(self) -> None:
        self.open.set()


class Links:
    """``addresses``: of the members' own sockets. After ``start``, ``beliefs`` says where each
    member is to find each other."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self._addresses = addresses
        self._ways = {(a, b): Way() for a in addresses for b in addresses if a != b}
        self._servers: list[asyncio.Server] = []
        self._tasks: dict[asyncio.Task[None], None] = {}
        self.beliefs: dict[str, dict[str, str]] = {}

    async def start(self) -> None:
        """Listen, for each ordered pair."""
        for source, target in self._ways:
            server = await asyncio.start_server(
                partial(self._accept, source, target), "127.0.0.1", 0, limit=CHUNK_BYTES
            )
            self._servers.append(server)
            port = server.sockets[0].getsockname()[1]
            self.beliefs.setdefault(source, {})[target] = f"127.0.0.1:{port}"

    async def stop(self) -> None:
        """End all connections."""
        for server in self._servers:
            server.close()
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(list(self._tasks))
            await asyncio.sleep(0)

    # -- faults

    def cut(self, source: str, target: str) -> None:
        """What ``source`` sends does not reach ``target`` any more."""
        self._ways[(source, target)].open.clear()

    def isolate(self, name: str) -> None:
        """Neither hears the other."""
        for source, target in self._ways:
            if name in (source, target):
                self.cut(source, target)

    def slow(self, names: Iterable[str], delay: float, rate: float) -> None:
        """All that these send, and all that is sent to them."""
        chosen = set(names)
        for (source, target), way in self._ways.items():
            if source in chosen or target in chosen:
                way.delay, way.rate = delay, rate

    def heal(self) -> None:
        """All is well again; what waited arrives."""
        for way in self._ways.values():
            way.delay = way.rate = 0.0
            way.open.set()

    # -- within

    def _accept(
        self,
        source: str,
        target: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(source, target, reader, writer))
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _serve(
        self,
        source: str,
        target: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        there, back = self._ways[(source, target)], self._ways[(target, source)]
        far: asyncio.StreamWriter | None = None
        try:
            # A dial needs both directions.
            await there.open.wait()
            await back.open.wait()
            host, _, port = self._addresses[target].rpartition(":")
            far_reader, far = await asyncio.open_connection(host, int(port), limit=CHUNK_BYTES)
            pumps = [
                asyncio.ensure_future(pump(reader, far, there)),
                asyncio.ensure_future(pump(far_reader, writer, back)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in pumps:
                    one.cancel()
                await asyncio.wait(pumps)
        except OSError:
            pass
        finally:
            for end in (writer, far):
                if end is not None:
                    end.transport.abort()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
    """Carry bytes one way until either side ends. Delayed chunks keep their order and overlap: a
    long link, not a narrow one."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=1000)

    async def arrive() -> None:
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await way.open.wait()
            writer.write(data)
            await writer.drain()

    arriving = asyncio.ensure_future(arrive())
    try:
        while data := await reader.read(CHUNK_BYTES):
            if way.rate:
                await asyncio.sleep(len(data) / way.rate)
            await queue.put((loop.time() + way.delay, data))
            if arriving.done():
                break
    except OSError:
        pass
    finally:
        # A reset that the far side caused tells it nothing new; one of the near side arrives now.
        arriving.cancel()
        await asyncio.wait([arriving])
        if not arriving.cancelled():
            arriving.exception()
