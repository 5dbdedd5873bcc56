"""Defaults kind by kind."""

import copy
from typing import Any

import pytest

from cluster.api.defaults import apply_defaults, apply_subresource_defaults
from cluster.api.kinds import SERVED, Kind, by_resource
from cluster.api.schema import Definitions


def kind_of(group: str, plural: str) -> Kind:
    found = by_resource(group, "v1", plural)
    assert found is not None
    return found


def defaulted(group: str, plural: str, obj: dict[str, Any]) -> dict[str, Any]:
    apply_defaults(kind_of(group, plural), obj)
    return obj


def test_every_kind_takes_an_empty_object_and_twice_is_once(definitions: Definitions) -> None:
    for kind in SERVED:
        obj: dict[str, Any] = {"metadata": {"name": "a"}}
        apply_defaults(kind, obj)
        assert (obj["kind"], obj["apiVersion"]) == (kind.kind, kind.api_version)
        again = copy.deepcopy(obj)
        apply_defaults(kind, again)
        assert again == obj
        assert definitions.conform(kind, again) == []


def test_deployment(deployment: dict[str, Any]) -> None:
    spec = defaulted("apps", "deployments", deployment)["spec"]
    assert (spec["replicas"], spec["revisionHistoryLimit"]) == (1, 10)
    assert spec["progressDeadlineSeconds"] == 600
    rolling = {"maxUnavailable": "25%", "maxSurge": "25%"}
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    template = spec["template"]["spec"]
    assert template["restartPolicy"] == "Always" and template["dnsPolicy"] == "ClusterFirst"
    assert "enableServiceLinks" not in template, "only a pod gets it"
    assert "requests" not in template["containers"][0]["resources"], "only a pod gets them"


def test_recreate_has_no_rolling_update(deployment: dict[str, Any]) -> None:
    deployment["spec"]["strategy"] = {"type": "Recreate"}
    spec = defaulted("apps", "deployments", deployment)["spec"]
    assert spec["strategy"] == {"type": "Recreate"}


def test_what_is_set_stays(deployment: dict[str, Any]) -> None:
    deployment["spec"] |= {"replicas": 0, "revisionHistoryLimit": 0}
    spec = defaulted("apps", "deployments", deployment)["spec"]
    assert spec["replicas"] == 0 and spec["revisionHistoryLimit"] == 0


def test_namespace_and_secret() -> None:
    space = defaulted("", "namespaces", {"metadata": {"name": "web"}})
    assert space["metadata"]["labels"] == {"kubernetes.io/metadata.name": "web"}
    assert space["spec"]["finalizers"] == ["kubernetes"]
    assert space["status"]["phase"] == "Active"
    secret = defaulted("", "secrets", {"data": {"a": "eA=="}, "stringData": {"a": "y", "b": "ü"}})
    assert secret["type"] == "Opaque" and "stringData" not in secret
    assert secret["data"] == {"a": "eQ==", "b": "w7w="}


def test_roles_and_slices() -> None:
    binding = {"roleRef": {"kind": "Role", "name": "r"}, "subjects": [
        {"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s"}]}  # fmt: skip
    rbac = "rbac.authorization.k8s.io"
    defaulted(rbac, "rolebindings", binding)
    assert binding["roleRef"]["apiGroup"] == rbac  # type: ignore[call-overload]  # a dict
    assert [item.get("apiGroup") for item in binding["subjects"]] == [rbac, None]
    piece = defaulted("discovery.k8s.io", "endpointslices", {"ports": [{"port": 80}]})
    assert piece["ports"] == [{"port": 80, "name": "", "protocol": "TCP"}]


def test_a_node_allocates_what_it_has() -> None:
    node = defaulted("", "nodes", {"status": {"capacity": {"cpu": "2"}}})
    assert node["status"]["allocatable"] == {"cpu": "2"}


def test_a_driver_lets_pods_go_where_it_is_missing() -> None:
    driver = defaulted("storage.k8s.io", "csidrivers", {})
    assert driver["spec"]["preventPodSchedulingIfMissing"] is False


@pytest.mark.parametrize("spec", [None, [], "x", 3])
def test_a_wrong_part_is_left_for_validation(spec: Any) -> None:
    for kind in SERVED:
        apply_defaults(kind, {"metadata": {}, "spec": spec})


def test_token_requests() -> None:
    body: dict[str, Any] = {}
    apply_subresource_defaults("TokenRequest", body)
    assert body["spec"]["expirationSeconds"] == 3600
