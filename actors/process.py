"""One process of the cluster, a replica or a node: the composition root.

    python -m actors.process <cluster.json> <process name>

Job: make the world, the transport, the actor system; start the components in the order that the
catalog lists them; say ready (sd_notify(3)); read the settings again at SIGHUP; stop the components
in reverse order at SIGTERM. Must not know: what components do.
"""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

if __name__ == "__main__":
    # structlog loads rich, which is here for the command line: 4.5 MB and 40 ms of every start, for
    # tracebacks on a console. None counts as not installed (Python, "The import system").
    sys.modules["rich"] = None  # type: ignore[assignment]  # no module, on purpose

import msgspec
import uvloop

from actors import catalog, door_ops
from actors.client.live_settings import LiveSettings
from actors.echo import EchoActor
from actors.garbage import Collector
from actors.kit.door import Door, Op
from actors.kit.faults import Faults
from actors.kit.supervisor import Unrecoverable
from actors.kit.system import ActorSystem
from actors.kit.trace_file import FileTracer
from actors.kit.transports.tcp import TcpTransport
from actors.kit.transports.tls import client_context, server_context
from actors.kit.transports.ways import Ways
from actors.kit.world.disk import DiskFault
from actors.kit.world.faulty_clock import FaultyClock
from actors.kit.world.folder_lock import locked
from actors.kit.world.real import real_world
from actors.kit.world.storage_faults import StorageFaults
from actors.kit.world.world import World
from cluster import names
from cluster.api.admission_configuration import BadAdmissionConfiguration
from cluster.api.audit_policy import BadAuditPolicy
from cluster.api.authentication_configuration import BadAuthenticationConfiguration
from cluster.api.encryption_configuration import BadEncryptionConfiguration
from cluster.errors import SteersmanError
from cluster.messages.apiserver import SettingsChanged
from cluster.messages.registry import all_messages
from cluster.messages.store import HandOver
from cluster.settings import ClusterSettings, parse_settings

STOP_SECONDS = 8.0
HAND_OVER_SECONDS = 1.0
# What a person wrote, and must mend.
BAD_FILES = (
    BadAdmissionConfiguration, BadAuditPolicy, BadAuthenticationConfiguration,
    BadEncryptionConfiguration,
)  # fmt: skip


def make_transport(settings: ClusterSettings, name: str, world: World, ways: Ways) -> TcpTransport:
    """Mutual TLS with the cluster's authority, on the process's peer address."""
    pki = Path(settings.data_dir) / "pki"
    files = (pki / f"{name}.crt", pki / f"{name}.key", pki / "ca.crt")
    return TcpTransport(
        cluster=settings.name,
        listen=settings.peer_addresses()[name],
        entropy=world.entropy,
        server_ssl=server_context(*files),
        client_ssl=client_context(*files),
        ways=ways,
    )


async def run(path: Path, name: str) -> None:
    """Run until SIGTERM or SIGINT. ``path``: of the settings. Raises what put a component beyond
    restarting, and InUse if another process works on the same data."""
    settings = read_settings(path)
    folder = Path(settings.data_dir) / "processes" / name
    with locked(folder):
        await _run(path, name, settings, folder)


async def _run(path: Path, name: str, settings: ClusterSettings, folder: Path) -> None:
    live = LiveSettings(settings, name)
    clock, storage = FaultyClock(), StorageFaults()
    world = real_world(folder, clock, storage)
    ways = Ways(world.entropy, settings.distances(name))
    tracer = FileTracer(catalog.trace_folder(settings, name))
    system = ActorSystem(
        process=name,
        zone=settings.zone_of(name),
        world=world,
        tracer=tracer,
        transport=make_transport(settings, name, world, ways),
        peers=settings.peer_addresses(),
        registry=all_messages(),
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: reload(path, live, system, ways))
    # What came since ``main`` blocked it comes now.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    backends = catalog.open_backends(settings, name)
    faults = Faults(ways, storage, clock, door_ops.set_engine(backends.runtime))
    faults.inject(door_ops.read(Path(settings.data_dir) / "chaos" / f"{name}.json"))
    ops: dict[str, Op] = {
        **door_ops.fault_ops(faults, clock),
        **door_ops.ping_ops(system),
        **door_ops.engine_ops(backends.runtime),
        **door_ops.trace_ops(system.recorder.levels, system.actors),
    }
    door = Door(Path(settings.data_dir) / "run" / f"{name}.door", ops)
    await system.start()
    try:
        # Before anything that may wait for what is broken.
        await door.open()
        await system.spawn(names.ECHO, EchoActor)
        try:
            for component in catalog.components(live, backends):
                await system.spawn(component.name, component.factory, component.policy)
                if system.failed.done():
                    break
            system.when_proven(lambda: tell_ready(name))
            await until_stopped(system, stopping)
            await hand_over(system)
        finally:
            async with asyncio.timeout(STOP_SECONDS):
                await system.stop()
            await backends.packet_filter.close()
    finally:
        faults.close()
        await door.close()
        tracer.close()


def read_settings(path: Path) -> ClusterSettings:
    """The settings in a file. Raises OSError, ValueError."""
    try:
        return parse_settings(msgspec.json.decode(path.read_bytes()))
    except msgspec.DecodeError as error:
        raise ValueError(f"{path}: {error}") from error


def reload(path: Path, live: LiveSettings, system: ActorSystem, ways: Ways) -> None:
    """Act on what has changed in the settings' file: who takes part, and where they listen.

    Settings that cannot be read, or that do not list this process (which is then about to be
    ended), change nothing.
    """
    try:
        settings = read_settings(path)
    except (OSError, ValueError) as error:
        system.log.error("settings.unreadable", error=str(error))
        return
    before, now = live.now.peer_addresses(), settings.peer_addresses()
    ways.measure(settings.distances(live.process))
    if live.process not in now:
        system.log.warning("settings.without_this_process")
        return
    for process in {**before, **now}:
        if before.get(process) != now.get(process):
            system.add_peer(process, now.get(process, ""))
    live.change(settings)
    system.log.info("settings.read", replicas=len(settings.replicas), nodes=len(settings.nodes))
    server = names.address(names.APISERVER, live.process)
    if server in system.actors():
        system.ref(server).tell(SettingsChanged())


def tell_ready(name: str) -> None:
    """All components have started: what lives now lives on, and whoever waits is told."""
    Collector().start()
    notify(name)


async def until_stopped(system: ActorSystem, stopping: asyncio.Event) -> None:
    """Wait for the signal, or raise what failed."""
    system.failed.add_done_callback(lambda _: stopping.set())
    await stopping.wait()
    if system.failed.done():
        system.failed.result()


async def hand_over(system: ActorSystem) -> None:
    """A leader that is stopped makes another member leader first, so that writes hardly pause."""
    store = names.address(names.STORE, system.process)
    if store not in system.actors():
        return
    try:
        await system.ref(store).ask(HandOver(), HAND_OVER_SECONDS)
    except SteersmanError as error:
        system.log.info("no hand-over", error=str(error))


def notify(name: str) -> None:
    """Tell whoever started this process that it is ready; if that has ended meanwhile, nobody."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, suppress(OSError):
            sender.connect(path)
            sender.send(f"READY=1\nSTATUS={name}\n".encode())


def main() -> None:
    """Entry point. Exits with 1 and one line of text if the machine fails it or a person must act,
    with the stack if a component failed for good otherwise."""
    if not __debug__:
        sys.exit("error: assertions guard the data: do not run with python -O")
    # Settings that change after they were read, and before there is a loop, are not to be missed.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    settings_path, name = sys.argv[1:3]
    try:
        uvloop.run(run(Path(settings_path), name))
    except (Unrecoverable, DiskFault, OSError, *BAD_FILES) as error:
        sys.exit(f"error: {name}: {error}")


if __name__ == "__main__":
    main()
