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
_PARAMETERS_MAX = 512
_PARAMETERS_BYTES_MAX = 256 * 1024
_METADATA_BYTES_MAX = 256 * 1024
_SOURCES = ("inlineVolumeSpec", "persistentVolumeName")


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
    name = (obj.get("metadata") or {}).get("name") or ""
    if len(name) > DRIVER_NAME_MAX:
        found.append(causes.too_long("metadata.name", DRIVER_NAME_MAX))
    for field in ("attachRequired", "podInfoOnMount", "storageCapacity"):
        if spec.get(field) is None:
            found.append(causes.required(f"spec.{field}"))
    policy = spec.get("fsGroupPolicy")
    if policy not in _GROUP_POLICIES:
        found.append(causes.unsupported("spec.fsGroupPolicy", policy or "", _GROUP_POLICIES))
    for mode in spec.get("volumeLifecycleModes") or ():
        if mode not in _MODES:
            found.append(causes.unsupported("spec.volumeLifecycleModes", mode, _MODES))
    audiences = set()
    for position, item in enumerate(spec.get("tokenRequests") or ()):
        path, audience = f"spec.tokenRequests[{position}]", item.get("audience") or ""
        if audience in audiences:
            found.append(causes.duplicate(f"{path}.audience", audience))
        audiences.add(audience)
        _token_seconds(f"{path}.expirationSeconds", item.get("expirationSeconds"), found)
    seconds = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if seconds is not None and seconds < _UPDATE_SECONDS_MIN:
        detail = "must be greater than or equal to 10 seconds"
        place = "spec.nodeAllocatableUpdatePeriodSeconds"
        found.append(causes.invalid(place, seconds, detail))


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
    for name in ("attachRequired", "volumeLifecycleModes"):
        if before.get(name) != after.get(name):
            found.append(causes.invalid(f"spec.{name}", after.get(name), causes.IMMUTABLE))


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
            if not key:
                found.append(causes.required(f"{path}.topologyKeys", "topologyKey"))
            if key in keys:
                found.append(causes.duplicate(f"{path}.topologyKeys", key))
            keys.add(key)
            causes.each(f"{path}.topologyKeys", key, names.label_key_errors(key), found)


def check_csi_node_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A driver that stays keeps what it said, save for how much it can carry."""
    known = {item.get("name"): item for item in (old.get("spec") or {}).get("drivers") or ()}
    for position, item in enumerate((new.get("spec") or {}).get("drivers") or ()):
        before = known.get(item.get("name"))
        if before is None:
            continue
        for name in ("nodeID", "topologyKeys"):
            if (before.get(name) or None) != (item.get(name) or None):
                path = f"spec.drivers[{position}].{name}"
                found.append(causes.invalid(path, item.get(name), causes.IMMUTABLE))


def check_capacity(obj: Object, found: list[Cause]) -> None:
    """A CSIStorageCapacity: of which class, where, and how much."""
    name = obj.get("storageClassName") or ""
    causes.each("storageClassName", name, names.subdomain_errors(name), found)
    check_label_selector("nodeTopology", obj.get("nodeTopology"), found)
    for field in ("capacity", "maximumVolumeSize"):
        amount = obj.get(field)
        if amount is not None and quantity.parse(amount).nano < 0:
            detail = "must be greater than or equal to 0"
            found.append(causes.invalid(field, amount, detail))


def check_capacity_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Only amounts change."""
    for name in ("nodeTopology", "storageClassName"):
        if old.get(name) != new.get(name):
            found.append(causes.invalid(name, new.get(name), causes.IMMUTABLE))


def check_attachment(obj: Object, found: list[Cause]) -> None:
    """A VolumeAttachment: who attaches what to which node."""
    spec = obj.get("spec") or {}
    check_driver_name("spec.attacher", spec.get("attacher") or "", found)
    source = spec.get("source") or {}
    given = [name for name in _SOURCES if source.get(name) is not None]
    detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    if not given:
        found.append(causes.required("spec.source", detail))
    elif len(given) > 1:
        found.append(causes.forbidden("spec.source", detail))
    elif source.get("persistentVolumeName") == "":
        path = "spec.source.persistentVolumeName"
        found.append(causes.required(path, "must specify non empty persistentVolumeName"))
    elif "inlineVolumeSpec" in given and not source["inlineVolumeSpec"].get("csi"):
        path = "spec.source.inlineVolumeSpec"
        found.append(causes.required(path, "must specify a csi source"))
    node = spec.get("nodeName") or ""
    causes.each("spec.nodeName", node, names.subdomain_errors(node), found)


def check_attachment_update(old: Object, new: Object, found: list[Cause]) -> None:
    """An attachment is never moved."""
    if old.get("spec") != new.get("spec"):
        found.append(causes.invalid("spec", new.get("spec"), causes.IMMUTABLE))


def check_attachment_status(old: Object, new: Object, found: list[Cause]) -> None:
    """What the attacher tells kubelets is no store of its own."""
    told = (new.get("status") or {}).get("attachmentMetadata") or {}
    size = sum(len(key.encode()) + len(value.encode()) for key, value in told.items())
    if size > _METADATA_BYTES_MAX:
        path = "status.attachmentMetadata"
        found.append(causes.too_long(path, _METADATA_BYTES_MAX))


def check_attributes_class(obj: Object, found: list[Cause]) -> None:
    """A driver, and at least one parameter for it."""
    check_driver_name("driverName", obj.get("driverName") or "", found)
    parameters = obj.get("parameters") or {}
    if not parameters:
        detail = "must contain at least one key/value pair"
        found.append(causes.required("parameters", detail))
    if len(parameters) > _PARAMETERS_MAX:
        found.append(causes.too_long("parameters", _PARAMETERS_MAX))
    if any(not key for key in parameters):
        detail = "field can not be empty."
        found.append(causes.invalid("parameters", "", detail))
    size = sum(len(key.encode()) + len(value.encode()) for key, value in parameters.items())
    if size > _PARAMETERS_BYTES_MAX:
        found.append(causes.too_long("parameters", _PARAMETERS_BYTES_MAX))


def check_attributes_class_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Volumes were changed by what it says: it cannot change behind them."""
    if old.get("driverName") != new.get("driverName"):
        found.append(causes.invalid("driverName", new.get("driverName"), causes.IMMUTABLE))
    if old.get("parameters") != new.get("parameters"):
        found.append(causes.forbidden("parameters", "updates to parameters are forbidden."))


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
