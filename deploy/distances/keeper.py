"""The process that keeps zones apart for packets of pods, as long as the cluster lives.

    python -m deploy.distances.keeper <data_dir>

It has rules and queues in the namespaces of nodes, and in the machine's own (``ways``), and follows
nodes and replicas as they come and go: the kernel tells it of namespaces and of the settings' file,
and the launcher asks at its door. ``look``: all rules anew, and what was wrong; ``held``: how many
packets waited so far; ``aside``: nothing waits, until ``back`` or ``ASIDE_SECONDS`` later. It ends
when it is told to, or its cluster is gone; nothing waits then, and no rules are left.
Must not know: faults.
"""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from actors.kit.door import Ask, Door, Op
from actors.kit.world.netns import namespace_command
from cluster.settings import ClusterSettings
from deploy import network, state
from deploy.chaos.holding import packet_queue
from deploy.chaos.holding.lane import Lane
from deploy.chaos.holding.line import Hold
from deploy.chaos.holding.packet_queue import PacketQueue
from deploy.distances import ways
from deploy.distances.ways import Way
from deploy.watcher import Watcher

NAME = "distances"
FOLDER = "/run/netns"
# What changes together is looked at once.
SETTLE_SECONDS = 0.1
# A namespace that is being made tells nothing when it is whole; what failed is tried again.
AGAIN_SECONDS = 1.0
# Where the kernel does not tell of files.
LOOK_SECONDS = 5.0
# Whoever asked for it may have died.
ASIDE_SECONDS = 20.0


class Keeper:
    """Of the running loop, from ``run`` on until that ends."""

    def __init__(self, data_dir: str) -> None:
        self._data_dir = data_dir
        self._settings: ClusterSettings | None = None
        self._lanes: dict[Hold, Lane] = {}
        # Namespace → which one it was, and what waits there.
        self._kept: dict[str, tuple[int, tuple[Way, ...]]] = {}
        self._aside: dict[int, asyncio.TimerHandle] = {}
        self._tokens = itertools.count(1)
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._over = False
        self._whole = False
        self._problem = ""

    def ops(self) -> dict[str, Op]:
        """What can be asked."""
        return {
            "look": self._looked, "held": self._held, "aside": self._step_aside, "back": self._back,
        }  # fmt: skip

    def end(self) -> None:
        """As soon as it can."""
        self._over = True
        self._wake.set()

    async def run(self) -> None:
        """Follow what comes and goes, until told to end."""
        watcher = Watcher()
        for folder in (self._data_dir, FOLDER):
            watcher.add(folder)
        if watcher.descriptor >= 0:
            asyncio.get_running_loop().add_reader(watcher.descriptor, self._stir, watcher)
        try:
            while not self._over:
                whole, self._whole = self._whole, False
                await self._look(whole)
                await self._rest(watcher)
        finally:
            if watcher.descriptor >= 0:
                asyncio.get_running_loop().remove_reader(watcher.descriptor)
            watcher.close()
            async with self._lock:
                await self._give_up(self._kept)

    async def _rest(self, watcher: Watcher) -> None:
        """Until something may have changed, and has settled."""
        seconds = LOOK_SECONDS if watcher.descriptor < 0 else None
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), AGAIN_SECONDS if self._problem else seconds)
        if not self._over:
            await asyncio.sleep(SETTLE_SECONDS)
        self._wake.clear()

    def _stir(self, watcher: Watcher) -> None:
        watcher.wait(0.0)
        self._wake.set()

    async def _look(self, whole: bool) -> None:
        """Rules and queues as the settings want them, where namespaces are. ``whole``: also where
        nothing has changed, for others may have taken rules away."""
        async with self._lock:
            # Who comes back looks.
            if self._over or self._aside:
                return
            try:
                self._settings = settings = await asyncio.to_thread(state.load, self._data_dir)
            except state.NoCluster:
                self.end()
                return
            except ValueError as error:
                self._problem = str(error)
                return
            wanted = ways.of(settings)
            there = {namespace: identity(namespace) for namespace in {*wanted, *self._kept}}
            await self._give_up(
                namespace
                for namespace, (known, _) in self._kept.items()
                if namespace not in wanted or there[namespace] != known
            )
            problems = await asyncio.gather(
                *(
                    self._keep(settings, namespace, known, wanted[namespace], whole)
                    for namespace, known in there.items()
                    if known is not None and namespace in wanted
                )
            )
            problems += [half(namespace) for namespace in wanted if there[namespace] is None]
            self._problem = next((problem for problem in problems if problem), "")

    async def _keep(
        self,
        settings: ClusterSettings,
        namespace: str,
        known: int,
        wanted: tuple[Way, ...],
        whole: bool,
    ) -> str:
        """In one namespace. Returns what was wrong, '' if nothing; then nothing waits there."""
        if self._kept.get(namespace) == (known, wanted) and not whole:
            return ""
        needed = ways.holds(wanted)
        fresh = tuple(hold for hold in needed if hold not in self._lanes)
        self._kept[namespace] = (known, wanted)
        try:
            for hold in fresh:
                queue = await asyncio.to_thread(PacketQueue, namespace)
                self._lanes[hold] = Lane(hold, queue)
            for hold in needed:
                self._lanes[hold].resume()
            numbers = {hold: self._lanes[hold].number for hold in (needed if whole else fresh)}
            await asyncio.to_thread(load, settings, namespace, wanted, numbers)
        except (OSError, network.NetworkError) as error:
            await self._give_up([namespace])
            return f"{namespace or 'this machine'}: {error}"
        self._close(hold for hold in self._of(namespace) if hold not in needed)
        return ""

    async def _give_up(self, namespaces: Iterable[str]) -> None:
        """Nothing waits there any more, and no rules are left."""
        settings = self._settings
        if settings is not None:
            await asyncio.gather(*(self._leave(settings, one) for one in list(namespaces)))

    async def _leave(self, settings: ClusterSettings, namespace: str) -> None:
        await self._let_pass(settings, namespace)
        known, _ = self._kept.pop(namespace)
        if identity(namespace) == known:
            await asyncio.to_thread(unload, settings, namespace)
        self._close(self._of(namespace))

    async def _let_pass(self, settings: ClusterSettings, namespace: str) -> None:
        """What waits goes on, and what comes passes."""
        known, wanted = self._kept[namespace]
        for hold in self._of(namespace):
            self._lanes[hold].release()
        if identity(namespace) == known:
            await asyncio.to_thread(spare, settings, namespace, ways.holds(wanted))
        for hold in self._of(namespace):
            self._lanes[hold].release()

    def _of(self, namespace: str) -> list[Hold]:
        return [hold for hold in self._lanes if hold.namespace == namespace]

    def _close(self, holds: Iterable[Hold]) -> None:
        for hold in list(holds):
            self._lanes.pop(hold).close()

    async def _looked(self, ask: Ask) -> Ask:
        await self._look(whole=True)
        if self._problem:
            # From now on that is tried again.
            self._wake.set()
        nodes = sum(1 for namespace in self._kept if namespace)
        return {"nodes": nodes, "problem": self._problem}

    def _held(self, ask: Ask) -> Ask:
        return {"held": [lane.taken for lane in self._lanes.values()]}

    async def _step_aside(self, ask: Ask) -> Ask:
        async with self._lock:
            settings = self._settings
            if not self._aside and settings is not None:
                await asyncio.gather(*(self._let_pass(settings, one) for one in self._kept))
            token = next(self._tokens)
            loop = asyncio.get_running_loop()
            self._aside[token] = loop.call_later(ASIDE_SECONDS, self._expire, token)
        return {"token": token}

    async def _back(self, ask: Ask) -> Ask:
        timer = self._aside.pop(int(ask.get("token", 0)), None)
        if timer is not None:
            timer.cancel()
            await self._look(whole=True)
        return {}

    def _expire(self, token: int) -> None:
        self._aside.pop(token)
        self._whole = True
        self._wake.set()


def identity(namespace: str) -> int | None:
    """Of a network namespace by its path ('' : this one), None if there is none. Source:
    namespaces(7): two are the same if their files' devices and inodes are."""
    try:
        own, found = os.stat("/proc/self/ns/net"), os.stat(namespace or "/proc/self/ns/net")
    except OSError:
        return None
    return found.st_ino if found.st_dev == own.st_dev else None


def half(namespace: str) -> str:
    """What to say of a path that is no network namespace: '' if there is nothing. (One that is
    being made is a file first.)"""
    return f"{namespace} is no network namespace" if os.path.exists(namespace) else ""


def load(
    settings: ClusterSettings, namespace: str, wanted: tuple[Way, ...], numbers: dict[Hold, int]
) -> None:
    """Set the rules of a namespace. ``numbers``: of the queues for what waits in none yet. Raises
    OSError, NetworkError."""
    nft(namespace, "-f", "-", stdin=ways.script(settings, wanted, tuple(numbers)))
    for hold, number in numbers.items():
        packet_queue.divert(namespace, ways.table(settings), ways.chain(hold), number)


def spare(settings: ClusterSettings, namespace: str, holds: tuple[Hold, ...]) -> None:
    """Hand no more packets to queues: they pass."""
    for hold in holds:
        words = ("flush", "chain", "ip", ways.table(settings), ways.chain(hold))
        nft(namespace, *words, check=False)


def unload(settings: ClusterSettings, namespace: str) -> None:
    """Remove the rules."""
    nft(namespace, "delete", "table", "ip", ways.table(settings), check=False)


def nft(namespace: str, *words: str, stdin: str = "", check: bool = True) -> None:
    """Tell the packet filter of a namespace. Raises NetworkError."""
    network.run(*namespace_command(namespace), "nft", *words, stdin=stdin, check=check)


async def keep(data_dir: str) -> None:
    """Until a signal comes, or the cluster is gone."""
    keeper = Keeper(data_dir)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, keeper.end)
    door = Door(Path(data_dir, "run", f"{NAME}.door"), keeper.ops())
    await door.open()
    try:
        await keeper.run()
    finally:
        await door.close()


def main() -> None:
    """Run as a module."""
    asyncio.run(keep(sys.argv[1]))


if __name__ == "__main__":
    main()
