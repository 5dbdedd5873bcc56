"""`steersman chaos` on real processes: each verb takes effect, is proven, and heals."""

import json
import os
import signal
import subprocess
import sys

import pytest

from actors.apiserver.ui import chaos_socket
from cluster.chaos.orders import Order
from deploy import processes
from deploy.chaos.ledger import Ledger
from deploy.chaos.local import Chaos
from tests.chaos.observe import eventually, settle
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.unhurried, pytest.mark.timeout(120)]


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
    why = f"because {leader}, which led term"
    told = [line for line in simulated.do("trace", "why", "leader").splitlines() if why in line]
    assert "was killed by the chaos order `kill leader --for 1s` (kill-" in told[-1]


def test_two_stopped_replicas_are_shown_while_nobody_answers(simulated: RealCluster) -> None:
    printed = simulated.do("chaos", "pause", "replica-1,replica-2")
    for name in ("replica-1", "replica-2"):
        assert f"{name} (pid {pid(simulated, name)}) is stopped" in printed
        assert processes.state(pid(simulated, name)) == "T"
    [shown] = json.loads(simulated.do("chaos", "status", "--json"))
    assert shown["names"] == ["replica-1", "replica-2"]
    # Nobody leads: who that is cannot be told, but replicas have names.
    chaos = Chaos(simulated.data_dir)
    with pytest.raises(ValueError, match="no replica says that it leads"):
        chaos.inject(Order("kill", "followers"))
    assert "replica-3" in chaos.inject(Order("kill", "replica/3")).proof
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
    ledger = Ledger(simulated.data_dir)
    eventually(lambda: [one.phase for one in ledger.entries()] == ["standing"], "zone b is dark")
    assert not any(processes.find(settings, name) for name in hit)
    assert ledger.entries()[0].active.proof.count("is gone") == len(hit)
    command.send_signal(signal.SIGTERM)
    printed, _ = command.communicate(timeout=60)
    assert command.returncode == 128 + signal.SIGTERM
    assert printed.count("is ready") == len(hit)
    assert broken(simulated) == []
    settle(settings)


async def test_what_the_page_asks_for_is_done_and_healed_at_the_end(
    simulated: RealCluster,
) -> None:
    """As the API server does: by the socket of ``steersman chaos serve``."""
    serving = subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "chaos", "serve", "--data-dir", simulated.data_dir],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    path = chaos_socket.socket_path(simulated.data_dir)
    try:
        eventually(path.exists, "it listens", 10)
        command = ("pause", "follower", "--for", "10m")
        answers = chaos_socket.order(simulated.data_dir, "ann", command)
        assert await anext(answers) == {"asked": True}
        assert "pause follower" in (await anext(answers))["line"]
        assert "is stopped" in (await anext(answers))["line"]
        # Whoever asked goes away; the order stands.
        await answers.aclose()
        [fault] = await chaos_socket.faults(simulated.data_dir)
        assert (fault["user"], fault["order"]["verb"]) == ("ann", "pause")
        command = ("kill", "nobody")
        refused = [one async for one in chaos_socket.order(simulated.data_dir, "ann", command)]
        assert "'nobody' is not one of" in refused[-1]["error"]
    finally:
        serving.send_signal(signal.SIGTERM)
        printed, _ = serving.communicate(timeout=60)
    assert "ann: pause follower --for 10m" in printed
    assert not path.exists()
    assert broken(simulated) == []
    settle(simulated.settings)


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
