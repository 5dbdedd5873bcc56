"""A leader that nobody hears any more, without a word: half-open connections on all sides."""

import time

import pytest

from deploy.commands.replica import store_status
from tests.chaos.isolation import isolated
from tests.chaos.observe import eventually, resumed, settle, stored
from tests.chaos.readers import stale, start_readers, stop_readers
from tests.chaos.writers import Writer, disordered, lost, stop
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.docker, pytest.mark.timeout(180)]
# Longer than the API server waits for its store, so that its refusals are seen.
PARTITION_SECONDS = 13.0
LEADER_SECONDS = 2.5
GAP_SECONDS = 4.0


def test_an_isolated_leader_refuses_and_another_leads(
    simulated: RealCluster, writers: list[Writer]
) -> None:
    settings = simulated.settings
    readers = start_readers(settings)
    resumed(writers, time.monotonic())
    leader = simulated.leader()
    other = next(r.name for r in settings.replicas if r.name != leader)

    def another_leads() -> bool:
        return store_status(settings, other).get("leader") not in ("", leader, None)

    with isolated(settings, leader):
        moment = time.monotonic()
        elected = eventually(another_leads, "another leads", 20)
        gap = resumed(writers, moment)
        # What the old leader took before the silence may still be answered a moment after it.
        silent = time.monotonic() + 1.0
        time.sleep(max(0.0, moment + PARTITION_SECONDS - time.monotonic()))
        answered = [
            answer
            for reader in readers
            if reader.replica == leader
            for answer in reader.answers
            if answer.begin > silent
        ]
        refused = next(reader.refusals for reader in readers if reader.replica == leader)
    healed = time.monotonic()
    eventually(
        lambda: any(a.begin > healed for r in readers if r.replica == leader for a in r.answers),
        "the isolated replica answers again",
    )
    back = time.monotonic() - healed
    stop(writers)
    stop_readers(readers)
    settle(settings)
    print(
        f"\nleader isolated for {PARTITION_SECONDS:.0f} s: another elected after {elected:.2f} s, "
        f"writes resumed after {gap:.2f} s; it refused reads with {refused}, and answered again "
        f"{back:.2f} s after the silence"
    )
    assert stale(readers, writers) == []
    assert lost(writers, stored(settings)) == []
    assert disordered(writers) == []
    assert not answered, "linearizable reads without a quorum"
    assert set(refused) <= {503, 504}
    assert refused
    assert elected <= LEADER_SECONDS
    assert gap <= GAP_SECONDS
