"""A resize decided: what was allocated, what is in force, the order of steps."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kit.world.containers import Container, Limits
from actors.kubelet import labels, limits, resizing
from actors.kubelet.pod_machine import stop_unfit
from actors.kubelet.pod_plan import (
    LimitPod,
    Plan,
    ResizePod,
    ResizeStep,
    Situation,
    StopContainer,
    UpdateContainer,
)
from actors.kubelet.pod_view import PodMemory, make_view
from cluster.api.types import Object

RESTART = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
MI = 1 << 20


def sizes(cpu: int, memory: int, request: int = 0) -> Object:
    """Limits; thousandths of a core and MiB."""
    amounts = {"cpu": f"{cpu}m", "memory": f"{memory}Mi"}
    return {"limits": amounts, "requests": {**amounts, "cpu": f"{request or cpu}m"}}


def pod(**resources: Object) -> Object:
    containers = [{"name": name, "resources": item} for name, item in resources.items()]
    return {"metadata": {"name": "web", "uid": "u"}, "spec": {"containers": containers}}


def container(name: str, given: Object | None = None, **fields: Any) -> Container:
    marked = {labels.CONTAINER: name, labels.SANDBOX: "s", labels.TYPE: labels.TYPE_CONTAINER}
    spec = {"name": name, "resources": given}
    if given is not None:
        marked = {**labels.container_labels({}, spec, "s", 0), **marked}
    return Container(name, name, marked, "running", "x", "x", **fields)


SANDBOX = Container("s", "POD", {labels.TYPE: labels.TYPE_SANDBOX}, "running", "x", "x")


def situation(obj: Object, busy: frozenset[str] = frozenset(), **given: Object) -> Situation:
    """``given``: what the containers have now."""
    view = make_view([SANDBOX, *(container(name, item) for name, item in given.items())])
    memory = PodMemory(acknowledged=dict(given))
    memory.pod_limits = limits.pod_limits(pod(**given))
    return Situation(obj, view, memory, 1.0, busy=busy)


def steps(at: Situation) -> tuple[ResizeStep, ...]:
    plan = Plan()
    resizing.resize_plan(at, plan)
    found = [action.steps for action in plan.actions if isinstance(action, ResizePod)]
    return found[0] if found else ()


def test_what_shrinks_goes_before_what_grows() -> None:
    at = situation(
        pod(a=sizes(300, 10), b=sizes(100, 90)), a=sizes(100, 50), b=sizes(200, 20)
    )  # fmt: skip
    assert steps(at) == (
        LimitPod("memory", 100 * MI, 0),
        UpdateContainer("a", "a", "memory", 1),
        UpdateContainer("b", "b", "memory", 3),
        LimitPod("cpu", 400, 0),
        UpdateContainer("b", "b", "cpu", 1),
        UpdateContainer("a", "a", "cpu", 3),
    )
    back = situation(pod(a=sizes(100, 50)), a=sizes(300, 90))
    assert steps(back) == (
        UpdateContainer("a", "a", "memory", 1),
        LimitPod("memory", 50 * MI, 2),
        UpdateContainer("a", "a", "cpu", 1),
        LimitPod("cpu", 100, 2),
    )


def test_nothing_to_do() -> None:
    same = {"a": sizes(1000, 64)}
    assert steps(situation(pod(**same), **same)) == ()
    other = {"limits": {"cpu": "1", "memory": f"{64 * MI}"}, "requests": {"cpu": "1"}}
    other["requests"]["memory"] = "65536Ki"
    assert steps(situation(pod(a=other), **same)) == ()
    assert steps(situation(pod(a=sizes(2, 64)), frozenset({"/resize"}), **same)) == ()
    assert steps(situation(pod(a=sizes(1000, 64, 2)), frozenset({"a"}), **same)) == ()


def test_a_policy_of_restart_is_no_step() -> None:
    obj = pod(a=sizes(100, 20), b=sizes(100, 20))
    obj["spec"]["containers"][0]["resizePolicy"] = RESTART
    at = situation(obj, a=sizes(100, 50), b=sizes(100, 50))
    # The pod as a whole is not held to less before the restart.
    assert steps(at) == (UpdateContainer("b", "b", "memory", 1),)
    plan = Plan()
    stop_unfit(at, plan)
    [action] = plan.actions
    assert isinstance(action, StopContainer) and (action.name, action.restart) == ("a", True)
    assert action.message == "Container a resize requires restart"
    cpu = situation(pod(a=sizes(50, 50)), a=sizes(100, 50))
    cpu.pod["spec"]["containers"][0]["resizePolicy"] = RESTART
    assert [type(step) for step in steps(cpu)] == [UpdateContainer, LimitPod]


amounts = st.integers(1, 4)
four = st.dictionaries(
    st.sampled_from("abc"), st.tuples(amounts, amounts, amounts, amounts), min_size=1
)


@given(four, st.integers(0, 30))
def test_containers_never_have_more_than_their_pod(
    found: dict[str, tuple[int, int, int, int]], fails: int
) -> None:
    """At no moment, and if any one step fails; and without a failure all is as allocated."""
    now = {name: sizes(100 * one[0], 10 * one[1]) for name, one in found.items()}
    wanted = {name: sizes(100 * one[2], 10 * one[3]) for name, one in found.items()}
    at = situation(pod(**wanted), **now)
    pods = dict(zip(("memory", "cpu"), limits.pod_limits(pod(**now)), strict=True))
    have = {name: limits.pod_limits(pod(**{name: now[name]})) for name in now}
    failed: dict[str, int] = {}
    for position, step in enumerate(steps(at)):
        if failed.get(step.resource, step.phase) < step.phase:
            continue
        if position == fails:
            failed[step.resource] = step.phase
            continue
        kind = ("memory", "cpu").index(step.resource)
        if isinstance(step, LimitPod):
            pods[step.resource] = step.limit
        else:
            both = list(have[step.name])
            both[kind] = limits.pod_limits(pod(**{step.name: wanted[step.name]}))[kind]
            have[step.name] = (both[0], both[1])
        assert sum(one[kind] for one in have.values()) <= pods[step.resource]
    if not failed:
        assert tuple(pods.values()) == limits.pod_limits(pod(**wanted))
        assert steps(situation(pod(**wanted), **wanted)) == ()


def stating(own: Object, obj: Object) -> Object:
    """The pod states resources itself."""
    return {**obj, "spec": {**obj["spec"], "resources": own}}


one_pod = st.tuples(amounts, amounts)
few = st.dictionaries(st.sampled_from("abc"), st.none() | st.tuples(amounts, amounts), min_size=1)


@given(one_pod, one_pod, few, st.integers(0, 30))
def test_no_container_ever_has_more_than_its_pod_states(
    was: tuple[int, int], to: tuple[int, int], found: dict[str, Any], fails: int
) -> None:
    """Those without limits have the pod's. With one step failing too; without, all is in force."""

    def made(own: tuple[int, int]) -> Object:
        fit = {
            name: {}
            if one is None
            else sizes(*(min(pair) for pair in zip(one, was, to, strict=True)))
            for name, one in found.items()
        }
        return stating(sizes(*own), pod(**fit))

    def effective(own: tuple[int, int]) -> dict[str, Object]:
        obj = made(own)
        return {
            spec["name"]: limits.effective_spec(obj, spec)["resources"]
            for spec in obj["spec"]["containers"]
        }

    at = situation(made(to), **effective(was))
    at.memory.pod_limits = limits.pod_limits(made(was))
    pods = list(at.memory.pod_limits)
    have = {name: list(limits.pod_limits(pod(a=one))) for name, one in effective(was).items()}
    wanted = {name: limits.pod_limits(pod(a=one)) for name, one in effective(to).items()}
    failed: dict[str, int] = {}
    for position, step in enumerate(steps(at)):
        if failed.get(step.resource, step.phase) < step.phase:
            continue
        if position == fails:
            failed[step.resource] = step.phase
            continue
        kind = ("memory", "cpu").index(step.resource)
        if isinstance(step, LimitPod):
            pods[kind] = step.limit
        else:
            have[step.name][kind] = wanted[step.name][kind]
        assert all(one[kind] <= pods[kind] for one in have.values())
    if not failed:
        assert tuple(pods) == limits.pod_limits(made(to))
        assert {name: tuple(one) for name, one in have.items()} == wanted


def test_a_pod_that_states_less_is_not_held_to_it_before_its_containers_are() -> None:
    obj = stating(sizes(100, 50), pod(a={}, b=sizes(50, 20)))
    at = situation(obj, a={"limits": {"cpu": "300m", "memory": "90Mi"}}, b=sizes(50, 20))
    assert resizing.limits_now(obj, at.view, at.memory) == (90 * MI, 300)
    at.memory.pod_limits = (90 * MI, 300)
    assert steps(at) == (
        UpdateContainer("a", "a", "memory", 1),
        LimitPod("memory", 50 * MI, 2, ("a", "b")),
        UpdateContainer("a", "a", "cpu", 1),
        LimitPod("cpu", 100, 2),
    )


def test_what_a_pod_states_was_allocated_as_the_status_told() -> None:
    obj = stating(sizes(500, 64), pod(a={}))
    told = {"name": "a", "resources": {}}
    obj["status"] = {"containerStatuses": [told]}
    assert resizing.recalled(obj)[""] == {}, "it has been given nothing yet"
    obj["status"] |= {"resources": sizes(300, 32), "allocatedResources": {"cpu": "200m"}}
    assert resizing.recalled(obj)[""] == sizes(300, 32, 200)
    made = resizing.allocated_pod(obj, resizing.recalled(obj))
    assert made["spec"]["resources"] == sizes(300, 32, 200)
    bare = resizing.allocated_pod(obj, {"": {}})
    assert "resources" not in bare["spec"]


def test_a_pod_found_in_the_middle_of_a_resize_keeps_room_for_both() -> None:
    at = situation(pod(a=sizes(300, 10), b=sizes(100, 20)), a=sizes(100, 50), b=sizes(100, 20))
    assert resizing.limits_now(at.pod, at.view, at.memory) == (70 * MI, 400)
    at.memory.pod_limits = (70 * MI, 400)
    assert LimitPod("memory", 30 * MI, 2) in steps(at)
    fresh = Situation(at.pod, make_view([]), PodMemory(), 1.0)
    assert resizing.limits_now(fresh.pod, fresh.view, fresh.memory) == (30 * MI, 400)


def test_allocated_is_what_the_status_told() -> None:
    obj = pod(a={**sizes(500, 64), "claims": [{"name": "gpu"}]}, b=sizes(1, 1))
    told = {"name": "a", "resources": sizes(100, 32), "allocatedResources": {"cpu": "200m"}}
    obj["status"] = {"containerStatuses": [told]}
    wanted = {
        "limits": {"cpu": "100m", "memory": "32Mi"},
        "requests": {"cpu": "200m", "memory": "32Mi"},
        "claims": [{"name": "gpu"}],
    }
    assert resizing.recalled(obj) == {"a": wanted}
    made = resizing.allocated_pod(obj, {"a": wanted})
    assert made["spec"]["containers"][0]["resources"] == wanted
    assert obj["spec"]["containers"][0]["resources"]["limits"]["cpu"] == "500m"
    assert resizing.allocated_pod(obj, {}) is obj


@pytest.mark.parametrize("place", ["status", "label", "allocated", "desired"])
def test_acknowledged_is_what_the_engine_agrees_with(place: str) -> None:
    real, other = sizes(100, 32), sizes(200, 64)
    chosen = {name: real if name == place else other for name in
              ("status", "label", "allocated", "desired")}  # fmt: skip
    obj = pod(a=chosen["desired"])
    told = {"name": "a", "containerID": "docker://a", "resources": chosen["status"]}
    obj["status"] = {"containerStatuses": [told]}
    spec = obj["spec"]["containers"][0]
    given = {"a": chosen["allocated"]}
    item = container("a", chosen["label"], limits=limits.limits_for(real))
    assert resizing.acknowledged(obj, spec, item, given) == real
    odd = replace(item, limits=Limits(1, 2, 3))
    assert resizing.acknowledged(obj, spec, odd, given) == chosen["status"]
    told["containerID"] = "docker://before"
    assert resizing.acknowledged(obj, spec, odd, given) == chosen["label"]


def test_actual_is_what_the_engine_says() -> None:
    given = sizes(1000, 64)
    assert resizing.actual(container("a"), given) is given
    same = container("a", limits=limits.limits_for(given))
    assert resizing.actual(same, given) is given
    other = container("a", limits=Limits(32 * MI, 512, 25_000, 50_000))
    assert resizing.actual(other, given) == {
        "limits": {"cpu": "500m", "memory": str(32 * MI)},
        "requests": {"cpu": "500m", "memory": "64Mi"},
    }
    discarded = container("a", limits=Limits(0, 0, 0, 0))
    assert resizing.actual(discarded, given) == given


def test_the_words_of_events() -> None:
    obj = pod(a=sizes(100, 32), b={})
    obj["spec"]["initContainers"] = [
        {"name": "once", "resources": {"limits": {"cpu": "2"}}},
        {"name": "helper", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
    ]
    assert resizing.told("Pod resize Deferred", obj, None, 2, "no room") == (
        'Pod resize Deferred: {"initContainers":['
        '{"name":"once","resources":{"limits":{"cpu":"2"}}},'
        '{"name":"helper","resources":{"requests":{"cpu":"1"}}}],"containers":[{"name":"a","resources":{"limits":{"cpu":"100m","memory":"32Mi"},'
        '"requests":{"cpu":"100m","memory":"32Mi"}}}],"generation":2,"error":"no room"}'
    )
