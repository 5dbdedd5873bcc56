"""Rules of ResourceSlices: the devices of a pool. Must not know claims.

Source: docs "Dynamic Resource Allocation"; API reference, ResourceSlice v1.
"""

import re
from typing import Any

from cluster.api import names, quantity
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation import device_parts as parts
from cluster.api.validation.storage_objects import check_driver_name

DEVICES_MAX = 128
# With taints or consumed counters, each device is larger.
DEVICES_RICH_MAX = 64
ATTRIBUTES_MAX = 32
VALUE_MAX = 64
COUNTER_SETS_MAX = 8
COUNTERS_MAX = 32
CONDITIONS_MAX = 4
_PLACES = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
_DEVICE_PLACES = ("nodeName", "nodeSelector", "allNodes")
_VALUES = ("bool", "int", "string", "version", "bools", "ints", "strings", "versions")
_SEMVER = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
)


def check_slice(obj: Object, found: list[Cause]) -> None:
    """Whose devices, in which pool, reached from which nodes."""
    spec = obj.get("spec") or {}
    check_driver_name("spec.driver", spec.get("driver") or "", found)
    _pool(spec.get("pool") or {}, found)
    place = parts.one_of_fields("spec", spec, _PLACES, found)
    _nodes("spec", place, spec, found)
    devices, counters = spec.get("devices") or (), spec.get("sharedCounters") or ()
    rich = any(item.get("taints") or item.get("consumesCounters") for item in devices)
    limit = DEVICES_RICH_MAX if rich else DEVICES_MAX
    if parts.check_count("spec.devices", devices, limit, found):
        seen: set[str] = set()
        for position, item in enumerate(devices):
            path, name = f"spec.devices[{position}]", item.get("name") or ""
            causes.each(f"{path}.name", name, names.dns_label_errors(name), found)
            if name in seen:
                found.append(causes.duplicate(f"{path}.name", name))
            seen.add(name)
            _device(path, item, place == "perDeviceNodeSelection", found)
    if parts.check_count("spec.sharedCounters", counters, COUNTER_SETS_MAX, found):
        _counter_sets(counters, found)


def check_slice_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A slice stays in its pool."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    for name in ("nodeName", "driver"):
        if before.get(name) != after.get(name):
            found.append(causes.invalid(f"spec.{name}", after.get(name), causes.IMMUTABLE))
    was, now = (before.get("pool") or {}).get("name"), (after.get("pool") or {}).get("name")
    if was != now:
        found.append(causes.invalid("spec.pool.name", now, causes.IMMUTABLE))


def _pool(pool: Object, found: list[Cause]) -> None:
    parts.check_pool_name("spec.pool.name", pool.get("name") or "", found)
    count, generation = pool.get("resourceSliceCount", 0), pool.get("generation", 0)
    if count <= 0:
        path = "spec.pool.resourceSliceCount"
        found.append(causes.invalid(path, count, "must be greater than zero"))
    if generation < 0:
        detail = "must be greater than or equal to zero"
        found.append(causes.invalid("spec.pool.generation", generation, detail))


def _nodes(path: str, place: str, part: Object, found: list[Cause]) -> None:
    if place == "nodeName":
        name = part["nodeName"]
        causes.each(f"{path}.nodeName", name, names.subdomain_errors(name), found)
    elif place == "nodeSelector":
        parts.check_node_selector(f"{path}.nodeSelector", part["nodeSelector"], found)


def _device(path: str, item: Object, placed: bool, found: list[Cause]) -> None:
    attributes, capacity = item.get("attributes") or {}, item.get("capacity") or {}
    if len(attributes) + len(capacity) > ATTRIBUTES_MAX:
        detail = f"the total number of attributes and capacities must not exceed {ATTRIBUTES_MAX}"
        found.append(causes.invalid(path, len(attributes) + len(capacity), detail))
    for name, value in attributes.items():
        place = f"{path}.attributes[{name}]"
        parts.check_qualified(place, name, found)
        _attribute(place, value, found)
    for name, value in capacity.items():
        place = f"{path}.capacity[{name}]"
        parts.check_qualified(place, name, found)
        _positive(f"{place}.value", value.get("value"), found)
    if parts.check_count(f"{path}.taints", item.get("taints"), parts.TAINTS_MAX, found):
        for position, taint in enumerate(item.get("taints") or ()):
            parts.check_taint(f"{path}.taints[{position}]", taint, found)
    for name in ("bindingConditions", "bindingFailureConditions"):
        listed = item.get(name) or ()
        parts.check_count(f"{path}.{name}", listed, CONDITIONS_MAX, found)
        for position, kind in enumerate(listed):
            place = f"{path}.{name}[{position}]"
            causes.each(place, kind, names.label_key_errors(kind), found)
    for position, used in enumerate(item.get("consumesCounters") or ()):
        place = f"{path}.consumesCounters[{position}]"
        if not used.get("counterSet"):
            found.append(causes.required(f"{place}.counterSet"))
        _counters(f"{place}.counters", used.get("counters") or {}, found)
    if placed:
        _nodes(path, parts.one_of_fields(path, item, _DEVICE_PLACES, found), item, found)
        return
    for name in _DEVICE_PLACES:
        if item.get(name) is not None:
            detail = f"{name} field may only be set when `perDeviceNodeSelection` is set to true"
            found.append(causes.invalid(f"{path}.{name}", item[name], detail))


def _attribute(path: str, value: Object, found: list[Cause]) -> None:
    given = [name for name in _VALUES if value.get(name) is not None]
    if not given:
        found.append(causes.required(path, "exactly one value must be specified"))
    elif len(given) > 1:
        detail = "exactly one value must be specified"
        found.append(causes.invalid(path, value, detail))
    for name in given:
        several = name.endswith("s")
        for position, one in enumerate(value[name] if several else (value[name],)):
            place = f"{path}.{name}" + (f"[{position}]" if several else "")
            if name.startswith(("string", "version")) and len(one) > VALUE_MAX:
                found.append(causes.too_long(place, VALUE_MAX))
            if name.startswith("version") and not _SEMVER.fullmatch(one):
                detail = "must be a string compatible with semver.org spec 2.0.0"
                found.append(causes.invalid(place, one, detail))


def _counter_sets(counters: Any, found: list[Cause]) -> None:
    seen: set[str] = set()
    for position, item in enumerate(counters):
        path, name = f"spec.sharedCounters[{position}]", item.get("name") or ""
        causes.each(f"{path}.name", name, names.dns_label_errors(name), found)
        if name in seen:
            found.append(causes.duplicate(f"{path}.name", name))
        seen.add(name)
        _counters(f"{path}.counters", item.get("counters") or {}, found)


def _counters(path: str, counters: Object, found: list[Cause]) -> None:
    if not counters:
        found.append(causes.required(path))
    if len(counters) > COUNTERS_MAX:
        found.append(causes.too_many(path, len(counters), COUNTERS_MAX))
    for name, counter in counters.items():
        causes.each(f"{path}[{name}]", name, names.dns_label_errors(name), found)
        _positive(f"{path}[{name}].value", counter.get("value"), found)


def _positive(path: str, amount: str | None, found: list[Cause]) -> None:
    if amount is None:
        found.append(causes.required(path))
    elif quantity.parse(amount).nano < 0:
        found.append(causes.invalid(path, amount, "must be greater than or equal to 0"))
