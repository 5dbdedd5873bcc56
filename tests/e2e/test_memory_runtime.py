"""Without containers nothing needs a right of root: a whole cluster without any capability."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import processes
from tests.support.real_cluster import RealCluster

pytestmark = pytest.mark.timeout(120)
# Takes away what root may do, but not the files that root owns (an interpreter, this clone).
UNPRIVILEGED = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")


class Unprivileged(RealCluster):
    """Its commands, and so its processes, have no capability."""

    def steersman(self, *words: str, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run the command line on this cluster."""
        prefix = UNPRIVILEGED if os.geteuid() == 0 else ()
        return subprocess.run(
            [*prefix, sys.executable, "-m", "deploy.cli", *words, "--data-dir", self.data_dir],
            capture_output=True, text=True, timeout=timeout, check=False,
            env={**os.environ, "HOME": str(Path(self.config).parent)},
        )  # fmt: skip


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="setpriv takes root's rights away"
)
def test_a_cluster_without_any_right_of_root(tmp_path: Path) -> None:
    cluster = Unprivileged(
        str(tmp_path), "plain", number=7, replicas=3, nodes=2, runtime="memory"
    )  # fmt: skip
    try:
        printed = cluster.up()
        assert "app running redis, web" in printed
        assert "2 of 2 nodes ready, 4 of 4 pods running" in cluster.do("status")
        [pid] = [one.pid for one in processes.find_all(cluster.settings)["node-1"]]
        capabilities = Path(f"/proc/{pid}/status").read_text().partition("CapEff:")[2].split()[0]
        assert int(capabilities, 16) == 0
        cluster.do("replica", "kill", "replica-1")
        cluster.do("node", "add")
        assert "1 started of 3 replicas" in cluster.up()
        assert "/deployments/web 201" in cluster.do("trace", "deployment/web")
        story = cluster.do("trace", "why", "deployment/web").splitlines()
        assert "kubernetes-admin created it: PATCH" in story[0]
        assert "deployment-controller created replicaset web-" in story[1]
        assert "/deployments/web" in cluster.do("trace", "since", "5m")
        exported = cluster.do("trace", "export", "--format", "shiviz", "--since", "30s")
        assert exported.startswith("(?<host>")
        refused = cluster.steersman("load", "/etc/passwd")
        assert refused.returncode == 1
        assert "simulates containers" in refused.stderr
    finally:
        with contextlib.suppress(FileNotFoundError):
            cluster.down()
    assert not os.path.exists(cluster.data_dir)
