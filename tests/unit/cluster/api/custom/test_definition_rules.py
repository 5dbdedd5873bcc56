"""What a CustomResourceDefinition must be."""

from typing import Any

import pytest

from cluster.api.custom.definition_rules import check_definition, check_definition_update
from cluster.api.defaults import apply_defaults
from cluster.api.kinds import by_kind
from cluster.api.status import Cause
from tests.support.widgets import definition, version


def said(obj: dict[str, Any]) -> list[str]:
    found: list[Cause] = []
    kind = by_kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    assert kind is not None
    apply_defaults(kind, obj)
    stored = [item["name"] for item in obj["spec"]["versions"] if item.get("storage")]
    obj.setdefault("status", {"storedVersions": stored[:1]})
    check_definition(obj, found)
    return [cause.text() for cause in found]


def changed(**spec: Any) -> dict[str, Any]:
    made = definition()
    made["spec"].update(spec)
    return made


def test_a_definition_that_is_right() -> None:
    assert said(definition()) == []
    assert said(definition(version("v2"), version("v1beta1", storage=False))) == []


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (changed(group="example.org"),
         'metadata.name: Invalid value: "widgets.example.com": must be '
         'spec.names.plural+"."+spec.group'),
        (changed(scope="Everywhere"),
         'spec.scope: Unsupported value: "Everywhere": supported values: "Cluster", "Namespaced"'),
        (definition(version(), version("v2")),
         'spec.versions: Invalid value: ["v1","v2"]: must have exactly one version marked as '
         "storage version"),
        (definition(version(), version(storage=False)),
         'spec.versions: Invalid value: ["v1","v1"]: must contain unique version names'),
        (definition(version(schema=None)),
         "spec.versions[0].schema.openAPIV3Schema: Required value"),
        (definition(version(additionalPrinterColumns=[
            {"name": "A", "type": "string", "jsonPath": "spec"}])),
         "spec.additionalPrinterColumns[0].JSONPath: Invalid value: \"spec\": must be a simple "
         "json path starting with ."),
        (definition(version(subresources={"scale": {
            "specReplicasPath": ".status.x", "statusReplicasPath": ".status.x"}})),
         'spec.subresources.scale.specReplicasPath: Invalid value: ".status.x": '
         "should be a json path under .spec"),
        (definition(version(selectableFields=[{"jsonPath": ".spec.parts"}])),
         'spec.selectableFields[0].jsonPath: Invalid value: ".spec.parts": must point to a field '
         "of type string, boolean or integer. Enum string fields and strings with formats are "
         "allowed."),
        (changed(preserveUnknownFields=True),
         "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set "
         "x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"),
        (changed(conversion={"strategy": "Webhook"}),
         "spec.conversion.webhookClientConfig: Required value: required when strategy is set to "
         "Webhook"),
    ],
)  # fmt: skip
def test_what_is_refused(obj: dict[str, Any], text: str) -> None:
    assert said(obj)[0] == text


@pytest.mark.parametrize(
    ("obj", "places"),
    [
        ({**definition(), "metadata": {}}, []),
        (changed(names={}), ["metadata.name", "spec.names.plural", "spec.names.singular",
                             "spec.names.kind", "spec.names.listKind"]),
        (changed(names={"plural": "widgets", "kind": "Widget", "categories": ["a" * 64]}),
         ["spec.names.categories[0]"]),
        (changed(conversion={}), ["spec.conversion.strategy"]),
        (changed(versions=[]), ["spec.versions", "status.storedVersions"]),
        (definition(version(), version()),
         ["spec.versions", "spec.versions", "status.storedVersions"]),
        (definition(version("V1")), ["spec.versions[0].name", "spec.version"]),
    ],
)  # fmt: skip
def test_where_what_is_refused_stands(obj: dict[str, Any], places: list[str]) -> None:
    assert [text.partition(": ")[0] for text in said(obj)] == places


def test_versions_that_are_stored_must_stay() -> None:
    made = {**definition(version("v2")), "status": {"storedVersions": ["v1"]}}
    assert [text.partition(": ")[0] for text in said(made)] == [
        "status.storedVersions", "status.storedVersions[0]",
    ]  # fmt: skip


def test_what_versions_have_in_common_is_told_of_once() -> None:
    scale = {"specReplicasPath": ".x", "statusReplicasPath": "", "labelSelectorPath": "status.s"}
    wrong = {"scale": scale}
    both = definition(version(subresources=wrong), version("v2", storage=False, subresources=wrong))
    assert said(both) == [
        'spec.subresources.scale.specReplicasPath: Invalid value: ".x": should be a json path '
        "under .spec",
        "spec.subresources.scale.statusReplicasPath: Required value",
        'spec.subresources.scale.labelSelectorPath: Invalid value: "status.s": must be a simple '
        "json path starting with .",
    ]
    one = definition(version(), version("v2", storage=False, subresources=wrong))
    assert said(one)[0].startswith("spec.versions[1].subresources.scale.specReplicasPath: ")
    other = {"openAPIV3Schema": {"type": "object", "properties": {"x": {}}}}
    apart = definition(version(), version("v2", storage=False, schema=other))
    assert said(apart) == [
        "spec.versions[1].schema.openAPIV3Schema.properties[x].type: Required value: must not be "
        "empty for specified object fields",
        'spec.versions[1].selectableFields[0].jsonPath: Invalid value: ".spec.color": is an '
        "invalid path: does not refer to a valid field",
    ]


def test_the_root_of_a_schema_whose_status_is_apart() -> None:
    schema = {"type": "object", "anyOf": [{"required": ["spec"]}], "maxProperties": 3}
    told = said(definition(version(schema={"openAPIV3Schema": schema}, selectableFields=[])))
    assert len(told) == 1 and told[0].startswith(
        'spec.validation.openAPIV3Schema: Invalid value: {"anyOf":[{"required":["spec"]}],'
        '"maxProperties":3}: only [Description Type '
    )
    plain = version(schema={"openAPIV3Schema": schema}, selectableFields=[], subresources={})
    assert said(definition(plain)) == []


@pytest.mark.parametrize(
    ("text", "deprecated", "detail"),
    [
        ("old", False, "can only be set for deprecated versions"),
        ("", True, "must not be an empty string"),
        ("x" * 257, True, "must be <= 256 characters long"),
        ("ü\n", True, "must only contain printable UTF-8 characters; non-printable character "
                      "found at index 2"),
    ],
)  # fmt: skip
def test_warnings_of_deprecation(text: str, deprecated: bool, detail: str) -> None:
    [told] = said(definition(version(deprecated=deprecated, deprecationWarning=text)))
    assert told.startswith("spec.versions[0].deprecationWarning: Invalid value: ")
    assert told.endswith(detail)


def test_conversion() -> None:
    url = {"clientConfig": {"url": "https://x"}}
    with_reviews = {**url, "conversionReviewVersions": ["v1", "v1", "V2"]}
    assert said(changed(conversion={"strategy": "None", "webhook": with_reviews})) == [
        "spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not "
        "set to Webhook",
        "spec.conversion.conversionReviewVersions: Forbidden: should not be set when strategy is "
        "not set to Webhook",
    ]
    found = said(changed(conversion={"strategy": "Webhook", "webhook": with_reviews}))
    assert found[0] == (
        'spec.conversion.conversionReviewVersions[1]: Invalid value: "v1": duplicate version'
    )
    assert found[1].startswith('spec.conversion.conversionReviewVersions[2]: Invalid value: "V2"')
    assert said(changed(conversion={"strategy": "Webhook", "webhook": url})) == [
        "spec.conversion.conversionReviewVersions: Required value"
    ]


def test_protected_groups_want_an_approval() -> None:
    made = changed(group="x.k8s.io")
    made["metadata"]["name"] = "widgets.x.k8s.io"
    assert "Required value: protected groups must have approval" in said(made)[0]
    made["metadata"]["annotations"] = {"api-approved.kubernetes.io": "https://example.com/1"}
    assert said(made) == []


def test_what_is_fixed_once_it_is_established() -> None:
    old, new = definition(), changed(scope="Cluster")
    assert said(old) == said(new) == []
    found: list[Cause] = []
    check_definition_update(old, new, found)
    assert found == []
    other = changed(group="example.org", names={"plural": "gadgets", "kind": "Gadget"})
    assert said(other)[0].startswith("metadata.name: ")
    check_definition_update(old, other, found)
    assert [cause.field for cause in found] == ["spec.group", "spec.names.plural"]
    found = []
    old["status"] = {"conditions": [{"type": "Established", "status": "True"}]}
    check_definition_update(old, new, found)
    assert [cause.text() for cause in found] == [
        'spec.scope: Invalid value: "Cluster": field is immutable'
    ]


def test_a_stored_version_stays() -> None:
    made = {**definition(), "status": {"storedVersions": ["v1", "v0"]}}
    assert said(made)[0].startswith('status.storedVersions[1]: Invalid value: "v0": missing from')
