"""Expressions of admission, evaluated for one request.

Job: bindings, variables made when they are first needed, budgets, and the words of what goes wrong.
Source: docs "Validating Admission Policy", Variable composition, and Resource constraints of
"Common Expression Language in Kubernetes". Must not know: policies' actions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cluster.api.policies.declarations import REQUEST_RESOURCE
from cluster.api.policies.expressions import Condition, Expression
from cluster.api.types import Object
from cluster.cel.errors import CelCostExceeded, CelError
from cluster.cel.library.authorizer import CheckValue
from cluster.cel.program import MATCH_CONDITIONS, PER_CALL, Budget, Lazy
from cluster.cel.times import parse_timestamp

_SPENT = (
    "validation failed due to running out of cost budget, no further validation rules will be run"
)


class Failed(Exception):
    """An expression has no value. The text is for users."""


class Spent(Failed):
    """All of the budget is used up: nothing more is evaluated."""

    def __init__(self) -> None:
        super().__init__(_SPENT)


@dataclass(frozen=True)
class Inputs:
    """What all policies see of a request. ``namespace``: the object, None where there is none."""

    obj: Object | None
    old: Object | None
    request: Object
    authorizer: CheckValue
    request_resource: CheckValue
    namespace: Object | None = None


@dataclass
class Evaluation:
    """Of the expressions of one policy with one parameter. ``inputs`` may be changed between two
    expressions; ``variables`` are made anew then (``again``)."""

    inputs: Inputs
    params: Object | None = None
    variables: Sequence[tuple[str, Expression]] = ()
    budget: Budget = field(default_factory=lambda: Budget(PER_CALL))
    _bindings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.again(self.inputs)

    def again(self, inputs: Inputs) -> None:
        """For another state of the request."""
        self.inputs = inputs
        self._bindings = {
            "object": inputs.obj,
            "oldObject": inputs.old,
            "request": inputs.request,
            "namespaceObject": Lazy(lambda: namespace_value(inputs.namespace)),
            "params": self.params,
            "authorizer": inputs.authorizer,
            REQUEST_RESOURCE: inputs.request_resource,
        }
        self._bindings["variables"] = {
            name: Lazy(self._variable(name, expression)) for name, expression in self.variables
        }

    def value(self, expression: Expression) -> Any:
        """Raises Failed; Spent if the budget is; CelTooLong beyond its patience."""
        if expression.program is None:
            raise Failed(f"compilation error: {expression.error}")
        try:
            return expression.program.evaluate(self._bindings, self.budget)
        except CelError as error:
            if isinstance(error, CelCostExceeded) and self.budget.left <= 0:
                raise Spent from error
            told = f"expression '{expression.source}' resulted in error: {error}"
            raise Failed(told) from error

    def _variable(self, name: str, expression: Expression) -> Callable[[], Any]:
        def made() -> Any:
            if expression.program is None:
                raise CelError(f'composited variable "{name}" fails to compile: {expression.error}')
            try:
                return expression.program.evaluate(self._bindings, self.budget)
            except CelCostExceeded:
                raise
            except CelError as error:
                told = f'composited variable "{name}" fails to evaluate: {error}'
                raise CelError(told) from error

        return made


def matches(conditions: Sequence[Condition], evaluation: Evaluation) -> bool:
    """False if one of them is false, whatever the others are; else raises Failed if one has no
    value. They have a budget of their own. Raises CelTooLong beyond the budget's patience."""
    patience = evaluation.budget.patience
    spent, evaluation.budget = evaluation.budget, Budget(MATCH_CONDITIONS, patience)
    failures: list[str] = []
    try:
        for condition in conditions:
            try:
                if evaluation.value(condition.expression) is False:
                    return False
            except Spent:
                raise
            except Failed as error:
                failures.append(str(error))
    finally:
        evaluation.budget = spent
    if failures:
        told = list(dict.fromkeys(failures))
        raise Failed(told[0] if len(told) == 1 else f"[{', '.join(told)}]")
    return True


_TIMES = ("creationTimestamp", "deletionTimestamp")


def namespace_value(namespace: Object | None) -> Object | None:
    """What expressions see of a namespace: no managedFields, no owners; times are times."""
    if namespace is None:
        return None
    shown = ("ownerReferences", "managedFields", "selfLink")
    metadata = _timed(namespace.get("metadata") or {}, _TIMES)
    status = dict(namespace.get("status") or {})
    if status.get("conditions"):
        status["conditions"] = [
            _timed(item, ("lastTransitionTime",)) for item in status["conditions"]
        ]
    return {
        "metadata": {key: value for key, value in metadata.items() if key not in shown},
        "spec": namespace.get("spec") or {},
        "status": status,
    }


def _timed(given: Mapping[str, Any], names: tuple[str, ...]) -> Object:
    return {
        key: parse_timestamp(value) if key in names and isinstance(value, str) else value
        for key, value in given.items()
    }
