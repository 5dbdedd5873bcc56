"""The load on our store: a client process that prints one JSON line of figures, as etcd_load does.

    python -m tests.bench.store_load <cluster.json> --op txn --clients 64 --seconds 5

Closed loop: each of ``clients`` callers asks, waits for the answer, asks again. Transactions go
through the product's ``StoreClient``. Must not know: etcd.
"""

import argparse
import asyncio
import itertools
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
import uvloop

from actors.client.store_client import StoreClient
from actors.kit.actor import Actor
from cluster import names
from cluster.errors import SteersmanError
from cluster.messages.store import (
    Compare,
    Delete,
    Put,
    Range,
    StoreEvents,
    Txn,
    TxnResult,
    Watch,
)
from cluster.settings import parse_settings
from tests.support import store_cluster

READ_KEYS = 1000
DELIVERY_SECONDS = 30.0


class Figures(msgspec.Struct):
    """Times in milliseconds; ``gap_ms``: the longest time without any acknowledgement; ``cpu``:
    seconds of processor time per second that this process used."""

    operations: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    gap_ms: float
    deliveries: int = 0
    cpu: float = 0.0


@dataclass
class Load:
    """``client``: name of this process, for keys of its own."""

    store: StoreClient
    options: argparse.Namespace
    value: bytes
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    gap: float = 0.0
    last: float = 0.0
    deliveries: int = 0
    begun: Iterator[int] = field(default_factory=itertools.count)

    async def prepare(self) -> None:
        """What reads will find."""
        if self.options.op in ("get", "serializable"):
            keys = [f"{self.options.prefix}read-{number}" for number in range(READ_KEYS)]
            await asyncio.gather(*(self.store.put(key, self.value) for key in keys))

    def operation(self, worker: int) -> Callable[[int], Awaitable[object]]:
        """What one caller asks for the n-th time."""
        store, prefix, value = self.store, f"{self.options.prefix}{worker}/", self.value
        seconds = self.options.timeout
        unique = f"{time.time_ns()}-"

        async def create(number: int) -> object:
            key = f"{prefix}{unique}{number}"
            return await store.txn((Compare(key, "mod", 0),), (Put(key, value),), seconds=seconds)

        async def put(number: int) -> object:
            return await store.put(f"{prefix}{number % 1000}", value, seconds)

        async def read(number: int) -> object:
            key = f"{self.options.prefix}read-{number % READ_KEYS}"
            query = Range(key, linearizable=self.options.op == "get")
            return await store.range(query, seconds)

        return {"put": put, "watch": put, "txn": create}.get(self.options.op, read)

    async def work(self, worker: int, end: float) -> None:
        """One caller until ``end``."""
        clock = time.perf_counter
        operation = self.operation(worker)
        for number in itertools.count():
            began = clock()
            if began >= end or (self.options.count and next(self.begun) >= self.options.count):
                return
            try:
                await operation(number)
            except SteersmanError as error:
                self.errors += 1
                print(f"{type(error).__name__}: {error}", file=sys.stderr)
                continue
            now = clock()
            self.latencies.append(now - began)
            self.gap = max(self.gap, now - self.last)
            self.last = now

    async def run(self) -> Figures:
        """All callers."""
        await self.prepare()
        before = resource.getrusage(resource.RUSAGE_SELF)
        self.last = began = time.perf_counter()
        end = began + self.options.seconds
        await asyncio.gather(*(self.work(worker, end) for worker in range(self.options.clients)))
        took = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_SELF)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        ordered = sorted(self.latencies) or [0.0]

        def at(share: float) -> float:
            return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000

        return Figures(
            len(self.latencies), self.errors, took, at(0.5), at(0.99), at(1.0),
            self.gap * 1000, cpu=used / took,
        )  # fmt: skip

    async def watch(self, home: Actor, member: str, ready: Callable[[], None]) -> None:
        """One watcher of all that is written, for ever."""
        ref = home.ctx.ref(names.address(names.STORE, member))
        prefix = self.options.prefix
        async with ref.stream(Watch(prefix, prefix[:-1] + "0")) as stream:
            async for item in stream:
                if isinstance(item, StoreEvents):
                    ready()
                    self.deliveries += len(item.events)


class Single(StoreClient):
    """Each transaction as an ask of its own, without a session: what batches are compared with."""

    async def txn(
        self,
        compare: tuple[Compare, ...] = (),
        success: tuple[Put | Delete, ...] = (),
        fence: int = 0,
        seconds: float = 10.0,
    ) -> TxnResult:
        """To whoever leads."""
        while not self.leader:
            await asyncio.sleep(0.01)
        reply = await self._refs[self.leader].ask(Txn(compare, success, fence), seconds)
        assert isinstance(reply, TxnResult)
        return reply


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("settings", type=Path)
    parser.add_argument("--name", default="load")
    parser.add_argument(
        "--op", choices=("put", "txn", "get", "serializable", "watch"), default="put"
    )
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--watchers", type=int, default=0)
    parser.add_argument("--prefix", default="/bench/")
    parser.add_argument("--count", type=int, default=0, help="stop after so many operations")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for one operation")
    parser.add_argument("--single", action="store_true")
    return parser.parse_args()


async def main() -> None:
    """Prints the figures."""
    options = arguments()
    settings = parse_settings(msgspec.json.decode(options.settings.read_bytes()))
    async with store_cluster.client(settings, options.name) as system:
        home = Actor()
        await system.spawn("load", lambda: home)
        leader = await store_cluster.leader(system, settings)
        members = [replica.name for replica in settings.replicas]
        kind = Single if options.single else StoreClient
        load = Load(kind(home.ctx, members, brief=True), options, b"v" * options.size)
        if options.op == "watch":
            await watched(load, home, leader)
        figures = await load.run()
        if options.op == "watch":
            wanted = options.watchers * figures.operations
            limit = time.monotonic() + DELIVERY_SECONDS
            began = time.perf_counter()
            while load.deliveries < wanted and time.monotonic() < limit:
                await asyncio.sleep(0.001)
            figures.seconds += time.perf_counter() - began
            figures.deliveries = load.deliveries
        print(msgspec.json.encode(figures).decode())


async def watched(load: Load, home: Actor, leader: str) -> None:
    """Open all watchers, and return once each has had its first item."""
    started = asyncio.Event()
    waiting = dict.fromkeys(range(load.options.watchers))

    def ready(number: int) -> None:
        if waiting.pop(number, 0) is None and not waiting:
            started.set()

    for number in range(load.options.watchers):
        home.ctx.task(load.watch(home, leader, partial(ready, number)), "watch")
    await started.wait()


if __name__ == "__main__":
    uvloop.run(main())
