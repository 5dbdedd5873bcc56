"""Rules of what is written to pods/status: addresses, conditions, and what stays as it was.

Source: API reference, PodStatus; KEP-563 (two families of addresses); KEP-3063 (device claims);
KEP-5004 (extended resources that are devices).
Must not know what runs: what is said of containers is ``container_status``'s.
"""

import ipaddress

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import check_address
from cluster.api.validation.container_status import check_container_statuses

_OWN = frozenset(("PodScheduled", "Ready", "Initialized"))


def check_pod_status(old: Object, new: Object, found: list[Cause]) -> None:
    """A new status over an old one."""
    before, after = old.get("status") or {}, new.get("status") or {}
    for position, item in enumerate(after.get("conditions") or ()):
        kind = item.get("type") or ""
        if kind not in _OWN:
            place = f"metadata.conditions[{position}].Type"
            causes.each(place, kind, names.label_key_errors(kind), found)
    nominated = after.get("nominatedNodeName")
    if nominated and nominated != before.get("nominatedNodeName"):
        errors = names.subdomain_errors(nominated)
        causes.each("status.nominatedNodeName", nominated, errors, found)
    quality, known = after.get("qosClass"), before.get("qosClass")
    if quality and known and quality != known:
        found.append(causes.invalid("status.qosClass", quality, causes.IMMUTABLE))
    check_container_statuses(old, new, found)
    _claims(new, found)
    _extended_claim(before, new, found)
    _addresses("status.podIPs", after.get("podIPs") or [], found)
    hosts = after.get("hostIPs") or []
    if hosts and hosts[0].get("ip") != after.get("hostIP"):
        shown = hosts[0].get("ip") or ""
        detail = "must be equal to `hostIP`"
        found.append(causes.invalid("status.hostIPs[0].ip", shown, detail))
    _addresses("status.hostIPs", hosts, found)


def _claims(pod: Object, found: list[Cause]) -> None:
    """Each claim of the pod is told of once."""
    claims = (pod.get("spec") or {}).get("resourceClaims") or ()
    known = {item.get("name") for item in claims}
    seen: set[str] = set()
    for position, item in enumerate((pod.get("status") or {}).get("resourceClaimStatuses") or ()):
        place, name = f"status.resourceClaimStatuses[{position}].name", item.get("name") or ""
        if name not in known:
            detail = "must match the name of an entry in `spec.resourceClaims`"
            found.append(causes.invalid(place, name, detail))
        if name in seen:
            found.append(causes.duplicate(place, name))
        seen.add(name)
        claim = item.get("resourceClaimName")
        if claim is not None:
            causes.each(place, claim, names.subdomain_errors(claim), found)


def _extended_claim(before: Object, pod: Object, found: list[Cause]) -> None:
    """The claim that the scheduler made for the extended resources of the pod's containers: said
    once, and then it stays."""
    path, field = "status.extendedResourceClaimStatus", "extendedResourceClaimStatus"
    given, known = (pod.get("status") or {}).get(field), before.get(field)
    if known is not None and given != known:
        found.append(causes.invalid(path, given, causes.IMMUTABLE))
    if given is None:
        return
    claim, place = given.get("resourceClaimName") or "", f"{path}.resourceClaimName"
    if claim:
        causes.each(place, claim, names.subdomain_errors(claim), found)
    else:
        found.append(causes.required(place))
    mappings = given.get("requestMappings") or ()
    if not mappings:
        found.append(causes.required(f"{path}.requestMappings"))
    for position, item in enumerate(mappings):
        at = f"{path}.requestMappings[{position}]"
        _extended_request(at, item, pod.get("spec") or {}, found)
        if item in mappings[:position]:
            found.append(causes.duplicate(at, item))


def _extended_request(path: str, item: Object, spec: Object, found: list[Cause]) -> None:
    """Which request of the claim stands for which resource of which container."""
    wanted = {
        container.get("name"): (container.get("resources") or {}).get("requests") or {}
        for group in ("initContainers", "containers")
        for container in spec.get(group) or ()
    }
    container, resource = item.get("containerName") or "", item.get("resourceName") or ""
    if container not in wanted:
        detail = "must match the name of an entry in `spec.initContainers` or `spec.containers`"
        found.append(causes.invalid(f"{path}.containerName", container, detail))
    elif resource not in wanted[container]:
        detail = "must match the name of a resource that the container requests"
        found.append(causes.invalid(f"{path}.resourceName", resource, detail))
    request = item.get("requestName") or ""
    causes.each(f"{path}.requestName", request, names.dns_label_errors(request), found)


def _addresses(path: str, items: list[Object], found: list[Cause]) -> None:
    """At most one address of each family."""
    before = len(found)
    values = [item.get("ip") or "" for item in items]
    for position, value in enumerate(values):
        check_address(f"{path}[{position}]", value, found)
    if len(found) > before or len(values) < 2:
        return
    families = [ipaddress.ip_address(value).version for value in values]
    if len(set(families)) < len(families):
        detail = "may specify no more than one IP for each IP family"
        found.append(causes.invalid(path, items, detail))
    for position, value in enumerate(values):
        if value in values[:position]:
            found.append(causes.duplicate(f"{path}[{position}]", {"ip": value}))
