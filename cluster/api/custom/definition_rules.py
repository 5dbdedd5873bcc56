"""What a CustomResourceDefinition must be, beyond its schema, in Kubernetes' words.

Source: the API reference of CustomResourceDefinition. Must not know other definitions: conflicts of
names are ``naming.py``'s.
"""

import re
from typing import Any

from cluster.api import names
from cluster.api.custom.definition import ESTABLISHED, is_true
from cluster.api.custom.jsonpath import PathError, compile_path, simple_path
from cluster.api.custom.naming import APPROVAL, is_protected
from cluster.api.custom.structure_rules import check_schema
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_SCOPES = frozenset(("Cluster", "Namespaced"))
_COLUMN_TYPES = frozenset(("integer", "number", "string", "boolean", "date"))
_STRATEGIES = frozenset(("None", "Webhook"))
_CATEGORY = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
SELECTABLE_MAX = 8


def check_definition(obj: Object, found: list[Cause]) -> None:
    """A definition that has its defaults."""
    spec = obj.get("spec") or {}
    _check_group(obj, spec, found)
    given = spec.get("names") or {}
    wanted = f"{given.get('plural', '')}.{spec.get('group', '')}"
    name = (obj.get("metadata") or {}).get("name")
    if name != wanted:
        detail = 'must be spec.names.plural+"."+spec.group'
        found.append(causes.invalid("metadata.name", name, detail))
    causes.one_of("spec.scope", spec.get("scope"), _SCOPES, found)
    _check_names(given, "spec.names", found)
    if spec.get("preserveUnknownFields"):
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
            "spec.versions[*].schema instead"
        )
        found.append(causes.invalid("spec.preserveUnknownFields", True, detail))
    _check_versions(spec.get("versions") or [], found)
    _check_conversion(spec.get("conversion") or {}, found)
    _check_stored(obj, spec, found)


def check_definition_update(old: Object, new: Object, found: list[Cause]) -> None:
    """What an update may not change."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    fixed: list[tuple[str, Any, Any]] = [("spec.group", before.get("group"), after.get("group"))]
    if is_true(old, ESTABLISHED):
        fixed.append(("spec.scope", before.get("scope"), after.get("scope")))
        for name in ("kind", "plural"):
            fixed.append(
                (
                    f"spec.names.{name}",
                    (before.get("names") or {}).get(name),
                    (after.get("names") or {}).get(name),
                )
            )
    for path, was, now in fixed:
        if was != now:
            found.append(causes.invalid(path, now, causes.IMMUTABLE))


def _check_group(obj: Object, spec: Object, found: list[Cause]) -> None:
    group = spec.get("group") or ""
    if not group:
        found.append(causes.required("spec.group"))
        return
    errors = names.subdomain_errors(group)
    causes.each("spec.group", group, errors, found)
    if not errors and "." not in group:
        detail = "should be a domain with at least one dot"
        found.append(causes.invalid("spec.group", group, detail))
    if is_protected(group):
        value = ((obj.get("metadata") or {}).get("annotations") or {}).get(APPROVAL, "")
        path = f"metadata.annotations[{APPROVAL}]"
        if not value:
            detail = (
                f'protected groups must have approval annotation "{APPROVAL}", see '
                "https://github.com/kubernetes/enhancements/pull/1111"
            )
            found.append(causes.required(path, detail))
        elif not value.startswith(("https://", "http://", "unapproved")):
            detail = (
                f'protected groups must have approval annotation "{APPROVAL}" with either a URL '
                'or a reason starting with "unapproved", see '
                "https://github.com/kubernetes/enhancements/pull/1111"
            )
            found.append(causes.invalid(path, value, detail))


def _check_names(given: Object, path: str, found: list[Cause]) -> None:
    for name in ("plural", "singular", "kind", "listKind"):
        value = given.get(name) or ""
        if not value and name in ("plural", "kind"):
            found.append(causes.required(f"{path}.{name}"))
        elif value:
            mixed = name in ("kind", "listKind")
            for error in names.dns_1035_errors(value.lower() if mixed else value):
                told = f"may have mixed case, but should otherwise match: {error}"
                found.append(causes.invalid(f"{path}.{name}", value, told if mixed else error))
    if given.get("kind") and given.get("kind") == given.get("listKind"):
        detail = "kind and listKind may not be the same"
        found.append(causes.invalid(f"{path}.listKind", given["listKind"], detail))
    for position, value in enumerate(given.get("shortNames") or ()):
        causes.each(f"{path}.shortNames[{position}]", value, names.dns_1035_errors(value), found)
    for position, value in enumerate(given.get("categories") or ()):
        errors = () if _CATEGORY.fullmatch(value) else names.dns_1035_errors(value)
        causes.each(f"{path}.categories[{position}]", value, errors, found)


def _check_versions(versions: list[Object], found: list[Cause]) -> None:
    stored = sum(1 for item in versions if item.get("storage"))
    listed = [item.get("name") or "" for item in versions]
    if len(set(listed)) != len(listed):
        detail = "must contain unique version names"
        found.append(causes.invalid("spec.versions", listed, detail))
    if stored != 1:
        detail = "must have exactly one version marked as storage version"
        found.append(causes.invalid("spec.versions", listed, detail))
    for position, version in enumerate(versions):
        _check_version(version, f"spec.versions[{position}]", found)


def _check_version(version: Object, path: str, found: list[Cause]) -> None:
    name = version.get("name") or ""
    causes.each(f"{path}.name", name, names.dns_1035_errors(name), found)
    if version.get("deprecationWarning") and not version.get("deprecated"):
        detail = "can only be set for deprecated versions"
        found.append(
            causes.invalid(f"{path}.deprecationWarning", version["deprecationWarning"], detail)
        )
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    place = f"{path}.schema.openAPIV3Schema"
    if not isinstance(schema, dict):
        found.append(causes.required(place, "schemas are required"))
    else:
        check_schema(schema, place, found)
    for number, column in enumerate(version.get("additionalPrinterColumns") or ()):
        _check_column(column, f"{path}.additionalPrinterColumns[{number}]", found)
    _check_scale((version.get("subresources") or {}).get("scale"), path, found)
    _check_selectable(version.get("selectableFields") or [], schema, path, found)


def _check_column(column: Object, path: str, found: list[Cause]) -> None:
    if not column.get("name"):
        found.append(causes.required(f"{path}.name"))
    kind, text = column.get("type"), column.get("jsonPath")
    if not kind:
        listed = ",".join(sorted(_COLUMN_TYPES))
        found.append(causes.required(f"{path}.type", f"must be one of {listed}"))
    elif kind not in _COLUMN_TYPES:
        listed = ",".join(sorted(_COLUMN_TYPES))
        found.append(causes.invalid(f"{path}.type", kind, f"must be one of {listed}"))
    if not text:
        found.append(causes.required(f"{path}.jsonPath"))
        return
    try:
        compile_path(text)
    except PathError as error:
        detail = f"illegal JSONPath: {error}"
        found.append(causes.invalid(f"{path}.jsonPath", text, detail))


def _check_scale(scale: Object | None, path: str, found: list[Cause]) -> None:
    if scale is None:
        return
    for name, roots, needed in (
        ("specReplicasPath", ("spec",), True),
        ("statusReplicasPath", ("status",), True),
        ("labelSelectorPath", ("spec", "status"), False),
    ):
        text, place = scale.get(name) or "", f"{path}.subresources.scale.{name}"
        steps = simple_path(text)
        if not text:
            if needed:
                found.append(causes.required(place))
        elif steps is None or len(steps) < 2 or steps[0] not in roots:
            where = " or ".join(f".{root}" for root in reversed(roots))
            detail = f"should be a json path under {where}"
            found.append(causes.invalid(place, text, detail))


def _check_selectable(given: list[Object], schema: Any, path: str, found: list[Cause]) -> None:
    place = f"{path}.selectableFields"
    if len(given) > SELECTABLE_MAX:
        found.append(causes.too_many(place, len(given), SELECTABLE_MAX))
    seen = set()
    for position, item in enumerate(given):
        text, where = item.get("jsonPath") or "", f"{place}[{position}].jsonPath"
        steps = simple_path(text)
        if not text:
            found.append(causes.required(where))
        elif steps is None or steps[0] == "metadata":
            detail = "is an invalid path: must be a path of fields, not of metadata"
            found.append(causes.invalid(where, text, detail))
        elif text in seen:
            found.append(causes.duplicate(where, text))
        elif isinstance(schema, dict) and not _is_selectable(schema, steps):
            detail = "is an invalid path: must point to a field of type string, boolean or integer"
            found.append(causes.invalid(where, text, detail))
        seen.add(text)


def _is_selectable(schema: Object, steps: tuple[str, ...]) -> bool:
    for name in steps:
        schema = (schema.get("properties") or {}).get(name) or {}
    return schema.get("type") in ("string", "boolean", "integer")


def _check_conversion(conversion: Object, found: list[Cause]) -> None:
    strategy, webhook = conversion.get("strategy"), conversion.get("webhook")
    causes.one_of("spec.conversion.strategy", strategy, _STRATEGIES, found)
    path = "spec.conversion.webhook"
    if strategy == "None" and webhook:
        detail = "should not be set when strategy is not set to Webhook"
        found.append(causes.forbidden(path, detail))
    if strategy != "Webhook":
        return
    client = (webhook or {}).get("clientConfig")
    if not client:
        detail = "required when strategy is set to Webhook"
        found.append(causes.required(f"{path}.clientConfig", detail))
    elif bool(client.get("url")) == bool(client.get("service")):
        detail = "exactly one of url or service is required"
        found.append(causes.required(f"{path}.clientConfig", detail))
    elif client.get("url") and not client["url"].startswith("https://"):
        detail = "'https' is the only allowed URL scheme"
        found.append(causes.invalid(f"{path}.clientConfig.url", client["url"], detail))
    reviews = (webhook or {}).get("conversionReviewVersions") or []
    if not reviews:
        found.append(causes.required(f"{path}.conversionReviewVersions"))
    elif "v1" not in reviews and "v1beta1" not in reviews:
        detail = "must include at least one of v1, v1beta1"
        found.append(causes.invalid(f"{path}.conversionReviewVersions", reviews, detail))


def _check_stored(obj: Object, spec: Object, found: list[Cause]) -> None:
    """What is stored in a version must stay readable."""
    known = {item.get("name") for item in spec.get("versions") or ()}
    for position, name in enumerate((obj.get("status") or {}).get("storedVersions") or ()):
        if name not in known:
            path = f"status.storedVersions[{position}]"
            found.append(
                causes.invalid(
                    path,
                    name,
                    "missing from spec.versions; "
                    f"{name} was previously a storage version, and must remain in "
                    "spec.versions until a storage migration ensures no data remains "
                    f"persisted in {name} and removes {name} from status.storedVersions",
                )
            )
