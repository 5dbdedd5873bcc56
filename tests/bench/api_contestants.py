"""The two whose API is measured, behind one face: our three replicas, and kube-apiserver with three
members of etcd, as real processes with data on a real disk.

Must not know: what is measured.
"""

import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import serialization

from cluster.security import certificates
from cluster.settings import ClusterSettings
from deploy import pki, processes
from tests.bench.store_contestants import Etcd, Failed, until
from tests.support import children, store_cluster
from tests.support.real_cluster import RealCluster

READY_SECONDS = 60.0
REPLICA = "replica-1"
PUBLIC_KEY = "service-account.pub"
# ServiceAccounts and nodes' taints are made by controllers, which do not run beside it.
WITHOUT = "ServiceAccount,TaintNodesByCondition"


class ApiContestant(Protocol):
    """Data is removed by ``stop``."""

    title: str

    @property
    def settings(self) -> ClusterSettings:
        """Whose certificates open it."""

    def start(self) -> None:
        """Without data; returns once it serves."""

    def stop(self) -> None:
        """End its processes."""

    def servers(self) -> list[str]:
        """Host and port of each API server."""

    def others(self) -> list[str]:
        """Of those that are to live on when ``kill_leader`` is called next."""

    def pids(self) -> dict[str, int]:
        """Of all that serves the API: by name."""

    def kill_leader(self) -> None:
        """SIGKILL of the process that led the store when ``others`` was called."""


class Steersman:
    """Three replicas, as `steersman up --runtime memory` starts them."""

    title = "steersman"

    def __init__(self, folder: Path) -> None:
        self.cluster = RealCluster(str(folder), "apibench", 7, nodes=1, runtime="memory")
        self._doomed = ""

    @property
    def settings(self) -> ClusterSettings:
        """See ``ApiContestant``."""
        return self.cluster.settings

    def start(self) -> None:
        """See ``ApiContestant``."""
        self.cluster.up("--no-demo")

    def stop(self) -> None:
        """See ``ApiContestant``."""
        self.cluster.down()

    def servers(self) -> list[str]:
        """See ``ApiContestant``."""
        return [one.api_addresses[0] for one in self.settings.replicas]

    def others(self) -> list[str]:
        """See ``ApiContestant``."""
        self._doomed = self.cluster.leader()
        listed = self.settings.replicas
        return [one.api_addresses[0] for one in listed if one.name != self._doomed]

    def pids(self) -> dict[str, int]:
        """See ``ApiContestant``."""
        return self.processes("replica")

    def processes(self, kind: str) -> dict[str, int]:
        """The ids of processes whose names begin so."""
        running = processes.find_all(self.settings).items()
        return {name: found[0].pid for name, found in running if name.startswith(kind)}

    def kill_leader(self) -> None:
        """See ``ApiContestant``."""
        processes.kill(self.settings, self._doomed)


class Kubernetes:
    """One kube-apiserver over TLS, and three members of etcd without. Its defaults, but as many
    requests in flight as come."""

    title = "kube-apiserver"

    def __init__(self, folder: Path, program: Path) -> None:
        self._folder = folder / "kubernetes"
        self._program = program
        self._etcd = Etcd(self._folder, Path())
        self._running: subprocess.Popen[bytes] | None = None
        self._address = ""
        self._doomed = ""
        self._settings = store_cluster.make_settings(self._folder / "keys", members=1)

    @property
    def settings(self) -> ClusterSettings:
        """See ``ApiContestant``."""
        return self._settings

    def start(self) -> None:
        """See ``ApiContestant``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        pki.ensure(self.settings)
        self._write_public_key()
        self._etcd.start()
        [port] = store_cluster.free_ports(1)
        self._address = f"127.0.0.1:{port}"
        self._spawn(port)

    def revive(self) -> bool:
        """Start the API server again if it died; whether it had."""
        if self._running is None or self._running.poll() is None:
            return False
        self._spawn(int(self._address.rpartition(":")[2]))
        return True

    def _spawn(self, port: int) -> None:
        log = (self._folder / "apiserver.log").open("ab")
        self._running = children.spawn(self._words(port), log)
        until(READY_SECONDS, self._serves, "kube-apiserver ready, see its log")

    def _write_public_key(self) -> None:
        """It reads no public key out of a private one in PKCS #8."""
        pem = Path(pki.path(self.settings, "service-account.key")).read_bytes()
        public = certificates.load_key(pem).public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        written = public.public_bytes(serialization.Encoding.PEM, form)
        Path(pki.path(self.settings, PUBLIC_KEY)).write_bytes(written)

    def _words(self, port: int) -> list[str]:
        def file(name: str) -> str:
            return pki.path(self.settings, name)

        members = ",".join(self._etcd.endpoints())
        given = {
            "etcd-servers": members,
            "secure-port": port,
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "tls-cert-file": file(f"{REPLICA}.crt"),
            "tls-private-key-file": file(f"{REPLICA}.key"),
            "client-ca-file": file("ca.crt"),
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": file(PUBLIC_KEY),
            "service-account-signing-key-file": file("service-account.key"),
            "service-cluster-ip-range": "198.18.0.0/24",
            "authorization-mode": "Node,RBAC",
            "disable-admission-plugins": WITHOUT,
            "max-requests-inflight": 3000,
            "max-mutating-requests-inflight": 1000,
            "endpoint-reconciler-type": "none",
        }
        return [str(self._program), *(f"--{name}={value}" for name, value in given.items())]

    def _serves(self) -> bool | None:
        assert self._running is not None
        if self._running.poll() is not None:
            said = (self._folder / "apiserver.log").read_text(errors="replace")[-2000:]
            raise Failed(f"kube-apiserver ended with {self._running.returncode}: {said}")
        trust = ssl.create_default_context(cafile=pki.path(self.settings, "ca.crt"))
        trust.load_cert_chain(
            *(pki.path(self.settings, f"admin.{kind}") for kind in ("crt", "key"))
        )
        try:
            for path in ("/readyz", "/api/v1/namespaces/default"):
                url = f"https://{self._address}{path}"
                urllib.request.urlopen(url, timeout=2.0, context=trust).close()
        except (urllib.error.URLError, OSError):
            return None
        return True

    def stop(self) -> None:
        """See ``ApiContestant``."""
        if self._running is not None:
            children.end([self._running], 2.0)
            self._running = None
        self._etcd.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def servers(self) -> list[str]:
        """See ``ApiContestant``."""
        return [self._address]

    def others(self) -> list[str]:
        """See ``ApiContestant``: the leader is a member of etcd."""
        self._doomed = self._etcd.leader()
        return self.servers()

    def pids(self) -> dict[str, int]:
        """See ``ApiContestant``."""
        assert self._running is not None
        return {"kube-apiserver": self._running.pid, **self._etcd.pids()}

    def kill_leader(self) -> None:
        """See ``ApiContestant``."""
        self._etcd.kill(self._doomed)
