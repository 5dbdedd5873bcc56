"""Rules of the parts that claims, classes and slices of devices share.

Source: docs "Dynamic Resource Allocation"; API reference, resource.k8s.io/v1. Must not
know requests or pools.
"""

import re
from typing import Any

import orjson

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.device_expressions import (
    DOMAIN_MAX,
    IDENTIFIER_MAX,
    check_expression,
)
from cluster.api.validation.placement import check_node_term
from cluster.api.validation.storage_objects import check_driver_name

SELECTORS_MAX = 32
CONFIGS_MAX = 32
TOLERATIONS_MAX = 16
TAINTS_MAX = 16
PARAMETERS_BYTES_MAX = 10 * 1024
POOL_NAME_MAX = 253
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IDENTIFIER_TEXT = (
    "a valid C identifier must start with alphabetic character or '_', followed by a string of "
    "alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for "
    "validation is '[A-Za-z_][A-Za-z0-9_]*')"
)
_EFFECTS = frozenset(("NoExecute", "NoSchedule", "None"))
_TOLERATED = frozenset(("NoExecute", "NoSchedule"))
_OPERATORS = frozenset(("Equal", "Exists"))


def check_count(path: str, items: Any, limit: int, found: list[Cause]) -> bool:
    """False, and told, if there are more than ``limit``."""
    if len(items or ()) <= limit:
        return True
    found.append(causes.too_many(path, len(items), limit))
    return False


def check_selectors(path: str, selectors: Any, found: list[Cause]) -> None:
    """Each with one expression."""
    if not check_count(path, selectors, SELECTORS_MAX, found):
        return
    for position, item in enumerate(selectors or ()):
        place, cel = f"{path}[{position}].cel", item.get("cel")
        if cel is None:
            found.append(causes.required(place))
            continue
        check_expression(f"{place}.expression", cel.get("expression") or "", found)


def check_opaque(path: str, item: Object, found: list[Cause]) -> None:
    """The one kind of configuration there is: a driver, and an object only it can read."""
    opaque = item.get("opaque")
    if opaque is None:
        found.append(causes.required(f"{path}.opaque"))
        return
    check_driver_name(f"{path}.opaque.driver", opaque.get("driver") or "", found)
    parameters, place = opaque.get("parameters"), f"{path}.opaque.parameters"
    if parameters is None:
        found.append(causes.required(place))
    elif len(orjson.dumps(parameters)) > PARAMETERS_BYTES_MAX:
        found.append(causes.too_long(place, PARAMETERS_BYTES_MAX))
    elif not isinstance(parameters, dict):
        found.append(causes.invalid(place, "<value omitted>", "must be a valid JSON object"))


def check_tolerations(path: str, tolerations: Any, found: list[Cause]) -> None:
    """Of device taints."""
    if not check_count(path, tolerations, TOLERATIONS_MAX, found):
        return
    for position, item in enumerate(tolerations or ()):
        place, key = f"{path}[{position}]", item.get("key") or ""
        operator, value = item.get("operator"), item.get("value") or ""
        if key:
            causes.each(f"{place}.key", key, names.label_key_errors(key), found)
        elif operator != "Exists":
            detail = "must be non-empty unless the operator is `Exists`"
            found.append(causes.required(f"{place}.key", detail))
        if operator not in _OPERATORS:
            found.append(causes.unsupported(f"{place}.operator", operator or "", _OPERATORS))
        elif operator == "Exists" and value:
            detail = "must be empty for operator `Exists`"
            found.append(causes.invalid(f"{place}.value", value, detail))
        else:
            causes.each(f"{place}.value", value, names.label_value_errors(value), found)
        effect = item.get("effect")
        if effect and effect not in _TOLERATED:
            found.append(causes.unsupported(f"{place}.effect", effect, _TOLERATED))


def check_taint(path: str, taint: Object, found: list[Cause]) -> None:
    """A taint of a device."""
    key, value, effect = taint.get("key") or "", taint.get("value") or "", taint.get("effect")
    causes.each(f"{path}.key", key, names.label_key_errors(key), found)
    causes.each(f"{path}.value", value, names.label_value_errors(value), found)
    if not effect:
        found.append(causes.required(f"{path}.effect"))
    elif effect not in _EFFECTS:
        found.append(causes.unsupported(f"{path}.effect", effect, _EFFECTS))


def check_pool_name(path: str, name: str, found: list[Cause]) -> None:
    """Domains with slashes between."""
    if not name:
        found.append(causes.required(path))
        return
    if len(name) > POOL_NAME_MAX:
        found.append(causes.too_long(path, POOL_NAME_MAX))
    for part in name.split("/"):
        causes.each(path, part, names.subdomain_errors(part), found)


def check_qualified(path: str, name: str, found: list[Cause], domain: bool = False) -> None:
    """An attribute's or capacity's name: an identifier, after a domain if there is one.
    ``domain``: there must be one."""
    if not name:
        found.append(causes.required(path, "name required"))
        return
    before, slash, identifier = name.rpartition("/")
    if "/" in before:
        detail = "must be a C identifier or a DNS subdomain, slash, and C identifier"
        found.append(causes.invalid(path, name, detail))
        return
    if domain and not slash:
        detail = "must include a domain"
        found.append(causes.invalid(path, name, detail))
    if slash:
        if not before:
            found.append(causes.required(path, "the domain must not be empty"))
        else:
            causes.each(path, before, names.subdomain_errors(before), found)
        if len(before) > DOMAIN_MAX:
            found.append(causes.too_long(path, DOMAIN_MAX))
    if not identifier:
        found.append(causes.required(path, "the name must not be empty"))
    elif not _IDENTIFIER.fullmatch(identifier):
        found.append(causes.invalid(path, identifier, _IDENTIFIER_TEXT))
    if len(identifier) > IDENTIFIER_MAX:
        found.append(causes.too_long(path, IDENTIFIER_MAX))


def check_node_selector(path: str, selector: Object, found: list[Cause]) -> None:
    """Exactly one term: more would make a choice of nodes that the scheduler cannot explain."""
    terms = selector.get("nodeSelectorTerms") or ()
    if len(terms) != 1:
        detail = "must have exactly one node selector term"
        found.append(causes.invalid(f"{path}.nodeSelectorTerms", list(terms), detail))
    for position, term in enumerate(terms):
        check_node_term(f"{path}.nodeSelectorTerms[{position}]", term, found)


def one_of_fields(path: str, part: Object, fields: tuple[str, ...], found: list[Cause]) -> str:
    """The one field that is set; '' and a cause if none is, or several are."""
    given = [name for name in fields if part.get(name) not in (None, "", False)]
    listed = ", ".join(f"`{name}`" for name in fields)
    if len(given) == 1:
        return given[0]
    if given:
        several = ", ".join(f"`{name}`" for name in given)
        detail = f"exactly one of {listed} is required, but multiple fields are set: {several}"
        found.append(causes.invalid(path, "<value omitted>", detail))
    else:
        detail = f"exactly one of {listed} is required"
        found.append(causes.required(path, detail))
    return ""
