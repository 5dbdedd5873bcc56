"""Rules of a metav1.LabelSelector inside an object. Must not know whose it is."""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.metadata import check_labels

_OPERATORS = frozenset(("In", "NotIn", "Exists", "DoesNotExist"))


def check_label_selector(path: str, selector: Any, found: list[Cause]) -> None:
    """Keys, operators and the number of values. None is right: whether it may is the caller's."""
    if not selector:
        return
    labels = selector.get("matchLabels")
    if labels:
        check_labels(f"{path}.matchLabels", labels, found)
    for position, item in enumerate(selector.get("matchExpressions") or ()):
        _requirement(f"{path}.matchExpressions[{position}]", item, found)


def _requirement(path: str, item: Object, found: list[Cause]) -> None:
    key, operator, values = item.get("key") or "", item.get("operator"), item.get("values") or []
    if operator not in _OPERATORS:
        found.append(
            causes.invalid(f"{path}.operator", operator or "", "not a valid selector operator")
        )
    elif operator in ("In", "NotIn"):
        if not values:
            detail = "must be specified when `operator` is 'In' or 'NotIn'"
            found.append(causes.required(f"{path}.values", detail))
    elif values:
        detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        found.append(causes.forbidden(f"{path}.values", detail))
    causes.each(f"{path}.key", key, names.label_key_errors(key), found)
    for position, value in enumerate(values):
        errors = names.label_value_errors(value)
        causes.each(f"{path}.values[{position}]", value, errors, found)
