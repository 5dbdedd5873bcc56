"""Policies and bindings as records, from the objects that users write. Pure.

Source: API reference, admissionregistration.k8s.io/v1. Must not know: where they are stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.apiserver.admission.matching import Rule, rule_of, selector_of
from cluster.api.policies.expressions import Compiled, compile_policy
from cluster.api.policies.haste import check_patience
from cluster.api.selectors import LabelSelector
from cluster.api.types import Object


@dataclass(frozen=True)
class Constraints:
    """MatchResources. No ``rules``: whatever the rest chooses."""

    rules: tuple[Rule, ...]
    excluded: tuple[Rule, ...]
    exact: bool
    namespaces: LabelSelector
    objects: LabelSelector


@dataclass(frozen=True)
class ParamRef:
    """Exactly one of ``name`` and ``selector``. ``deny``: parameterNotFoundAction."""

    name: str
    namespace: str
    selector: LabelSelector | None
    deny: bool


@dataclass(frozen=True)
class Binding:
    """``constraints``: None if it has none of its own. ``actions``: validationActions."""

    name: str
    policy: str
    constraints: Constraints | None
    params: ParamRef | None
    actions: tuple[str, ...]


class Policy:
    """Its expressions are compiled when the first request needs them.

    ``fail``: failurePolicy; ``again``: reinvocationPolicy IfNeeded; ``param_kind``: (apiVersion,
    kind), None without parameters; ``spec``: as it is written; ``generation`` and ``observed``:
    of it, and of what its status tells.
    """

    def __init__(self, policy: Object) -> None:
        spec = policy.get("spec") or {}
        self.name: str = policy["metadata"]["name"]
        self.uid: str = policy["metadata"].get("uid") or ""
        self.spec: Object = spec
        self.generation: int = policy["metadata"].get("generation") or 0
        self.observed: int = (policy.get("status") or {}).get("observedGeneration") or 0
        self.constraints = constraints_of(spec.get("matchConstraints") or {})
        self.fail = spec.get("failurePolicy") != "Ignore"
        self.again = spec.get("reinvocationPolicy") == "IfNeeded"
        kind = spec.get("paramKind")
        self.param_kind = (kind["apiVersion"], kind["kind"]) if kind else None
        self._compiled: Compiled | None = None

    def compiled_as(self, other: "Policy") -> None:
        """Take over what is compiled of the same spec, if it is."""
        self._compiled = other._compiled

    def compiled(self, patience: int | None = None) -> Compiled:
        """The expressions. Raises CelTooLong if compiling takes longer than ``patience`` units."""
        if self._compiled is None:
            check_patience(self.spec, patience)
            self._compiled = compile_policy(self.spec)
        return self._compiled


def constraints_of(given: Object) -> Constraints:
    """As they are written, already validated."""
    return Constraints(
        _rules(given.get("resourceRules")),
        _rules(given.get("excludeResourceRules")),
        given.get("matchPolicy") == "Exact",
        selector_of(given.get("namespaceSelector")),
        selector_of(given.get("objectSelector")),
    )


def _rules(given: Sequence[Object] | None) -> tuple[Rule, ...]:
    return tuple(rule_of(rule) for rule in given or ())


def binding_of(binding: Object) -> Binding:
    """As it is written, already validated."""
    spec = binding.get("spec") or {}
    constraints, reference = spec.get("matchResources"), spec.get("paramRef")
    return Binding(
        binding["metadata"]["name"],
        spec.get("policyName") or "",
        constraints_of(constraints) if constraints is not None else None,
        _param_ref(reference) if reference is not None else None,
        tuple(spec.get("validationActions") or ()),
    )


def _param_ref(given: Object) -> ParamRef:
    selector = given.get("selector")
    return ParamRef(
        given.get("name") or "",
        given.get("namespace") or "",
        selector_of(selector) if selector is not None else None,
        given.get("parameterNotFoundAction") == "Deny",
    )
