"""The volume by which a pod's containers get a token of its ServiceAccount. Pure.

Source: Kubernetes docs "Managing Service Accounts", Bound service account token volume mechanism.
"""

from typing import Any

from cluster.api.types import Object

PREFIX = "kube-api-access-"
PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
# An hour and a little: told apart from what a person would ask for.
SECONDS = 3607
ROOT_CA = "kube-root-ca.crt"


def wanted(spec: Object, account: Object) -> bool:
    """Whether the pod is to have a token: it may say so itself, else its account, else yes."""
    for said in (spec.get("automountServiceAccountToken"),
                 account.get("automountServiceAccountToken")):  # fmt: skip
        if said is not None:
            return bool(said)
    return True


def mount(spec: Object, suffix: str) -> None:
    """Give each container that mounts nothing there the volume, in place. ``suffix``: of its name,
    which must be new in the pod."""
    volumes = spec.get("volumes") or []
    # A volume without a name is wrong, which validation says.
    names = [item.get("name") or "" for item in volumes]
    name = next((name for name in names if name.startswith(PREFIX)), "")
    missing = [container for container in _containers(spec) if not _mounts(container)]
    if not missing:
        return
    for container in missing:
        item = {"name": name or PREFIX + suffix, "readOnly": True, "mountPath": PATH}
        container["volumeMounts"] = [*(container.get("volumeMounts") or ()), item]
    if not name:
        spec["volumes"] = [*volumes, _volume(PREFIX + suffix)]


def _containers(spec: Object) -> list[Object]:
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def _mounts(container: Object) -> bool:
    return any(item.get("mountPath") == PATH for item in container.get("volumeMounts") or ())


def _volume(name: str) -> Object:
    field: dict[str, Any] = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": SECONDS, "path": "token"}},
        {"configMap": {"name": ROOT_CA, "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": 420}}
