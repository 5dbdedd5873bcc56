"""A one-replica control plane in this process: the real store and API server, memory disk.

async with control_plane(tmp_path) as plane:
    await plane.create("pods", {...}, namespace="default")
    plane.kubeconfig    # with http=True: for the real kubectl, over loopback TLS
"""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from actors.apiserver.actor import ApiServerActor
from actors.apiserver.authority import Authority, StaticToken
from actors.client.live_settings import LiveSettings
from actors.kit.actor import Actor
from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.transports.transport import Transport
from actors.kit.world.memory_disk import SimDisk
from actors.kit.world.real import RealClock, RealEntropy
from actors.kit.world.world import World
from actors.store.engines.raft import raft_actor
from cluster import names
from cluster.api.audit_policy import AuditPolicy
from cluster.api.authentication_configuration import AuthenticationConfiguration
from cluster.api.encryption_configuration import EncryptionConfiguration, parse
from cluster.errors import SteersmanError
from cluster.messages.apiserver import ApiRequest, ApiResponse
from cluster.security.server_credentials import ServerCredentials
from cluster.settings import ClusterSettings, NetworkSettings, NodeSettings, ReplicaSettings
from deploy import kubeconfig, pki

REPLICA = "replica-1"
ASK_SECONDS = 15.0
TOKEN = "test-token"
Json = dict[str, Any]


@dataclass
class ControlPlane:
    """Requests go through the message door as a cluster administrator, unless ``sender`` says."""

    system: ActorSystem
    settings: ClusterSettings
    kubeconfig: str = ""

    async def ask(self, request: ApiRequest, sender: str = "apiserver/test") -> ApiResponse:
        """One request; raises StatusError."""
        address = names.address(names.APISERVER, REPLICA)
        ref = self.system.ref(address, sender=names.address(sender, REPLICA))
        answer = await ref.ask(request, ASK_SECONDS)
        assert isinstance(answer, ApiResponse)
        return answer

    async def _json(self, request: ApiRequest, sender: str) -> Json:
        found: Json = orjson.loads((await self.ask(request, sender)).body)
        return found

    async def create(
        self,
        resource: str,
        obj: Json,
        namespace: str = "",
        group: str = "",
        sender: str = "apiserver/test",
        **query: str,
    ) -> Json:
        """Create an object; ``query`` as ApiRequest.query."""
        request = ApiRequest(
            "create", resource, group, namespace=namespace, query=query, body=orjson.dumps(obj)
        )
        return await self._json(request, sender)

    async def get(
        self, resource: str, name: str, namespace: str = "", group: str = "", **query: str
    ) -> Json:
        """Read an object."""
        request = ApiRequest("get", resource, group, namespace=namespace, name=name, query=query)
        return await self._json(request, "apiserver/test")

    async def list(self, resource: str, namespace: str = "", group: str = "", **query: str) -> Json:
        """List objects."""
        request = ApiRequest("list", resource, group, namespace=namespace, query=query)
        return await self._json(request, "apiserver/test")

    async def update(
        self,
        resource: str,
        obj: Json,
        group: str = "",
        subresource: str = "",
        sender: str = "apiserver/test",
    ) -> Json:
        """Replace an object."""
        metadata = obj["metadata"]
        request = ApiRequest(
            "update",
            resource,
            group,
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
            subresource=subresource,
            body=orjson.dumps(obj),
        )
        return await self._json(request, sender)

    async def patch(
        self,
        resource: str,
        name: str,
        body: Any,
        namespace: str = "",
        group: str = "",
        subresource: str = "",
        content_type: str = "application/merge-patch+json",
        **query: str,
    ) -> Json:
        """Patch an object."""
        request = ApiRequest(
            "patch",
            resource,
            group,
            namespace=namespace,
            name=name,
            subresource=subresource,
            query=query,
            body=orjson.dumps(body),
            content_type=content_type,
        )
        return await self._json(request, "apiserver/test")

    async def delete(
        self,
        resource: str,
        name: str,
        namespace: str = "",
        group: str = "",
        options: Json | None = None,
    ) -> Json:
        """Delete an object."""
        request = ApiRequest(
            "delete",
            resource,
            group,
            namespace=namespace,
            name=name,
            body=b"" if options is None else orjson.dumps(options),
        )
        return await self._json(request, "apiserver/test")

    async def ready(self) -> None:
        """Return once the cluster has been set up."""
        probe = ApiRequest("get", "services", namespace="default", name="kubernetes")
        for _ in range(400):
            try:
                await self.ask(probe)
                slices = await self.list("endpointslices", "default", "discovery.k8s.io")
                if slices["items"]:
                    # Written last.
                    group = "rbac.authorization.k8s.io"
                    await self.get("clusterroles", "cluster-admin", group=group)
                    return
            except SteersmanError:
                pass
            await self.system.world.clock.sleep(0.02)
        raise AssertionError("the control plane did not become ready")


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_settings(
    folder: Path, http: bool, nodes: tuple[NodeSettings, ...] = ()
) -> ClusterSettings:
    """One replica; its data below ``folder``."""
    port, shared = (free_port(), free_port()) if http else (6443, 6444)
    return ClusterSettings(
        name="test",
        data_dir=str(folder),
        replicas=(ReplicaSettings(REPLICA, "a", f"127.0.0.1:{port + 1}", (f"127.0.0.1:{port}",)),),
        nodes=nodes,
        runtime="memory",
        network=NetworkSettings(shared_api=f"127.0.0.1:{shared}", packet_filter="memory"),
    )


def make_authority(settings: ClusterSettings) -> Authority:
    """Keys and certificates made below the settings' data directory."""
    pki.ensure(settings)

    def read(name: str) -> bytes:
        return Path(pki.path(settings, name)).read_bytes()

    return Authority(
        ca_certificate=read("ca.crt"),
        service_account_key=read("service-account.key"),
        serving_certificate=pki.path(settings, f"{REPLICA}.crt"),
        serving_key=pki.path(settings, f"{REPLICA}.key"),
        encryption=parse(read(pki.ENCRYPTION)),
        front_proxy_ca=read("front-proxy-ca.crt"),
        front_proxy_certificate=pki.path(settings, "front-proxy-client.crt"),
        front_proxy_key=pki.path(settings, "front-proxy-client.key"),
        static_tokens={TOKEN: StaticToken("token-user", (names.GROUP_MASTERS,))},
    )


@asynccontextmanager
async def control_plane(
    folder: Path,
    *,
    http: bool = False,
    store: Callable[[ClusterSettings], Actor] = lambda settings: raft_actor(settings, REPLICA),
    world: World | None = None,
    encryption: EncryptionConfiguration | None = None,
    audit: AuditPolicy | None = None,
    authentication: AuthenticationConfiguration | None = None,
    mutating: ServerCredentials | None = None,
    validating: ServerCredentials | None = None,
    nodes: tuple[NodeSettings, ...] = (),
    transport: Transport | None = None,
) -> AsyncIterator[ControlPlane]:
    """Start, wait until set up, stop at the end. ``world``: default real time, memory disk.
    ``encryption``, ``authentication``: others than a new cluster has; ``mutating``,
    ``validating``: what is shown to webhooks; ``audit``: into ``folder``/audit."""
    settings = make_settings(folder, http, nodes)
    authority = make_authority(settings)
    authority = replace(authority, audit_policy=audit, audit_folder=str(folder / "audit"))
    if authentication is not None:
        authority = replace(authority, authentication=authentication)
    if encryption is not None:
        authority = replace(authority, encryption=encryption)
    nothing = ServerCredentials()
    authority = replace(authority, mutating=mutating or nothing, validating=validating or nothing)
    world = world or World(RealClock(), RealEntropy(), SimDisk())
    async with actor_system(REPLICA, world=world, transport=transport) as system:
        await system.spawn(names.STORE, lambda: store(settings))
        live = LiveSettings(settings, REPLICA)
        await system.spawn(names.APISERVER, lambda: ApiServerActor(live, authority, http))
        plane = ControlPlane(system, settings)
        await plane.ready()
        if http:
            kubeconfig.write(settings)
            plane.kubeconfig = kubeconfig.path(settings)
        yield plane
