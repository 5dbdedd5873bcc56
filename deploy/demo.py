"""Apply the demo manifest and wait, step by step, until it answers. Must not know: the launcher."""

import functools
import importlib.resources
import ipaddress
import socket
import time
import urllib.request
from typing import Any

import yaml
from dnslib import DNSRecord

from cluster.settings import ClusterSettings
from deploy.administrator import client
from deploy.client import ApiError, Client, Object
from deploy.progress import Progress

SECONDS = 90.0


def manifest() -> list[Object]:
    """The demo's objects."""
    text = (importlib.resources.files("deploy") / "manifests" / "demo.yaml").read_text()
    return [document for document in yaml.safe_load_all(text) if document]


def condition(obj: Object, kind: str) -> bool:
    """Whether a status condition is True."""
    found: list[dict[str, Any]] = obj.get("status", {}).get("conditions") or []
    return any(bool(c["type"] == kind and c["status"] == "True") for c in found)


def run(settings: ClusterSettings, progress: Progress) -> str:
    """All steps; returns the URL that answers ('' without containers). Raises TimeoutError."""
    api = client(settings)
    if settings.nodes:
        await_nodes(settings, api, progress)
    with progress.step("demo applied") as notes:
        objects = manifest()
        notes.append(apply(api, objects))
    if not settings.nodes:
        progress.say("no nodes: the demo's pods wait for the first (steersman node add)")
        return ""
    with progress.step("DNS service"):
        await_dns_service(api)
    progress.mark("DNS service")
    wanted = [obj["metadata"]["name"] for obj in objects if obj["kind"] == "Deployment"]
    with progress.step("app running") as notes:
        await_app(api, wanted)
        notes.append(", ".join(wanted))
    progress.mark("app running")
    if settings.runtime == "memory":
        return ""
    with progress.step("DNS answering") as notes:
        notes.append(wait_dns(settings, "web.default.svc.cluster.local"))
    progress.mark("DNS answering")
    with progress.step("page answering") as notes:
        url = load_balancer_url(api, "web")
        notes.append(f"{url} {fetch(url)} bytes")
    return url


def await_nodes(settings: ClusterSettings, api: Client, progress: Progress) -> None:
    """Until every node of the settings is Ready."""
    with progress.step("nodes ready") as notes:
        late: list[str] = []

        def all_ready(seen: dict[str, Object]) -> bool:
            ready = {node["metadata"]["name"] for node in seen.values() if condition(node, "Ready")}
            late[:] = [node.name for node in settings.nodes if node.name not in ready]
            if ready and not notes:
                progress.mark("first node ready")
                notes.append(f"{len(settings.nodes)} nodes")
            return not late

        try:
            api.wait_for("/api/v1/nodes", all_ready, SECONDS)
        except TimeoutError as error:
            raise TimeoutError(
                f"not Ready after {SECONDS:.0f} s: {', '.join(late)}: see `steersman logs "
                f"{late[0] if late else 'kubelet'}` and `kubectl describe nodes`"
            ) from error


def apply(api: Client, objects: list[Object]) -> str:
    """Apply them; what somebody has changed since is left so. Returns a note."""
    changed = []
    for obj in objects:
        try:
            api.patiently(functools.partial(api.apply, obj), SECONDS)
        except ApiError as error:
            if error.code != 409:
                raise
            changed.append(f"{obj['kind'].lower()}/{obj['metadata']['name']}")
    kept = f"; {', '.join(changed)} changed by hand, left so" if changed else ""
    return f"{len(objects)} objects{kept}"


def await_dns_service(api: Client) -> None:
    """Until the DNS Service has an endpoint."""
    api.wait_for(
        "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices",
        lambda seen: any(
            _service(item) == "kube-dns" and item.get("endpoints") for item in seen.values()
        ),
        SECONDS,
    )


def await_app(api: Client, wanted: list[str]) -> None:
    """Until the demo's Deployments have all their pods. Raises TimeoutError naming those that lack
    some."""
    late: list[str] = []

    def complete(seen: dict[str, Object]) -> bool:
        late[:] = [name for name in wanted if not _complete(seen.get(f"default/{name}"))]
        return not late

    try:
        api.wait_for("/apis/apps/v1/namespaces/default/deployments", complete, SECONDS)
    except TimeoutError as error:
        raise TimeoutError(
            f"after {SECONDS:.0f} s not all pods of {' and '.join(late)} run: see "
            f"`kubectl describe deployment {late[0] if late else 'web'}` and `kubectl get events`"
        ) from error


def _service(item: Object) -> str:
    return str(item["metadata"].get("labels", {}).get("kubernetes.io/service-name", ""))


def _complete(obj: Object | None) -> bool:
    if obj is None:
        return False
    status, spec = obj.get("status", {}), obj["spec"]
    return bool(
        status.get("observedGeneration", 0) >= obj["metadata"].get("generation", 0)
        and status.get("availableReplicas", 0) == spec["replicas"]
        and status.get("updatedReplicas", 0) == spec["replicas"]
    )


def wait_dns(settings: ClusterSettings, name: str) -> str:
    """Ask a node's DNS server until it knows the name; return the address."""
    server = settings.nodes[0].address
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.settimeout(0.5)
                udp.sendto(DNSRecord.question(name).pack(), (server, 53))
                answer = DNSRecord.parse(udp.recv(4096))
        except OSError:
            time.sleep(0.05)
            continue
        if answer.rr:
            return str(ipaddress.ip_address(str(answer.rr[0].rdata)))
        time.sleep(0.05)
    raise TimeoutError(f"{server} did not answer for {name}: see `steersman logs dns`")


def load_balancer_url(api: Client, service: str) -> str:
    """The URL of a Service of type LoadBalancer, once it has an address."""
    path = "/api/v1/namespaces/default/services"

    def address(seen: dict[str, Object]) -> str:
        status = seen.get(f"default/{service}", {}).get("status", {})
        ingress = status.get("loadBalancer", {}).get("ingress") or [{}]
        return str(ingress[0].get("ip", ""))

    seen = api.wait_for(path, lambda found: bool(address(found)), SECONDS)
    return f"http://{address(seen)}/"


def fetch(url: str, seconds: float = 30.0) -> int:
    """Get a page, trying again until it answers; returns its size. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    problem: Exception | None = None
    while time.monotonic() < deadline:
        try:
            with opener.open(url, timeout=2) as response:
                return len(response.read())
        except OSError as error:
            problem = error
            time.sleep(0.05)
    raise TimeoutError(f"{url} does not answer: {problem}")
