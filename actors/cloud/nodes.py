"""What the cloud knows put on Node objects. Pure.

Source: "Cloud Controller Manager" (node controller), KEP-2392, well-known labels and taints.
Must not know: providers, how objects are written.
"""

from actors.cloud.provider import Instance
from cluster.api.types import Object
from cluster.names import LABEL_INSTANCE_TYPE, LABEL_REGION, LABEL_ZONE

TAINT_UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized"
LABEL_EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"


def initialized(node: Object, instance: Instance) -> Object | None:
    """The Node with id, labels and without the taint; None if it says all that already."""
    meta, spec = node["metadata"], node.get("spec") or {}
    labels = meta.get("labels") or {}
    wanted = {
        LABEL_INSTANCE_TYPE: instance.instance_type,
        LABEL_ZONE: instance.zone,
        LABEL_REGION: instance.region,
        **instance.labels,
    }
    missing = {key: value for key, value in wanted.items() if value and labels.get(key) != value}
    taints = spec.get("taints") or []
    kept = [taint for taint in taints if taint.get("key") != TAINT_UNINITIALIZED]
    if not missing and len(kept) == len(taints) and spec.get("providerID"):
        return None
    new_spec = {**spec, "providerID": spec.get("providerID") or instance.provider_id}
    new_spec.pop("taints", None)
    if kept:
        new_spec["taints"] = kept
    return {**node, "metadata": {**meta, "labels": {**labels, **missing}}, "spec": new_spec}


def address_patch(node: Object, instance: Instance) -> Object | None:
    """Strategic merge patch of the status with the addresses it lacks; None if it lacks none."""
    present = (node.get("status") or {}).get("addresses") or []
    types = {(item.get("type"), item.get("address")) for item in present}
    missing = [item for item in instance.addresses if (item.type, item.address) not in types]
    replaced = {item.type for item in missing}
    if not missing:
        return None
    kept = [item for item in present if item.get("type") not in replaced]
    added = [{"type": item.type, "address": item.address} for item in missing]
    return {"status": {"addresses": [*kept, *added]}}


def internal_address(node: Object) -> str:
    """The Node's first InternalIP, '' if it has none yet."""
    for item in (node.get("status") or {}).get("addresses") or ():
        if item.get("type") == "InternalIP":
            return str(item.get("address") or "")
    return ""


def takes_traffic(node: Object) -> bool:
    """Whether load balancers may send to it: ready, initialized, not excluded, staying."""
    meta, spec = node["metadata"], node.get("spec") or {}
    if LABEL_EXCLUDED in (meta.get("labels") or {}) or meta.get("deletionTimestamp"):
        return False
    if any(taint.get("key") == TAINT_UNINITIALIZED for taint in spec.get("taints") or ()):
        return False
    conditions = (node.get("status") or {}).get("conditions") or ()
    ready = next((item for item in conditions if item.get("type") == "Ready"), None)
    return ready is not None and ready.get("status") == "True"
