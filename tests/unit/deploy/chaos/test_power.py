"""Processes stopped, killed and resumed, with the proof (with processes that only sleep)."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cluster.chaos import plan
from cluster.chaos.orders import Order
from cluster.settings import ClusterSettings
from deploy import processes
from deploy.chaos import clearing, looking, means, power
from deploy.chaos.evidence import Evidence, joined
from deploy.topology import Topology, build_settings
from tests.unit.deploy.chaos.test_ledger import entry


@pytest.fixture
def settings(tmp_path: Path) -> ClusterSettings:
    return build_settings(Topology(runtime="memory", nodes=1, replicas=1), str(tmp_path / "c"))


@pytest.fixture
def sleeper(settings: ClusterSettings) -> Iterator["subprocess.Popen[bytes]"]:
    """node-1, as far as anybody can tell."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    folder = Path(processes.run_dir(settings))
    folder.mkdir(parents=True)
    record = processes.Running("node-1", process.pid, processes.started_at(process.pid) or 0)
    (folder / "node-1.json").write_bytes(msgspec.json.encode(record))
    yield process
    process.kill()
    process.wait()


def test_stopped_and_resumed(settings: ClusterSettings, sleeper: "subprocess.Popen[bytes]") -> None:
    assert power.stop(settings, ["node-1"]).proof == f"node-1 (pid {sleeper.pid}) is stopped"
    assert processes.state(sleeper.pid) == "T"
    found = power.resume(settings, ["node-1", "replica-1"])
    assert found == Evidence(f"node-1 (pid {sleeper.pid}) is running again")


def test_killed_also_when_stopped(
    settings: ClusterSettings, sleeper: "subprocess.Popen[bytes]"
) -> None:
    power.stop(settings, ["node-1"])
    assert power.kill(settings, ["node-1"]).proof == f"node-1 (pid {sleeper.pid}) is gone"
    with pytest.raises(ValueError, match="node-1: not running already"):
        power.kill(settings, ["node-1"])


def test_a_container_that_starts_late_loses_power_too(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [["one"], [], ["late"], [], []]
    killed: list[str] = []
    monkeypatch.setattr(
        power.engine, "running", lambda *_: answers.pop(0) if len(answers) > 1 else answers[0]
    )
    monkeypatch.setattr(power.engine, "kill", lambda _, one: killed.append(one))
    found = power.kill_containers(build_settings(Topology(), "/data"), ["node-1"])
    assert (found, killed) == (Evidence("2 containers are gone"), ["one", "late"])
    answers[:] = [["stays"]]
    monkeypatch.setattr(power, "SIGNAL_SECONDS", 0.1)
    found = power.kill_containers(build_settings(Topology(), "/data"), ["node-1"])
    assert found == Evidence(doubt="1 containers run on")


def test_who_does_not_run_cannot_be_hit(settings: ClusterSettings) -> None:
    order = Order("kill", "replica-1")
    with pytest.raises(ValueError, match="replica-1: not running already"):
        means.Power().refuse(settings, order, (("replica-1",), ()))


def test_one_that_died_by_itself_is_told_with_its_last_words(
    settings: ClusterSettings, sleeper: "subprocess.Popen[bytes]"
) -> None:
    before = power.running(settings, ["node-1"])
    assert power.died(settings, before, 0.05).doubt == "node-1 has not ended after 0.05 s"
    sleeper.kill()
    log = Path(processes.log_path(settings, "node-1"))
    log.parent.mkdir(parents=True)
    log.write_text("some output\nerror: node-1: the disk is gone\n")
    found = power.died(settings, before, 5)
    assert found.proof == f"node-1 (pid {sleeper.pid}) ended: node-1: the disk is gone"


def test_a_cluster_that_goes_leaves_nobody_stopped(
    settings: ClusterSettings, sleeper: "subprocess.Popen[bytes]"
) -> None:
    power.stop(settings, ["node-1"])
    folder = Path(settings.data_dir) / "chaos"
    folder.mkdir()
    (folder / "active.json").write_text("{}")
    clearing.clear(settings)
    assert looking.eventually(lambda: processes.state(sleeper.pid).strip("SR"), 5) == ""
    assert not folder.exists()


def test_what_others_hold_is_left_to_them() -> None:
    others = [
        entry("kill-1", Order("kill"), "replica-1", "node-1"),
        entry("pause-2", Order("pause"), "replica-2"),
    ]
    free, held = means.apart(["replica-1", "replica-2"], others, ("kill", *plan.DEADLY))
    assert free == ["replica-2"]
    assert held.proof == "replica-1 stays as kill-1 has it"


def test_the_leader_is_the_one_of_the_highest_term() -> None:
    said = {
        "replica-1": {"role": "leader", "term": 3}, "replica-2": {"role": "leader", "term": 4},
        "replica-3": {"role": "follower", "term": 4},
    }  # fmt: skip
    assert looking.leader(said) == "replica-2"
    assert looking.leader({"replica-3": {"role": "candidate", "term": 9}}) == ""


def test_a_doubt_in_one_is_a_doubt_in_all() -> None:
    parts = [Evidence("a", details=("x",)), Evidence(), Evidence("b", "c", ("y",), left=True)]
    assert joined(parts) == Evidence("a; b", "c", ("x", "y"), left=True)
