"""Rules of the storage group beside StorageClass, and of StorageVersionMigration.

Source: API reference, storage.k8s.io/v1 and storagemigration.k8s.io/v1. Must not know volumes.
"""

from cluster.api import names, quantity
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.conditions import check_conditions
from cluster.api.validation.label_selectors import check_label_selector

DRIVER_NAME_MAX = 63
_GROUP_POLICIES = frozenset(("ReadWriteOnceWithFSType", "File", "None"))
_MODES = frozenset(("Persistent", "Ephemeral"))
_TOKEN_SECONDS_MIN = 600
_TOKEN_SECONDS_MAX = 1 << 32
_UPDATE_SECONDS_MIN = 10
_NODE_ID_MAX = 256
# What a driver on a node keeps.
_KEPT = ("nodeID", "topologyKeys")


def check_driver_name(path: str, name: str, found: list[Cause]) -> None:
    """A CSI driver's name: a domain of at most 63 characters, in any case."""
    if not name:
        found.append(causes.required(path))
        return
    if len(name) > DRIVER_NAME_MAX:
        found.append(causes.too_long(path, DRIVER_NAME_MAX))
    causes.each(path, name, names.subdomain_errors(name.lower()), found)


def check_csi_driver(obj: Object, found: list[Cause]) -> None:
    """What a driver asks of kubelets and of the attach controller."""
    spec = obj.get("spec") or {}
    policy = spec.get("fsGroupPolicy")
    if policy is not None and policy not in _GROUP_POLICIES:
        found.append(causes.unsupported("spec.fsGroupPolicy", policy, _GROUP_POLICIES))
    for mode in spec.get("volumeLifecycleModes") or ():
        if mode not in _MODES:
            found.append(causes.unsupported("spec.volumeLifecycleModes", mode, _MODES))
    audiences = set()
    for position, item in enumerate(spec.get("tokenRequests") or ()):
        path, audience = f"spec.tokenRequests[{position}]", item.get("audience") or ""
        if audience in audiences:
            found.append(causes.duplicate(f"{path}.audience", audience))
            continue
        audiences.add(audience)
        _token_seconds(f"{path}.expirationSeconds", item.get("expirationSeconds"), found)
    seconds = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if seconds is not None and seconds < _UPDATE_SECONDS_MIN:
        detail = "must be greater than or equal to 10 seconds"
        place = "spec.nodeAllocatableUpdatePeriodSeconds"
        found.append(causes.invalid(place, seconds, detail))
    hidden = spec.get("serviceAccountTokenInSecrets")
    if hidden is not None and not spec.get("tokenRequests"):
        detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        found.append(causes.invalid("spec.serviceAccountTokenInSecrets", hidden, detail))


def _token_seconds(path: str, seconds: int | None, found: list[Cause]) -> None:
    if seconds is None:
        return
    if seconds < _TOKEN_SECONDS_MIN:
        detail = "may not specify a duration less than 10 minutes"
        found.append(causes.invalid(path, seconds, detail))
    elif seconds > _TOKEN_SECONDS_MAX:
        detail = "may not specify a duration larger than 2^32 seconds"
        found.append(causes.invalid(path, seconds, detail))


def check_csi_driver_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Attached volumes rely on it."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    for name, place in (("attachRequired", "attachedRequired"),
                        ("volumeLifecycleModes", "volumeLifecycleModes")):  # fmt: skip
        if before.get(name) != after.get(name):
            found.append(causes.invalid(f"spec.{place}", after.get(name), causes.IMMUTABLE))


def check_csi_node(obj: Object, found: list[Cause]) -> None:
    """The drivers of a node."""
    seen: set[str] = set()
    for position, item in enumerate((obj.get("spec") or {}).get("drivers") or ()):
        path, name = f"spec.drivers[{position}]", item.get("name") or ""
        check_driver_name(f"{path}.name", name, found)
        if name in seen:
            found.append(causes.duplicate(f"{path}.name", name))
        seen.add(name)
        identity = item.get("nodeID") or ""
        if not identity:
            found.append(causes.required(f"{path}.nodeID"))
        elif len(identity) > _NODE_ID_MAX:
            detail = f"must be {_NODE_ID_MAX} characters or less"
            found.append(causes.invalid(f"{path}.nodeID", identity, detail))
        count = (item.get("allocatable") or {}).get("count")
        causes.not_negative(f"{path}.allocatable.count", count, found)
        keys: set[str] = set()
        for key in item.get("topologyKeys") or ():
            # Kubernetes tells of the driver.
            if not key:
                found.append(causes.required(path))
            if key in keys:
                found.append(causes.duplicate(path, key))
            keys.add(key)
            causes.each(path, key, names.label_key_errors(key), found)


def check_csi_node_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A driver that stays keeps what it said, save for how much it can carry."""
    known = {item.get("name"): item for item in (old.get("spec") or {}).get("drivers") or ()}
    for item in (new.get("spec") or {}).get("drivers") or ():
        before = known.get(item.get("name"))
        if before is None:
            continue
        if any((before.get(name) or None) != (item.get(name) or None) for name in _KEPT):
            found.append(causes.invalid("spec.drivers", item, causes.IMMUTABLE))


def check_capacity(obj: Object, found: list[Cause]) -> None:
    """A CSIStorageCapacity: of which class, where, and how much."""
    name = obj.get("storageClassName") or ""
    causes.each("storageClassName", name, names.subdomain_errors(name), found)
    check_label_selector("nodeTopology", obj.get("nodeTopology"), found)
    amount = obj.get("capacity")
    if amount is not None and quantity.parse(amount).nano < 0:
        detail = "must be greater than or equal to 0"
        found.append(causes.invalid("capacity", amount, detail))


def check_capacity_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Only amounts change."""
    for name in ("nodeTopology", "storageClassName"):
        if old.get(name) != new.get(name):
            found.append(causes.invalid(name, new.get(name), causes.IMMUTABLE))


def check_migration(obj: Object, found: list[Cause]) -> None:
    """A StorageVersionMigration: of which resource."""
    resource = (obj.get("spec") or {}).get("resource") or {}
    name, group = resource.get("resource") or "", resource.get("group") or ""
    if not name:
        found.append(causes.required("spec.resource.resource", "resource is required"))
    else:
        path = "spec.resource.resource"
        causes.each(path, name, names.dns_1035_errors(name), found)
    if group:
        causes.each("spec.resource.group", group, names.subdomain_errors(group), found)


def check_migration_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A migration is of one resource for ever."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    if before != after:
        found.append(causes.invalid("spec", after, causes.IMMUTABLE))


def check_migration_status(old: Object, new: Object, found: list[Cause]) -> None:
    """Conditions; it cannot have succeeded and failed."""
    conditions = (new.get("status") or {}).get("conditions")
    check_conditions("status.conditions", conditions, found)
    ended = [c.get("type") for c in conditions or () if c.get("status") == "True"]
    if "Succeeded" in ended and "Failed" in ended:
        detail = "Both success and failed conditions cannot be true at the same time"
        found.append(causes.invalid("status.conditions", conditions, detail))
