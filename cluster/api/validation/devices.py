"""Rules of DeviceClasses, ResourceClaims, their templates, and DeviceTaintRules.

Source: docs "Dynamic Resource Allocation"; API reference, resource.k8s.io/v1. Must not know pools.
"""

from typing import Any

from cluster.api import names, quantity
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation import device_parts as parts
from cluster.api.validation.conditions import check_conditions
from cluster.api.validation.metadata import check_annotations, check_labels
from cluster.api.validation.storage_objects import check_driver_name

REQUESTS_MAX = 32
CONSTRAINTS_MAX = 32
SUBREQUESTS_MAX = 8
CONSUMERS_MAX = 256
RESULTS_MAX = 32
CONDITIONS_MAX = 8
_MODES = frozenset(("All", "ExactCount"))
_SOURCES = frozenset(("FromClaim", "FromClass"))
_REQUEST_KINDS = ("exactly", "firstAvailable")


def check_device_class(obj: Object, found: list[Cause]) -> None:
    """Selectors and configuration of a class."""
    spec = obj.get("spec") or {}
    parts.check_selectors("spec.selectors", spec.get("selectors"), found)
    if parts.check_count("spec.config", spec.get("config"), parts.CONFIGS_MAX, found):
        for position, item in enumerate(spec.get("config") or ()):
            parts.check_opaque(f"spec.config[{position}]", item, found)
    name, path = spec.get("extendedResourceName"), "spec.extendedResourceName"
    if name is not None:
        causes.each(path, name, names.label_key_errors(name), found)
        if "/" not in name or name.partition("/")[0].endswith("kubernetes.io"):
            found.append(causes.invalid(path, name, "must be a valid extended resource name"))


def check_claim(obj: Object, found: list[Cause]) -> None:
    """A ResourceClaim's spec."""
    _claim_spec("spec", obj.get("spec") or {}, found)


def check_claim_update(old: Object, new: Object, found: list[Cause]) -> None:
    """What is asked for never changes."""
    if old.get("spec") != new.get("spec"):
        found.append(causes.invalid("spec", new.get("spec"), causes.IMMUTABLE))


def check_claim_template(obj: Object, found: list[Cause]) -> None:
    """A claim to be made: its labels, annotations and spec."""
    spec = obj.get("spec") or {}
    metadata = spec.get("metadata") or {}
    check_labels("spec.metadata.labels", metadata.get("labels") or {}, found)
    check_annotations("spec.metadata.annotations", metadata.get("annotations") or {}, found)
    _claim_spec("spec.spec", spec.get("spec") or {}, found)


def check_taint_rule(obj: Object, found: list[Cause]) -> None:
    """Which devices get which taint."""
    spec = obj.get("spec") or {}
    selector, path = spec.get("deviceSelector") or {}, "spec.deviceSelector"
    if selector.get("driver") is not None:
        check_driver_name(f"{path}.driver", selector["driver"], found)
    if selector.get("pool") is not None:
        parts.check_pool_name(f"{path}.pool", selector["pool"], found)
    if selector.get("device") is not None:
        device = selector["device"]
        causes.each(f"{path}.device", device, names.dns_label_errors(device), found)
    if spec.get("taint") is None:
        found.append(causes.required("spec.taint"))
    else:
        parts.check_taint("spec.taint", spec["taint"], found)


def check_taint_rule_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Another choice of devices is another rule."""
    before = (old.get("spec") or {}).get("deviceSelector")
    after = (new.get("spec") or {}).get("deviceSelector")
    if before != after:
        found.append(causes.invalid("spec.deviceSelector", after, causes.IMMUTABLE))


def check_taint_rule_status(old: Object, new: Object, found: list[Cause]) -> None:
    """At most eight conditions."""
    conditions = (new.get("status") or {}).get("conditions") or []
    if parts.check_count("status.conditions", conditions, CONDITIONS_MAX, found):
        check_conditions("status.conditions", conditions, found)


def check_claim_status(old: Object, new: Object, found: list[Cause]) -> None:
    """Who reserved it, and what it was given: an allocation is set, later taken back, but never
    changed."""
    before, after = old.get("status") or {}, new.get("status") or {}
    requests = _names_of((new.get("spec") or {}).get("devices") or {})
    given = after.get("allocation")
    if before.get("allocation") and given and given != before["allocation"]:
        found.append(causes.invalid("status.allocation", given, causes.IMMUTABLE))
    if given:
        _allocation("status.allocation", given, requests, found)
    consumers = after.get("reservedFor") or []
    _consumers(consumers, found)
    if consumers and not given:
        detail = "may not be specified when `allocated` is not set"
        found.append(causes.forbidden("status.reservedFor", detail))
    deleting = (new.get("metadata") or {}).get("deletionTimestamp")
    if deleting and any(item not in (before.get("reservedFor") or ()) for item in consumers):
        detail = "new entries may not be added while the claim is meant to be deallocated"
        found.append(causes.forbidden("status.reservedFor", detail))
    allocated = {
        (item.get("driver"), item.get("pool"), item.get("device"), item.get("shareID"))
        for item in ((given or {}).get("devices") or {}).get("results") or ()
    }
    for position, item in enumerate(after.get("devices") or ()):
        path = f"status.devices[{position}]"
        key = (item.get("driver"), item.get("pool"), item.get("device"), item.get("shareID"))
        if key not in allocated:
            detail = "must be an allocated device in the claim"
            shown = "/".join(str(part) for part in key if part)
            found.append(causes.invalid(path, shown, detail))
        check_conditions(f"{path}.conditions", item.get("conditions"), found)


def _consumers(consumers: list[Object], found: list[Cause]) -> None:
    path = "status.reservedFor"
    if not parts.check_count(path, consumers, CONSUMERS_MAX, found):
        return
    seen: set[str] = set()
    for position, item in enumerate(consumers):
        uid = item.get("uid") or ""
        for name in ("resource", "name", "uid"):
            if not item.get(name):
                found.append(causes.required(f"{path}[{position}].{name}"))
        if uid in seen:
            found.append(causes.duplicate(f"{path}[{position}].uid", uid))
        seen.add(uid)


def _allocation(path: str, given: Object, requests: set[str], found: list[Cause]) -> None:
    devices = given.get("devices") or {}
    results = devices.get("results") or ()
    if parts.check_count(f"{path}.devices.results", results, RESULTS_MAX, found):
        for position, item in enumerate(results):
            place = f"{path}.devices.results[{position}]"
            _reference(f"{place}.request", item.get("request") or "", requests, found)
            check_driver_name(f"{place}.driver", item.get("driver") or "", found)
            parts.check_pool_name(f"{place}.pool", item.get("pool") or "", found)
            device = item.get("device") or ""
            causes.each(f"{place}.device", device, names.dns_label_errors(device), found)
    for position, item in enumerate(devices.get("config") or ()):
        place = f"{path}.devices.config[{position}]"
        causes.one_of(f"{place}.source", item.get("source"), _SOURCES, found)
        for number, name in enumerate(item.get("requests") or ()):
            _reference(f"{place}.requests[{number}]", name, requests, found)
        parts.check_opaque(place, item, found)
    if given.get("nodeSelector") is not None:
        parts.check_node_selector(f"{path}.nodeSelector", given["nodeSelector"], found)


def _names_of(devices: Object) -> set[str]:
    known: set[str] = set()
    for request in devices.get("requests") or ():
        name = request.get("name") or ""
        known.add(name)
        known |= {f"{name}/{item.get('name')}" for item in request.get("firstAvailable") or ()}
    return known


def _reference(path: str, name: str, known: set[str], found: list[Cause]) -> None:
    if name not in known:
        detail = (
            "must be the name of a request in the claim or the name of a request and a subrequest "
            "separated by '/'"
        )
        found.append(causes.invalid(path, name, detail))


def _claim_spec(path: str, spec: Object, found: list[Cause]) -> None:
    devices, place = spec.get("devices") or {}, f"{path}.devices"
    requests = devices.get("requests") or ()
    if parts.check_count(f"{place}.requests", requests, REQUESTS_MAX, found):
        _requests(f"{place}.requests", requests, found)
    known = _names_of(devices)
    constraints = devices.get("constraints") or ()
    if parts.check_count(f"{place}.constraints", constraints, CONSTRAINTS_MAX, found):
        for position, item in enumerate(constraints):
            _constraint(f"{place}.constraints[{position}]", item, known, found)
    config = devices.get("config") or ()
    if parts.check_count(f"{place}.config", config, parts.CONFIGS_MAX, found):
        for position, item in enumerate(config):
            at = f"{place}.config[{position}]"
            _references(f"{at}.requests", item.get("requests"), known, found)
            parts.check_opaque(at, item, found)


def _references(path: str, listed: Any, known: set[str], found: list[Cause]) -> None:
    for position, name in enumerate(listed or ()):
        _reference(f"{path}[{position}]", name, known, found)
        if name in listed[:position]:
            found.append(causes.duplicate(f"{path}[{position}]", name))


def _constraint(path: str, item: Object, known: set[str], found: list[Cause]) -> None:
    _references(f"{path}.requests", item.get("requests"), known, found)
    kinds = ("matchAttribute", "distinctAttribute")
    chosen = [name for name in kinds if item.get(name) is not None]
    if not chosen:
        found.append(causes.required(f"{path}.matchAttribute"))
    for name in chosen:
        parts.check_qualified(f"{path}.{name}", item[name], found, domain=True)


def _requests(path: str, requests: Any, found: list[Cause]) -> None:
    seen: set[str] = set()
    for position, item in enumerate(requests):
        place, name = f"{path}[{position}]", item.get("name") or ""
        _name(f"{place}.name", name, seen, found)
        kind = parts.one_of_fields(place, item, _REQUEST_KINDS, found)
        if kind == "exactly":
            _exact(f"{place}.exactly", item["exactly"], found)
        elif kind and parts.check_count(
            f"{place}.firstAvailable", item["firstAvailable"], SUBREQUESTS_MAX, found
        ):
            taken: set[str] = set()
            for number, choice in enumerate(item["firstAvailable"]):
                at = f"{place}.firstAvailable[{number}]"
                _name(f"{at}.name", choice.get("name") or "", taken, found)
                _exact(at, choice, found)


def _name(path: str, name: str, seen: set[str], found: list[Cause]) -> None:
    causes.each(path, name, names.dns_label_errors(name), found)
    if name in seen:
        found.append(causes.duplicate(path, name))
    seen.add(name)


def _exact(path: str, item: Object, found: list[Cause]) -> None:
    kind = item.get("deviceClassName") or ""
    if not kind:
        found.append(causes.required(f"{path}.deviceClassName"))
    else:
        causes.each(f"{path}.deviceClassName", kind, names.subdomain_errors(kind), found)
    parts.check_selectors(f"{path}.selectors", item.get("selectors"), found)
    mode, count = item.get("allocationMode"), item.get("count") or 0
    if mode == "All":
        if count:
            detail = "must not be specified when allocationMode is 'All'"
            found.append(causes.invalid(f"{path}.count", count, detail))
    elif mode == "ExactCount":
        if count <= 0:
            found.append(causes.invalid(f"{path}.count", count, "must be greater than zero"))
    else:
        found.append(causes.unsupported(f"{path}.allocationMode", mode or "", _MODES))
    parts.check_tolerations(f"{path}.tolerations", item.get("tolerations"), found)
    amounts = (item.get("capacity") or {}).get("requests") or {}
    for name, amount in amounts.items():
        place = f"{path}.capacity.requests[{name}]"
        parts.check_qualified(place, name, found)
        if quantity.parse(amount).nano < 0:
            detail = "must be greater than or equal to 0"
            found.append(causes.invalid(place, amount, detail))
