"""The Python clients `kubernetes`, `lightkube` and `kr8s`: see ``cases_of_python_clients.py``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.real_cluster import RealCluster

CASES = Path(__file__).with_name("cases_of_python_clients.py")
# kr8s knows Kubernetes up to 1.35 so far; what clients leave open is no fault of ours.
IGNORED = ("ignore:Kubernetes version", "ignore::ResourceWarning",
           "ignore::pytest.PytestUnraisableExceptionWarning")  # fmt: skip


@pytest.mark.timeout(180)
def test_python_clients(tmp_path: Path) -> None:
    cluster = RealCluster(str(tmp_path), "clients", number=12, nodes=1, runtime="memory")
    try:
        cluster.up("--no-demo")
        environment = cluster.kubectl.environment
        words = [word for text in IGNORED for word in ("-W", text)]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", *words, str(CASES)],
            env={**os.environ, **environment, "KUBECTL": cluster.kubectl.binary},
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
    finally:
        cluster.down()
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout or done.stdout.startswith(".")
