"""Questions to the authorizer: ``authorizer.group("").resource("pods").check("get").allowed()``.

Job: build the question; whoever declares the variable answers it. Source: Kubernetes docs, "Common
Expression Language in Kubernetes", "Kubernetes authorizer library"; KEP-3488.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cluster.api import names
from cluster.cel.errors import CelError
from cluster.cel.functions import TRAVERSAL, Functions, Overload, method
from cluster.cel.types import BOOL, STRING, Type

AUTHORIZER = Type("kubernetes.authorization.Authorizer")
PATH_CHECK = Type("kubernetes.authorization.PathCheck")
GROUP_CHECK = Type("kubernetes.authorization.GroupCheck")
RESOURCE_CHECK = Type("kubernetes.authorization.ResourceCheck")
DECISION = Type("kubernetes.authorization.Decision")
# What one question costs, as Kubernetes counts it.
CHECK_UNITS = 350_000
# What it takes: whoever answers looks at rules that it has in memory (some 50 microseconds).
CHECK_TIME_UNITS = 100
# A list that is made; one requirement of a selector: an object that is made, with its list.
_LIST_UNITS = 10
_REQUIREMENT_UNITS = 40 + _LIST_UNITS


@dataclass(frozen=True, slots=True)
class DecisionValue:
    """The answer. ``error``: why there is none, else ''."""

    allowed: bool
    reason: str = ""
    error: str = ""

    @property
    def type_name(self) -> str:
        """Of the language."""
        return DECISION.name


@dataclass(frozen=True, slots=True)
class Question:
    """``service_account``: "namespace:name" on whose behalf, '' for who made the request. ``path``:
    of a request that is for no resource."""

    verb: str = ""
    service_account: str = ""
    path: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    field_selector: str = ""
    label_selector: str = ""


Decide = Callable[[Question], DecisionValue]
NOTHING_ASKED = Question()


@dataclass(frozen=True, slots=True)
class CheckValue:
    """An authorizer, or a question that is being built. ``type_name`` says how far it is."""

    decide: Decide
    type_name: str = AUTHORIZER.name
    question: Question = NOTHING_ASKED

    def told(self, kind: Type, **more: str) -> "CheckValue":
        """With more of the question."""
        return CheckValue(self.decide, kind.name, replace(self.question, **more))


def _with(field: str, kind: Type) -> Callable[..., CheckValue]:
    def call(value: CheckValue, text: str) -> CheckValue:
        return value.told(kind, **{field: text})

    return call


def _path(value: CheckValue, text: str) -> CheckValue:
    if not text.strip():
        raise CelError("path must not be empty")
    return value.told(PATH_CHECK, path=text)


def _resource(value: CheckValue, text: str) -> CheckValue:
    if not text.strip():
        raise CelError("resource must not be empty")
    return value.told(RESOURCE_CHECK, resource=text)


def _account(value: CheckValue, namespace: str, name: str) -> CheckValue:
    if names.subdomain_errors(name):
        raise CelError("Invalid service account name")
    if names.dns_label_errors(namespace):
        raise CelError("Invalid service account namespace")
    return value.told(AUTHORIZER, service_account=f"{namespace}:{name}")


def _check(value: CheckValue, verb: str) -> DecisionValue:
    return value.decide(replace(value.question, verb=verb))


def _units(args: tuple[Any, ...], result: Any) -> int:
    return CHECK_UNITS


def _selector_units(args: tuple[Any, ...], result: Any) -> int:
    """Of reading a selector into as many requirements as its length allows, two characters each."""
    length = len(args[1])
    return _LIST_UNITS + math.ceil(length * TRAVERSAL) + math.ceil(length / 2) * _REQUIREMENT_UNITS


def _narrowed(field: str) -> Callable[..., CheckValue]:
    return _with(field, RESOURCE_CHECK)


def _asking(overload: Overload) -> Overload:
    return replace(overload, swift=CHECK_TIME_UNITS)


_TEXT = (RESOURCE_CHECK, STRING)

AUTHORIZERS: Functions = {
    "path": (method("authorizer_path", (AUTHORIZER, STRING), PATH_CHECK, _path),),
    "group": (
        method("authorizer_group", (AUTHORIZER, STRING), GROUP_CHECK, _with("group", GROUP_CHECK)),
    ),
    "serviceAccount": (
        method("authorizer_serviceaccount", (AUTHORIZER, STRING, STRING), AUTHORIZER, _account),
    ),
    "resource": (method("groupcheck_resource", (GROUP_CHECK, STRING), RESOURCE_CHECK, _resource),),
    "subresource": (
        method("resourcecheck_subresource", _TEXT, RESOURCE_CHECK, _narrowed("subresource")),
    ),
    "namespace": (
        method("resourcecheck_namespace", _TEXT, RESOURCE_CHECK, _narrowed("namespace")),
    ),
    "name": (method("resourcecheck_name", _TEXT, RESOURCE_CHECK, _narrowed("name")),),
    "fieldSelector": (
        method(
            "resourcecheck_fieldselector", _TEXT, RESOURCE_CHECK, _narrowed("field_selector"),
            _selector_units,
        ),
    ),
    "labelSelector": (
        method(
            "resourcecheck_labelselector", _TEXT, RESOURCE_CHECK, _narrowed("label_selector"),
            _selector_units,
        ),
    ),
    "check": (
        _asking(method("pathcheck_check", (PATH_CHECK, STRING), DECISION, _check, _units)),
        _asking(method("resourcecheck_check", _TEXT, DECISION, _check, _units)),
    ),
    "allowed": (method("decision_allowed", (DECISION,), BOOL, lambda found: found.allowed),),
    "reason": (method("decision_reason", (DECISION,), STRING, lambda found: found.reason),),
    "errored": (method("decision_errored", (DECISION,), BOOL, lambda found: bool(found.error)),),
    "error": (method("decision_error", (DECISION,), STRING, lambda found: found.error),),
}  # fmt: skip
