"""Rules of admission policies and their bindings; expressions are compiled as they are written.

Source: API reference, admissionregistration.k8s.io/v1; docs "Validating Admission Policy",
"Mutating Admission Policy". Must not know how a policy is asked.
"""

import re
from typing import Any

from cluster.api import names
from cluster.api.policies.expressions import Compiler
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.conditions import check_conditions
from cluster.api.validation.expressions import (
    check_annotations,
    check_match_conditions,
    check_mutation,
    check_validation,
    check_variables,
)
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.webhooks import check_rule

_MUTABLE = frozenset(("*", "CREATE", "UPDATE", "CONNECT"))
_ACTIONS = frozenset(("Deny", "Warn", "Audit"))
_NOT_FOUND = frozenset(("Allow", "Deny"))
_FAILURE = frozenset(("Fail", "Ignore"))
_MATCH = frozenset(("Equivalent", "Exact"))
_REINVOCATION = frozenset(("IfNeeded", "Never"))
_EMPTY = "validations or auditAnnotations must contain at least one item"
_FIELD_REF = re.compile(r"[^{}\s]+")


def check_validating_policy(obj: Object, found: list[Cause]) -> None:
    """ValidatingAdmissionPolicy."""
    spec = obj.get("spec") or {}
    compiler = _common(spec, found)
    check_variables(compiler, spec.get("variables"), found)
    validations, annotations = spec.get("validations"), spec.get("auditAnnotations")
    if not validations and not annotations:
        found.append(causes.required("spec.validations", _EMPTY))
        found.append(causes.required("spec.auditAnnotations", _EMPTY))
    for position, item in enumerate(validations or ()):
        check_validation(f"spec.validations[{position}]", compiler, item, found)
    name = (obj.get("metadata") or {}).get("name") or ""
    check_annotations(compiler, name, annotations or [], found)


def check_mutating_policy(obj: Object, found: list[Cause]) -> None:
    """MutatingAdmissionPolicy."""
    spec = obj.get("spec") or {}
    compiler = _common(spec, found)
    rules = (spec.get("matchConstraints") or {}).get("resourceRules")
    _mutable("spec.matchConstraints.resourceRules.operations", rules, found)
    check_variables(compiler, spec.get("variables"), found)
    mutations = spec.get("mutations")
    if not mutations:
        detail = "mutations must contain at least one item"
        found.append(causes.required("spec.mutations", detail))
    for position, item in enumerate(mutations or ()):
        check_mutation(f"spec.mutations[{position}]", compiler, item, found)
    causes.one_of("spec.reinvocationPolicy", spec.get("reinvocationPolicy"), _REINVOCATION, found)


def check_validating_binding(obj: Object, found: list[Cause]) -> None:
    """ValidatingAdmissionPolicyBinding."""
    spec = obj.get("spec") or {}
    _binding(spec, found)
    _actions("spec.validationActions", spec.get("validationActions") or [], found)


def check_mutating_binding(obj: Object, found: list[Cause]) -> None:
    """MutatingAdmissionPolicyBinding."""
    spec = obj.get("spec") or {}
    _binding(spec, found)
    rules = (spec.get("matchResources") or {}).get("resourceRules")
    _mutable("spec.matchResources.resourceRules.operations", rules, found)


def check_policy_status(old: Object, new: Object, found: list[Cause]) -> None:
    """What a controller tells of a ValidatingAdmissionPolicy."""
    status = new.get("status") or {}
    warnings = (status.get("typeChecking") or {}).get("expressionWarnings")
    for position, item in enumerate(warnings or ()):
        path = f"status.typeChecking.expressionWarnings[{position}]"
        if not item.get("warning"):
            found.append(causes.required(f"{path}.warning"))
        reference = (item.get("fieldRef") or "").strip()
        if not reference:
            found.append(causes.required(f"{path}.fieldRef"))
        elif not _FIELD_REF.fullmatch(reference):
            detail = "invalid JSONPath: unrecognized character"
            found.append(causes.invalid(f"{path}.fieldRef", reference, detail))
    check_conditions("status.conditions", status.get("conditions"), found)


def _common(spec: Object, found: list[Cause]) -> Compiler:
    causes.one_of("spec.failurePolicy", spec.get("failurePolicy"), _FAILURE, found)
    kind = spec.get("paramKind")
    if kind is not None:
        _param_kind("spec.paramKind", kind, found)
    constraints = spec.get("matchConstraints")
    if constraints is None:
        found.append(causes.required("spec.matchConstraints"))
    else:
        _match("spec.matchConstraints", constraints, found)
        if not constraints.get("resourceRules"):
            found.append(causes.required("spec.matchConstraints.resourceRules"))
    conditions = spec.get("matchConditions")
    check_match_conditions("spec.matchConditions", conditions, found, params=kind is not None)
    return Compiler(params=kind is not None)


def _binding(spec: Object, found: list[Cause]) -> None:
    policy = spec.get("policyName") or ""
    if not policy:
        found.append(causes.required("spec.policyName"))
    else:
        causes.each("spec.policyName", policy, names.subdomain_errors(policy), found)
    if spec.get("paramRef") is not None:
        _param_ref("spec.paramRef", spec["paramRef"], found)
    if spec.get("matchResources") is not None:
        _match("spec.matchResources", spec["matchResources"], found)


def _param_kind(path: str, kind: Object, found: list[Cause]) -> None:
    given, name = kind.get("apiVersion") or "", kind.get("kind") or ""
    group, _, version = given.rpartition("/")
    if not given:
        found.append(causes.required(f"{path}.apiVersion"))
    elif given.count("/") > 1:
        detail = f"unexpected GroupVersion string: {given}"
        found.append(causes.invalid(f"{path}.apiVersion", given, detail))
    else:
        if group:
            _joined(f"{path}.apiVersion", group, names.subdomain_errors(group), "", found)
        if not version:
            detail = "version must be specified"
            found.append(causes.invalid(f"{path}.apiVersion", given, detail))
        else:
            _joined(f"{path}.apiVersion", version, names.dns_1035_errors(version), "", found)
    if not name:
        found.append(causes.required(f"{path}.kind"))
    else:
        mixed = "may have mixed case, but should otherwise match: "
        _joined(f"{path}.kind", name, names.dns_1035_errors(name.lower()), mixed, found)


def _joined(
    path: str, value: str, errors: tuple[str, ...], before: str, found: list[Cause]
) -> None:
    if errors:
        found.append(causes.invalid(path, value, before + ",".join(errors)))


def _match(path: str, given: Object, found: list[Cause]) -> None:
    causes.one_of(f"{path}.matchPolicy", given.get("matchPolicy"), _MATCH, found)
    for field in ("namespaceSelector", "objectSelector"):
        check_label_selector(f"{path}.{field}", given.get(field), found)
    for field in ("resourceRules", "excludeResourceRules"):
        for position, rule in enumerate(given.get(field) or ()):
            place = f"{path}.{field}[{position}]"
            _resource_names(f"{place}.resourceNames", rule.get("resourceNames") or [], found)
            check_rule(place, rule, found)


def _resource_names(path: str, given: list[str], found: list[Cause]) -> None:
    for position, name in enumerate(given):
        place = f"{path}[{position}]"
        causes.each(place, name, names.path_segment_errors(name), found)
        if name in given[:position]:
            found.append(causes.duplicate(place, name))


def _mutable(path: str, rules: Any, found: list[Cause]) -> None:
    """What is deleted cannot be changed."""
    for rule in rules or ():
        for operation in rule.get("operations") or ():
            if operation not in _MUTABLE:
                found.append(causes.unsupported(path, operation, _MUTABLE))


def _param_ref(path: str, given: Object, found: list[Cause]) -> None:
    name, selector = given.get("name") or "", given.get("selector")
    both = "name and selector are mutually exclusive"
    if name:
        causes.each(f"{path}.name", name, names.path_segment_errors(name), found)
        if selector is not None:
            found.append(causes.forbidden(f"{path}.name", both))
    if selector is not None:
        check_label_selector(f"{path}.selector", selector, found)
        if name:
            found.append(causes.forbidden(f"{path}.selector", both))
    if not name and selector is None:
        found.append(causes.required(path, "one of name or selector must be specified"))
    action = given.get("parameterNotFoundAction")
    causes.one_of(f"{path}.parameterNotFoundAction", action, _NOT_FOUND, found)


def _actions(path: str, given: list[str], found: list[Cause]) -> None:
    for position, action in enumerate(given):
        if action not in _ACTIONS:
            found.append(causes.unsupported(f"{path}[{position}]", action, _ACTIONS))
        if action in given[:position]:
            found.append(causes.duplicate(f"{path}[{position}]", action))
    if "Deny" in given and "Warn" in given:
        detail = (
            "must not contain both Deny and Warn (repeating the same validation failure "
            "information in the API response and headers serves no purpose)"
        )
        found.append(causes.invalid(path, given, detail))
    if not given:
        found.append(causes.required(path, "at least one validation action is required"))
