"""Defaults of a pod's spec, and of every workload's template. Idempotent, in place.

Must not know workloads.
"""

import re
from typing import Any

from cluster.api.types import Object

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_LOG = "/dev/termination-log"
_MODE = 0o644
# How images are named (OCI distribution specification): a registry, a path, a tag, a digest.
_IMAGE_MAX = 255
_IMAGE = re.compile(
    r"([A-Za-z0-9]+([.-]+[A-Za-z0-9]+)*(:[0-9]+)?/|\[[0-9a-fA-F:]+\](:[0-9]+)?/)?"
    r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[A-Za-z0-9+._-]+:[0-9a-fA-F]{32,})?"
)


# What sources say if their author does not.
_SOURCES: dict[str, Object] = {
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {
        "cachingMode": "ReadWrite", "kind": "Shared", "fsType": "ext4", "readOnly": False,
    },
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}  # fmt: skip


def running_pod_spec(spec: Object) -> None:
    """A pod's own spec: what templates get, and what only makes sense once there is a pod."""
    pod_spec(spec)
    # Templates keep a negative time.
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    spec.setdefault("enableServiceLinks", True)
    for containers in ("initContainers", "containers"):
        for container in spec.get(containers) or ():
            if container["resources"]:
                _resources(container["resources"])
    if spec.get("hostNetwork"):
        _host_ports(spec)


def pod_spec(spec: Object) -> None:
    """Fill in a template's PodSpec that conforms to its schema."""
    put = spec.setdefault
    for container in spec.get("initContainers") or ():
        _container(container)
    for container in spec.get("containers") or ():
        _container(container)
    for container in spec.get("ephemeralContainers") or ():
        ephemeral_container(container)
    _text(spec, "restartPolicy", "Always")
    put("terminationGracePeriodSeconds", 30)
    _text(spec, "dnsPolicy", "ClusterFirst")
    put("securityContext", {})
    _text(spec, "schedulerName", "default-scheduler")
    for volume in spec.get("volumes") or ():
        _volume(volume)
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account


def ephemeral_container(container: Object) -> None:
    """The same as any container's."""
    _container(container)


def claim_spec(spec: Object) -> None:
    """A PersistentVolumeClaimSpec, also inside a generic ephemeral volume."""
    spec.setdefault("volumeMode", "Filesystem")
    spec.setdefault("resources", {})


def pull_policy(image: str) -> str:
    """Always for ``latest``, or without tag and digest; else IfNotPresent, also for what names no
    image."""
    if len(image) > _IMAGE_MAX or not _IMAGE.fullmatch(image):
        return "IfNotPresent"
    plain, _, digest = image.partition("@")
    name, colon, tag = plain.rpartition(":")
    if not (colon and name) or "/" in tag:
        return "IfNotPresent" if digest else "Always"
    return "Always" if tag == "latest" else "IfNotPresent"


def _text(owner: Object, name: str, value: str) -> None:
    """Where an empty text means that nothing is said."""
    if not owner.get(name):
        owner[name] = value


def _container(container: Object) -> None:
    put = container.setdefault
    image = container.get("image")
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = pull_policy(image or "")
    _text(container, "terminationMessagePath", _LOG)
    _text(container, "terminationMessagePolicy", "File")
    put("resources", {})
    for port in container.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
    for env in container.get("env") or ():
        source = env.get("valueFrom")
        if source and "fieldRef" in source:
            _text(source["fieldRef"], "apiVersion", "v1")
        if source and "resourceFieldRef" in source:
            source["resourceFieldRef"].setdefault("divisor", "0")
    for name in _PROBES:
        if name in container:
            _probe(container[name])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict) and "httpGet" in hook:
            _http_get(hook["httpGet"])


def _resources(resources: Object) -> None:
    """A request that is not stated is its limit."""
    limits = resources.get("limits")
    if not limits:
        return
    requests = resources.setdefault("requests", {})
    for name, amount in limits.items():
        requests.setdefault(name, amount)


def _probe(probe: Object) -> None:
    for name, number in (
        ("timeoutSeconds", 1),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ):
        if not probe.get(name):
            probe[name] = number
    # Which protocol is spoken, and whether over TLS, is nobody's choice yet (off by default).
    if "httpGet" in probe:
        _http_get(probe["httpGet"])
        probe["httpGet"].pop("protocol", None)
    if "grpc" in probe:
        probe["grpc"].pop("mode", None)
        probe["grpc"].setdefault("service", "")


def _http_get(action: Object) -> None:
    if not action.get("path"):
        action["path"] = "/"
    if not action.get("scheme"):
        action["scheme"] = "HTTP"


def _host_ports(spec: Object) -> None:
    """With the host's network a container's port is the host's port."""
    for containers in ("containers", "initContainers"):
        for container in spec.get(containers) or ():
            for port in container.get("ports") or ():
                if not port.get("hostPort") and "containerPort" in port:
                    port["hostPort"] = port["containerPort"]


def _volume(volume: Object) -> None:
    if all(source == "name" for source in volume):
        volume["emptyDir"] = {}
    for source, value in volume.items():
        if isinstance(value, dict):
            volume_source(source, value)


def volume_source(source: str, value: Object) -> None:
    """What keeps a volume, a PersistentVolume's too."""
    match source:
        case "configMap" | "secret" | "downwardAPI":
            value.setdefault("defaultMode", _MODE)
            _field_refs(value)
        case "hostPath":
            value.setdefault("type", "")
        case "projected":
            value.setdefault("defaultMode", _MODE)
            for item in value.get("sources") or ():
                if "serviceAccountToken" in item:
                    item["serviceAccountToken"].setdefault("expirationSeconds", 3600)
                if "downwardAPI" in item:
                    _field_refs(item["downwardAPI"])
        case "ephemeral":
            claim: Any = (value.get("volumeClaimTemplate") or {}).get("spec")
            if isinstance(claim, dict):
                claim_spec(claim)
        case "image":
            if not value.get("pullPolicy"):
                value["pullPolicy"] = pull_policy(value.get("reference") or "")
        case _:
            for name, default in _SOURCES.get(source, {}).items():
                # Azure's may be empty, for which they are refused.
                if value.get(name) is None or (value[name] == "" and source != "azureDisk"):
                    value[name] = default


def _field_refs(value: Object) -> None:
    for item in value.get("items") or ():
        if isinstance(item, dict) and "fieldRef" in item:
            _text(item["fieldRef"], "apiVersion", "v1")
        if isinstance(item, dict) and "resourceFieldRef" in item:
            item["resourceFieldRef"].setdefault("divisor", "0")
