"""LimitRanges: defaults, and what is refused in which words."""

from typing import Any

import pytest

from actors.apiserver.admission.limit_ranger import broken_by_claim, broken_by_pod, fill
from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane

Json = dict[str, Any]


def pod(requests: Json | None = None, limits: Json | None = None, **more: Any) -> Json:
    resources = {"requests": requests or {}, "limits": limits or {}}
    containers = [{"name": "c", "image": "busybox", "resources": resources}]
    return {"metadata": {"name": "a"}, "spec": {"containers": containers, **more}}


def rule(kind: str = "Container", **more: Any) -> Json:
    return {"type": kind, **more}


def test_defaults_are_filled_where_there_are_none() -> None:
    made = pod(requests={"memory": "1Gi"})
    bounds = rule(default={"cpu": "1"}, defaultRequest={"cpu": "500m", "memory": "2Gi"})
    assert fill(made, bounds) == ["cpu request for container c", "cpu limit for container c"]
    assert made["spec"]["containers"][0]["resources"] == {
        "requests": {"memory": "1Gi", "cpu": "500m"},
        "limits": {"cpu": "1"},
    }
    assert fill(made, bounds) == []
    made["spec"]["containers"] = [{"image": "busybox"}]
    assert fill(made, rule(default={"cpu": "1"})) == ["cpu limit for container "]


@pytest.mark.parametrize(
    ("made", "bounds", "text"),
    [
        (pod(), rule(min={"cpu": "1"}),
         "minimum cpu usage per Container is 1.  No request is specified"),
        (pod({"cpu": "500m"}), rule(min={"cpu": "1"}),
         "minimum cpu usage per Container is 1, but request is 500m"),
        (pod(), rule(max={"cpu": "1"}),
         "maximum cpu usage per Container is 1.  No limit is specified"),
        (pod(limits={"memory": "2Gi"}), rule(max={"memory": "1Gi"}),
         "maximum memory usage per Container is 1Gi, but limit is 2Gi"),
        (pod(limits={"cpu": "1"}), rule(maxLimitRequestRatio={"cpu": "2"}),
         "cpu max limit to request ratio per Container is 2, but no request is specified or "
         "request is 0"),
        (pod({"cpu": "100m"}, {"cpu": "1"}), rule(maxLimitRequestRatio={"cpu": "2"}),
         "cpu max limit to request ratio per Container is 2, but provided ratio is 10.000000"),
        (pod(limits={"cpu": "3"}, initContainers=[
            {"name": "i", "resources": {"limits": {"cpu": "4"}}}]), rule("Pod", max={"cpu": "3"}),
         "maximum cpu usage per Pod is 3, but limit is 4"),
    ],
)  # fmt: skip
def test_what_pods_break(made: Json, bounds: Json, text: str) -> None:
    assert broken_by_pod(made, bounds) == [text]


def test_what_they_keep() -> None:
    made = pod({"cpu": "1"}, {"cpu": "2"})
    item = {"min": {"cpu": "1"}, "max": {"cpu": "2"}, "maxLimitRequestRatio": {"cpu": "2"}}
    assert broken_by_pod(made, rule(**item)) == broken_by_pod(made, rule("Pod", **item)) == []


def test_claims() -> None:
    claim = {"spec": {"resources": {"requests": {"storage": "3Gi"}}}}
    kind = "PersistentVolumeClaim"
    assert broken_by_claim(claim, rule(kind, min={"storage": "5Gi"})) == [
        "minimum storage usage per PersistentVolumeClaim is 5Gi, but request is 3Gi"
    ]
    assert broken_by_claim(claim, rule(kind, max={"storage": "2Gi"})) == [
        "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"
    ]
    assert broken_by_claim(claim, rule("Pod", max={"storage": "2Gi"})) == []


async def test_through_the_chain(plane: ControlPlane) -> None:
    limits = [
        rule(max={"cpu": "2", "memory": "1Gi"}, default={"cpu": "1", "memory": "512Mi"}),
        rule("PersistentVolumeClaim", max={"storage": "2Gi"}),
    ]
    body = {"metadata": {"name": "l"}, "spec": {"limits": limits}}
    await plane.create("limitranges", body, "default")
    made = await plane.create("pods", pod(), "default")
    assert made["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "1", "memory": "512Mi"},
        "limits": {"cpu": "1", "memory": "512Mi"},
    }
    assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu, memory request for container c; "
        "cpu, memory limit for container c"
    )
    big = pod(limits={"cpu": "3", "memory": "2Gi"})
    big["metadata"]["name"] = "b"
    with pytest.raises(StatusError) as caught:
        await plane.create("pods", big, "default")
    assert caught.value.status["message"] == (
        'pods "b" is forbidden: [maximum cpu usage per Container is 2, but limit is 3, '
        "maximum memory usage per Container is 1Gi, but limit is 2Gi]"
    )
    claim = {
        "metadata": {"name": "d"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "3Gi"}},
        },
    }
    with pytest.raises(StatusError, match="maximum storage usage per PersistentVolumeClaim"):
        await plane.create("persistentvolumeclaims", claim, "default")
