"""What a new pod is filled in with once admission is done with it."""

import json
from typing import Any

import pytest

from cluster.api.pod_creation import app_armor_fields, fill_in_pod

APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
Json = dict[str, Any]


def filled(pod: Json) -> Json:
    made: Json = json.loads(json.dumps(pod))
    fill_in_pod(made)
    return made


@pytest.mark.parametrize(
    ("stated", "containers", "requests", "limits"),
    [
        ({"limits": {"cpu": "2"}}, [{}], {"cpu": "2"}, {"cpu": "2"}),
        (
            {"limits": {"cpu": "2"}},
            [{"requests": {"cpu": "250m", "memory": "64Mi"}}, {"requests": {"cpu": "0.5"}}],
            {"cpu": "750m", "memory": "64Mi"},
            {"cpu": "2"},
        ),
        (
            {"requests": {"cpu": "1"}},
            [{"requests": {"memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}}],
            {"cpu": "1", "memory": "1Gi"},
            {"cpu": "2", "memory": "2Gi"},
        ),
        # What the pod asks for is more than its containers may take: then it is the limit.
        ({"requests": {"cpu": "3"}}, [{"limits": {"cpu": "2"}}], {"cpu": "3"}, {"cpu": "3"}),
        ({"requests": {"cpu": "1"}}, [{"limits": {"cpu": "2"}}, {}], {"cpu": "1"}, None),
        ({"limits": {"cpu": "2"}, "requests": {"cpu": "1"}}, [{}], {"cpu": "1"}, {"cpu": "2"}),
        ({"limits": {}}, [{"requests": {"cpu": "1"}}], None, {}),
        ({"limits": {"cpu": "2"}}, [{"requests": {"x.io/a": "1"}}], {"cpu": "2"}, {"cpu": "2"}),
        (
            {"limits": {"cpu": "2"}},
            [{"limits": {"hugepages-2Mi": "4Mi"}, "requests": {"hugepages-2Mi": "4Mi"}}] * 2,
            {"cpu": "2", "hugepages-2Mi": "8Mi"},
            {"cpu": "2", "hugepages-2Mi": "8Mi"},
        ),
        ({"limits": {"cpu": "2"}}, [{"requests": {"cpu": "x"}}], None, {"cpu": "2"}),
    ],
)
def test_what_a_pod_states_as_a_whole(
    stated: Json, containers: list[Json], requests: Json | None, limits: Json | None
) -> None:
    listed = [{"name": f"c{n}", "resources": item} for n, item in enumerate(containers)]
    found = filled({"spec": {"containers": listed, "resources": stated}})["spec"]["resources"]
    assert (found.get("requests"), found.get("limits")) == (requests, limits)


def test_selectors_get_the_values_of_the_pods_own_labels() -> None:
    term = {"topologyKey": "z", "labelSelector": {}, "matchLabelKeys": ["a", "gone"]}
    other = {**term, "matchLabelKeys": [], "mismatchLabelKeys": ["a"]}
    nothing = {"topologyKey": "z", "matchLabelKeys": ["a"]}
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    preferred = "preferredDuringSchedulingIgnoredDuringExecution"
    weighted = {"weight": 1, "podAffinityTerm": term}
    made = filled(
        {
            "metadata": {"labels": {"a": "b"}},
            "spec": {
                "affinity": {
                    "podAffinity": {required: [term, nothing], preferred: [weighted]},
                    "podAntiAffinity": {required: [other]},
                },
                "topologySpreadConstraints": [term],
            },
        }
    )["spec"]
    same = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}
    pods = made["affinity"]["podAffinity"]
    assert pods[required][0]["labelSelector"] == same
    assert pods[required][1] == nothing
    assert pods[preferred][0]["podAffinityTerm"]["labelSelector"] == same
    [apart] = made["affinity"]["podAntiAffinity"][required]
    assert apart["labelSelector"]["matchExpressions"][0]["operator"] == "NotIn"
    assert made["topologySpreadConstraints"][0]["labelSelector"] == same


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("runtime/default", {"type": "RuntimeDefault"}),
        ("unconfined", None),
        ("localhost/a", {"type": "Localhost", "localhostProfile": "a"}),
        ("localhost/", None),
        ("", None),
    ],
)
def test_profiles_that_only_an_annotation_says_become_fields(said: str, field: Json | None) -> None:
    pod = {
        "metadata": {"annotations": {f"{APP_ARMOR}a": said, f"{APP_ARMOR}b": said}},
        "spec": {
            "securityContext": {"appArmorProfile": {"type": "Unconfined"}},
            "containers": [
                {"name": "a"},
                {"name": "b", "securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
                {"name": "c"},
            ],
        },
    }
    first, second, third = filled(pod)["spec"]["containers"]
    assert first.get("securityContext", {}).get("appArmorProfile") == field
    assert second["securityContext"]["appArmorProfile"] == {"type": "Unconfined"}
    assert "securityContext" not in third
    pod["spec"]["os"] = {"name": "windows"}
    assert app_armor_fields(pod) == []
