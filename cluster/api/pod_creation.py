"""What the API server fills in of a new pod once admission is done with it: what the pod states for
all of its containers, selectors by the pod's own labels, AppArmor profiles by their elder name. In
place.

Source: KEP-2837 (pod-level resources), KEP-3243 and KEP-3633 (matchLabelKeys), KEP-24, Version skew
strategy. Must not know admission, nor what is right.
"""

from collections.abc import Iterator

from cluster.api.pod_resources import Section, container_amounts, is_pod_level
from cluster.api.quantity import Format, Quantity, QuantityError, parse
from cluster.api.types import Object
from cluster.api.validation.pod_annotations import (
    APP_ARMOR,
    annotations_of,
    app_armor_field,
    containers,
)

_AFFINITIES = ("podAffinity", "podAntiAffinity")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def fill_in_pod(pod: Object) -> None:
    """All of it, for a new pod."""
    spec = pod.get("spec") or {}
    labels = (pod.get("metadata") or {}).get("labels") or {}
    for term in _terms(spec):
        _add_keys(term, "matchLabelKeys", "In", labels)
        _add_keys(term, "mismatchLabelKeys", "NotIn", labels)
    for constraint in spec.get("topologySpreadConstraints") or ():
        _add_keys(constraint, "matchLabelKeys", "In", labels)
    for container, profile in app_armor_fields(pod):
        if profile is not None:
            container["securityContext"] = {
                **(container.get("securityContext") or {}),
                "appArmorProfile": profile,
            }
    fill_in_pod_level(spec)


def app_armor_fields(pod: Object) -> list[tuple[Object, Object | None]]:
    """The containers whose profile only an annotation says, each with the field that says it; None
    where no field can. What is the pod's own profile is none of the container's."""
    spec, annotations = pod.get("spec") or {}, annotations_of(pod)
    if (spec.get("os") or {}).get("name") == "windows" or not annotations:
        return []
    own = (spec.get("securityContext") or {}).get("appArmorProfile")
    found: list[tuple[Object, Object | None]] = []
    for _, container in containers(spec):
        said = annotations.get(APP_ARMOR + str(container.get("name") or ""))
        context = container.get("securityContext") or {}
        if said is None or context.get("appArmorProfile") is not None:
            continue
        profile = app_armor_field(said)
        if profile is None or profile != own:
            found.append((container, profile))
    return found


def fill_in_pod_level(spec: Object) -> None:
    """Of what the pod says anything of itself: huge pages are as many as its containers may take, a
    request is what its containers ask for, else its limit; a limit is what they may take, if each
    of them has one."""
    resources = spec.get("resources") or {}
    if not resources.get("requests") and not resources.get("limits"):
        return
    try:
        asked, allowed = (_together(spec, section) for section in ("requests", "limits"))
    except QuantityError:
        return  # validation says which it is
    requests, limits = dict(resources.get("requests") or {}), dict(resources.get("limits") or {})
    for name, amount in allowed.items():
        if name.startswith("hugepages-") and name not in requests:
            limits.setdefault(name, amount)
    for name, amount in asked.items():
        if not name.startswith("hugepages-"):
            requests.setdefault(name, amount)
    for name, amount in limits.items():
        if is_pod_level(name):
            requests.setdefault(name, amount)
    for name, amount in requests.items():
        if is_pod_level(name) and name not in limits and _each_has_limit(spec, name):
            greater = parse(str(amount)).nano > parse(allowed[name]).nano
            limits[name] = amount if greater else allowed[name]
    for section, amounts in (("limits", limits), ("requests", requests)):
        if amounts:
            resources[section] = amounts


def _terms(spec: Object) -> Iterator[Object]:
    affinity = spec.get("affinity") or {}
    for name in _AFFINITIES:
        given = affinity.get(name) or {}
        yield from given.get(_REQUIRED) or ()
        for item in given.get(_PREFERRED) or ():
            yield item.get("podAffinityTerm") or {}


def _add_keys(holder: Object, name: str, operator: str, labels: Object) -> None:
    """A selector of nothing stays one."""
    keys, selector = holder.get(name), holder.get("labelSelector")
    if not keys or selector is None:
        return
    added = [
        {"key": key, "operator": operator, "values": [labels[key]]} for key in keys if key in labels
    ]
    if added:
        selector["matchExpressions"] = [*(selector.get("matchExpressions") or ()), *added]


def _together(spec: Object, section: Section) -> dict[str, str]:
    """Of all containers, as the first of them that says it writes it."""
    return {
        name: str(Quantity(nano, _format(spec, section, name)))
        for name, nano in container_amounts(spec, section).items()
        if is_pod_level(name)
    }


def _format(spec: Object, section: Section, name: str) -> Format:
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        stated = ((container.get("resources") or {}).get(section) or {}).get(name)
        if stated is not None:
            return parse(str(stated)).format
    return "DecimalSI"


def _each_has_limit(spec: Object, name: str) -> bool:
    return all(
        name in ((container.get("resources") or {}).get("limits") or {})
        for _, container in containers(spec)
    )
