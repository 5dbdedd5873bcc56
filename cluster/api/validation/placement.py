"""Rules of what a pod says about its place: tolerations and affinity. Must not know nodes.

Source: docs "Assigning Pods to Nodes", "Taints and Tolerations".
"""

import re

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.label_selectors import check_label_selector

EFFECTS = frozenset(("NoSchedule", "PreferNoSchedule", "NoExecute"))
_OPERATORS = frozenset(("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))
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
        preference = item.get("preference") or {}
        # A wish that no label can fulfil does no harm: its values may be any.
        check_node_term(f"{place}.preference", preference, found, any_value=True)
    for name in ("podAffinity", "podAntiAffinity"):
        part = affinity.get(name) or {}
        for position, term in enumerate(part.get(_REQUIRED) or ()):
            _pod_term(f"{path}.{name}.{_REQUIRED}[{position}]", term, found)
        for position, item in enumerate(part.get(_PREFERRED) or ()):
            place = f"{path}.{name}.{_PREFERRED}[{position}]"
            _weight(place, item, found)
            _pod_term(f"{place}.podAffinityTerm", item.get("podAffinityTerm") or {}, found)


def check_node_term(
    path: str, term: Object, found: list[Cause], *, any_value: bool = False
) -> None:
    """A NodeSelectorTerm. ``any_value``: it may ask for what is no label's value."""
    for position, item in enumerate(term.get("matchExpressions") or ()):
        place = f"{path}.matchExpressions[{position}]"
        key = item.get("key") or ""
        causes.each(f"{place}.key", key, names.label_key_errors(key), found)
        _node_requirement(place, item, found)
        for number, value in enumerate(() if any_value else item.get("values") or ()):
            errors = names.label_value_errors(value)
            causes.each(f"{place}.values[{number}]", value, errors, found)
    for position, item in enumerate(term.get("matchFields") or ()):
        _node_field(f"{path}.matchFields[{position}]", item, found)


def _node_field(path: str, item: Object, found: list[Cause]) -> None:
    """By a field of the node, of which there is one: its name."""
    key, operator, values = item.get("key") or "", item.get("operator") or "", item.get("values")
    if operator not in ("In", "NotIn"):
        detail = "not a valid selector operator"
        found.append(causes.invalid(f"{path}.operator", operator, detail))
    elif len(values or ()) != 1:
        detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        found.append(causes.required(f"{path}.values", detail))
    if key != "metadata.name":
        found.append(causes.invalid(f"{path}.key", key, "not a valid field selector key"))
        return
    for number, value in enumerate(values or ()):
        causes.each(f"{path}.values[{number}]", value, names.subdomain_errors(value), found)


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
    selector = term.get("labelSelector")
    check_label_selector(f"{path}.labelSelector", selector, found)
    check_label_selector(f"{path}.namespaceSelector", term.get("namespaceSelector"), found)
    for name in term.get("namespaces") or ():
        causes.each(f"{path}.namespace", name, names.dns_label_errors(name), found)
    same, other = term.get("matchLabelKeys") or [], term.get("mismatchLabelKeys") or []
    check_label_keys(path, same, other, selector, found)
    key = term.get("topologyKey") or ""
    if not key:
        found.append(causes.required(f"{path}.topologyKey", "can not be empty"))
    causes.each(f"{path}.topologyKey", key, names.label_key_errors(key), found)


def check_label_keys(
    path: str, same: list[str], other: list[str], selector: Object | None, found: list[Cause]
) -> None:
    """Labels of the pod itself (KEP-3243, KEP-3633): ``same`` are those whose values are the
    pod's, ``other`` those whose values are not. ``selector`` has them by now, once each."""
    for name, keys in (("matchLabelKeys", same), ("mismatchLabelKeys", other)):
        if keys and selector is None:
            detail = "must not be specified when labelSelector is not set"
            found.append(causes.forbidden(f"{path}.{name}", detail))
            continue
        for position, key in enumerate(keys):
            causes.each(f"{path}.{name}[{position}]", key, names.label_key_errors(key), found)
    if selector is not None:
        places = {key: position for position, key in enumerate(same)}
        selected = {*(selector.get("matchLabels") or {})}
        for part in selector.get("matchExpressions") or ():
            key = part.get("key") or ""
            if key in places and key in selected:
                detail = "exists in both matchLabelKeys and labelSelector"
                found.append(causes.invalid(f"{path}[{places[key]}]", key, detail))
            selected.add(key)
    for position, key in enumerate(same):
        if key in other:
            detail = "exists in both matchLabelKeys and mismatchLabelKeys"
            found.append(causes.invalid(f"{path}.matchLabelKeys[{position}]", key, detail))
