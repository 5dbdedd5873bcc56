"""Rules of ServiceCIDRs and IPAddresses. Must not know Services, nor what is allocated.

Source: KEP-1880; API reference, ServiceCIDR v1 and IPAddress v1.
"""

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import check_range

_RANGES_MAX = 2
_SEGMENTS = ("resource", "name", "namespace")


def check_ip_address(obj: Object, found: list[Cause]) -> None:
    """Whose address it is. The name is the address: ``metadata`` looks at it."""
    parent = (obj.get("spec") or {}).get("parentRef")
    path = "spec.parentRef"
    if parent is None:
        found.append(causes.required(path))
        return
    group = parent.get("group") or ""
    if group:
        causes.each(f"{path}.group", group, names.subdomain_errors(group), found)
    for name in _SEGMENTS:
        value = parent.get(name) or ""
        if value:
            causes.each(f"{path}.{name}", value, names.path_segment_errors(value), found)
        elif name != "namespace":
            found.append(causes.required(f"{path}.{name}"))


def check_ip_address_update(old: Object, new: Object, found: list[Cause]) -> None:
    """An address keeps its owner."""
    before = (old.get("spec") or {}).get("parentRef")
    after = (new.get("spec") or {}).get("parentRef")
    if before != after:
        found.append(causes.invalid("spec.parentRef", after, causes.IMMUTABLE))


def check_service_range(obj: Object, found: list[Cause]) -> None:
    """One range, or one of each IP family."""
    ranges = (obj.get("spec") or {}).get("cidrs") or []
    if not ranges:
        found.append(causes.required("spec.cidrs", "at least one CIDR required"))
    elif len(ranges) > _RANGES_MAX:
        detail = "may only hold up to 2 values"
        found.append(causes.invalid("spec.cidrs", ranges, detail))
        return
    families = []
    for position, value in enumerate(ranges):
        network = check_range(f"spec.cidrs[{position}]", value or "", found)
        if network is not None:
            families.append(network.version)
    if len(families) == _RANGES_MAX and families[0] == families[1]:
        detail = (
            "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and "
            "2001:db8::/96"
        )
        found.append(causes.invalid("spec.cidrs", ranges, detail))


def check_service_range_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Ranges stay; a second one may come, for the other family."""
    before = (old.get("spec") or {}).get("cidrs") or []
    after = (new.get("spec") or {}).get("cidrs") or []
    if len(before) != len(after) and (len(before), len(after)) != (1, _RANGES_MAX):
        found.append(causes.invalid("spec.cidrs", after, causes.IMMUTABLE))
        return
    for position, (was, now) in enumerate(zip(before, after, strict=False)):
        if was != now:
            found.append(causes.invalid(f"spec.cidrs[{position}]", now, causes.IMMUTABLE))
