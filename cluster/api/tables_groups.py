"""Tables of admission policy, certificate, flow control, device and CSI kinds.

Must not know what they mean.
"""

from typing import Any

from cluster.api.tables_columns import (
    AGE,
    NAME,
    NONE,
    UNSET,
    Column,
    dig,
    field,
    integer,
    joined,
    selector_text,
    size,
)
from cluster.api.types import Object


def _missing_level(schema: Object, now: float) -> str:
    for item in dig(schema, "status", "conditions", default=()):
        if item.get("type") == "Dangling":
            return str(item.get("status", "?"))
    return "?"


def _queuing(name: str) -> Column:
    label = name[0].upper() + name[1:]
    path = ("spec", "limited", "limitResponse", "queuing", name)
    return Column(label, field(*path, default=NONE))


def _shares(level: Object, now: float) -> Any:
    for part in ("limited", "exempt"):
        found = dig(level, "spec", part, "nominalConcurrencyShares")
        if found is not None:
            return found
    return NONE


def _claim_state(claim: Object, now: float) -> str:
    states = []
    if dig(claim, "metadata", "deletionTimestamp"):
        states.append("deleted")
    if dig(claim, "status", "allocation") is None:
        if not states:
            states.append("pending")
    else:
        states.append("allocated")
        if dig(claim, "status", "reservedFor", default=()):
            states.append("reserved")
    return ",".join(states)


def _audiences(driver: Object, now: float) -> str:
    requests = dig(driver, "spec", "tokenRequests")
    if not requests:
        return UNSET
    return ",".join(str(item.get("audience", "")) for item in requests)


def _outcome(request: Object, now: float) -> str:
    for item in dig(request, "status", "conditions", default=()):
        if item.get("type") in ("Issued", "Denied", "Failed"):
            return str(item["type"])
    return "Pending"


def _true(name: str) -> Column:
    label = name[0].upper() + name[1:]
    return Column(label, field("spec", name, default=False), type="boolean")


_ADMISSION = "admissionregistration.k8s.io"
_FLOW = "flowcontrol.apiserver.k8s.io"
_SIGNING = "certificates.k8s.io"
_DEVICES = "resource.k8s.io"
_STORAGE = "storage.k8s.io"


def _param_kind(policy: Object, now: float) -> str:
    kind = dig(policy, "spec", "paramKind")
    return f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind else UNSET


def _param_ref(binding: Object, now: float) -> str:
    found = dig(binding, "spec", "paramRef")
    if not found:
        return UNSET
    if not found.get("name"):
        return selector_text(found.get("selector"))
    return "/".join(filter(None, (found.get("namespace"), found["name"])))


def _policy(what: str) -> tuple[Column, ...]:
    count = Column(what, size("spec", what.lower()), type="integer")
    return NAME, count, Column("ParamKind", _param_kind), AGE


_POLICY_BINDING = (
    NAME,
    Column("PolicyName", field("spec", "policyName")),
    Column("ParamRef", _param_ref),
    AGE,
)

GROUP_COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    (_ADMISSION, "MutatingAdmissionPolicy"): _policy("Mutations"),
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): _POLICY_BINDING,
    (_ADMISSION, "ValidatingAdmissionPolicy"): _policy("Validations"),
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): _POLICY_BINDING,
    (_FLOW, "FlowSchema"): (
        NAME,
        Column("PriorityLevel", field("spec", "priorityLevelConfiguration", "name")),
        integer("MatchingPrecedence", "spec", "matchingPrecedence"),
        Column("DistinguisherMethod", field("spec", "distinguisherMethod", "type", default=NONE)),
        AGE,
        Column("MissingPL", _missing_level),
    ),
    (_FLOW, "PriorityLevelConfiguration"): (
        NAME,
        Column("Type", field("spec", "type")),
        Column("NominalConcurrencyShares", _shares),
        _queuing("queues"),
        _queuing("handSize"),
        _queuing("queueLengthLimit"),
        AGE,
    ),
    (_SIGNING, "ClusterTrustBundle"): (NAME, Column("SignerName", field("spec", "signerName"))),
    (_SIGNING, "PodCertificateRequest"): (
        NAME,
        Column("PodName", field("spec", "podName")),
        Column("ServiceAccountName", field("spec", "serviceAccountName")),
        Column("NodeName", field("spec", "nodeName")),
        Column("SignerName", field("spec", "signerName")),
        Column("State", _outcome),
    ),
    (_DEVICES, "DeviceClass"): (NAME, AGE),
    (_DEVICES, "DeviceTaintRule"): (NAME, AGE),
    (_DEVICES, "ResourceClaim"): (NAME, Column("State", _claim_state), AGE),
    (_DEVICES, "ResourceClaimTemplate"): (NAME, AGE),
    (_DEVICES, "ResourceSlice"): (
        NAME,
        Column("Node", field("spec", "nodeName", default=UNSET)),
        Column("Driver", field("spec", "driver")),
        Column("Pool", field("spec", "pool", "name")),
        AGE,
    ),
    (_STORAGE, "CSIDriver"): (
        NAME,
        _true("attachRequired"),
        _true("podInfoOnMount"),
        _true("storageCapacity"),
        Column("TokenRequests", _audiences),
        _true("requiresRepublish"),
        Column("Modes", lambda o, now: joined(dig(o, "spec", "volumeLifecycleModes", default=()))),
        AGE,
    ),
    (_STORAGE, "CSINode"): (
        NAME,
        Column(
            "Drivers",
            lambda o, now: len(dig(o, "spec", "drivers", default=())),
            type="integer",
        ),
        AGE,
    ),
    (_STORAGE, "CSIStorageCapacity"): (
        NAME,
        Column("StorageClassName", field("storageClassName")),
        Column("Capacity", field("capacity", default=UNSET)),
    ),
    (_STORAGE, "VolumeAttachment"): (
        NAME,
        Column("Attacher", field("spec", "attacher")),
        Column("PV", field("spec", "source", "persistentVolumeName")),
        Column("Node", field("spec", "nodeName")),
        Column("Attached", field("status", "attached", default=False), type="boolean"),
        AGE,
    ),
    (_STORAGE, "VolumeAttributesClass"): (
        NAME,
        Column("DriverName", field("driverName")),
        AGE,
    ),
    ("storagemigration.k8s.io", "StorageVersionMigration"): (NAME, AGE),
}
