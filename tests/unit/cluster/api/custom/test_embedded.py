"""Objects inside custom resources. Answers as a kube-apiserver gave them."""

from typing import Any

import pytest

from cluster.api.custom.embedded import check_resources
from cluster.api.custom.structural import Structural
from cluster.api.custom.walks import prune
from cluster.api.schema import OBJECT_META, Definitions
from cluster.api.schema_conform import WrongType
from cluster.api.status import Cause

POD = {
    "type": "object",
    "x-kubernetes-embedded-resource": True,
    "x-kubernetes-preserve-unknown-fields": True,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "pod": POD,
        "listed": {"type": "array", "items": POD},
        "named": {"type": "object", "additionalProperties": POD},
    },
}
NODE = Structural(SCHEMA, None, root=True)


def fields(obj: dict[str, Any]) -> dict[str, str]:
    """Messages by field."""
    found: list[Cause] = []
    check_resources(NODE, obj, "", found)
    return {cause.field: cause.message for cause in found}


def test_right() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "A_", "labels": {"a": "b"}}}
    assert fields({"pod": pod, "listed": [pod], "named": {"a": pod}, "metadata": {}}) == {}


def test_type() -> None:
    assert fields({"pod": {}}) == {
        "pod.apiVersion": "Required value: must not be empty",
        "pod.kind": "Required value: must not be empty",
    }
    assert fields({"listed": [{"apiVersion": "", "kind": ""}]}) == {
        "listed[0].apiVersion": 'Invalid value: "": must not be empty',
        "listed[0].kind": 'Invalid value: "": must not be empty',
    }
    found = fields({"named": {"x": {"apiVersion": "a/b/c", "kind": "P_"}}})
    assert found["named[x].apiVersion"] == (
        'Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'
    )
    assert found["named[x].kind"].startswith(
        'Invalid value: "P_": may have mixed case, but should otherwise match: a DNS-1035 label'
    )


def test_metadata() -> None:
    metadata = {
        "name": "a/b",
        "namespace": "N_",
        "labels": {"A_": "x y"},
        "annotations": {"a b": "c"},
        "finalizers": ["x y"],
        "ownerReferences": [{"kind": "a"}],
    }
    found = fields({"pod": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}})
    assert sorted(found) == [
        "pod.metadata.annotations",
        "pod.metadata.finalizers",
        "pod.metadata.labels",
        "pod.metadata.name",
        "pod.metadata.namespace",
        "pod.metadata.ownerReferences[0].apiVersion",
        "pod.metadata.ownerReferences[0].name",
        "pod.metadata.ownerReferences[0].uid",
    ]
    assert found["pod.metadata.name"] == "Invalid value: \"a/b\": may not contain '/'"


@pytest.mark.parametrize(
    ("pod", "text"),
    [
        ({"apiVersion": 1}, "pod.apiVersion: Invalid value: 1: must be a string"),
        ({"kind": None}, "pod.kind: Invalid value: null: must be a string"),
        (
            {"metadata": {"labels": {"x": 1}}},
            'pod.metadata: Invalid value: {"labels":{"x":1}}: json: cannot unmarshal number into '
            "Go struct field ObjectMeta.labels of type string",
        ),
    ],
)
def test_what_is_no_object_at_all(definitions: Definitions, pod: dict[str, Any], text: str) -> None:
    node = Structural(SCHEMA, definitions.schema_for(OBJECT_META), root=True)
    with pytest.raises(WrongType) as caught:
        prune(node, {"pod": pod}, "", [])
    assert str(caught.value) == text
    # What is stored was not looked at once; it can be read nevertheless.
    prune(NODE, {"pod": pod}, "", [])


def test_no_metadata_is_empty(definitions: Definitions) -> None:
    node = Structural(SCHEMA, definitions.schema_for(OBJECT_META), root=True)
    obj = {"pod": {"apiVersion": "v1", "kind": "Pod", "metadata": None}}
    prune(node, obj, "", [])
    assert obj["pod"]["metadata"] == {}
