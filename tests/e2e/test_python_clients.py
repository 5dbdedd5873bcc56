"""The Python clients `kubernetes`, `lightkube` and `kr8s`: see ``cases_of_python_clients.py``."""

from pathlib import Path

import pytest

from tests.support.client_cases import run_cases
from tests.support.real_cluster import RealCluster


@pytest.mark.timeout(180)
def test_python_clients(tmp_path: Path) -> None:
    cluster = RealCluster(str(tmp_path), "clients", number=12, nodes=1, runtime="memory")
    try:
        cluster.up("--no-demo")
        run_cases("cases_of_python_clients.py", cluster.kubectl)
    finally:
        cluster.down()
