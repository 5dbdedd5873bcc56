"""Tables of access control, scheduling, storage and the smaller groups.
Must not know workloads or networking.
"""

from typing import Any

from cluster.api.tables_columns import (
    AGE,
    CREATED_AT,
    NAME,
    NONE,
    UNSET,
    WIDE,
    Column,
    dig,
    field,
    human_duration,
    integer,
    joined,
    size,
)
from cluster.api.types import Object

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _role(binding: Object, now: float) -> str:
    role = dig(binding, "roleRef", default={})
    return f"{role.get('kind', '')}/{role.get('name', '')}"


def _subjects(kind: str) -> Any:
    def cell(binding: Object, now: float) -> str:
        found = []
        for subject in dig(binding, "subjects", default=()):
            if subject.get("kind") == kind:
                home = f"{subject['namespace']}/" if subject.get("namespace") else ""
                found.append(home + str(subject.get("name", "")))
        return ", ".join(found)

    return cell


_BINDING = (
    NAME,
    Column("Role", _role),
    AGE,
    Column("Users", _subjects("User"), WIDE),
    Column("Groups", _subjects("Group"), WIDE),
    Column("ServiceAccounts", _subjects("ServiceAccount"), WIDE),
)


def _modes(*path: str) -> Any:
    return lambda obj, now: joined((_MODES.get(m, m) for m in dig(obj, *path, default=())), "")


def _claim(volume: Object, now: float) -> str:
    claim = dig(volume, "spec", "claimRef")
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


def _claim_status(claim: Object, now: float) -> str:
    if dig(claim, "metadata", "deletionTimestamp"):
        return "Terminating"
    return str(dig(claim, "status", "phase", default=""))


def _storage_class_name(obj: Object, now: float) -> str:
    name = str(dig(obj, "metadata", "name", default=""))
    default = dig(obj, "metadata", "annotations", _DEFAULT_CLASS) == "true"
    return f"{name} (default)" if default else name


def _csr_condition(request: Object, now: float) -> str:
    states = [item.get("type", "") for item in dig(request, "status", "conditions", default=())]
    if "Denied" in states:
        states = ["Denied"]
    elif not states:
        states = ["Pending"]
    if dig(request, "status", "certificate"):
        states.append("Issued")
    return ",".join(states)


def _requested(request: Object, now: float) -> str:
    seconds = dig(request, "spec", "expirationSeconds")
    return NONE if seconds is None else human_duration(seconds)


def _api_service(obj: Object, now: float) -> str:
    service = dig(obj, "spec", "service")
    return f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"


def _available(obj: Object, now: float) -> str:
    for item in dig(obj, "status", "conditions", default=()):
        if item.get("type") == "Available":
            reason = item.get("reason", "")
            return "True" if item.get("status") == "True" else f"{item.get('status')} ({reason})"
    return "Unknown"


_WEBHOOKS = (NAME, Column("Webhooks", size("webhooks"), type="integer"), AGE)

OTHER_COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    ("rbac.authorization.k8s.io", "Role"): (NAME, CREATED_AT),
    ("rbac.authorization.k8s.io", "ClusterRole"): (NAME, CREATED_AT),
    ("rbac.authorization.k8s.io", "RoleBinding"): _BINDING,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _BINDING,
    ("coordination.k8s.io", "Lease"): (
        NAME,
        Column("Holder", field("spec", "holderIdentity")),
        AGE,
    ),
    ("scheduling.k8s.io", "PriorityClass"): (
        NAME,
        integer("Value", "value"),
        Column("Global-Default", field("globalDefault", default=False), type="boolean"),
        AGE,
        Column("PreemptionPolicy", field("preemptionPolicy")),
    ),
    ("node.k8s.io", "RuntimeClass"): (NAME, Column("Handler", field("handler")), AGE),
    ("", "PersistentVolume"): (
        NAME,
        Column("Capacity", field("spec", "capacity", "storage")),
        Column("Access Modes", _modes("spec", "accessModes")),
        Column("Reclaim Policy", field("spec", "persistentVolumeReclaimPolicy")),
        Column("Status", _claim_status),
        Column("Claim", _claim),
        Column("StorageClass", field("spec", "storageClassName")),
        Column("VolumeAttributesClass", field("spec", "volumeAttributesClassName", default=UNSET)),
        Column("Reason", field("status", "reason")),
        AGE,
        Column("VolumeMode", field("spec", "volumeMode", default=UNSET), WIDE),
    ),
    ("", "PersistentVolumeClaim"): (
        NAME,
        Column("Status", _claim_status),
        Column("Volume", field("spec", "volumeName")),
        Column("Capacity", field("status", "capacity", "storage")),
        Column("Access Modes", _modes("status", "accessModes")),
        Column("StorageClass", field("spec", "storageClassName")),
        Column("VolumeAttributesClass", field("spec", "volumeAttributesClassName", default=UNSET)),
        AGE,
        Column("VolumeMode", field("spec", "volumeMode", default=UNSET), WIDE),
    ),
    ("storage.k8s.io", "StorageClass"): (
        Column("Name", _storage_class_name, format="name"),
        Column("Provisioner", field("provisioner")),
        Column("ReclaimPolicy", field("reclaimPolicy", default="Delete")),
        Column("VolumeBindingMode", field("volumeBindingMode", default="Immediate")),
        Column(
            "AllowVolumeExpansion", field("allowVolumeExpansion", default=False), type="boolean"
        ),
        AGE,
    ),
    ("certificates.k8s.io", "CertificateSigningRequest"): (
        NAME,
        AGE,
        Column("SignerName", field("spec", "signerName", default=NONE)),
        Column("Requestor", field("spec", "username")),
        Column("RequestedDuration", _requested),
        Column("Condition", _csr_condition),
    ),
    ("apiregistration.k8s.io", "APIService"): (
        NAME,
        Column("Service", _api_service),
        Column("Available", _available),
        AGE,
    ),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _WEBHOOKS,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _WEBHOOKS,
}
