"""Which components a process runs, and with which backends: the one file that picks real ones or
in-memory ones.

Knows every component's constructor. Must not know: how a process is started or stopped. Components
are imported where they are made: a node need not load the API server, nor a replica Docker.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from actors.client.live_settings import LiveSettings
from actors.kit.actor import Actor
from actors.kit.context import PERMANENT
from actors.kit.supervisor import RestartPolicy
from actors.kit.world.disk import DiskFull
from actors.kit.world.packet_filter import PacketFilter
from cluster import names
from cluster.settings import ClusterSettings

if TYPE_CHECKING:
    from actors.apiserver.authority import Authority
    from actors.kit.world.containers import ContainerRuntime
    from actors.kubelet.pod_network import PodNetwork
    from cluster.api.audit_policy import AuditPolicy
    from cluster.api.authentication_configuration import AuthenticationConfiguration
    from cluster.api.encryption_configuration import EncryptionConfiguration
    from cluster.security.server_credentials import ServerCredentials

DNS_PORT = 53
# Simulated nodes share one loopback address, with other clusters too: each node's DNS port is its
# message port plus this (more than there can be nodes, see deploy/topology.py).
DNS_PORT_OFFSET_MEMORY = 200


# A full disk is no reason to give up: the store goes on within seconds once there is room.
STORE_POLICY = RestartPolicy(backoff_max=2.0, passing=(DiskFull,))


@dataclass(frozen=True)
class Component:
    """A component to spawn: its actor name and how to make it (anew at each restart)."""

    name: str
    factory: Callable[[], Actor]
    policy: RestartPolicy = PERMANENT


@dataclass(frozen=True)
class Backends:
    """What the components of a process touch the machine with. None: this process has no use."""

    packet_filter: PacketFilter
    runtime: "ContainerRuntime | None" = None
    network: "PodNetwork | None" = None


def open_backends(settings: ClusterSettings, name: str) -> Backends:
    """The backends that the settings ask for, for one process."""
    packet_filter = _packet_filter(settings)
    if not is_node(settings, name):
        return Backends(packet_filter)
    if settings.runtime == "docker":
        from actors.kubelet.networks.veth import VethNetwork
        from actors.kubelet.runtimes.docker import DockerRuntime

        return Backends(packet_filter, DockerRuntime(settings.docker_socket), VethNetwork())
    from actors.kubelet.networks.memory import MemoryNetwork
    from actors.kubelet.runtimes.memory import MemoryRuntime

    return Backends(packet_filter, MemoryRuntime(), MemoryNetwork())


def _packet_filter(settings: ClusterSettings) -> PacketFilter:
    if settings.network.packet_filter == "nftables":
        from actors.kit.world.nftables import NftablesPacketFilter

        return NftablesPacketFilter()
    from actors.kit.world.packet_filter_memory import MemoryPacketFilter

    return MemoryPacketFilter()


def is_node(settings: ClusterSettings, name: str) -> bool:
    """Whether the process is a node (else a replica)."""
    return any(node.name == name for node in settings.nodes)


def trace_folder(settings: ClusterSettings, name: str) -> Path:
    """Where a process writes its trace."""
    return Path(settings.data_dir) / "trace" / name


def tracer_component(settings: ClusterSettings, name: str) -> Component:
    """The tracer, which every process runs."""
    from actors.tracing.actor import TracerActor

    return Component(names.TRACER, lambda: TracerActor(trace_folder(settings, name)))


def read_authority(settings: ClusterSettings, name: str) -> "Authority":
    """A replica's authority, from the cluster's key files."""
    from actors.apiserver.authority import ISSUER, Authority
    from cluster.api.admission_configuration import MUTATING, VALIDATING

    pki = Path(settings.data_dir) / "pki"
    shown = read_webhook_credentials(Path(settings.data_dir) / "admission-config.yaml")
    return Authority(
        ca_certificate=(pki / "ca.crt").read_bytes(),
        service_account_key=(pki / "service-account.key").read_bytes(),
        serving_certificate=str(pki / f"{name}.crt"),
        serving_key=str(pki / f"{name}.key"),
        encryption=read_encryption(pki / "encryption.yaml"),
        authentication=read_authentication(
            Path(settings.data_dir) / "authentication-config.yaml", ISSUER
        ),
        audit_policy=_read_audit_policy(Path(settings.data_dir) / "audit-policy.yaml"),
        audit_folder=str(Path(settings.data_dir) / "audit" / name),
        front_proxy_ca=(pki / "front-proxy-ca.crt").read_bytes(),
        front_proxy_certificate=str(pki / "front-proxy-client.crt"),
        front_proxy_key=str(pki / "front-proxy-client.key"),
        mutating=shown[MUTATING],
        validating=shown[VALIDATING],
    )


def read_authentication(file: Path, own_issuer: str) -> "AuthenticationConfiguration":
    """The default if there is no file. Raises BadAuthenticationConfiguration naming the file."""
    from cluster.api import authentication_configuration as configuration

    if not file.exists():
        return configuration.AuthenticationConfiguration()
    try:
        return configuration.parse(file.read_bytes(), own_issuer)
    except configuration.BadAuthenticationConfiguration as error:
        raise configuration.BadAuthenticationConfiguration(f"{file}: {error}") from error


def read_webhook_credentials(file: Path) -> "dict[str, ServerCredentials]":
    """What is shown to webhooks, by the plugin that asks them: nothing if there is no file. Raises
    BadAdmissionConfiguration naming the file that is wrong, OSError for one that cannot be read."""
    from cluster.api import admission_configuration as configuration
    from cluster.security.server_credentials import ServerCredentials

    found = {name: ServerCredentials() for name in configuration.PLUGINS}
    if not file.exists():
        return found
    wrong = file
    try:
        for plugin in configuration.parse(file.read_bytes()):
            settings: object = plugin.configuration
            wrong = file.parent / plugin.path if plugin.path else file
            if plugin.path:
                settings = configuration.load(wrong.read_bytes())
            if settings is None:
                continue
            if name := configuration.kube_config_file(settings):
                wrong = Path(name)
                found[plugin.name] = _read_kube_config(wrong)
    except ValueError as error:
        raise configuration.BadAdmissionConfiguration(f"{wrong}: {error}") from None
    return found


def _read_kube_config(file: Path) -> "ServerCredentials":
    """Files that it names are beside it, unless their names are whole paths."""
    import ssl

    from actors.apiserver.webhook_client import show_certificate
    from cluster.security.server_credentials import parse_kube_config

    found = parse_kube_config(file.read_bytes(), lambda name: (file.parent / name).read_bytes())
    for shown in found.users.values():
        show_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), shown)
    return found


def _read_audit_policy(file: Path) -> "AuditPolicy | None":
    """None if there is no file. Raises BadAuditPolicy naming the file."""
    from cluster.api.audit_policy import BadAuditPolicy, parse

    if not file.exists():
        return None
    try:
        return parse(file.read_bytes())
    except BadAuditPolicy as error:
        raise BadAuditPolicy(f"{file}: {error}") from error


def read_encryption(file: Path) -> "EncryptionConfiguration":
    """What is encrypted at rest: nothing if there is no file. Raises BadEncryptionConfiguration
    naming the file."""
    from cluster.api.encryption_configuration import (
        BadEncryptionConfiguration,
        EncryptionConfiguration,
        parse,
    )

    if not file.exists():
        return EncryptionConfiguration()
    try:
        return parse(file.read_bytes())
    except BadEncryptionConfiguration as error:
        raise BadEncryptionConfiguration(f"{file}: {error}") from error


def replica_components(
    live: LiveSettings, backends: Backends, authority: "Authority", http: bool
) -> list[Component]:
    """The components of a control-plane replica, in the order they start."""
    from actors.apiserver.actor import ApiServerActor
    from actors.cloud.actor import CloudActor
    from actors.cloud.providers.local import LocalProvider
    from actors.controllers.actor import ControllerManager
    from actors.scheduler.actor import SchedulerActor

    trust = authority.ca_certificate.decode(), authority.service_account_key
    settings, name, servers = live.now, live.process, live.servers
    provider = LocalProvider(settings, backends.packet_filter)
    return [
        Component(names.STORE, lambda: store_actor(live.now, name), STORE_POLICY),
        Component(names.APISERVER, lambda: ApiServerActor(live, authority, http)),
        Component(names.CONTROLLERS, lambda: ControllerManager(live.now, name, servers, *trust)),
        Component(names.SCHEDULER, lambda: SchedulerActor(name, servers)),
        Component(names.CLOUD, lambda: CloudActor(name, servers, provider)),
        tracer_component(settings, name),
    ]


def store_actor(settings: ClusterSettings, name: str) -> Actor:
    """The store of a replica, with the engine that the settings name."""
    if settings.store.engine == "etcd":
        from actors.store.engines.etcd.store import etcd_actor

        return etcd_actor(settings, name)
    if settings.store.engine == "raftos":
        from actors.store.engines.raftos import raftos_actor

        return raftos_actor(settings, name)
    from actors.store.engines.raft import raft_actor

    return raft_actor(settings, name, settings.store.snapshot_entries)


def node_components(live: LiveSettings, backends: Backends) -> list[Component]:
    """The components of a worker node, in the order they start."""
    from actors.dns.actor import DnsActor
    from actors.kubelet.actor import KubeletActor
    from actors.proxy.actor import ProxyActor

    settings, name, servers = live.now, live.process, live.servers
    runtime, network = backends.runtime, backends.network
    assert runtime is not None, "a node needs a container runtime"
    assert network is not None, "a node needs a pod network"
    return [
        Component(
            names.KUBELET, lambda: KubeletActor(settings, name, runtime, network, servers, None)
        ),
        Component(
            names.PROXY,
            lambda: ProxyActor(
                settings, name, backends.packet_filter, servers, partial(_node_address, live)
            ),
        ),
        Component(
            names.DNS,
            lambda: DnsActor(settings, name, servers, *dns_endpoint(settings, name)),
        ),
        tracer_component(settings, name),
    ]


def _node_address(live: LiveSettings, name: str) -> str:
    return next((node.address for node in live.now.nodes if node.name == name), "")


def dns_endpoint(settings: ClusterSettings, name: str) -> tuple[str, int]:
    """(host, port) that a node's DNS server binds."""
    if settings.runtime == "docker":
        return settings.node(name).address, DNS_PORT
    host, _, port = settings.node(name).peer_address.rpartition(":")
    return host, int(port) + DNS_PORT_OFFSET_MEMORY


def components(live: LiveSettings, backends: Backends) -> list[Component]:
    """What a real process runs."""
    if is_node(live.now, live.process):
        return node_components(live, backends)
    authority = read_authority(live.now, live.process)
    return replica_components(live, backends, authority, http=True)
