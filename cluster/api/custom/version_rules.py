"""What the versions of a CustomResourceDefinition must be, in Kubernetes' words.

What all versions have in common Kubernetes tells of at the definition itself: the schema at
``spec.validation.openAPIV3Schema``, the rest at ``spec.subresources`` and so on. Only where
versions differ is a place one of ``spec.versions[0]``. Source: the API reference of
CustomResourceDefinition, versions. Must not know names, nor conversion.
"""

from typing import Any

from cluster.api import names
from cluster.api.custom.selectable import check_selectable
from cluster.api.custom.structure_rules import check_schema
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

WARNING_MAX = 256
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = (
    "byte", "date", "date-time", "double", "float", "int32", "int64", "password",
)  # fmt: skip
# With the status apart, the schema of the status must be a part of its own.
_ROOT_FIELDS = {
    "description": "Description", "type": "Type", "format": "Format", "title": "Title",
    "maximum": "Maximum", "exclusiveMaximum": "ExclusiveMaximum", "minimum": "Minimum",
    "exclusiveMinimum": "ExclusiveMinimum", "maxLength": "MaxLength", "minLength": "MinLength",
    "pattern": "Pattern", "maxItems": "MaxItems", "minItems": "MinItems",
    "uniqueItems": "UniqueItems", "multipleOf": "MultipleOf", "required": "Required",
    "items": "Items", "properties": "Properties", "externalDocs": "ExternalDocs",
    "example": "Example", "x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields",
    "x-kubernetes-validations": "XValidations",
}  # fmt: skip
_PARTS = ("schema", "subresources", "additionalPrinterColumns", "selectableFields")


def check_versions(versions: list[Object], found: list[Cause]) -> None:
    """All of them."""
    listed = [item.get("name") or "" for item in versions]
    if len(set(listed)) != len(listed):
        detail = "must contain unique version names"
        found.append(causes.invalid("spec.versions", listed, detail))
    if sum(1 for item in versions if item.get("storage")) != 1:
        detail = "must have exactly one version marked as storage version"
        found.append(causes.invalid("spec.versions", listed, detail))
    shared = _shared(versions)
    for position, version in enumerate(versions):
        path = f"spec.versions[{position}]"
        name, errors = version.get("name") or "", _name_errors(version)
        causes.each(f"{path}.name", name, errors, found)
        if position == 0 and name:
            # Kubernetes' own form of a definition has a version of its own, the first.
            causes.each("spec.version", name, errors, found)
        _check_warning(version, path, found)
        if not isinstance(_schema(version), dict):
            place = f"{path}.schema.openAPIV3Schema"
            found.append(causes.required(place))
        for name in _PARTS:
            if name not in shared:
                _check_part(name, version, path, found)
            elif position == 0:
                _check_part(name, version, "spec", found)


def _name_errors(version: Object) -> tuple[str, ...]:
    errors = names.dns_1035_errors(version.get("name") or "")
    return (",".join(errors),) if errors else ()


def _shared(versions: list[Object]) -> set[str]:
    """The parts that all versions have in common."""
    found = {
        name for name in _PARTS
        if all((item.get(name) or None) == (versions[0].get(name) or None) for item in versions)
    }  # fmt: skip
    # Fields are judged by the schema that stands with them.
    return found if "schema" in found else found - {"selectableFields"}


def _schema(version: Object) -> Any:
    return (version.get("schema") or {}).get("openAPIV3Schema")


def _check_part(name: str, version: Object, path: str, found: list[Cause]) -> None:
    schema, subresources = _schema(version), version.get("subresources") or {}
    match name:
        case "schema" if isinstance(schema, dict):
            part = "validation" if path == "spec" else "schema"
            place = f"{path}.{part}.openAPIV3Schema"
            if "status" in subresources:
                _check_root(schema, place, found)
            check_schema(schema, place, found)
        case "subresources":
            _check_scale(subresources.get("scale"), f"{path}.subresources.scale", found)
        case "additionalPrinterColumns":
            for position, column in enumerate(version.get(name) or ()):
                _check_column(column, f"{path}.{name}[{position}]", found)
        case "selectableFields" if isinstance(schema, dict):
            check_selectable(version.get(name) or [], schema, f"{path}.{name}", found)


def _check_warning(version: Object, path: str, found: list[Cause]) -> None:
    text, place = version.get("deprecationWarning"), f"{path}.deprecationWarning"
    if text is None:
        return
    if not version.get("deprecated"):
        found.append(causes.invalid(place, text, "can only be set for deprecated versions"))
        return
    if len(text.encode()) > WARNING_MAX:
        detail = f"must be <= {WARNING_MAX} characters long"
        found.append(causes.invalid(place, text, detail))
    if not text:
        found.append(causes.invalid(place, text, "must not be an empty string"))
    for position, sign in enumerate(text):
        if not sign.isprintable():
            detail = "must only contain printable UTF-8 characters; non-printable character found"
            index = len(text[:position].encode())
            found.append(causes.invalid(place, text, f"{detail} at index {index}"))
            break


def _check_root(schema: Object, path: str, found: list[Cause]) -> None:
    extra = {name: value for name, value in schema.items() if value and name not in _ROOT_FIELDS}
    if extra:
        detail = (
            f"only [{' '.join(_ROOT_FIELDS.values())}] fields are allowed at the root of the "
            "schema if the status subresource is enabled"
        )
        found.append(causes.invalid(path, extra, detail))


def _check_column(column: Object, path: str, found: list[Cause]) -> None:
    if not column.get("name"):
        found.append(causes.required(f"{path}.name"))
    kind, text, form = column.get("type"), column.get("jsonPath"), column.get("format")
    detail = f"must be one of {','.join(_COLUMN_TYPES)}"
    if not kind:
        found.append(causes.required(f"{path}.type", detail))
    elif kind not in _COLUMN_TYPES:
        found.append(causes.invalid(f"{path}.type", kind, detail))
    if form and form not in _COLUMN_FORMATS:
        detail = f"must be one of {','.join(_COLUMN_FORMATS)}"
        found.append(causes.invalid(f"{path}.format", form, detail))
    place = f"{path}.JSONPath"
    if not text:
        found.append(causes.required(place))
    elif not text.startswith("."):
        detail = "must be a simple json path starting with ."
        found.append(causes.invalid(place, text, detail))


def _check_scale(scale: Object | None, path: str, found: list[Cause]) -> None:
    if scale is None:
        return
    for name, roots, under in (
        ("specReplicasPath", (".spec.",), ".spec"),
        ("statusReplicasPath", (".status.",), ".status"),
        ("labelSelectorPath", (".spec.", ".status."), "either .spec or .status"),
    ):
        text, place = scale.get(name) or "", f"{path}.{name}"
        if not text:
            if name != "labelSelectorPath":
                found.append(causes.required(place))
        elif not text.startswith("."):
            detail = "must be a simple json path starting with ."
            found.append(causes.invalid(place, text, detail))
        elif not text.startswith(roots):
            found.append(causes.invalid(place, text, f"should be a json path under {under}"))
