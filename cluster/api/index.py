"""The small parsed index that is stored beside an object's bytes.

It holds what a list, a watch filter or the garbage collector asks of every object, so that none of
them decodes the object. Fields are those Kubernetes supports as field selectors, kind by kind.
Must not know the store, nor selectors.
"""

from typing import Any

import msgspec

from cluster.api.kind import Kind
from cluster.api.types import Object


class ObjectIndex(msgspec.Struct, frozen=True, array_like=True):
    """``fields``: field label → value as text; ``owners``: uids of the owner references."""

    uid: str
    labels: dict[str, str]
    fields: dict[str, str]
    owners: tuple[str, ...] = ()
    deleting: bool = False


_EVENT = (
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
)
_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    ("", "Node"): ("spec.unschedulable",),
    ("", "Namespace"): ("status.phase",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP", "spec.type"),
    ("", "ReplicationController"): ("status.replicas",),
    ("apps", "ReplicaSet"): ("status.replicas",),
    ("batch", "Job"): ("status.successful",),
    ("", "Event"): _EVENT,
    # Stored as core events, so indexed by the same names; asked for by either (see selectors).
    ("events.k8s.io", "Event"): _EVENT,
    ("certificates.k8s.io", "CertificateSigningRequest"): ("spec.signerName",),
    ("certificates.k8s.io", "ClusterTrustBundle"): ("spec.signerName",),
    ("certificates.k8s.io", "PodCertificateRequest"): ("spec.signerName", "spec.nodeName"),
    ("networking.k8s.io", "IPAddress"): ("spec.parentRef.resource", "spec.parentRef.name"),
    ("resource.k8s.io", "ResourceSlice"): ("spec.nodeName", "spec.driver"),
}
# A field that another name means too, by (group, kind).
_ALIASES: dict[tuple[str, str], dict[str, str]] = {
    ("events.k8s.io", "Event"): {
        **{name.replace("involvedObject.", "regarding."): name for name in _EVENT[:7]},
        "reportingController": "reportingComponent",
    },
    ("", "Event"): {"reportingController": "reportingComponent"},
}
# What Kubernetes shows for an absent value, where that is not ''.
_ABSENT = {"spec.unschedulable": "false", "spec.hostNetwork": "false", "status.replicas": "0"}
_PATHS = {name: tuple(name.split(".")) for names in _FIELDS.values() for name in names}


def supported_fields(kind: Kind) -> tuple[str, ...]:
    """Field labels the kind can be selected by, besides metadata.name and metadata.namespace."""
    if kind.custom is not None:
        return kind.custom.fields
    return _FIELDS.get((kind.group, kind.kind), ())


def canonical_field(kind: Kind, label: str) -> str | None:
    """The name a field label has in the index; None if the kind cannot be selected by it."""
    if label == "metadata.name" or (label == "metadata.namespace" and kind.namespaced):
        return label
    label = _ALIASES.get((kind.group, kind.kind), {}).get(label, label)
    return label if label in supported_fields(kind) else None


def object_index(kind: Kind, obj: Object) -> ObjectIndex:
    """The index of an object as it is stored."""
    metadata = obj.get("metadata") or {}
    fields = {"metadata.name": metadata.get("name") or ""}
    if kind.namespaced:
        fields["metadata.namespace"] = metadata.get("namespace") or ""
    for name in _FIELDS.get((kind.group, kind.kind), ()):
        fields[name] = _field(obj, name)
    if kind.custom is not None:
        fields |= kind.custom.field_values(obj)
    owners = metadata.get("ownerReferences")
    return ObjectIndex(
        metadata.get("uid") or "",
        metadata.get("labels") or {},
        fields,
        tuple(owner.get("uid", "") for owner in owners) if owners else (),
        bool(metadata.get("deletionTimestamp")),
    )


def make_index(kind: Kind, obj: Object) -> bytes:
    """The index as msgpack, for ``messages.store.Put.index``."""
    return _encoder.encode(object_index(kind, obj))


def read_index(data: bytes) -> ObjectIndex:
    """The index again. Raises msgspec.ValidationError for bytes that are none."""
    return _decoder.decode(data)


def _field(obj: Object, name: str) -> str:
    value: Any = obj
    for part in _PATHS[name]:
        value = value.get(part) if isinstance(value, dict) else None
        if value is None:
            return _ABSENT.get(name, "")
    if name == "source":
        return str(value.get("component") or "")
    if name == "status.podIPs":
        return ",".join(str(item.get("ip", "")) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(ObjectIndex)
