"""What a CustomResourceDefinition must be."""

from typing import Any

import pytest

from cluster.api.custom.definition_rules import check_definition, check_definition_update
from cluster.api.status import Cause
from tests.support.widgets import definition, version


def said(obj: dict[str, Any]) -> list[str]:
    found: list[Cause] = []
    obj["spec"].setdefault("conversion", {"strategy": "None"})
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
         "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required"),
        (definition(version(additionalPrinterColumns=[
            {"name": "A", "type": "string", "jsonPath": ".spec["}])),
         "spec.versions[0].additionalPrinterColumns[0].jsonPath: Invalid value: \".spec[\": "
         "illegal JSONPath: unterminated array"),
        (definition(version(subresources={"scale": {
            "specReplicasPath": ".status.x", "statusReplicasPath": ".status.x"}})),
         'spec.versions[0].subresources.scale.specReplicasPath: Invalid value: ".status.x": '
         "should be a json path under .spec"),
        (definition(version(selectableFields=[{"jsonPath": ".spec.parts"}])),
         'spec.versions[0].selectableFields[0].jsonPath: Invalid value: ".spec.parts": is an '
         "invalid path: must point to a field of type string, boolean or integer"),
        (changed(preserveUnknownFields=True),
         "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set "
         "x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"),
        (changed(conversion={"strategy": "Webhook"}),
         "spec.conversion.webhook.clientConfig: Required value: required when strategy is set to "
         "Webhook"),
    ],
)  # fmt: skip
def test_what_is_refused(obj: dict[str, Any], text: str) -> None:
    assert said(obj)[0] == text


def test_protected_groups_want_an_approval() -> None:
    made = changed(group="x.k8s.io")
    made["metadata"]["name"] = "widgets.x.k8s.io"
    assert "Required value: protected groups must have approval" in said(made)[0]
    made["metadata"]["annotations"] = {"api-approved.kubernetes.io": "https://example.com/1"}
    assert said(made) == []


def test_what_is_fixed_once_it_is_established() -> None:
    old, new = definition(), changed(scope="Cluster")
    found: list[Cause] = []
    check_definition_update(old, new, found)
    assert found == []
    old["status"] = {"conditions": [{"type": "Established", "status": "True"}]}
    check_definition_update(old, new, found)
    assert [cause.text() for cause in found] == [
        'spec.scope: Invalid value: "Cluster": field is immutable'
    ]


def test_a_stored_version_stays() -> None:
    made = {**definition(), "status": {"storedVersions": ["v1", "v0"]}}
    assert said(made)[0].startswith('status.storedVersions[1]: Invalid value: "v0": missing from')
