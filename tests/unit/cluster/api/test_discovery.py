"""Discovery documents, old form and new."""

import orjson
import pytest

from cluster.api import discovery
from cluster.api.discovery import Discovery
from cluster.api.kinds import SERVED

DISCOVERY = Discovery()
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [(AGGREGATED, True), (f"{AGGREGATED},application/json", True),
     ("application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList", True),
     ("application/json", False), ("", False), ("*/*", False),
     (f"application/json,{AGGREGATED}", False),
     (AGGREGATED.replace("v=v2", "v=v2beta1"), False)],
)  # fmt: skip
def test_which_form_a_client_wants(accept: str, wanted: bool) -> None:
    assert discovery.wants_aggregated(accept) is wanted


def test_both_forms_say_the_same() -> None:
    new = {}
    for core in (True, False):
        for item in orjson.loads(DISCOVERY.aggregated(core))["items"]:
            for version in item["versions"]:
                group = item["metadata"].get("name", "")
                for resource in version["resources"]:
                    new[(group, version["version"], resource["resource"])] = resource
    assert set(new) == {(kind.group, kind.version, kind.plural) for kind in SERVED}
    for group, version in DISCOVERY.group_versions():
        listed = DISCOVERY.resource_list(group, version)
        assert listed is not None
        document = orjson.loads(listed)
        for resource in document["resources"]:
            name, _, part = resource["name"].partition("/")
            other = new[(group, version, name)]
            if not part:
                assert resource["verbs"] == other["verbs"]
                assert resource.get("shortNames") == other.get("shortNames")
                assert resource["singularName"] == other["singularResource"]
            else:
                parts = {item["subresource"]: item for item in other["subresources"]}
                assert parts[part]["responseKind"]["kind"] == resource["kind"]


def test_what_is_stored_has_a_hash_of_how() -> None:
    listed = orjson.loads(DISCOVERY.resource_list("", "v1") or b"")["resources"]
    found = {item["name"]: item.get("storageVersionHash") for item in listed}
    assert found["pods"] == "xPOwRZ+Yhw8="
    assert found["pods/status"] is found["bindings"] is found["componentstatuses"] is None
    listed = orjson.loads(DISCOVERY.resource_list("events.k8s.io", "v1") or b"")["resources"]
    assert listed[0]["storageVersionHash"] == found["events"] == "r2yiGXH7wu8="


def test_groups() -> None:
    listed = orjson.loads(DISCOVERY.group_list())["groups"]
    names = [group["name"] for group in listed]
    assert {"apps", "batch"} <= set(names) and "" not in names
    apps = orjson.loads(DISCOVERY.group("apps") or b"")
    assert apps["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}
    assert DISCOVERY.group("") is None and DISCOVERY.group("nonsense") is None
    assert DISCOVERY.resource_list("apps", "v2") is None


def test_scale_belongs_to_autoscaling() -> None:
    document = orjson.loads(DISCOVERY.resource_list("apps", "v1") or b"")
    scale = next(item for item in document["resources"] if item["name"] == "deployments/scale")
    assert (scale["group"], scale["version"], scale["kind"]) == ("autoscaling", "v1", "Scale")


def test_api_versions() -> None:
    document = orjson.loads(discovery.api_versions("127.0.0.1:6443"))
    assert document["versions"] == ["v1"]
    assert document["serverAddressByClientCIDRs"][0]["serverAddress"] == "127.0.0.1:6443"
