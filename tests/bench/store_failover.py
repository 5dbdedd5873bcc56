"""What clients feel when the leader is killed, falls silent, or hands over as planned.

Eight callers put, retrying as their client does; the gap is the longest time in which nobody's
write was acknowledged. Each trial is one such load, with one event in its midst.
"""

import signal
import statistics
import time
from collections.abc import Callable

from tests.bench.store_contestants import Contestant, Failed, until
from tests.bench.store_load import Figures

CALLERS = 8
BEFORE_SECONDS = 1.5
SILENT_SECONDS = 5.0
# One try of a caller of etcd's client, which does not try again by itself.
TRY_SECONDS = 0.5


def trial(contestant: Contestant, event: Callable[[str], None], seconds: float) -> Figures:
    """One load in whose midst ``event`` befalls the leader."""
    leader = contestant.leader()
    timeout = TRY_SECONDS if contestant.title == "etcd" else 10.0
    load = contestant.load("put", CALLERS, seconds, timeout=timeout, prefix="/failover/")
    time.sleep(BEFORE_SECONDS)
    event(leader)
    return load.result()


def settled(contestant: Contestant) -> None:
    """Wait until all members have applied the same."""

    def equal() -> bool | None:
        found = {contestant.revision(name) for name in contestant.members()}
        return True if len(found) == 1 and -1 not in found else None

    until(30.0, equal, "all members are up to date")


def report(what: str, contestant: Contestant, gaps: list[float], errors: int) -> None:
    """One line."""
    ordered = sorted(gaps)
    print(
        f"{what}, {contestant.title:<9}: gap median {statistics.median(gaps):7.0f} ms, least "
        f"{ordered[0]:.0f}, most {ordered[-1]:.0f} ({len(gaps)} times), errors seen: {errors}",
        flush=True,
    )


def kills(contestants: list[Contestant], times: int) -> None:
    """SIGKILL of the leader; the dead member comes back before the next trial."""
    for contestant in contestants:
        _series("leader killed", contestant, times, contestant.kill, contestant.revive, 4.0)


def silences(contestants: list[Contestant], times: int) -> None:
    """The leader stops in its tracks with all connections open, as behind a silent partition."""
    for contestant in contestants:

        def stop(name: str, contestant: Contestant = contestant) -> None:
            contestant.signal(name, signal.SIGSTOP)

        def resume(name: str, contestant: Contestant = contestant) -> None:
            contestant.signal(name, signal.SIGCONT)

        _series("leader silent", contestant, times, stop, resume, SILENT_SECONDS)


def transfers(contestants: list[Contestant], times: int) -> None:
    """Planned transfer of leadership."""
    for contestant in contestants:

        def transfer(_: str, contestant: Contestant = contestant) -> None:
            contestant.transfer()

        _series("transfer", contestant, times, transfer, lambda _: None, 3.0)


def _series(
    what: str,
    contestant: Contestant,
    times: int,
    event: Callable[[str], None],
    after: Callable[[str], None],
    seconds: float,
) -> None:
    contestant.start()
    gaps, errors = [], 0
    try:
        for _ in range(times):
            struck: list[str] = []

            def strike(name: str, struck: list[str] = struck) -> None:
                struck.append(name)
                event(name)

            figures = trial(contestant, strike, seconds)
            if not figures.operations:
                raise Failed(f"{contestant.title}: no write at all")
            gaps.append(figures.gap_ms)
            errors += figures.errors
            for name in struck:
                after(name)
            settled(contestant)
        report(what, contestant, gaps, errors)
    finally:
        contestant.stop()
