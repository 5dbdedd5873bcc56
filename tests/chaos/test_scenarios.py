"""Short scenarios by the command itself, on real processes: what must hold holds, and what does not
is said."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.chaos.report import Report, decode
from deploy import processes
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.unhurried, pytest.mark.timeout(240)]
FOLDER = Path(__file__).parent / "scenarios"


def run(cluster: RealCluster, name: str, folder: Path) -> tuple[int, str, Report]:
    """Exit code, what was printed, and the report."""
    page = folder / "report.html"
    done = cluster.steersman(
        "chaos", "run", str(FOLDER / f"{name}.yaml"), "--seed", "1", "--report", str(page)
    )
    assert page.exists(), done.stdout + done.stderr
    assert "</html>" in page.read_text()
    return done.returncode, done.stdout, decode(page.with_suffix(".json").read_bytes())


@pytest.mark.parametrize(("name", "verbs"), [
    ("kills", {"kill", "container-kill"}),
    ("cuts", {"partition", "clock", "slow-disk"}),
])  # fmt: skip
def test_all_holds(simulated: RealCluster, tmp_path: Path, name: str, verbs: set[str]) -> None:
    code, told, report = run(simulated, name, tmp_path)
    print(told)
    assert (code, report.verdict) == (0, "held"), told
    assert {fault.order.split()[0] for fault in report.faults} == verbs
    assert all(fault.proof and fault.healed for fault in report.faults)
    assert report.figures["writes acknowledged"] > 50
    assert report.figures["watch events"] > 100
    assert [reign.replica for reign in report.reigns if reign.replica]


def test_an_interrupted_run_mends_what_it_broke(simulated: RealCluster) -> None:
    words = ["chaos", "run", str(FOLDER / "kills.yaml"), "--seed", "1"]
    command = [sys.executable, "-m", "deploy.cli", *words, "--data-dir", simulated.data_dir]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if "kill-" in line and "is gone" in line:
                process.send_signal(signal.SIGINT)
                break
        told += list(process.stdout)
    assert process.returncode == 128 + signal.SIGINT, told
    assert "interrupted: all is mended" in "".join(told)
    assert "nothing is broken" in simulated.do("chaos", "status")
    down = set(processes.find_all(simulated.settings)) ^ {
        item.name for item in simulated.settings.processes()
    }
    assert not down


def test_what_does_not_hold_is_said(simulated: RealCluster, tmp_path: Path) -> None:
    code, told, report = run(simulated, "strict", tmp_path)
    assert code == 1, told
    assert "VIOLATION write gap" in told.partition("faults healed")[0], "only in the end"
    assert {one.violation.invariant for one in report.violations} == {"write gap"}
