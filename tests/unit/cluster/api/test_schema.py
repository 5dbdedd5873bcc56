"""Strict decoding: unknown fields, wrong types, canonical forms, and what patches read."""

from typing import Any

import pytest

from cluster.api.kinds import SERVED, Kind, by_resource
from cluster.api.schema import Definitions
from cluster.errors import StatusError


def kind_of(group: str, plural: str) -> Kind:
    found = by_resource(group, "v1", plural)
    assert found is not None
    return found


PODS = kind_of("", "pods")
DEPLOYMENTS = kind_of("apps", "deployments")


def test_a_right_object_is_left_as_it_is(definitions: Definitions, pod: dict[str, Any]) -> None:
    text = str(pod)
    assert definitions.conform(PODS, pod) == []
    assert str(pod) == text


def test_unknown_fields_by_mode(definitions: Definitions, deployment: dict[str, Any]) -> None:
    def wrong() -> dict[str, Any]:
        spec = deployment["spec"]
        spec["replicass"] = 3
        spec["template"]["spec"]["containers"][0]["imagee"] = "x"
        return deployment

    with pytest.raises(StatusError) as caught:
        definitions.conform(DEPLOYMENTS, wrong(), "Strict", ('duplicate field "spec.replicas"',))
    assert caught.value.code == 400 and caught.value.reason == "BadRequest"
    assert caught.value.status["message"] == (
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: '
        'unknown field "spec.template.spec.containers[0].imagee", '
        'unknown field "spec.replicass", duplicate field "spec.replicas"'
    )
    warnings = definitions.conform(DEPLOYMENTS, wrong(), "Warn", ('duplicate field "a"',))
    assert warnings[-1] == 'duplicate field "a"' and len(warnings) == 3
    assert "replicass" not in deployment["spec"], "unknown fields are dropped"
    assert definitions.conform(DEPLOYMENTS, wrong(), "Ignore", ("a",)) == []


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("activeDeadlineSeconds", "x", "cannot unmarshal string into Go struct field PodSpec.spec."
         "activeDeadlineSeconds of type int64"),
        ("activeDeadlineSeconds", 1.0, "cannot unmarshal number 1.0"),
        ("activeDeadlineSeconds", True, "cannot unmarshal bool"),
        ("priority", 2**31, "of type int32"),
        ("activeDeadlineSeconds", 2**63, "of type int64"),
        ("containers", {}, r"cannot unmarshal object .* of type \[\]v1.Container"),
        ("containers", ["x"], "PodSpec.spec.containers of type v1.Container"),
        ("nodeSelector", {"a": 1}, "Go struct field PodSpec.spec.nodeSelector of type string"),
        ("containers", [{"name": "x", "env": [{"name": "a", "value": True}]}],
         "bool into Go struct field EnvVar.spec.containers.env.value of type string"),
        ("nodeSelector", "a", r"of type map\[string\]string"),
        ("hostNetwork", "true", "of type bool"),
        ("affinity", [], "cannot unmarshal array .* of type v1.Affinity"),
        ("overhead", {"cpu": "x"}, "quantities must match"),
        ("overhead", {"cpu": []}, "cannot unmarshal array"),
    ],
)  # fmt: skip
def test_wrong_types(
    definitions: Definitions, pod: dict[str, Any], field: str, value: Any, text: str
) -> None:
    pod["spec"][field] = value
    with pytest.raises(StatusError, match=text) as caught:
        definitions.conform(PODS, pod, "Ignore")
    assert caught.value.code == 400


def test_nulls_are_as_if_absent(definitions: Definitions, pod: dict[str, Any]) -> None:
    pod["metadata"] |= {"creationTimestamp": None, "labels": {"a": None}}
    pod["spec"]["containers"][0]["image"] = None
    pod["spec"]["containers"][0]["args"] = [None, "x"]
    pod["spec"]["volumes"].append(None)
    assert definitions.conform(PODS, pod) == []
    assert "creationTimestamp" not in pod["metadata"]
    assert pod["metadata"]["labels"] == {"a": ""}
    assert "image" not in pod["spec"]["containers"][0]
    assert pod["spec"]["containers"][0]["args"] == ["", "x"]
    assert pod["spec"]["volumes"][1] == {}


def test_canonical_forms(definitions: Definitions, pod: dict[str, Any]) -> None:
    pod["metadata"]["creationTimestamp"] = "2026-01-01T02:00:00.5+02:00"
    limits = {"cpu": 1, "memory": "1024Mi", "x.io/y": 1.5}
    pod["spec"]["containers"][0]["resources"]["limits"] = limits
    definitions.conform(PODS, pod)
    assert pod["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert limits == {"cpu": "1", "memory": "1Gi", "x.io/y": "1500m"}
    lease = {"spec": {"renewTime": "2026-01-01T00:00:00Z"}}
    definitions.conform(kind_of("coordination.k8s.io", "leases"), lease)
    assert lease["spec"]["renewTime"] == "2026-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("time", ["", "x", "2026-13-01T00:00:00Z", "2026-01-01", "0000-00-00T"])
def test_wrong_times(definitions: Definitions, pod: dict[str, Any], time: str) -> None:
    pod["metadata"]["deletionTimestamp"] = time
    with pytest.raises(StatusError, match="parsing time"):
        definitions.conform(PODS, pod)


def test_base64(definitions: Definitions) -> None:
    secret = {"data": {"a": "aGVs\nbG8="}}
    definitions.conform(kind_of("", "secrets"), secret)
    assert secret == {"data": {"a": "aGVsbG8="}}
    for text in ("aGk", "!!", "aGk=x", "ä"):
        with pytest.raises(StatusError, match=r"illegal base64 data in data\.a"):
            definitions.conform(kind_of("", "secrets"), {"data": {"a": text}})


def test_what_is_open_stays_open(definitions: Definitions, pod: dict[str, Any]) -> None:
    fields = {"f:spec": {"f:x": {}, ".": None}}
    entry = {"manager": "m", "fieldsV1": fields, "time": "2026-01-01T00:00:00Z"}
    pod["metadata"]["managedFields"] = [entry]
    assert definitions.conform(PODS, pod) == []
    assert pod["metadata"]["managedFields"][0]["fieldsV1"] == {"f:spec": {"f:x": {}, ".": None}}


def test_int_or_string(definitions: Definitions, deployment: dict[str, Any]) -> None:
    rolling = {"maxSurge": "25%", "maxUnavailable": 1}
    deployment["spec"]["strategy"] = {"rollingUpdate": rolling}
    assert definitions.conform(DEPLOYMENTS, deployment) == []
    for wrong in (1.5, True, [], {}, 2**40):
        rolling["maxSurge"] = wrong  # type: ignore[assignment]  # that is the point
        with pytest.raises(StatusError, match="maxSurge"):
            definitions.conform(DEPLOYMENTS, deployment)


def test_the_body_of_a_subresource(definitions: Definitions) -> None:
    part = DEPLOYMENTS.subresources["scale"]
    with pytest.raises(StatusError, match='Scale in version "v1" cannot be handled as a Scale'):
        definitions.conform(DEPLOYMENTS, {"spec": {"replicas": "3"}}, definition=part.definition)


def test_what_a_schema_requires_is_missed(definitions: Definitions) -> None:
    part = "io.k8s.api.networking.v1.IngressClassSpec"
    causes = definitions.missing(part, {"controller": "x", "parameters": {}})
    assert {(cause.field, cause.reason) for cause in causes} == {
        ("parameters.kind", "FieldValueRequired"),
        ("parameters.name", "FieldValueRequired"),
    }


def test_what_patches_read(definitions: Definitions) -> None:
    node = definitions.schema_for("io.k8s.api.apps.v1.Deployment")
    spec = node.child("spec")
    assert spec is not None and spec.has_field("replicas") and not spec.has_field("foo")
    strategy = spec.child("strategy")
    assert strategy is not None and strategy.patch_strategy == "retainKeys"
    template = spec.child("template")
    pod = template.child("spec") if template else None
    containers = pod.child("containers") if pod else None
    assert containers is not None and containers.items is not None
    assert (containers.patch_merge_key, containers.list_type) == ("name", "map")
    ports = containers.items.child("ports")
    assert ports is not None and ports.list_map_keys == ("containerPort", "protocol")
    labels = template.child("metadata") if template else None
    keys = labels.child("labels") if labels else None
    assert keys is not None and keys.child("anything") is not None
    assert not keys.has_field("anything") and keys.child("x") is keys.child("y")
    selector = spec.child("selector")
    assert selector is not None and selector.map_type == "atomic"


def test_every_served_kind_compiles_whole(definitions: Definitions) -> None:
    for kind in SERVED:
        assert definitions.conform(kind, {"metadata": {"name": "a"}}) == []
        waiting, seen = [definitions.schema_for(kind.definition)], set()
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            waiting.extend(node.struct_fields().values())
            waiting.extend(part for part in (node.items, node.values) if part is not None)
        assert len(seen) < 10_000


def test_not_a_definitions_file() -> None:
    for raw in (b"[]", b"{}", b"{"):
        with pytest.raises(ValueError, match=r".+"):
            Definitions(raw)


def test_schemas_inside_schemas_are_held_to_theirs(definitions: Definitions) -> None:
    kind = by_resource("apiextensions.k8s.io", "v1", "customresourcedefinitions")
    assert kind is not None

    def conform(items: Any) -> list[str]:
        schema = {"type": "object", "properties": {"a": {"type": "array", "items": items}}}
        version = {"name": "v1", "schema": {"openAPIV3Schema": schema}}
        return definitions.conform(kind, {"spec": {"versions": [version]}}, "Warn")

    assert conform({"type": "object", "additionalProperties": True}) == []
    assert conform({"type": "array", "items": "nothing"}) == []
    for part in ({"additionalProperties": "yes"}, {"items": ["x"]}, {"items": [{"type": 5}]}):
        with pytest.raises(StatusError, match="cannot be handled as"):
            conform(part)
    found = conform({"type": "object", "additionalProperties": {"typo": 1}})
    path = "spec.versions[0].schema.openAPIV3Schema.properties.a.items.additionalProperties.typo"
    assert found == [f'unknown field "{path}"']
    with pytest.raises(StatusError, match="cannot be handled"):
        conform({"properties": []})
