"""One member of the store as a process of its own, without an API server or controllers.

    python -m tests.support.store_process <cluster.json> <replica> [--sample FILE] [--profile FILE]

All else is as in ``actors.process``: mutual TLS, traces, the real disk, leadership handed over at
SIGTERM. ``--sample``: measure how late the event loop is, and write the percentiles to FILE at each
SIGUSR1. ``--profile``: run under cProfile between SIGUSR1 and SIGUSR2, and write FILE.
"""

import argparse
import asyncio
import cProfile
import signal
import time
from pathlib import Path

import msgspec
import uvloop

from actors import catalog, process
from actors.kit.system import ActorSystem
from actors.kit.trace_file import FileTracer
from actors.kit.tracing import NullTracer, Tracer
from actors.kit.transports.ways import Ways
from actors.kit.world.real import real_world
from cluster import names
from cluster.messages.registry import all_messages
from cluster.settings import ClusterSettings, parse_settings

SAMPLE_SECONDS = 0.002


class Stalls:
    """How late the loop rings a timer: what a heartbeat may wait for its turn."""

    def __init__(self) -> None:
        self._late: list[float] = []

    async def measure(self) -> None:
        """For ever."""
        clock = time.monotonic  # the loop's own is rounded to milliseconds
        due = clock() + SAMPLE_SECONDS
        while True:
            await asyncio.sleep(max(0.0, due - clock()))
            late = clock() - due
            # Timers ring up to a millisecond early or late: that is the loop's grain, no stall.
            self._late.append(max(0.0, late))
            # A long stall counts once for each timer that it held up, as it would for messages.
            missed = int(late / SAMPLE_SECONDS)
            self._late.extend(late - step * SAMPLE_SECONDS for step in range(1, missed))
            due = clock() + SAMPLE_SECONDS

    def report(self, file: Path) -> None:
        """Write and begin anew."""
        late, self._late = sorted(self._late), []
        if late:
            at = {share: late[int(share * (len(late) - 1))] * 1000 for share in (0.5, 0.99, 0.999)}
            figures = {
                "samples": len(late), "p50_ms": at[0.5], "p99_ms": at[0.99], "p999_ms": at[0.999],
                "max_ms": late[-1] * 1000,
            }  # fmt: skip
            partial = file.with_suffix(".tmp")
            partial.write_bytes(msgspec.json.encode(figures))
            partial.rename(file)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("settings")
    parser.add_argument("name")
    parser.add_argument("--sample", type=Path)
    parser.add_argument("--profile")
    parser.add_argument("--no-trace", action="store_true")
    return parser.parse_args()


async def run(settings: ClusterSettings, name: str, options: argparse.Namespace) -> None:
    """Run until SIGTERM. Raises what put the store beyond restarting."""
    world = real_world(Path(settings.data_dir) / "processes" / name)
    trace = Path(settings.data_dir) / "trace" / name
    tracer: Tracer = NullTracer() if options.no_trace else FileTracer(trace)
    system = ActorSystem(
        process=name,
        zone=settings.zone_of(name),
        world=world,
        tracer=tracer,
        transport=process.make_transport(settings, name, world, Ways(world.entropy)),
        peers=settings.peer_addresses(),
        registry=all_messages(),
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    measuring = _measure(loop, options)
    await system.start()
    try:
        await system.spawn(names.STORE, lambda: catalog.store_actor(settings, name))
        system.when_proven(lambda: process.tell_ready(name))
        await process.until_stopped(system, stopping)
        await process.hand_over(system)
    finally:
        if measuring is not None:
            measuring.cancel()
        async with asyncio.timeout(process.STOP_SECONDS):
            await system.stop()
        tracer.close()


def _measure(
    loop: asyncio.AbstractEventLoop, options: argparse.Namespace
) -> "asyncio.Task[None] | None":
    if options.profile:
        profile = cProfile.Profile()

        def write() -> None:
            profile.disable()
            profile.dump_stats(options.profile)

        loop.add_signal_handler(signal.SIGUSR1, profile.enable)
        loop.add_signal_handler(signal.SIGUSR2, write)
    if not options.sample:
        return None
    stalls = Stalls()
    loop.add_signal_handler(signal.SIGUSR1, stalls.report, options.sample)
    return loop.create_task(stalls.measure())


def main() -> None:
    """Entry point."""
    options = arguments()
    settings = parse_settings(msgspec.json.decode(Path(options.settings).read_bytes()))
    uvloop.run(run(settings, options.name, options))


if __name__ == "__main__":
    main()
