"""What other API servers say of themselves: read in both forms, refused when it has none."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.aggregation.remote_discovery import (
    RemoteVersion,
    of_aggregated,
    of_resource_list,
)
from cluster.api.discovery import Discovery
from cluster.api.kinds import SERVED

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["kind", "items", "metadata", "name", "versions", "version", "resources", "verbs",
             "subresources", "responseKind", "resource"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_whatever_comes_is_read_or_refused(document: object) -> None:
    for read in (of_aggregated, of_resource_list):
        try:
            found = read(document, "g", "v1")
        except ValueError:
            continue
        for resource in found or ():
            assert isinstance(resource["resource"], str)
            assert all(isinstance(verb, str) for verb in resource["verbs"])


def test_a_list_of_parts_without_their_resource() -> None:
    """As custom metrics are listed."""
    item = {"name": "pods/http_requests", "namespaced": True, "kind": "M", "verbs": ["get"]}
    document = {"kind": "APIResourceList", "resources": [item]}
    [found] = of_resource_list(document, "custom.metrics.k8s.io", "v1beta1")
    assert (found["resource"], found["verbs"], found["scope"]) == ("pods", [], "Namespaced")
    assert found["subresources"][0]["subresource"] == "http_requests"


def test_only_the_group_and_version_asked_for() -> None:
    versions = [{"version": "v1", "resources": []}, {"version": "v2", "resources": [{}]}]
    document = {"items": [{"metadata": {"name": "g"}, "versions": versions}]}
    assert of_aggregated(document, "g", "v1") == ()
    assert of_aggregated(document, "h", "v1") is None
    with pytest.raises(ValueError, match="no APIResourceList"):
        of_resource_list({"kind": "Status"}, "g", "v1")


def test_groups_and_versions_stand_by_priority() -> None:
    remote = [
        RemoteVersion("low.io", "v1", (100, 1)),
        RemoteVersion("high.io", "v1", (19_000, 1)),
        RemoteVersion("high.io", "v1beta1", (100, 9), stale=False),
    ]
    discovery = Discovery(SERVED, remote)
    groups = orjson.loads(discovery.group_list())["groups"]
    names = [group["name"] for group in groups]
    assert names[:3] == ["apiregistration.k8s.io", "high.io", "apps"] and names[-1] == "low.io"
    assert groups[1]["preferredVersion"]["version"] == "v1beta1"
    assert discovery.resource_list("high.io", "v1") is None
    items = orjson.loads(discovery.aggregated(False))["items"]
    assert [one["freshness"] for one in items[1]["versions"]] == ["Current", "Stale"]


def test_a_remote_version_stands_in_place_of_a_custom_one() -> None:
    discovery = Discovery(SERVED[-1:], [RemoteVersion(SERVED[-1].group, "v1", (1, 1), ({},))])
    assert discovery.resource_list(SERVED[-1].group, "v1") is None
