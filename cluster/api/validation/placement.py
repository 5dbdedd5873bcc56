"""Rules of what a pod says about its place: tolerations, affinity, spread. Must not know nodes."""

import re
from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.label_selectors import check_label_selector

EFFECTS = frozenset(("NoSchedule", "PreferNoSchedule", "NoExecute"))
_OPERATORS = frozenset(("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))
_UNSATISFIABLE = frozenset(("DoNotSchedule", "ScheduleAnyway"))
_POLICIES = frozenset(("Honor", "Ignore"))
_COMPARING = ("Lt", "Gt")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def check_tolerations(path: str, tolerations: list[Object], found: list[Cause]) -> None:
    """Each toleration by itself."""
    for position, item in enumerate(tolerations):
        key, operator, effect = item.get("key"), item.get("operator"), item.get("effect")
        if key:
            errors = names.label_key_errors(key)
            if errors:
                causes.each(f"{path}[{position}].key", key, errors, found)
        elif operator != "Exists":
            detail = 'operator must be Exists when `key` is empty, which means "match all values'
            detail += ' and all keys"'
            place = f"{path}[{position}].operator"
            found.append(causes.invalid(place, operator or "", detail))
        if item.get("tolerationSeconds") is not None and effect != "NoExecute":
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            found.append(causes.invalid(f"{path}[{position}].effect", effect or "", detail))
        if effect and effect not in EFFECTS:
            found.append(causes.unsupported(f"{path}[{position}].effect", effect, EFFECTS))
        if operator != "Exists" or item.get("value"):
            _toleration_value(f"{path}[{position}]", item, found)


def check_affinity(path: str, affinity: Object, found: list[Cause]) -> None:
    """Node affinity and pod (anti-)affinity."""
    node = affinity.get("nodeAffinity") or {}
    required = node.get(_REQUIRED)
    if required is not None:
        terms = required.get("nodeSelectorTerms") or ()
        place = f"{path}.nodeAffinity.{_REQUIRED}.nodeSelectorTerms"
        if not terms:
            found.append(causes.required(place, "must have at least one node selector term"))
        for position, term in enumerate(terms):
            check_node_term(f"{place}[{position}]", term, found)
    for position, item in enumerate(node.get(_PREFERRED) or ()):
        place = f"{path}.nodeAffinity.{_PREFERRED}[{position}]"
        _weight(place, item, found)
        check_node_term(f"{place}.preference", item.get("preference") or {}, found)
    for name in ("podAffinity", "podAntiAffinity"):
        part = affinity.get(name) or {}
        for position, term in enumerate(part.get(_REQUIRED) or ()):
            _pod_term(f"{path}.{name}.{_REQUIRED}[{position}]", term, found)
        for position, item in enumerate(part.get(_PREFERRED) or ()):
            place = f"{path}.{name}.{_PREFERRED}[{position}]"
            _weight(place, item, found)
            _pod_term(f"{place}.podAffinityTerm", item.get("podAffinityTerm") or {}, found)


def check_node_term(path: str, term: Object, found: list[Cause]) -> None:
    """A NodeSelectorTerm."""
    for position, item in enumerate(term.get("matchExpressions") or ()):
        place = f"{path}.matchExpressions[{position}]"
        key = item.get("key") or ""
        causes.each(f"{place}.key", key, names.label_key_errors(key), found)
        _node_requirement(place, item, found)
    for position, item in enumerate(term.get("matchFields") or ()):
        place = f"{path}.matchFields[{position}]"
        if item.get("key") != "metadata.name":
            detail = "not a valid field selector key"
            found.append(causes.invalid(f"{place}.key", item.get("key", ""), detail))
        if item.get("operator") not in ("In", "NotIn"):
            detail = "not a valid selector operator"
            found.append(causes.invalid(f"{place}.operator", item.get("operator", ""), detail))


def check_spread(path: str, constraints: list[Object], found: list[Cause]) -> None:
    """topologySpreadConstraints."""
    seen: set[tuple[Any, Any]] = set()
    for position, item in enumerate(constraints):
        place = f"{path}[{position}]"
        skew = item.get("maxSkew", 0)
        if skew <= 0:
            found.append(causes.invalid(f"{place}.maxSkew", skew, "must be greater than zero"))
        key, action = item.get("topologyKey"), item.get("whenUnsatisfiable")
        if not key:
            found.append(causes.required(f"{place}.topologyKey", "can not be empty"))
        if action not in _UNSATISFIABLE:
            place_of = f"{place}.whenUnsatisfiable"
            found.append(causes.unsupported(place_of, action or "", _UNSATISFIABLE))
        if (key, action) in seen:
            pair = f"{{{key}, {action}}}"
            found.append(causes.duplicate(f"{place}.{{topologyKey, whenUnsatisfiable}}", pair))
        seen.add((key, action))
        _spread_options(place, item, found)


def _toleration_value(path: str, item: Object, found: list[Cause]) -> None:
    operator, value = item.get("operator") or "Equal", item.get("value") or ""
    match operator:
        case "Equal":
            causes.each(f"{path}.operator", value, names.label_value_errors(value), found)
        case "Exists":
            detail = "value must be empty when `operator` is 'Exists'"
            found.append(causes.invalid(f"{path}.operator", value, detail))
        case "Lt" | "Gt":
            if not re.fullmatch(r"-?(0|[1-9][0-9]{0,18})", value):
                detail = "value must be a valid integer for numeric operators"
                found.append(causes.invalid(f"{path}.value", value, detail))
        case _:
            supported = ("Equal", "Exists", *_COMPARING)
            found.append(causes.unsupported(f"{path}.operator", operator, supported))


def _node_requirement(path: str, item: Object, found: list[Cause]) -> None:
    operator, values = item.get("operator") or "", item.get("values") or ()
    if operator not in _OPERATORS:
        detail = "not a valid selector operator"
        found.append(causes.invalid(f"{path}.operator", operator, detail))
    elif operator in ("In", "NotIn"):
        if not values:
            detail = "must be specified when `operator` is 'In' or 'NotIn'"
            found.append(causes.required(f"{path}.values", detail))
    elif operator in _COMPARING:
        if len(values) != 1:
            detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            found.append(causes.required(f"{path}.values", detail))
    elif values:
        detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        found.append(causes.forbidden(f"{path}.values", detail))


def _weight(path: str, item: Object, found: list[Cause]) -> None:
    weight = item.get("weight", 0)
    if not 1 <= weight <= 100:
        found.append(causes.invalid(f"{path}.weight", weight, "must be in the range 1-100"))


def _pod_term(path: str, term: Object, found: list[Cause]) -> None:
    check_label_selector(f"{path}.labelSelector", term.get("labelSelector"), found)
    check_label_selector(f"{path}.namespaceSelector", term.get("namespaceSelector"), found)
    key = term.get("topologyKey")
    if not key:
        found.append(causes.required(f"{path}.topologyKey", "can not be empty"))
    else:
        causes.each(f"{path}.topologyKey", key, names.label_key_errors(key), found)


def _spread_options(path: str, item: Object, found: list[Cause]) -> None:
    domains = item.get("minDomains")
    if domains is not None and domains <= 0:
        found.append(causes.invalid(f"{path}.minDomains", domains, "must be greater than zero"))
    if domains is not None and item.get("whenUnsatisfiable") != "DoNotSchedule":
        detail = "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not "
        detail += str(item.get("whenUnsatisfiable"))
        found.append(causes.invalid(f"{path}.minDomains", domains, detail))
    for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        policy = item.get(name)
        if policy is not None and policy not in _POLICIES:
            found.append(causes.unsupported(f"{path}.{name}", policy, _POLICIES))
    check_label_selector(f"{path}.labelSelector", item.get("labelSelector"), found)
