"""A real cluster for tests: the launcher's own command, with names and ranges of its own, so that
it can stand beside a user's cluster."""

import os
import subprocess
import sys
from functools import cached_property

from cluster.settings import ClusterSettings
from deploy import network, processes, state
from tests.support.kubectl import Kubectl, extract

FIRST_PORT = 16443
PEER_PORT = 17443
TOPOLOGY = """
name = "{name}"
replicas = {replicas}
nodes = {nodes}
port = {port}
peer_port = {peer_port}
runtime = "{runtime}"
{more}
[network]
pod_range = "10.{octet}.0.0/16"
node_range = "10.{second}.0.0/24"
load_balancer_range = "10.{second}.1.0/24"
service_range = "10.{third}.0.0/16"
dns_address = "10.{third}.0.10"
kubernetes_address = "10.{third}.0.1"
bridge = "{bridge}"
bridge_address = "10.{second}.0.254"
"""


class RealCluster:
    """Bring one up, drive it, take it away. ``number`` keeps ports and ranges of clusters apart;
    ``more``: further lines of the topology file."""

    def __init__(
        self,
        folder: str,
        name: str,
        number: int = 0,
        replicas: int = 3,
        nodes: int = 3,
        runtime: str = "docker",
        more: str = "",
    ) -> None:
        self.name = name
        self.data_dir = os.path.join(folder, "data", name)
        self.config = os.path.join(folder, f"{name}.toml")
        os.makedirs(folder, exist_ok=True)
        # Each worker of a parallel run has ports of its own; those of nodes stand 100, those of DNS
        # servers 300 behind those of replicas.
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        text = TOPOLOGY.format(
            name=name, replicas=replicas, nodes=nodes,
            port=FIRST_PORT + 100 * number + 10 * worker,
            octet=214 + 3 * number, second=215 + 3 * number, third=216 + 3 * number,
            peer_port=PEER_PORT + 1000 * number + 10 * worker,
            bridge=f"{name[:10]}br", runtime=runtime, more=more,
        )  # fmt: skip
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)
        self._folder = folder

    @cached_property
    def _tools(self) -> dict[str, str]:
        return extract(self._folder)

    @property
    def helm(self) -> str:
        """Path of the real helm."""
        return self._tools["helm"]

    @cached_property
    def kubectl(self) -> Kubectl:
        """The real kubectl on this cluster."""
        kubeconfig = os.path.join(self.data_dir, "kubeconfig")
        return Kubectl(self._tools["kubectl"], kubeconfig, self._folder)

    def steersman(self, *words: str, timeout: float = 180.0) -> subprocess.CompletedProcess[str]:
        """Run the command line on this cluster."""
        return subprocess.run(
            [sys.executable, "-m", "deploy.cli", *words, "--data-dir", self.data_dir],
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    def do(self, *words: str) -> str:
        """Run the command line; fails the test with what it printed."""
        result = self.steersman(*words)
        assert result.returncode == 0, (
            f"steersman {' '.join(words)}:\n{result.stdout}{result.stderr}"
        )
        return result.stdout

    def up(self, *words: str) -> str:
        """``steersman up``; returns what it printed."""
        return self.do("up", "--config", self.config, *words)

    def down(self, *words: str) -> str:
        """``steersman down``."""
        return self.do("down", *words)

    @property
    def settings(self) -> ClusterSettings:
        """As the processes read them."""
        return state.load(self.data_dir)

    def leader(self) -> str:
        """Name of the replica that leads."""
        from deploy.commands.replica import store_status

        for replica in self.settings.replicas:
            if processes.find(self.settings, replica.name) is None:
                continue
            if store_status(self.settings, replica.name).get("role") == "leader":
                return replica.name
        raise AssertionError("no replica leads")

    def partition(self, node: str, cut: bool) -> None:
        """Cut or heal a node's uplink."""
        network.partition(self.settings, self.settings.node(node), cut)
