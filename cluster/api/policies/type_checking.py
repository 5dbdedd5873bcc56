"""Whether the expressions of a policy fit the kinds that it is about.

Source: docs "Validating Admission Policy", Type checking: no wildcards, at most ten kinds, match
conditions are left out. Must not know: where types come from.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cluster.api.policies.declarations import declarations
from cluster.api.types import Object
from cluster.cel.program import CelCompileError, Declarations, compile_expression
from cluster.cel.types import DYN, Type

KINDS_MAX = 10
_PREFIX = "compilation failed: "


class Typed(NamedTuple):
    """A kind a policy is about. ``called``: as ``apps/v1, Kind=Deployment``."""

    called: str
    type: Type


def resources_of(spec: Object) -> list[tuple[str, str, str]]:
    """(group, version, plural) that the policy's rules name outright."""
    found = []
    for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
        groups, versions = rule.get("apiGroups") or (), rule.get("apiVersions") or ()
        plurals = [text for text in rule.get("resources") or () if "/" not in text]
        if "*" in groups or "*" in versions or "*" in plurals:
            continue
        found += [(group, version, plural) for group in groups for version in versions
                  for plural in plurals]  # fmt: skip
    return list(dict.fromkeys(found))


def warnings_of(spec: Object, kinds: Sequence[Typed], params: Type = DYN) -> list[Object]:
    """``expressionWarnings`` of the policy's status."""
    checked = [(kind, _known(spec, kind.type, params)) for kind in kinds[:KINDS_MAX]]
    found = []
    for field, source, authorizer in _expressions(spec):
        texts = []
        for kind, variables in checked:
            known = _declared(spec, kind.type, params, variables, authorizer)
            told = _error(source, known)
            if told:
                texts.append(f"{kind.called}: {told}\n")
        if texts:
            found.append({"fieldRef": field, "warning": "\n".join(texts)})
    return found


def _expressions(spec: Object) -> Iterator[tuple[str, str, bool]]:
    """(where it stands, the expression, whether it may ask the authorizer)."""
    for position, item in enumerate(spec.get("validations") or ()):
        place = f"spec.validations[{position}]"
        yield f"{place}.expression", item["expression"], True
        if item.get("messageExpression"):
            yield f"{place}.messageExpression", item["messageExpression"], False


def _known(spec: Object, kind: Type, params: Type) -> Mapping[str, Type]:
    """The types of the policy's variables."""
    variables: dict[str, Type] = {}
    for item in spec.get("variables") or ():
        known = _declared(spec, kind, params, variables, True)
        try:
            variables[item["name"]] = compile_expression(item["expression"], known).result
        except CelCompileError:
            variables[item["name"]] = DYN
    return variables


def _declared(
    spec: Object, kind: Type, params: Type, variables: Mapping[str, Type], authorizer: bool
) -> Declarations:
    return declarations(
        params=bool(spec.get("paramKind")),
        authorizer=authorizer,
        variables=dict(variables),
        object_type=kind,
        params_type=params,
    )


def _error(source: str, known: Declarations) -> str:
    try:
        compile_expression(source, known)
    except CelCompileError as error:
        return str(error).removeprefix(_PREFIX)
    return ""
