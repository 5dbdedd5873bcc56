"""OpenAPI paths of resources."""

from cluster.api.kinds import by_resource
from cluster.api.openapi_paths import paths
from cluster.api.openapi_schemas import V2, V3

PODS, NODES = by_resource("", "v1", "pods"), by_resource("", "v1", "nodes")
REVIEWS = by_resource("authorization.k8s.io", "v1", "subjectaccessreviews")
assert PODS and NODES and REVIEWS


def test_places_of_a_namespaced_kind() -> None:
    assert PODS is not None
    found = paths([PODS], V3)
    base = "/api/v1/namespaces/{namespace}/pods"
    assert {"/api/v1/pods", base, f"{base}/{{name}}", f"{base}/{{name}}/log"} <= set(found)
    assert {"get", "post", "delete"} <= set(found[base])
    names = [item["name"] for item in found[f"{base}/{{name}}"]["parameters"]]
    assert names == ["name", "namespace"]
    eviction = found[f"{base}/{{name}}/eviction"]["post"]
    assert eviction["x-kubernetes-group-version-kind"]["group"] == "policy"


def test_a_cluster_wide_kind_and_a_question() -> None:
    assert NODES is not None and REVIEWS is not None
    found = paths([NODES, REVIEWS], V2)
    assert "/api/v1/nodes/{name}" in found
    question = found["/apis/authorization.k8s.io/v1/subjectaccessreviews"]
    assert set(question) == {"parameters", "post"}
    assert question["post"]["parameters"][-1]["in"] == "body"


def test_what_is_answered_and_may_be_asked() -> None:
    assert PODS is not None
    found = paths([PODS], V3)
    one, many = (found[f"/api/v1/namespaces/{{namespace}}/pods{end}"] for end in ("/{name}", ""))
    for operation, codes, query in (
        (many["post"], {"200", "201", "202"}, "dryRun"),
        (many["get"], {"200"}, "sendInitialEvents"),
        (many["delete"], {"200"}, "propagationPolicy"),
        (one["put"], {"200", "201"}, "fieldValidation"),
        (one["patch"], {"200", "201"}, "force"),
        (one["delete"], {"200", "202"}, "gracePeriodSeconds"),
    ):
        assert set(operation["responses"]) == {*codes, "401"}
        assert query in [item["name"] for item in operation["parameters"]]
        assert all("schema" in item for item in operation["parameters"])
