"""The exporter: a process that follows a cluster's trace files and sends spans to a collector.

    python -m deploy.tracing.exporter <cluster.json> <URL>

A process of its own, so that a slow or dead collector never slows the cluster: all that it costs
is spans, and those are counted in ``<data_dir>/run/exporter.counts``.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from cluster.settings import ClusterSettings, parse_settings
from deploy.tracing import files, spans, tail
from deploy.tracing.sending import Counts, Sender

NAME = "exporter"
# How often it looks for messages that have become whole, and how long an end may take.
LOOK_SECONDS = 0.5
END_SECONDS = 3.0
TELL_SECONDS = 2.0
# Work that can wait: the cluster's own comes first (nice(2)).
NICE = 10


class Exporter:
    """Follows from now on; ``stop`` ends it."""

    def __init__(self, settings: ClusterSettings, sender: Sender) -> None:
        self.sender = sender
        self._follower = tail.Follower(settings)
        self._assembler = spans.Assembler()
        self._wake = asyncio.Event()
        self._stopping = False

    def stop(self) -> None:
        """Send what there is, then end."""
        self._stopping = True
        self._wake.set()

    async def run(self, tell: Callable[[Counts], None]) -> None:
        """Until stopped. ``tell`` is called with the counts now and then, and at the end."""
        loop = asyncio.get_running_loop()
        if self._follower.descriptor >= 0:
            loop.add_reader(self._follower.descriptor, self._wake.set)
        sending = loop.create_task(self.sender.run())
        told = time.monotonic()
        tell(self.sender.counts)
        try:
            while not self._stopping:
                await self._rest()
                self._read()
                self.sender.offer(self._assembler.ready(time.monotonic()))
                if time.monotonic() - told >= TELL_SECONDS:
                    told = time.monotonic()
                    tell(self.sender.counts)
        finally:
            if self._follower.descriptor >= 0:
                loop.remove_reader(self._follower.descriptor)
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            self._read()
            self.sender.offer(self._assembler.rest())
            await self.sender.drain(END_SECONDS)
            await self.sender.close()
            tell(self.sender.counts)
            self._follower.close()

    async def _rest(self) -> None:
        """Until something was written, or something known may have become whole."""
        patient = self._follower.descriptor >= 0 and not self._assembler.is_waiting
        try:
            async with asyncio.timeout(TELL_SECONDS if patient else LOOK_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def _read(self) -> None:
        self._follower.wait(0.0)
        records = files.decoded(self._follower.lines())
        self._assembler.take(records, time.monotonic())


def counts_path(settings: ClusterSettings) -> str:
    """Where the counts of the running exporter are kept."""
    return os.path.join(settings.data_dir, "run", f"{NAME}.counts")


def read_counts(settings: ClusterSettings) -> Counts:
    """What became of spans so far; nothing, if there is no exporter."""
    try:
        return msgspec.json.decode(Path(counts_path(settings)).read_bytes(), type=Counts)
    except (OSError, msgspec.DecodeError):
        return Counts()


def write_counts(settings: ClusterSettings, counts: Counts) -> None:
    """Keep them. A disk that is full must not end the exporter."""
    path = counts_path(settings)
    with suppress(OSError):
        Path(path + ".tmp").write_bytes(msgspec.json.encode(counts))
        os.replace(path + ".tmp", path)


async def follow(settings: ClusterSettings, url: str, tell: Callable[[Counts], None]) -> None:
    """Export from now on, until SIGTERM or SIGINT. Raises ValueError for a bad URL."""
    exporter = Exporter(settings, Sender(url, settings.name))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, exporter.stop)
    await exporter.run(tell)


def main() -> None:
    """Entry point. Exits with 1 and one line of text if it was called wrongly."""
    path, url = sys.argv[1:3]
    os.nice(NICE)
    try:
        settings = parse_settings(msgspec.json.decode(Path(path).read_bytes()))
        asyncio.run(follow(settings, url, lambda counts: write_counts(settings, counts)))
    except (OSError, ValueError) as error:
        sys.exit(f"error: {NAME}: {error}")


if __name__ == "__main__":
    main()
