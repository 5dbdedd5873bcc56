"""Memory, recovery from disk, stalls of the event loop, and a long run at full load."""

import time

from tests.bench.store_contestants import Contestant, Ours, until
from tests.bench.store_failover import settled
from tests.bench.store_speed import brief

IDLE_SECONDS = 3.0
OBJECTS = 30_000
OBJECT_BYTES = 3686
RECOVERED_OBJECTS = 100_000
RECOVERED_BYTES = 1024
FILL_SECONDS = 600.0


def fill(contestant: Contestant, count: int, size: int) -> None:
    """So many new objects of that size."""
    contestant.load("txn", 64, FILL_SECONDS, count=count, size=size).result()


def memory(contestants: list[Contestant], objects: int = OBJECTS) -> None:
    """Resident memory of each member, idle and with many objects."""
    for contestant in contestants:
        contestant.start()
        try:
            time.sleep(IDLE_SECONDS)
            idle = [contestant.resident(name) for name in contestant.members()]
            fill(contestant, objects, OBJECT_BYTES)
            settled(contestant)
            time.sleep(IDLE_SECONDS)
            full = [contestant.resident(name) for name in contestant.members()]
        finally:
            contestant.stop()
        print(
            f"memory, {contestant.title:<9}: idle at most {max(idle):.0f} MB, with {objects:,} "
            f"objects of {OBJECT_BYTES} bytes at most {max(full):.0f} MB "
            f"({', '.join(f'{value:.0f}' for value in full)})",
            flush=True,
        )


def recovery(contestants: list[Contestant], objects: int = RECOVERED_OBJECTS) -> None:
    """From the start of a killed follower's process to its first answer with all objects."""
    for contestant in contestants:
        contestant.start()
        try:
            fill(contestant, objects, RECOVERED_BYTES)
            settled(contestant)
            leader = contestant.leader()
            took = _recovered(
                contestant, next(one for one in contestant.members() if one != leader)
            )
        finally:
            contestant.stop()
        print(
            f"recovery, {contestant.title:<9}: {objects:,} objects of {RECOVERED_BYTES} bytes "
            f"from disk in {took:.2f} s",
            flush=True,
        )


def _recovered(contestant: Contestant, name: str) -> float:
    revision = contestant.revision(name)
    contestant.kill(name)
    began = time.monotonic()
    contestant.revive(name)
    until(60.0, lambda: contestant.revision(name) >= revision or None, "recovery")
    return time.monotonic() - began


def stalls(ours: Ours, seconds: float) -> None:
    """How late the leader's event loop is under load."""
    for size in (1024, 3072):
        ours.start()
        try:
            leader = ours.leader()
            ours.stalls(leader)
            figures = ours.load("txn", 64, seconds, size=size).result()
            found = ours.stalls(leader)
        finally:
            ours.stop()
        print(
            f"event loop of the leader, creates of {size} bytes at {brief(figures)}: late by p50 "
            f"{found['p50_ms']:.2f}, p99 {found['p99_ms']:.1f}, p99.9 {found['p999_ms']:.1f}, "
            f"most {found['max_ms']:.1f} ms",
            flush=True,
        )


def long(contestants: list[Contestant], minutes: float) -> None:
    """Puts at full load for long: how many elections?"""
    for contestant in contestants:
        contestant.start()
        try:
            before = contestant.term()
            figures = contestant.load("put", 64, minutes * 60).result()
            elections = contestant.term() - before
            full = max(contestant.resident(name) for name in contestant.members())
        finally:
            contestant.stop()
        print(
            f"{minutes:g} minutes of puts, {contestant.title:<9}: {brief(figures)}, longest gap "
            f"{figures.gap_ms:.0f} ms, {elections} elections, at most {full:.0f} MB",
            flush=True,
        )
