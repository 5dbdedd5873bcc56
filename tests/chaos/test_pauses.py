"""A leader that is stopped in its tracks (SIGSTOP) and comes back believing that it leads."""

import os
import signal
import time

import pytest

from deploy import administrator, processes
from tests.chaos import workloads
from tests.chaos.observe import eventually, resumed, settle, stored
from tests.chaos.readers import stale, start_readers, stop_readers
from tests.chaos.writers import Writer, disordered, lost, stop
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]
PAUSE_SECONDS = 3.0
GAP_SECONDS = 2.0


def test_a_paused_leader_answers_nothing_stale(
    simulated: RealCluster, writers: list[Writer]
) -> None:
    settings = simulated.settings
    readers = start_readers(settings)
    leader = simulated.leader()
    process = processes.find(settings, leader)
    assert process is not None
    other = next(r for r in settings.replicas if r.name != leader)
    api = administrator.client(settings, other.api_addresses[-1])
    # Work for the controllers of both leaders: the old one's come back in the midst of theirs.
    workloads.deploy(api, "paused", 4)
    os.kill(process.pid, signal.SIGSTOP)
    moment = time.monotonic()
    try:
        gap = resumed(writers, moment)
        workloads.deploy(api, "paused", 8)
        time.sleep(max(0.0, moment + PAUSE_SECONDS - time.monotonic()))
    finally:
        os.kill(process.pid, signal.SIGCONT)
    back = time.monotonic()
    eventually(
        lambda: any(a.begin > back for r in readers if r.replica == leader for a in r.answers),
        "the old leader answers reads",
    )
    stop(writers)
    stop_readers(readers)
    settle(settings)
    print(
        f"\nleader paused for {PAUSE_SECONDS:.0f} s: writes resumed after {gap * 1000:.0f} ms; "
        f"{sum(len(w.acknowledged) for w in writers)} writes, "
        f"{sum(len(r.answers) for r in readers)} reads"
    )
    assert stale(readers, writers) == []
    assert lost(writers, stored(settings)) == []
    assert disordered(writers) == []
    eventually(lambda: len(workloads.ready(api, "paused")) == 8, "eight pods")
    assert len(workloads.pods(api, "paused")) == 8, "two controllers worked at once"
    workloads.remove(api, "paused")
    assert gap <= GAP_SECONDS
