"""The walk over an object: paths, and what cannot be changed by walking it again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.schema import Definitions
from cluster.api.schema_conform import Blank, WrongType, conform, path_text
from cluster.api.zero_fields import ZERO_FIELDS

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.floats(0, 9))
NAMES = st.sampled_from(
    ["metadata", "spec", "name", "labels", "containers", "image", "resources", "limits", "env",
     "volumes", "configMap", "items", "foo", "args", "ports", "containerPort", "status"]
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)


def test_paths() -> None:
    assert path_text(None) == ""
    path: Any = None
    for key in ("spec", "containers", 0, "env", 12, "name"):
        path = (path, key)
    assert path_text(path) == "spec.containers[0].env[12].name"


@given(st.dictionaries(NAMES, TREES, max_size=4))
def test_any_tree_conforms_or_is_refused_and_twice_is_once(tree: dict[str, Any]) -> None:
    node = DEFINITIONS.schema_for("io.k8s.api.core.v1.Pod")
    try:
        conform(node, tree)
    except WrongType as error:
        assert str(error)
        return
    before = str(tree)
    assert conform(node, tree) == [] and str(tree) == before


def test_what_is_empty_is_absent_unless_it_must_be_there(definitions: Definitions) -> None:
    pod: dict[str, Any] = {
        "metadata": {"labels": {}, "finalizers": [], "name": ""},
        "spec": {
            "nodeSelector": {},
            "securityContext": {},
            "volumes": [{"name": "v", "emptyDir": {}}],
            "containers": [{"env": [], "resources": {"limits": {}}}],
        },
    }
    conform(definitions.schema_for("io.k8s.api.core.v1.Pod"), pod)
    assert pod == {
        "metadata": {},
        "spec": {
            "securityContext": {},
            "volumes": [{"name": "v", "emptyDir": {}}],
            "containers": [{"resources": {}}],
        },
    }
    slices: dict[str, Any] = {"endpoints": [], "ports": []}
    conform(definitions.schema_for("io.k8s.api.discovery.v1.EndpointSlice"), slices)
    assert slices == {"endpoints": []}


def test_bytes_may_be_numbers(definitions: Definitions) -> None:
    secret: dict[str, Any] = {
        "metadata": {},
        "data": {"a": [104, 105], "b": [], "c": [None, 255], "d": "aGk="},
    }
    conform(definitions.schema_for("io.k8s.api.core.v1.Secret"), secret)
    assert secret["data"] == {"a": "aGk=", "b": "", "c": "AP8=", "d": "aGk="}
    node = definitions.schema_for("io.k8s.api.certificates.v1.CertificateSigningRequest")
    request: dict[str, Any] = {"spec": {"request": []}, "status": {"certificate": []}}
    conform(node, request)
    assert request["status"] == {} and request["spec"] == {"request": ""}
    for wrong, shown in ((256, "number 256"), (-1, "number -1"), ("a", "string"), (True, "bool")):
        with pytest.raises(WrongType) as caught:
            conform(definitions.schema_for("io.k8s.api.core.v1.Secret"), {"data": {"a": [wrong]}})
        text = f"json: cannot unmarshal {shown} into Go struct field Secret.data of type uint8"
        assert str(caught.value) == text


def test_a_zero_is_absent_where_its_type_cannot_tell_it_from_none(
    definitions: Definitions,
) -> None:
    container = {"name": "", "stdin": False, "workingDir": "", "image": "i"}
    container |= {"securityContext": {"privileged": False, "runAsUser": 0}}
    container |= {"ports": [{"containerPort": 0, "hostPort": 0}]}
    container |= {"env": [{"name": "A", "value": ""}]}
    spec = {"hostNetwork": False, "nodeName": "", "priority": 0, "containers": [container]}
    spec |= {"terminationGracePeriodSeconds": 0, "hostUsers": False}
    blanks: list[Blank] = []
    conform(definitions.schema_for("io.k8s.api.core.v1.PodSpec"), spec, blanks)
    assert spec == {
        "priority": 0,
        "terminationGracePeriodSeconds": 0,
        "hostUsers": False,
        "containers": [
            {
                "name": "",
                "image": "i",
                "securityContext": {"privileged": False, "runAsUser": 0},
                "ports": [{"containerPort": 0}],
                "env": [{"name": "A"}],
            }
        ],
    }
    gone = {blank.field: blank.value for blank in blanks}
    names = ("hostNetwork", "nodeName", "hostPort", "value", "stdin", "workingDir")
    assert gone == dict(zip(names, (False, "", 0, "", False, ""), strict=True))


def test_a_zero_of_a_wrong_type_is_wrong(definitions: Definitions) -> None:
    for wrong in ({"hostNetwork": 0}, {"nodeName": False}, {"nodeName": 0}):
        with pytest.raises(WrongType):
            conform(definitions.schema_for("io.k8s.api.core.v1.PodSpec"), wrong)


def test_fields_that_say_nothing_are_known_fields(definitions: Definitions) -> None:
    for name, fields in ZERO_FIELDS.items():
        known = definitions.schema_for(name).struct_fields()
        shapes = {field: known[field].shape for field in fields}
        assert set(shapes.values()) <= {"string", "bool", "int32", "int64"}, (name, shapes)


# A little schema: hypothesis must not reach for a session fixture in each example.
DEFINITIONS = Definitions(
    b"""{"$defs": {
    "io.k8s.api.core.v1.Pod": {"type": ["object", "null"], "properties": {
        "metadata": {"type": ["object", "null"], "properties": {
            "name": {"type": ["string", "null"]},
            "labels": {"type": "object", "additionalProperties": {"type": ["string", "null"]}}}},
        "spec": {"$ref": "#/$defs/io.k8s.api.core.v1.PodSpec"}}},
    "io.k8s.api.core.v1.PodSpec": {"type": "object", "properties": {
        "containers": {"type": "array", "items": {"$ref": "#/$defs/C"}},
        "volumes": {"type": "array", "items": {"type": "object", "properties": {
            "name": {"type": "string"}, "configMap": {"type": "object"}}}}}},
    "C": {"type": "object", "properties": {
        "image": {"type": "string"}, "args": {"type": "array", "items": {"type": "string"}},
        "ports": {"type": "array", "items": {"type": "array", "items": {"type": "boolean"}}},
        "resources": {"type": "object", "additionalProperties": {"type": "object",
            "additionalProperties": {"$ref":
                "#/$defs/io.k8s.apimachinery.pkg.api.resource.Quantity"}}}}},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"oneOf": []}}}"""
)
