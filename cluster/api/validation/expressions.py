"""Rules of the expressions in policies and webhook configurations.

Source: API reference, admissionregistration.k8s.io/v1. Must not know what else stands beside them.
"""

import re
from collections.abc import Sequence

from cluster.api import names
from cluster.api.policies.expressions import Compiler, Expression
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

CONDITIONS_MAX = 64
ANNOTATIONS_MAX = 20
# In bytes: half of what a value may be long, since most expressions make longer texts.
VALUE_EXPRESSION_MAX = 5 * 1024
_REASONS = frozenset(("Forbidden", "Invalid", "RequestEntityTooLarge"))
_PATCHES = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_RESERVED = frozenset(
    (
        "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import",
        "in", "let", "loop", "namespace", "null", "package", "return", "true", "var", "void",
        "while",
    )
)  # fmt: skip


def check_match_conditions(
    path: str, conditions: Sequence[Object] | None, found: list[Cause], *, params: bool = False
) -> None:
    """``params``: expressions may name parameters."""
    given = conditions or ()
    if len(given) > CONDITIONS_MAX:
        found.append(causes.too_many(path, len(given), CONDITIONS_MAX))
        return
    compiler = Compiler(params)
    seen: set[str] = set()
    for position, item in enumerate(given):
        place, name = f"{path}[{position}]", item.get("name") or ""
        source = (item.get("expression") or "").strip()
        if not source:
            found.append(causes.required(f"{place}.expression"))
        else:
            _compiles(f"{place}.expression", compiler.condition(source), found)
        if not name:
            found.append(causes.required(f"{place}.name"))
            continue
        causes.each(f"{place}.name", name, names.label_key_errors(name), found)
        if name in seen:
            found.append(causes.duplicate(f"{place}.name", name))
        seen.add(name)


def check_variables(
    compiler: Compiler, variables: Sequence[Object] | None, found: list[Cause]
) -> None:
    """Each may use those before it."""
    seen: set[str] = set()
    for position, item in enumerate(variables or ()):
        place, name = f"spec.variables[{position}]", item.get("name") or ""
        if not name.strip():
            found.append(causes.required(f"{place}.name", "name is not specified"))
        elif not _IDENTIFIER.fullmatch(name) or name in _RESERVED:
            found.append(causes.invalid(f"{place}.name", name, "must be a valid CEL identifier"))
        elif name in seen:
            found.append(causes.duplicate(place, {"name": name}))
        seen.add(name)
        source = item.get("expression") or ""
        if not source.strip():
            found.append(causes.required(f"{place}.expression", "expression is not specified"))
        else:
            _compiles(f"{place}.expression", compiler.variable(name, source), found)


def check_validation(path: str, compiler: Compiler, item: Object, found: list[Cause]) -> None:
    """An expression, and what is said if it is false."""
    source, told = item.get("expression") or "", item.get("messageExpression") or ""
    if not source.strip():
        found.append(causes.required(f"{path}.expression", "expression is not specified"))
    else:
        _compiles(f"{path}.expression", compiler.validation(source), found)
    if told and not told.strip():
        detail = "must be non-empty if specified"
        found.append(causes.invalid(f"{path}.messageExpression", told, detail))
    elif told:
        _compiles(f"{path}.messageExpression", compiler.message(told), found)
    message = item.get("message") or ""
    if message and not message.strip():
        detail = "must be non-empty if specified"
        found.append(causes.invalid(f"{path}.message", message, detail))
    elif re.search(r"[\r\n]", message.strip()):
        found.append(causes.invalid(f"{path}.message", message, "must not contain line breaks"))
    reason = item.get("reason")
    if reason is not None and reason not in _REASONS:
        found.append(causes.unsupported(f"{path}.reason", reason, _REASONS))


def check_annotations(
    compiler: Compiler, policy: str, annotations: list[Object], found: list[Cause]
) -> None:
    """``policy``: the name that goes before their keys."""
    if len(annotations) > ANNOTATIONS_MAX:
        detail = f"must not have more than {ANNOTATIONS_MAX} auditAnnotations"
        found.append(causes.invalid("spec.auditAnnotations", annotations, detail))
        return
    seen: set[str] = set()
    for position, item in enumerate(annotations):
        place, key = f"spec.auditAnnotations[{position}]", item.get("key") or ""
        whole = f"{policy}/{key}"
        causes.each(f"{place}.key", whole, names.label_key_errors(whole), found)
        _value(f"{place}.valueExpression", compiler, item.get("valueExpression") or "", found)
        if key in seen:
            found.append(causes.duplicate(f"{place}.key", key))
        seen.add(key)


def _value(path: str, compiler: Compiler, source: str, found: list[Cause]) -> None:
    if not source.strip():
        found.append(causes.required(path, "valueExpression is not specified"))
    elif len(source.strip().encode()) > VALUE_EXPRESSION_MAX:
        detail = f"must not exceed {VALUE_EXPRESSION_MAX} bytes in length"
        found.append(causes.required(path, detail))
    else:
        _compiles(path, compiler.annotation(source.strip()), found)


def check_mutation(path: str, compiler: Compiler, item: Object, found: list[Cause]) -> None:
    """Exactly one of a configuration and a JSON patch, as its type says."""
    kind = item.get("patchType") or ""
    causes.one_of(f"{path}.patchType", kind, frozenset(_PATCHES), found)
    if kind not in _PATCHES:
        return
    for name, field in _PATCHES.items():
        part = item.get(field)
        if name != kind:
            if part is not None:
                detail = f"must not be specified when patchType is {kind}"
                found.append(causes.invalid(f"{path}.{field}", f"{{{field}}}", detail))
        elif part is None:
            detail = f"must be specified when patchType is {kind}"
            found.append(causes.required(f"{path}.{field}", detail))
        else:
            source = (part.get("expression") or "").strip()
            place = f"{path}.{field}.expression"
            if not source:
                found.append(causes.required(place))
            else:
                _compiles(place, compiler.patch(source, kind == "ApplyConfiguration"), found)


def _compiles(path: str, expression: Expression, found: list[Cause]) -> None:
    if expression.error:
        found.append(causes.invalid(path, expression.source, expression.error))
