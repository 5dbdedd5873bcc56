"""The store alone, three real processes with TLS on a real disk: killed, paused, cut off one way or
both, behind slow links, under clients at every member. Judged by the client history's checker.
"""

import asyncio
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from actors.kit.actor import Actor
from actors.kit.system import ActorSystem
from cluster.settings import TimingSettings
from tests.chaos.store_clients import Clients
from tests.chaos.store_links import Links
from tests.simulation.members.checkers import history
from tests.support import store_cluster
from tests.support.store_cluster import StoreCluster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]

TIMING = TimingSettings()
BEFORE_SECONDS = 0.3
FAULT_SECONDS = 1.8
AFTER_SECONDS = 0.4
# And soon after the fault all do.
SERVES_SECONDS = 10.0
AGREED_SECONDS = 20.0
WRITES_MIN = 20
# Within this a majority that can talk serves again: a leader that hears nobody gives up after one
# election timeout, and those who heard it till then stand after another. CI's machine is slow.
GAP_SECONDS = 2 * TIMING.election_max + 0.8


@dataclass
class Stage:
    """What a fault acts on. ``leader``: as the fault began."""

    cluster: StoreCluster
    links: Links
    system: ActorSystem
    leader: str

    @property
    def followers(self) -> list[str]:
        """The others."""
        return [item.name for item in self.cluster.settings.replicas if item.name != self.leader]


Fault = Callable[[Stage], Awaitable[None]]


async def play(folder: Path, fault: Fault, heal: Fault, seed: int) -> None:
    """Clients at work, the fault, its end; then the verdict."""
    kind = subprocess.run(
        ["stat", "--file-system", "--format=%T", str(folder)],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert kind not in ("tmpfs", "ramfs"), "a sync costs nothing in memory: use a real disk"
    settings = store_cluster.make_settings(folder)
    links = Links(settings.peer_addresses())
    await links.start()
    cluster = StoreCluster(settings, beliefs=links.beliefs)
    try:
        cluster.start_all()
        async with store_cluster.client(settings, "clients") as system:
            await act(Stage(cluster, links, system, ""), fault, heal, seed)
    finally:
        cluster.stop()
        await links.stop()


async def act(stage: Stage, fault: Fault, heal: Fault, seed: int) -> None:
    """On a cluster that runs."""
    home = Actor()
    await stage.system.spawn("clients", lambda: home)
    settings = stage.cluster.settings
    stage.leader = await store_cluster.leader(stage.system, settings, 30.0)
    clients = Clients(home, [replica.name for replica in settings.replicas], seed)
    clients.start()
    await asyncio.sleep(BEFORE_SECONDS)
    began = time.monotonic()
    await fault(stage)
    await asyncio.sleep(FAULT_SECONDS)
    await heal(stage)
    healed = time.monotonic()
    await asyncio.sleep(AFTER_SECONDS)
    async with asyncio.timeout(SERVES_SECONDS):
        while clients.history.acknowledged(healed) < WRITES_MIN:
            await asyncio.sleep(0.02)
    await clients.stop()
    await agreed(stage)
    told = clients.history
    gap = told.gap(began, healed)
    unknown = sum(op.kind == "write" and op.end == float("inf") for op in told.ops)
    print(
        f"\n{len(told.ops)} operations, {len(told.truth)} revisions, {unknown} writes of unknown "
        f"outcome; {told.acknowledged(began, healed)} writes during the fault, longest gap "
        f"{gap * 1000:.0f} ms"
    )
    assert told.problems == []
    assert history.check(told.ops, told.revisions()) == []
    assert told.acknowledged(began, healed), "a majority was left to serve"
    assert gap <= GAP_SECONDS


async def agreed(stage: Stage) -> None:
    """All members end with the same state."""
    limit = time.monotonic() + AGREED_SECONDS
    while True:
        replicas = stage.cluster.settings.replicas
        found = [await store_cluster.status(stage.system, item.name) for item in replicas]
        states = {(s.applied_index, s.revision, s.state_hash) for s in found if s is not None}
        if None not in found and len(states) == 1:
            return
        assert time.monotonic() < limit, f"they differ: {found}"
        await asyncio.sleep(0.02)


async def kill(stage: Stage) -> None:
    stage.cluster.kill(stage.leader)


async def revive(stage: Stage) -> None:
    stage.cluster.start(stage.leader)


async def pause(stage: Stage) -> None:
    stage.cluster.signal(stage.leader, signal.SIGSTOP)


async def resume(stage: Stage) -> None:
    stage.cluster.signal(stage.leader, signal.SIGCONT)


async def isolate(stage: Stage) -> None:
    stage.links.isolate(stage.leader)


async def mute(stage: Stage) -> None:
    """Nobody hears the leader, who hears all."""
    for name in stage.followers:
        stage.links.cut(stage.leader, name)


async def deafen(stage: Stage) -> None:
    """The leader hears nobody, and all hear it."""
    for name in stage.followers:
        stage.links.cut(name, stage.leader)


async def slow(stage: Stage) -> None:
    """One follower is behind a long and narrow link, the leader's own links are long."""
    stage.links.slow([stage.leader], delay=0.01, rate=0.0)
    stage.links.slow(stage.followers[:1], delay=0.05, rate=60_000.0)


async def mend(stage: Stage) -> None:
    stage.links.heal()


@pytest.mark.parametrize(
    ("fault", "heal"),
    [(kill, revive), (pause, resume), (isolate, mend), (mute, mend), (deafen, mend), (slow, mend)],
    ids=["killed", "paused", "isolated", "mute", "deaf", "slow"],
)
async def test_no_answer_of_the_store_is_ever_wrong(
    tmp_path: Path, fault: Fault, heal: Fault
) -> None:
    await play(tmp_path, fault, heal, seed=7)
