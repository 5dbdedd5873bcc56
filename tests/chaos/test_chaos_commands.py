"""`steersman chaos` on real processes: each verb takes effect, is proven, and heals."""

import json
import os
import signal
import subprocess
import sys

import pytest

from deploy import processes
from deploy.chaos import looking
from deploy.chaos.ledger import Ledger
from tests.chaos.observe import eventually, settle
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]


def pid(cluster: RealCluster, name: str) -> int:
    process = processes.find(cluster.settings, name)
    assert process is not None, f"{name} does not run"
    return process.pid


def broken(cluster: RealCluster) -> list[str]:
    return [entry.name for entry in Ledger(cluster.data_dir).entries()]


def test_a_killed_leader_is_replaced_and_comes_back(simulated: RealCluster) -> None:
    leader = simulated.leader()
    before = pid(simulated, leader)
    printed = simulated.do("chaos", "kill", "leader", "--for", "1s")
    assert f"proof: {leader} (pid {before}) is gone" in printed
    assert f"{leader} (pid {pid(simulated, leader)}) is ready" in printed
    assert f"{leader} caught up to entry" in printed
    assert pid(simulated, leader) != before
    assert broken(simulated) == []
    settle(simulated.settings)


def test_two_stopped_replicas_are_shown_while_nobody_answers(simulated: RealCluster) -> None:
    printed = simulated.do("chaos", "pause", "replica-1,replica-2")
    for name in ("replica-1", "replica-2"):
        assert f"{name} (pid {pid(simulated, name)}) is stopped" in printed
        assert looking.state(pid(simulated, name)) == "T"
    [shown] = json.loads(simulated.do("chaos", "status", "--json"))
    assert shown["names"] == ["replica-1", "replica-2"]
    assert "pause replica-1,replica-2" in simulated.do("chaos", "status")
    # Nobody leads: who that is cannot be told, but replicas have names.
    refused = simulated.steersman("chaos", "kill", "followers")
    assert refused.returncode == 1
    assert "no replica says that it leads" in refused.stderr
    simulated.do("chaos", "kill", "replica/3")
    printed = simulated.do("chaos", "heal")
    assert "replica-3" in printed
    assert "caught up to entry" in printed
    assert broken(simulated) == []
    settle(simulated.settings)


def test_restarted_processes_are_others(simulated: RealCluster) -> None:
    before = {name: pid(simulated, name) for name in ("node-1", "replica-2")}
    printed = simulated.do("chaos", "restart", "replica-2,node-1")
    for name, old in before.items():
        assert f"{name} (pid {old}) ended" in printed
        assert f"{name} (pid {pid(simulated, name)}) is ready" in printed
    assert "node-1 renewed the lease" in printed
    assert broken(simulated) == []


def test_an_interrupted_outage_is_healed(simulated: RealCluster) -> None:
    settings = simulated.settings
    hit = [item.name for item in settings.processes() if item.zone == "b"]
    command = subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "chaos", "zone-outage", "b", "--for", "10m",
         "--data-dir", simulated.data_dir],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    eventually(lambda: not any(processes.find(settings, name) for name in hit), "zone b is dark")
    eventually(lambda: "ends" in simulated.do("chaos", "status"), "it is shown")
    command.send_signal(signal.SIGTERM)
    printed, _ = command.communicate(timeout=60)
    assert command.returncode == 128 + signal.SIGTERM
    assert printed.count("is gone") == len(hit)
    assert printed.count("is ready") == len(hit)
    assert broken(simulated) == []
    settle(settings)


def test_what_a_killed_command_leaves_is_shown_and_healed(simulated: RealCluster) -> None:
    command = subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "chaos", "pause", "follower", "--for", "10m",
         "--data-dir", simulated.data_dir],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    eventually(lambda: bool(broken(simulated)), "it is in the ledger")
    command.kill()
    command.wait()
    assert "heal it" in simulated.do("chaos", "status")
    simulated.do("chaos", "heal")
    assert "nothing is broken" in simulated.do("chaos", "status")
    assert sorted(os.listdir(os.path.join(simulated.data_dir, "chaos"))) == ["active.json", "lock"]
    settle(simulated.settings)
