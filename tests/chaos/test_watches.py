"""Watches while the leader is killed: those elsewhere go on, its own are resumed elsewhere."""

import time
from functools import partial

import pytest

from deploy import administrator, processes
from tests.chaos.observe import eventually, resumed, settle
from tests.chaos.watchers import Follower
from tests.chaos.writers import NAMESPACE, Writer, stop
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.unhurried, pytest.mark.timeout(180)]


def test_no_watch_misses_or_repeats_anything(simulated: RealCluster, writers: list[Writer]) -> None:
    settings = simulated.settings
    leader = simulated.leader()
    clients = {
        r.name: administrator.client(settings, r.api_addresses[-1]) for r in settings.replicas
    }
    others = [client for name, client in clients.items() if name != leader]
    listed = others[0].call("GET", NAMESPACE + "?limit=1")
    start = int(listed["metadata"]["resourceVersion"])
    staying = [Follower([client], start) for client in others]
    moving = Follower([clients[leader], *others], start)
    for follower in (*staying, moving):
        follower.start()
    begin = time.monotonic()
    eventually(lambda: len(moving.events) > 20, "the watch of the leader's replica is told")
    processes.kill(settings, leader)
    gap = resumed(writers, time.monotonic())
    time.sleep(0.3)
    simulated.do("replica", "start", leader)
    stop(writers)
    settle(settings)
    last = max(ack.revision for writer in writers for ack in writer.acknowledged)
    for follower in (*staying, moving):
        eventually(partial(follower.told, last), "the watch is told all")
        follower.halt.set()
    first, second = (tuple(event for event in one.events if event[0] <= last) for one in staying)
    whole = tuple(event for event in moving.events if event[0] <= last)
    written = {ack.revision for w in writers for ack in w.acknowledged if ack.begin > begin}
    print(
        f"\n{len(first)} events on a surviving replica, {len(whole)} across the kill (resumed at "
        f"revision {moving.resumed}); writes paused {gap * 1000:.0f} ms"
    )
    assert not [one.refused for one in (*staying, moving) if one.refused]
    assert not [one.resumed for one in staying if one.resumed], "a surviving replica's watch broke"
    assert first == second == whole
    revisions = [event[0] for event in whole]
    assert revisions == sorted(set(revisions)), "out of order, or twice"
    assert written <= set(revisions), "acknowledged, yet never told"
