"""What tracing costs: the same work with it off and at its default level, by turns in one run.

    python -m tests.bench.tracing [PART ...] [--seconds S] [--rounds N] [--folder DIR]

Parts (both by default): ``messages``: asks between two actor systems over TCP with TLS, 16 under
way, records written to files; ``creates``: pods created by HTTPS on three replicas with real fsync,
16 callers, as ``tests.bench.api``. Printed are the medians over all rounds of the ratio to the turn
without tracing beside it: of throughput, and of the processor time that one operation takes (which
others on the machine disturb less). Goal: at most 5 % of throughput.
"""

import argparse
import asyncio
import gc
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop

from actors.kit.system import ActorSystem
from actors.kit.trace_file import FileTracer
from actors.kit.trace_levels import MESSAGES, OFF
from actors.kit.tracing import root_trace
from actors.kit.transports.tcp import TcpTransport
from actors.kit.transports.tls import client_context, server_context
from actors.kit.world.real import real_world
from cluster import names
from deploy.chaos import door
from tests.bench import api
from tests.bench.api_contestants import Steersman
from tests.unit.actors.kit.messages import REGISTRY, Blob, Counter
from tests.unit.actors.kit.transports.certificates import Authority

UNDER_WAY = 16
PAYLOAD = bytes(1024)
PARTS = ("messages", "creates")


@dataclass
class Turn:
    """``rate``: operations a second; ``cost``: microseconds of processor time for each."""

    rate: float
    cost: float


def report(what: str, pairs: list[tuple[Turn, Turn]]) -> None:
    """``pairs``: (without, with) tracing, side by side."""

    def median(pick: Callable[[Turn, Turn], float]) -> float:
        return statistics.median(pick(off, on) for off, on in pairs)

    print(
        f"{what}: throughput {median(lambda off, on: on.rate / off.rate):.3f} of that without "
        f"tracing (median of {len(pairs)}; {median(lambda off, on: off.rate):,.0f}/s without); "
        f"processor time {median(lambda off, on: on.cost / off.cost):.3f} "
        f"({median(lambda off, on: off.cost):.0f} us without)",
        flush=True,
    )


async def messages(folder: Path, seconds: float, rounds: int) -> list[tuple[Turn, Turn]]:
    """Asks over TCP with TLS; both ends are in this process."""
    authority = Authority(folder)
    ends: list[tuple[ActorSystem, TcpTransport, FileTracer]] = []
    for name in ("a", "b"):
        world, tracer = real_world(folder / "data" / name), FileTracer(folder / "trace" / name)
        files = (*authority.issue(f"system:replica:{name}", names.GROUP_REPLICAS), authority.path)
        tls = (server_context(*files), client_context(*files))
        transport = TcpTransport("bench", "127.0.0.1:0", world.entropy, *tls)
        system = ActorSystem(name, "z", world, tracer, transport, {}, REGISTRY)
        await system.start()
        await system.spawn("counter", Counter)
        ends.append((system, transport, tracer))
    (a, a_end, _), (b, b_end, _) = ends
    a.add_peer("b", f"127.0.0.1:{b_end.port}")
    b.add_peer("a", f"127.0.0.1:{a_end.port}")
    pairs: list[tuple[Turn, Turn]] = []
    try:
        await ask_for(a, 0.5)
        for number in range(rounds):
            found: dict[str, Turn] = {}
            # Who comes first changes: what drifts hits both.
            for level in (OFF, MESSAGES) if number % 2 else (MESSAGES, OFF):
                for system, _, tracer in ends:
                    tracer.flush()
                    system.recorder.levels.set("", level, 1.0)
                gc.collect()
                found[level] = await ask_for(a, seconds)
            pairs.append((found[OFF], found[MESSAGES]))
    finally:
        for system, _, tracer in ends:
            await system.stop()
            tracer.close()
    return pairs


async def ask_for(system: ActorSystem, seconds: float) -> Turn:
    """Asks, so many under way, for that long."""
    ref, message, count = system.ref("counter@b"), Blob(PAYLOAD), 0
    end = time.monotonic() + seconds

    async def caller() -> None:
        nonlocal count
        while time.monotonic() < end:
            with root_trace(system.world.entropy):
                await ref.ask(message, 30.0)
            count += 1

    began, used = time.monotonic(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(UNDER_WAY)))
    took, used = time.monotonic() - began, time.process_time() - used
    return Turn(count / took, used / count * 1e6)


def creates(folder: Path, seconds: float, rounds: int) -> list[tuple[Turn, Turn]]:
    """Pods, created on three replicas."""
    bench, loads = Steersman(folder), api.Loads(folder)
    bench.start()
    pairs: list[tuple[Turn, Turn]] = []
    try:
        create_for(bench, loads, folder, min(2.0, seconds))
        for number in range(rounds):
            found: dict[str, Turn] = {}
            for level in (OFF, MESSAGES) if number % 2 else (MESSAGES, OFF):
                settings = bench.settings
                for process in settings.processes():
                    fields = {"actor": "", "level": level}
                    door.ask(settings, process.name, "trace-level", seconds=30.0, fields=fields)
                found[level] = create_for(bench, loads, folder, seconds)
            pairs.append((found[OFF], found[MESSAGES]))
    finally:
        bench.stop()
    return pairs


TURNS = itertools.count()


def create_for(bench: Steersman, loads: api.Loads, folder: Path, seconds: float) -> Turn:
    """One load, of pods with names of its own."""
    meta = {**api.POD["metadata"], "name": f"turn-{next(TURNS)}-%s"}
    (folder / "pod.json").write_text(json.dumps({**api.POD, "metadata": meta}))
    pids = bench.pids()
    before = api.processor(pids)
    part = api.Part("", "create", UNDER_WAY)
    figures = api.result(loads.begin(bench.settings, bench.servers(), part, seconds))
    return Turn(figures.rate, (api.processor(pids) - before) / figures.operations * 1e6)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where data is written")
    options = parser.parse_args()
    wanted = options.parts or PARTS
    with tempfile.TemporaryDirectory(prefix="trace-bench-", dir=options.folder) as name:
        folder, seconds, rounds = Path(name), options.seconds, options.rounds
        if "messages" in wanted:
            report("messages", uvloop.run(messages(folder, seconds, rounds)))
        if "creates" in wanted:
            report("creates", creates(folder, seconds, rounds))


if __name__ == "__main__":
    main()
