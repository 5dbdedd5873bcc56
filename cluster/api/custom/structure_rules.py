"""What a schema must be to be structural, in Kubernetes' words.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Specifying a structural schema,
and the reference of JSONSchemaProps. Must not know objects.
"""

from typing import Any, NamedTuple

from cluster.api.custom import values, walks
from cluster.api.custom.list_rules import check_merge_types
from cluster.api.custom.list_values import check_lists
from cluster.api.custom.nested_rules import (
    DEPTH_MAX,
    check_common,
    check_nested,
    int_or_string_logic,
    logic_parts,
)
from cluster.api.custom.rule_checks import check_rules
from cluster.api.custom.rule_walk import judge
from cluster.api.custom.rules import make_rules
from cluster.api.custom.structural import ABSENT, IDENTITY, Structural
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

# What metadata's schema may say at the root; defaults are refused by themselves.
_RESTRICTED = {"type", "properties", "default"}


class _Scope(NamedTuple):
    """Where a schema stands. ``meta``: inside apiVersion, kind or metadata of an object;
    ``no_default``: why no default may be here, '' if one may."""

    depth: int = 0
    root: bool = False
    meta: bool = False
    no_default: str = ""

    def below(self) -> "_Scope":
        """Of a part."""
        return self._replace(depth=self.depth + 1, root=False)

    def free(self) -> "_Scope":
        """Of values under free keys."""
        reason = "inside additionalProperties applying to object metadata"
        return self.below()._replace(no_default=reason if self.meta else self.no_default)

    def identity(self, name: str) -> "_Scope":
        """Of apiVersion, kind, metadata."""
        reason = f"in top-level {name}" if self.root else self.no_default
        return self.below()._replace(meta=True, no_default=reason)


def check_schema(schema: Object, path: str, found: list[Cause]) -> None:
    """A whole ``openAPIV3Schema`` at ``path``."""
    before = len(found)
    if not schema.get("type"):
        found.append(causes.required(f"{path}.type", "must not be empty at the root"))
    elif schema["type"] != "object":
        found.append(causes.invalid(f"{path}.type", schema["type"], "must be object at the root"))
    if schema.get("nullable"):
        detail = "nullable cannot be true at the root"
        found.append(causes.forbidden(f"{path}.nullable", detail))
    _check_root_metadata(schema, path, found)
    _check(schema, path, found, _Scope(root=True))
    if len(found) == before:
        check_rules(schema, path, found)
    # A type that is none keeps nobody from looking at defaults.
    if all(cause.reason == "FieldValueNotSupported" for cause in found[before:]):
        _check_defaults(Structural(schema, make_rules=make_rules, root=True), path, found)


def _check_root_metadata(schema: Object, path: str, found: list[Cause]) -> None:
    metadata = (schema.get("properties") or {}).get("metadata")
    if not isinstance(metadata, dict):
        return
    place = f"{path}.properties[metadata]"
    extra = {name for name, value in metadata.items() if value is not None} - _RESTRICTED
    named = set(metadata.get("properties") or {}) - {"name", "generateName"}
    if extra or named:
        detail = (
            "must not specify anything other than name and generateName, but metadata is "
            "implicitly specified"
        )
        found.append(causes.forbidden(place, detail))


def _check(schema: Object, path: str, found: list[Cause], scope: _Scope) -> None:
    if scope.depth > DEPTH_MAX:
        found.append(causes.forbidden(path, f"must not nest deeper than {DEPTH_MAX}"))
        return
    check_common(schema, path, found)
    _check_extensions(schema, path, found)
    _check_scope(schema, path, found, scope)
    whole = scope.root or bool(schema.get("x-kubernetes-embedded-resource"))
    if whole:
        _check_identity(schema, path, found)
    for name, part in (schema.get("properties") or {}).items():
        inner = scope.identity(name) if whole and name in IDENTITY else scope.below()
        _check_typed(part, f"{path}.properties[{name}]", "object fields", found, inner)
    _check_free(schema, path, found, scope)
    _check_items(schema, path, found, scope)
    skipped = int_or_string_logic(schema, path)
    for place, part in logic_parts(schema, path):
        if place not in skipped:
            check_nested(part, schema, place, path, found, scope.depth + 1, skipped)


def _check_scope(schema: Object, path: str, found: list[Cause], scope: _Scope) -> None:
    if schema.get("default") is not None and scope.no_default:
        detail = f"must not be set {scope.no_default}"
        found.append(causes.forbidden(f"{path}.default", detail))
    if scope.meta and schema.get("x-kubernetes-embedded-resource"):
        place = f"{path}.x-kubernetes-embedded-resource"
        found.append(causes.forbidden(place, "must not be used inside of resource meta"))


def _check_identity(schema: Object, path: str, found: list[Cause]) -> None:
    """What a whole object's schema says of its apiVersion, kind and metadata."""
    for name in IDENTITY:
        part = (schema.get("properties") or {}).get(name)
        wanted = "object" if name == "metadata" else "string"
        if isinstance(part, dict) and part.get("type") not in (wanted, None, ""):
            place = f"{path}.properties[{name}].type"
            found.append(causes.invalid(place, part["type"], f"must be {wanted}"))


def _check_free(schema: Object, path: str, found: list[Cause], scope: _Scope) -> None:
    free, place = schema.get("additionalProperties"), f"{path}.additionalProperties"
    if free is None:
        return
    if scope.root:
        found.append(causes.forbidden(place, "must not be used at the root"))
    if schema.get("x-kubernetes-embedded-resource"):
        detail = "must not be used if x-kubernetes-embedded-resource is set"
        found.append(causes.forbidden(place, detail))
    if free is False:
        found.append(causes.forbidden(place, "additionalProperties cannot be set to false"))
    elif schema.get("properties"):
        detail = "additionalProperties and properties are mutual exclusive"
        found.append(causes.forbidden(place, detail))
    if isinstance(free, dict):
        _check_typed(free, place, "object fields", found, scope.free())


def _check_typed(part: Any, path: str, where: str, found: list[Cause], scope: _Scope) -> None:
    if not isinstance(part, dict):
        found.append(causes.invalid(path, part, "must be a schema"))
        return
    free = part.get("x-kubernetes-int-or-string") or part.get(
        "x-kubernetes-preserve-unknown-fields"
    )
    if not part.get("type") and not free:
        detail = f"must not be empty for specified {where}"
        found.append(causes.required(f"{path}.type", detail))
    _check(part, path, found, scope)


def _check_items(schema: Object, path: str, found: list[Cause], scope: _Scope) -> None:
    items = schema.get("items")
    if isinstance(items, list) and items:
        detail = "items must be a schema object and not an array"
        found.append(causes.forbidden(f"{path}.items", detail))
    elif isinstance(items, dict):
        _check_typed(items, f"{path}.items", "array items", found, scope.below())
    elif schema.get("type") == "array":
        found.append(causes.required(f"{path}.items", "must be specified"))


def _check_extensions(schema: Object, path: str, found: list[Cause]) -> None:
    kind = schema.get("type")
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        place = f"{path}.x-kubernetes-preserve-unknown-fields"
        found.append(causes.invalid(place, False, "must be true or undefined"))
    if schema.get("x-kubernetes-int-or-string") and kind:
        detail = "must be empty if x-kubernetes-int-or-string is true"
        found.append(causes.forbidden(f"{path}.type", detail))
    for name in ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"):
        if schema.get("x-kubernetes-int-or-string") and schema.get(name):
            detail = "must be false if x-kubernetes-int-or-string is true"
            found.append(causes.invalid(f"{path}.{name}", True, detail))
    if schema.get("x-kubernetes-embedded-resource"):
        if kind != "object":
            detail = "must be object if x-kubernetes-embedded-resource is true"
            wrong = causes.invalid(f"{path}.type", kind, detail)
            found.append(wrong if kind else causes.required(f"{path}.type", detail))
        free = schema.get("x-kubernetes-preserve-unknown-fields")
        if not free and not schema.get("properties"):
            detail = (
                "must not be empty if x-kubernetes-embedded-resource is true without "
                "x-kubernetes-preserve-unknown-fields"
            )
            found.append(causes.required(f"{path}.properties", detail))
    check_merge_types(schema, path, found)


def _check_defaults(node: Structural, path: str, found: list[Cause]) -> None:
    """Defaults must be what the schema takes, without a field it does not know."""
    if node.default is not ABSENT:
        place = f"{path}.default"
        unknown: list[str] = []
        copied = _copy(node.default)
        walks.prune(node, copied, "", unknown)
        if unknown:
            detail = f"must not have unknown fields: {', '.join(unknown)}"
            found.append(causes.invalid(place, node.default, detail))
        wrong: list[Cause] = []
        values.validate(node, copied, "", ABSENT, wrong)
        wrong = [_placed(place, cause) for cause in wrong]
        check_lists(node, copied, place, wrong)
        found.extend(wrong or judge(node, copied, copied, path=place, mending=False).found)
    for name, part in node.properties.items():
        _check_defaults(part, f"{path}.properties[{name}]", found)
    free = node.free()
    if free is not None:
        _check_defaults(free, f"{path}.additionalProperties", found)
    if node.items is not None:
        _check_defaults(node.items, f"{path}.items", found)


def _placed(place: str, cause: Cause) -> Cause:
    """What is wrong inside of a default: only its place says where in the schema that is."""
    inside = "" if cause.field in ("", "<nil>") else f".{cause.field}"
    return cause._replace(field=f"{place}{inside}")


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value
