"""Makes a pod's volumes and its containers' mounts out of them.

Must not know: the engine. ConfigFault and FilesFault say what is wrong in words for an event.
"""

from actors.kubelet import pod_dns, volumes
from actors.kubelet.container_spec import TERMINATION_LOG, Mount
from actors.kubelet.downward import ConfigFault
from actors.kubelet.env import pod_env_references
from actors.kubelet.expansion import expand
from actors.kubelet.node_tools import NodeTools
from actors.kubelet.volumes import TokenWish, VolumeSources
from cluster.api.quantity import parse
from cluster.api.resources import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    SERVICE_ACCOUNTS,
)
from cluster.api.timestamps import parse_time
from cluster.api.types import Object

# A token is replaced when this part of its life is over (as Kubernetes does).
TOKEN_REFRESH = 0.8
PROPAGATIONS = {"HostToContainer": "rslave", "Bidirectional": "rshared"}


class VolumeMounter:
    """Of one pod; keeps the pod's tokens and the paths of its volumes."""

    def __init__(self, tools: NodeTools, uid: str) -> None:
        self._tools = tools
        self._uid = uid
        self._tokens: dict[TokenWish, tuple[str, float]] = {}
        self.paths: dict[str, str] = {}

    def hold_references(self, pod: Object) -> None:
        """Watch what the pod's volumes, environment and image pulls read."""
        secrets = {
            ("secret", item["name"])
            for item in pod["spec"].get("imagePullSecrets") or ()
            if item.get("name")
        }
        wanted = volumes.volume_references(pod) | pod_env_references(pod) | secrets
        self._tools.references.hold(self._uid, pod["metadata"]["namespace"], wanted)

    async def prepare(self, pod: Object, address: str) -> None:
        """Make all volumes, or bring generated ones up to date."""
        for volume in volumes.pod_volumes(pod):
            name = volume["name"]
            try:
                self.paths[name] = await self._prepare_one(pod, volume, address)
            except ConfigFault as fault:
                text = f'MountVolume.SetUp failed for volume "{name}" : {fault}'
                raise ConfigFault(text) from fault

    async def _prepare_one(self, pod: Object, volume: Object, address: str) -> str:
        files, kind, group = self._tools.files, volumes.volume_type(volume), volumes.fs_group(pod)
        plugin = volumes.PLUGIN_DIRECTORIES.get(kind, "")
        if kind in volumes.GENERATED:
            content = volumes.volume_files(pod, volume, await self._sources(pod, volume, address))
            return await files.write_volume(self._uid, plugin, volume["name"], content, group)
        if kind == "emptyDir":
            source = volume["emptyDir"] or {}
            if source.get("medium") == "Memory":
                size = parse(str(source.get("sizeLimit") or "0")).value
                return await files.make_tmpfs(self._uid, plugin, volume["name"], group, size)
            return await files.make_directory(self._uid, plugin, volume["name"], group)
        if kind == "persistentVolumeClaim":
            path, path_type = await self._claimed_path(pod, volume["persistentVolumeClaim"])
            return await files.host_path(path, path_type)
        source = volume["hostPath"]
        return await files.host_path(source["path"], source.get("type") or "")

    async def _claimed_path(self, pod: Object, source: Object) -> tuple[str, str]:
        """(path, type) of the bound hostPath or local persistent volume."""
        client, namespace = self._tools.client, pod["metadata"]["namespace"]
        claim = await client.get(PERSISTENT_VOLUME_CLAIMS, namespace, source["claimName"])
        bound = (claim["spec"] or {}).get("volumeName")
        if not bound:
            raise ConfigFault(f'persistentvolumeclaim "{source["claimName"]}" is not bound')
        spec = (await client.get(PERSISTENT_VOLUMES, "", bound))["spec"]
        if "hostPath" in spec:
            return spec["hostPath"]["path"], spec["hostPath"].get("type") or ""
        if "local" in spec:
            return spec["local"]["path"], "Directory"
        raise ConfigFault(f'persistentvolume "{bound}": its source is not supported by this node')

    async def _sources(self, pod: Object, volume: Object, address: str) -> VolumeSources:
        namespace = pod["metadata"]["namespace"]
        wanted = volumes.volume_references({"spec": {"volumes": [volume]}})
        objects = await self._tools.references.get(namespace, wanted)
        tokens = {wish: await self._token(pod, wish) for wish in volumes.token_wishes(volume)}
        return VolumeSources(self._tools.pod_facts(address), objects, tokens)

    async def _token(self, pod: Object, wish: TokenWish) -> str:
        """A token bound to the pod; a new one when most of the old one's life is over."""
        known = self._tokens.get(wish)
        if known is not None and self._tools.now() < known[1]:
            return known[0]
        meta = pod["metadata"]
        body: Object = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "audiences": [wish.audience] if wish.audience else [],
                "expirationSeconds": wish.seconds,
                "boundObjectRef": {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "name": meta["name"],
                    "uid": meta["uid"],
                },
            },
        }
        account = pod["spec"].get("serviceAccountName") or "default"
        answer = await self._tools.client.create(
            SERVICE_ACCOUNTS, body, meta["namespace"], account, "token"
        )
        status = answer["status"]
        now = self._tools.now()
        life = max(0.0, parse_time(status.get("expirationTimestamp")) - now) or wish.seconds
        self._tokens[wish] = (status["token"], now + life * TOKEN_REFRESH)
        return str(status["token"])

    def refresh_at(self) -> float:
        """UNIX seconds at which a token is to be renewed, 0.0 if there is none."""
        return min((until for _, until in self._tokens.values()), default=0.0)

    # -- mounts of one container

    async def mounts(
        self, pod: Object, spec: Object, attempt: int, address: str, env: dict[str, str]
    ) -> tuple[Mount, ...]:
        """Volumes, then the files that every container gets unless it mounts over them."""
        result = []
        for item in spec.get("volumeMounts") or ():
            if item["name"] not in self.paths:
                raise ConfigFault(f'volume "{item["name"]}" is not in the pod')
            source = self.paths[item["name"]]
            part = item.get("subPath") or ""
            if item.get("subPathExpr"):
                part = expand(item["subPathExpr"], env)
            if part:
                source = await self._tools.files.sub_path(source, part)
            propagation = PROPAGATIONS.get(item.get("mountPropagation") or "", "")
            read_only = bool(item.get("readOnly")) or self._is_generated(pod, item["name"])
            result.append(Mount(source, item["mountPath"], read_only, propagation))
        taken = {mount.target for mount in result}
        for mount in await self._own_files(pod, spec, attempt, address):
            if mount.target not in taken:
                result.append(mount)
        return tuple(result)

    def _is_generated(self, pod: Object, name: str) -> bool:
        volume = next(item for item in volumes.pod_volumes(pod) if item["name"] == name)
        return volumes.volume_type(volume) in volumes.GENERATED

    async def _own_files(
        self, pod: Object, spec: Object, attempt: int, address: str
    ) -> list[Mount]:
        files, network = self._tools.files, self._tools.settings.network
        hosts = pod_dns.hosts_file(pod, address, network.cluster_domain).encode()
        resolver = pod_dns.resolv_conf(pod, network, await files.host_resolver()).encode()
        log = termination_file(spec, attempt)
        write = files.write_file
        return [
            Mount(await write(self._uid, "etc-hosts", hosts, 0o644), "/etc/hosts"),
            Mount(await write(self._uid, "resolv.conf", resolver, 0o644), "/etc/resolv.conf"),
            Mount(
                await write(self._uid, log, b"", 0o666),
                spec.get("terminationMessagePath") or TERMINATION_LOG,
            ),
        ]


def termination_file(spec: Object, attempt: int) -> str:
    """Where a container's termination message is kept, in the pod's directory."""
    return f"containers/{spec['name']}/{attempt}/termination-log"
