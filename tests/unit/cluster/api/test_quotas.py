"""What objects use of quotas."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.pod_resources import pod_amounts
from cluster.api.quantity import NANO
from cluster.api.quotas import counts, covers, scope_fits, usage

PODS, SERVICES, CLAIMS = ("", "pods"), ("", "services"), ("", "persistentvolumeclaims")


def container(cpu: str = "", always: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {"name": "c", "resources": {"requests": {"cpu": cpu}} if cpu else {}}
    return {**made, "restartPolicy": "Always"} if always else made


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": list(containers), **spec}}


def cpu(obj: dict[str, Any]) -> int:
    return pod_amounts(obj, "requests").get("cpu", 0) // (NANO // 1000)


def test_init_containers_run_before_sidecars_beside() -> None:
    assert cpu(pod(container("1"), container("2"))) == 3000
    assert cpu(pod(container("1"), initContainers=[container("5")])) == 5000
    both = [container("1", always=True), container("3")]
    assert cpu(pod(container("1"), initContainers=both)) == 4000
    assert cpu(pod(container("4"), initContainers=both)) == 5000
    assert cpu(pod(container("1"), overhead={"cpu": "250m"})) == 1250
    assert cpu(pod(container("1"), resources={"requests": {"cpu": "7"}})) == 7000


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=5), st.integers(0, 9))
def test_a_pod_never_asks_for_less_than_any_moment(inits: list[Any], main: int) -> None:
    made = pod(container(str(main)), initContainers=[container(str(n), a) for n, a in inits])
    sidecars, moments = 0, []
    for number, always in inits:
        moments.append(sidecars + number)
        sidecars += number if always else 0
    moments.append(sidecars + main)
    assert cpu(made) == max(moments) * 1000


def test_what_a_pod_uses() -> None:
    made = pod(container("500m"))
    assert usage(PODS, made) == {
        "count/pods": NANO, "pods": NANO, "requests.cpu": NANO // 2, "cpu": NANO // 2,
    }  # fmt: skip
    assert usage(PODS, {**made, "status": {"phase": "Failed"}}) == {"count/pods": NANO}


def test_a_pod_that_is_resized_uses_the_most_of_before_and_after() -> None:
    told = {"name": "c", "resources": {"limits": {"cpu": "3"}}, "allocatedResources": {"cpu": "2"}}
    obj = pod(container("1"))
    obj |= {"metadata": {"name": "p"}, "status": {"containerStatuses": [told]}}
    found = usage(PODS, obj)
    assert found["requests.cpu"] == found["cpu"] == 2 * NANO
    assert found["limits.cpu"] == 3 * NANO


def test_what_services_and_claims_use() -> None:
    ports = [{"port": 1}, {"port": 2}]
    found = usage(SERVICES, {"spec": {"type": "LoadBalancer", "ports": ports}})
    assert (found["services.loadbalancers"], found["services.nodeports"]) == (NANO, 2 * NANO)
    spec = {"storageClassName": "gold", "resources": {"requests": {"storage": "2"}}}
    found = usage(CLAIMS, {"spec": spec})
    assert found["requests.storage"] == 2 * NANO
    assert found["gold.storageclass.storage.k8s.io/persistentvolumeclaims"] == NANO


def test_which_objects_a_quota_counts() -> None:
    assert counts(PODS, {"requests.example.com/gpu": "1"}) and counts(PODS, {"cpu": "1"})
    assert counts(("batch", "jobs"), {"count/jobs.batch": "1"})
    assert not counts(("batch", "jobs"), {"jobs": "1", "pods": "1"})
    assert not counts(PODS, {"requests.storage": "1", "services": "1"})
    assert scope_fits("BestEffort", "pods") and not scope_fits("BestEffort", "cpu")


@pytest.mark.parametrize(
    ("term", "chosen"),
    [
        ({"scopeName": "BestEffort", "operator": "Exists"}, False),
        ({"scopeName": "NotBestEffort", "operator": "Exists"}, True),
        ({"scopeName": "Terminating", "operator": "Exists"}, False),
        ({"scopeName": "NotTerminating", "operator": "Exists"}, True),
        ({"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}, True),
        ({"scopeName": "PriorityClass", "operator": "NotIn", "values": ["high"]}, False),
        ({"scopeName": "PriorityClass", "operator": "DoesNotExist"}, False),
        ({"scopeName": "CrossNamespacePodAffinity", "operator": "Exists"}, False),
    ],
)
def test_scopes(term: dict[str, Any], chosen: bool) -> None:
    made = pod(container("1"), priorityClassName="high")
    quota = {"spec": {"scopeSelector": {"matchExpressions": [term]}}}
    assert covers(quota, PODS, made) is chosen
    assert not covers(quota, SERVICES, {"spec": {}})
