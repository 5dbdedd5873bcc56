"""Members of the store as real processes on loopback, and clients that may speak to them.

cluster = StoreCluster(folder)
cluster.start_all()
async with cluster.client("bench") as system: ...
cluster.stop()
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from actors.kit.system import ActorSystem
from actors.kit.tracing import NullTracer
from actors.kit.transports.tcp import TcpTransport
from actors.kit.transports.tls import client_context, server_context
from actors.kit.world.memory_disk import SimDisk
from actors.kit.world.real import RealClock, RealEntropy
from actors.kit.world.world import World
from cluster import names
from cluster.errors import SteersmanError
from cluster.messages.registry import all_messages
from cluster.messages.store import StatusRequest, StoreStatus
from cluster.security import certificates
from cluster.settings import ClusterSettings, ReplicaSettings, StoreSettings, TimingSettings
from deploy import pki
from tests.support import children

CLIENT_SECONDS = 86_400.0
STATUS_SECONDS = 0.5


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def make_settings(
    folder: Path,
    members: int = 3,
    timing: TimingSettings | None = None,
    store: StoreSettings | None = None,
) -> ClusterSettings:
    """Replicas only, on free ports of 127.0.0.1, data below ``folder``."""
    replicas = tuple(
        ReplicaSettings(f"replica-{number}", zone, f"127.0.0.1:{port}", ())
        for number, zone, port in zip(
            range(1, members + 1), "abcde", free_ports(members), strict=False
        )
    )
    return ClusterSettings(
        name="store-test",
        data_dir=str(folder),
        replicas=replicas,
        nodes=(),
        runtime="memory",
        timing=timing or TimingSettings(),
        store=store or StoreSettings(),
    )


def write_settings(settings: ClusterSettings, file: Path) -> str:
    """As ``tests.support.store_process`` reads them."""
    file.write_bytes(msgspec.json.encode(settings))
    return str(file)


def certify(settings: ClusterSettings, process: str) -> None:
    """A certificate for a client that is an administrator, beside the replicas' own."""
    now = time.time()
    issuer = certificates.load_certificate(Path(pki.path(settings, "ca.crt")).read_bytes())
    issuer_key = certificates.load_key(Path(pki.path(settings, "ca.key")).read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    subject = certificates.subject(f"system:replica:{process}", [names.GROUP_MASTERS])
    made = certificates.certificate(
        key, subject, issuer, issuer_key, x509.random_serial_number(),
        now - 300, now + CLIENT_SECONDS, ["127.0.0.1"],
    )  # fmt: skip
    pki.write_file(pki.path(settings, f"{process}.key"), certificates.key_pem(key), 0o600)
    pki.write_file(pki.path(settings, f"{process}.crt"), certificates.certificate_pem(made), 0o644)


def client_system(
    settings: ClusterSettings, process: str, peers: dict[str, str] | None = None
) -> ActorSystem:
    """An actor system for a client process (see ``certify``). ``peers``: where it finds the
    members, if not at their own addresses."""
    world = World(RealClock(), RealEntropy(), SimDisk())
    folder = Path(settings.data_dir) / "pki"
    files = (folder / f"{process}.crt", folder / f"{process}.key", folder / "ca.crt")
    transport = TcpTransport(
        cluster=settings.name,
        listen="127.0.0.1:0",
        entropy=world.entropy,
        server_ssl=server_context(*files),
        client_ssl=client_context(*files),
    )
    addresses = settings.peer_addresses() if peers is None else peers
    return ActorSystem(process, "", world, NullTracer(), transport, addresses, all_messages())


@asynccontextmanager
async def client(
    settings: ClusterSettings, process: str, peers: dict[str, str] | None = None
) -> AsyncIterator[ActorSystem]:
    """``client_system``, started; stopped at the end."""
    certify(settings, process)
    system = client_system(settings, process, peers)
    await system.start()
    try:
        yield system
    finally:
        await system.stop()


async def status(system: ActorSystem, member: str) -> StoreStatus | None:
    """What a member says of itself, None if it does not answer."""
    ref = system.ref(names.address(names.STORE, member))
    try:
        found = await ref.ask(StatusRequest(), STATUS_SECONDS)
    except SteersmanError:
        return None
    assert isinstance(found, StoreStatus)
    return found


async def leader(system: ActorSystem, settings: ClusterSettings, seconds: float = 10.0) -> str:
    """The member that leads the highest term, once one does. Raises AssertionError."""
    clock = system.world.clock
    limit = clock.monotonic() + seconds
    while clock.monotonic() < limit:
        found = [await status(system, replica.name) for replica in settings.replicas]
        leading = [item for item in found if item is not None and item.role == "leader"]
        if leading:
            return max(leading, key=lambda item: item.term).member
        await clock.sleep(0.02)
    raise AssertionError(f"no member led within {seconds} s")


class StoreCluster:
    """The processes. ``words``: further arguments of each (see ``store_process``); "{name}" in
    them stands for the member. ``addresses``: what members believe of each other's addresses, by
    who believes it (a proxy between them), if not the truth."""

    def __init__(
        self,
        settings: ClusterSettings,
        words: Sequence[str] = (),
        beliefs: dict[str, dict[str, str]] | None = None,
    ) -> None:
        self.settings = settings
        self.words = words
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._beliefs = beliefs or {}
        self._folder = Path(settings.data_dir)
        self._folder.mkdir(parents=True, exist_ok=True)
        pki.ensure(settings)
        self._log = (self._folder / "members.log").open("ab")

    def start(self, name: str) -> None:
        """Start a member's process; it is ready when it answers."""
        settings = self._believed(name)
        file = write_settings(settings, self._folder / f"{name}.json")
        words = [word.replace("{name}", name) for word in self.words]
        self.running[name] = children.spawn(
            [sys.executable, "-m", "tests.support.store_process", file, name, *words], self._log
        )

    def _believed(self, name: str) -> ClusterSettings:
        told = self._beliefs.get(name, {})
        replicas = tuple(
            msgspec.structs.replace(item, peer_address=told.get(item.name, item.peer_address))
            for item in self.settings.replicas
        )
        return msgspec.structs.replace(self.settings, replicas=replicas)

    def start_all(self) -> None:
        """Start every member that does not run."""
        for replica in self.settings.replicas:
            if replica.name not in self.running:
                self.start(replica.name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """SIGSTOP, SIGCONT, SIGUSR1 ..."""
        os.kill(self.running[name].pid, number)

    def kill(self, name: str) -> None:
        """SIGKILL; returns when it is gone."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End all members."""
        children.end(list(self.running.values()))
        self.running.clear()
        self._log.close()
