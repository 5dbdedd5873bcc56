"""Rules of how pods are spread: topologySpreadConstraints. Must not know nodes.

Source: docs "Pod Topology Spread Constraints"; KEP-3022 (minDomains), KEP-3243 (matchLabelKeys).
"""

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.placement import check_label_keys

_HARD = "DoNotSchedule"
_UNSATISFIABLE = frozenset((_HARD, "ScheduleAnyway"))
_POLICIES = frozenset(("Honor", "Ignore"))


def check_spread(path: str, constraints: list[Object], found: list[Cause]) -> None:
    """Each by itself; of two for the same domains and the same effect the first is told of."""
    pairs = [(item.get("topologyKey"), item.get("whenUnsatisfiable")) for item in constraints]
    for position, item in enumerate(constraints):
        place, (key, action) = f"{path}[{position}]", pairs[position]
        skew = item.get("maxSkew") or 0
        if skew <= 0:
            found.append(causes.invalid(f"{place}.maxSkew", skew, "must be greater than zero"))
        if not key:
            found.append(causes.required(f"{place}.topologyKey", "can not be empty"))
        if action not in _UNSATISFIABLE:
            where = f"{place}.whenUnsatisfiable"
            found.append(causes.unsupported(where, action or "", _UNSATISFIABLE))
        if pairs[position] in pairs[position + 1 :]:
            where = f"{place}.{{topologyKey, whenUnsatisfiable}}"
            found.append(causes.duplicate(where, f"{{{key}, {action}}}"))
        _options(place, item, found)


def _options(path: str, item: Object, found: list[Cause]) -> None:
    domains, action = item.get("minDomains"), item.get("whenUnsatisfiable")
    if domains is not None and domains <= 0:
        found.append(causes.invalid(f"{path}.minDomains", domains, "must be greater than zero"))
    if domains is not None and action != _HARD:
        detail = f"can only use minDomains if whenUnsatisfiable={_HARD}, not {action}"
        found.append(causes.invalid(f"{path}.minDomains", domains, detail))
    for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        policy = item.get(name)
        if policy is not None and policy not in _POLICIES:
            found.append(causes.unsupported(f"{path}.{name}", policy, _POLICIES))
    selector = item.get("labelSelector")
    if item.get("matchLabelKeys"):
        check_label_keys(path, item["matchLabelKeys"], [], selector, found)
    check_label_selector(f"{path}.labelSelector", selector, found)
