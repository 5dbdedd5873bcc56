"""The next step of a StatefulSet: what is made and deleted, in which order, and what waits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.controllers.plan import Action, Announce, Create, Delete, Patch
from actors.controllers.statefulset import plan
from cluster.api.types import Object
from tests.unit.actors.controllers.stateful import (
    KEY,
    claim_template,
    known,
    make_stateful,
    pod,
    ready_since,
    revision,
    rolling,
)
from tests.unit.actors.controllers.views import NOW


def acted(actions: list[Action]) -> list[str]:
    """``+web-0`` for a creation, ``-web-0`` for a deletion."""
    words = []
    for action in actions:
        if isinstance(action, Create):
            words.append(f"+{action.obj['metadata']['name']}")
        elif isinstance(action, Delete):
            words.append(f"-{action.name}")
    return words


def steps(stateful: Object, *pods: Object, was: Object | None = None) -> list[str]:
    return acted(plan(KEY, known(stateful, *pods, was=was), NOW))


def pods_of(stateful: Object, *states: str, of: Object | None = None) -> list[Object]:
    """Pods 0, 1, ... in these states ('' for none)."""
    return [pod(stateful, number, state, of) for number, state in enumerate(states) if state]


PARALLEL = {"podManagementPolicy": "Parallel"}


@pytest.mark.parametrize(
    ("states", "ordered", "parallel"),
    [
        ((), ["+web-0"], ["+web-0", "+web-1", "+web-2"]),
        (("pending",), [], ["+web-1", "+web-2"]),
        (("running",), [], ["+web-1", "+web-2"]),
        (("ready",), ["+web-1"], ["+web-1", "+web-2"]),
        (("ready", "ready", "ready"), [], []),
        # One that is going has its identity still.
        (("ready", "going", "ready"), [], []),
        (("going", "", "ready"), [], ["+web-1"]),
        (("ready", "", "ready"), ["+web-1"], ["+web-1"]),
        (("ready", "failed", "ready"), ["-web-1"], ["-web-1"]),
        (("ready", "succeeded", ""), ["-web-1"], ["+web-2", "-web-1"]),
        # Too many: the highest first, and only while those that stay are well.
        (("ready", "ready", "ready", "ready", "ready"), ["-web-4"], ["-web-4", "-web-3"]),
        (("ready", "ready", "ready", "ready", "going"), [], ["-web-3"]),
        (("ready", "running", "ready", "ready"), [], ["-web-3"]),
        (("ready", "ready", "ready", "pending", "failed"), ["-web-4"], ["-web-4", "-web-3"]),
    ],
)  # fmt: skip
def test_filling_and_emptying(
    states: tuple[str, ...], ordered: list[str], parallel: list[str]
) -> None:
    for stateful, expected in (
        (make_stateful(3), ordered),
        (make_stateful(3, **PARALLEL), parallel),
    ):
        assert steps(stateful, *pods_of(stateful, *states)) == expected


def test_an_ordinal_before_the_start_is_too_many() -> None:
    stateful = make_stateful(2, ordinals={"start": 1})
    assert steps(stateful, *pods_of(stateful, "ready", "ready")) == ["+web-2"]
    assert steps(stateful, *pods_of(stateful, "ready", "ready", "ready")) == ["-web-0"]


def test_a_pod_that_is_not_available_yet_is_waited_for() -> None:
    stateful = make_stateful(2, minReadySeconds=30)
    young = pod(stateful, 0)
    young["status"]["conditions"] = [ready_since(NOW - 10)]
    assert steps(stateful, young) == []
    assert steps(stateful, pod(stateful, 0)) == ["+web-1"]


def test_deletions_are_graceful_and_mean_one_pod_only() -> None:
    stateful = make_stateful(1)
    view = known(stateful, *pods_of(stateful, "ready", "ready"))
    (delete,) = [item for item in plan(KEY, view, NOW) if isinstance(item, Delete)]
    assert (delete.uid, delete.grace) == ("uid-1", None)


def test_what_is_said_of_a_failed_pod() -> None:
    stateful = make_stateful(2)
    found = plan(KEY, known(stateful, *pods_of(stateful, "failed", "ready")), NOW)
    (said,) = [item.announcement for item in found if isinstance(item, Announce)]
    assert said.reason == "RecreatingFailedPod" and "web-0" in said.message


def test_a_stranger_of_the_name_is_left_alone() -> None:
    stateful = make_stateful(1)
    stranger = pod(stateful, 0, ownerReferences=[{"kind": "Job", "uid": "u", "controller": True}])
    found = plan(KEY, known(stateful, stranger), NOW)
    (said,) = [item.announcement for item in found if isinstance(item, Announce)]
    assert said.reason == "FailedCreate" and "already exists" in said.message
    assert acted(found) == ["+web-0"]


def test_an_adopted_pod_gets_the_labels_of_its_identity() -> None:
    stateful = make_stateful(1)
    bare = pod(stateful, 0)
    del bare["metadata"]["labels"]["apps.kubernetes.io/pod-index"]
    (patch,) = [item for item in plan(KEY, known(stateful, bare), NOW) if isinstance(item, Patch)]
    assert patch.patch["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "0"


# -- updates


def roll(
    states: tuple[str, ...], updated: tuple[int, ...] = (), parallel: bool = False, **given: Any
) -> list[str]:
    """Of a set whose template has changed; ``updated``: ordinals that have the new one."""
    replicas = given.pop("replicas", len(states))
    spec = {"updateStrategy": rolling(**given), **(PARALLEL if parallel else {})}
    was, new = make_stateful(replicas, "web:1"), make_stateful(replicas, "web:2", **spec)
    pods = [
        pod(new, number, state, new if number in updated else was)
        for number, state in enumerate(states)
        if state
    ]
    return steps(new, *pods, was=was)


READY = ("ready",) * 4


@pytest.mark.parametrize(
    ("states", "updated", "given_", "expected"),
    [
        (READY, (), {}, ["-web-3"]),
        ((*READY[:3], "going"), (), {}, []),
        (READY[:3], (), {"replicas": 4}, ["+web-3"]),
        ((*READY[:3], "running"), (3,), {}, []),
        (READY, (3,), {}, ["-web-2"]),
        (READY, (0, 1, 2, 3), {}, []),
        (READY, (), {"partition": 3}, ["-web-3"]),
        (READY, (3,), {"partition": 3}, []),
        (READY, (), {"partition": 9}, []),
        (READY, (), {"most": 2}, ["-web-3", "-web-2"]),
        (READY, (), {"most": "50%"}, ["-web-3", "-web-2"]),
        (READY, (), {"most": "1%"}, ["-web-3"]),
        # Ordered: a broken pod stops all, also the update that would mend it.
        (("ready", "running", "ready", "ready"), (), {}, []),
        (("ready", "running", "ready", "ready"), (), {"parallel": True}, ["-web-1"]),
        (("ready", "running", "ready", "ready"), (), {"parallel": True, "most": 2},
         ["-web-3", "-web-1"]),
        (("ready", "running", "ready", "ready"), (1,), {"parallel": True}, []),
        (("", "ready", "ready", "ready"), (), {"parallel": True}, ["+web-0"]),
    ],
)  # fmt: skip
def test_rolling(
    states: tuple[str, ...], updated: tuple[int, ...], given_: Any, expected: list[str]
) -> None:
    assert roll(states, updated, **given_) == expected


def test_on_delete_touches_nothing() -> None:
    was, new = make_stateful(2), make_stateful(2, "web:2", updateStrategy={"type": "OnDelete"})
    assert steps(new, *pods_of(new, "ready", "ready", of=was), was=was) == []


@pytest.mark.parametrize(
    ("present", "updated", "ordinal", "image", "strategy"),
    [
        # What the update has not reached yet comes back as it was.
        ((1, 2), (), 0, "web:1", rolling()),
        ((0, 2), (2,), 1, "web:2", rolling()),
        ((0, 1), (), 2, "web:2", rolling()),
        ((1, 2), (1, 2), 0, "web:2", rolling()),
        ((1, 2), (2,), 0, "web:1", rolling(partition=1)),
        ((0, 1), (), 2, "web:2", rolling(partition=2)),
        ((0, 2), (2,), 1, "web:1", rolling(partition=2)),
        ((1, 2), (), 0, "web:2", {"type": "OnDelete"}),
    ],
)
def test_which_revision_comes_back(
    present: tuple[int, ...], updated: tuple[int, ...], ordinal: int, image: str, strategy: Object
) -> None:
    was, new = make_stateful(3), make_stateful(3, "web:2", updateStrategy=strategy)
    pods = [pod(new, number, of=new if number in updated else was) for number in present]
    found = plan(KEY, known(new, *pods, was=was), NOW)
    (create,) = [item for item in found if isinstance(item, Create)]
    assert create.obj["metadata"]["name"] == f"web-{ordinal}"
    assert create.obj["spec"]["containers"][0]["image"] == image
    made_of = new if image == "web:2" else was
    name = revision(made_of)["metadata"]["name"]
    assert create.obj["metadata"]["labels"]["controller-revision-hash"] == name


def test_unordered_a_lost_pod_comes_back_updated() -> None:
    """Else it would be deleted again before it is available."""
    was, new = make_stateful(3), make_stateful(3, "web:2", **PARALLEL)
    pods = [pod(new, 1, of=was), pod(new, 2, of=was)]
    found = plan(KEY, known(new, *pods, was=was), NOW)
    (create,) = [item for item in found if isinstance(item, Create)]
    assert create.obj["spec"]["containers"][0]["image"] == "web:2"


def test_a_pod_waits_for_its_claims() -> None:
    stateful = make_stateful(2, volumeClaimTemplates=[claim_template()])
    assert steps(stateful) == ["+data-web-0"]
    claim: Object = {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data-web-0", "namespace": "default"},
    }
    assert steps(stateful, claim) == ["+web-0"]
    claim["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert steps(stateful, claim) == []
    # One that lost its claim before it ran gets another.
    assert steps(stateful, pod(stateful, 0, "pending")) == ["+data-web-0"]


def test_claims_know_their_owner_before_the_pod_goes() -> None:
    policy = {"whenDeleted": "Retain", "whenScaled": "Delete"}
    stateful = make_stateful(
        1, volumeClaimTemplates=[claim_template()], persistentVolumeClaimRetentionPolicy=policy
    )
    claims: list[Object] = [
        {
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": f"data-web-{number}", "namespace": "default"},
        }
        for number in range(2)
    ]
    found = plan(KEY, known(stateful, *claims, *pods_of(stateful, "ready", "ready")), NOW)
    kinds = [type(item) for item in found if isinstance(item, Patch | Delete)]
    assert kinds == [Patch, Delete]


# -- what holds whatever is there

STATES = ("", "pending", "running", "ready", "failed", "succeeded", "going")


@given(
    states=st.lists(st.sampled_from(STATES), max_size=7),
    updated=st.sets(st.integers(0, 6)),
    replicas=st.integers(0, 5),
    start=st.integers(0, 2),
    partition=st.integers(0, 4),
    most=st.integers(1, 3),
    parallel=st.booleans(),
)
def test_no_plan_breaks_a_promise(
    states: list[str],
    updated: set[int],
    replicas: int,
    start: int,
    partition: int,
    most: int,
    parallel: bool,
) -> None:
    spec: Object = {
        "ordinals": {"start": start},
        "updateStrategy": rolling(partition, most),
        **(PARALLEL if parallel else {}),
    }
    was, new = make_stateful(replicas, **spec), make_stateful(replicas, "web:2", **spec)
    pods = {
        number: pod(new, number, state, new if number in updated else was)
        for number, state in enumerate(states)
        if state
    }
    found = plan(KEY, known(new, *pods.values(), was=was), NOW)
    wanted = range(start, start + replicas)
    creates = [item.obj["metadata"]["name"] for item in found if isinstance(item, Create)]
    deletes = [item for item in found if isinstance(item, Delete)]
    # An identity that has a pod, in whatever state, gets no other one.
    assert not {f"web-{number}" for number in pods} & set(creates)
    assert set(creates) <= {f"web-{number}" for number in wanted}
    # Nothing by force, nothing twice, nothing that is going already.
    assert all(item.grace is None and item.uid for item in deletes)
    doomed = [int(item.name.removeprefix("web-")) for item in deletes]
    assert len(set(doomed)) == len(doomed)
    assert all(states[number] != "going" for number in doomed)
    well = {number for number, state in enumerate(states) if state == "ready"}
    # No more of the wanted pods become unavailable than may be.
    fresh = [number for number in doomed if number in wanted and number in well]
    assert not fresh or len(set(wanted) - well) + len(fresh) <= most
    # Below the partition nothing is replaced that still runs.
    kept = wanted[:partition]
    assert all(states[n] in ("failed", "succeeded") for n in doomed if n in kept)
    if not parallel:
        _check_order(wanted, well, pods, creates, doomed, most)


def _check_order(
    wanted: range,
    well: set[int],
    pods: dict[int, Object],
    creates: list[str],
    doomed: list[int],
    most: int,
) -> None:
    made = [int(name.removeprefix("web-")) for name in creates]
    assert len(made) + len(doomed) <= 1 or (not made and len(doomed) <= most)
    for number in made:
        assert set(wanted[: wanted.index(number)]) <= well
    for number in doomed:
        if number not in wanted:
            assert set(wanted) <= well
            assert number == max(other for other in pods if other not in wanted)
