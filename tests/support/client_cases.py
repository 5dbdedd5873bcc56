"""Tests with foreign Python clients, run in a process of their own: they leave connections to the
garbage collector, which our own tests may not."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.kubectl import Kubectl

FOLDER = Path(__file__).parents[1] / "e2e"
# kr8s knows Kubernetes up to 1.35 so far; what clients leave open is no fault of ours.
IGNORED = ("ignore:Kubernetes version", "ignore::ResourceWarning",
           "ignore::pytest.PytestUnraisableExceptionWarning")  # fmt: skip


def run_cases(name: str, kubectl: Kubectl) -> None:
    """All tests of the file ``name`` in tests/e2e; KUBECONFIG and KUBECTL are in their environment.

    Fails with their output.
    """
    words = [word for text in IGNORED for word in ("-W", text)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", *words, str(FOLDER / name)],
        env={**os.environ, **kubectl.environment, "KUBECTL": kubectl.binary},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout or done.stdout.startswith(".")
