"""Schemas of custom resources in OpenAPI documents. As a kube-apiserver publishes them."""

from typing import Any

import pytest

from actors.apiserver.schema_files import load_definitions
from cluster.api.custom.definition import kinds_of
from cluster.api.custom.naming import status_of
from cluster.api.custom.openapi import custom_schemas
from cluster.api.openapi_schemas import V2, V3, Form, reachable
from tests.support.widgets import definition, version

EMBEDDED = {"type": "object", "x-kubernetes-embedded-resource": True}
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
RAW = load_definitions().raw


def published(schema: dict[str, Any], form: Form) -> dict[str, Any]:
    """The properties of a widget whose spec has a field of that schema."""
    served = version()
    spec = served["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["held"] = schema
    given = definition(served)
    given["metadata"]["uid"] = "1"
    given["spec"]["names"] |= {"singular": "widget", "listKind": "WidgetList"}
    given["status"] = status_of(given, [given], "2026-01-01T00:00:00Z")
    found = custom_schemas(kinds_of(given), form, RAW)["com.example.v1.Widget"]
    return dict(found["properties"])


def held(schema: dict[str, Any], form: Form) -> dict[str, Any]:
    """As ``published``: the field."""
    return dict(published(schema, form)["spec"]["properties"]["held"])


@pytest.mark.parametrize(
    ("form", "reference"),
    [
        (V2, {"$ref": f"#/definitions/{META}"}),
        (V3, {"allOf": [{"$ref": f"#/components/schemas/{META}"}]}),
    ],
)
def test_an_object_inside_has_what_all_objects_have(form: Form, reference: dict[str, Any]) -> None:
    given = {**EMBEDDED, "properties": {"spec": {"type": "object"}}, "required": ["spec", "kind"]}
    shown = held(given, form)
    assert sorted(shown["properties"]) == ["apiVersion", "kind", "metadata", "spec"]
    metadata = shown["properties"]["metadata"]
    assert metadata.pop("description").startswith("Standard object's metadata.")
    assert metadata == reference
    assert shown["required"] == ["spec", "kind", "apiVersion"]


def test_one_that_may_hold_anything_is_free_in_v2() -> None:
    keeps = {**EMBEDDED, "x-kubernetes-preserve-unknown-fields": True}
    assert "properties" not in held(keeps, V2)
    assert sorted(held(keeps, V3)["properties"]) == ["apiVersion", "kind", "metadata"]


@pytest.mark.parametrize("form", [V2, V3])
def test_what_all_objects_have_is_described_as_for_built_in_kinds(form: Form) -> None:
    shown = published({"type": "string"}, form)
    built_in = reachable(RAW, ["io.k8s.api.core.v1.Secret"], form)["io.k8s.api.core.v1.Secret"]
    for name in ("apiVersion", "kind", "metadata"):
        assert shown[name] == built_in["properties"][name]
    assert "More info:" in shown["kind"]["description"]
