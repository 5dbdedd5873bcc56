"""A StatefulSet under controllers with stale views, kubelets that come late, and users.

The model is the API's rules for pods (names are unique, a delete names a uid, a bound pod stays
until its kubelet lets it go) and kubelets that start and stop containers whenever they like. At
any moment at most one container runs for an identity, unless the user forced a pod away; and when
all calm down, the set is as it was asked to be.
"""

import copy
import itertools
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.client.cache import Cache
from actors.controllers import stateful_steps
from actors.controllers.objects import is_finished, is_terminating
from actors.controllers.plan import Action, Create, Delete, Patch, Update, View
from actors.controllers.stateful_pods import is_ready, revision_of
from actors.controllers.statefulset import plan
from cluster.api.patches import merge_patch
from cluster.api.resources import CONTROLLER_REVISIONS, PODS, STATEFUL_SETS, Resource
from cluster.api.types import Object
from tests.unit.actors.controllers.stateful import (
    KEY,
    RESOURCES,
    make_stateful,
    pod,
    ready_since,
    revision,
    rolling,
)
from tests.unit.actors.controllers.views import NOW

Name = tuple[Resource, str]


class TwoAtOnce(AssertionError):
    """Two containers run for one identity."""


class World:
    """``stored``: what the API has. ``running``: uids of pods whose container runs, by name.
    ``past``: all that was ever stored, for views of any age."""

    def __init__(self, stateful: Object) -> None:
        self.uids = itertools.count(1)
        self.revision = 0
        self.stored: dict[Name, Object] = {}
        self.running: dict[str, set[str]] = {}
        self.past: list[dict[Name, Object]] = [{}]
        self.put(STATEFUL_SETS, stateful)

    # -- the API

    def put(self, resource: Resource, obj: Object) -> None:
        self.revision += 1
        meta = {"uid": f"world-{next(self.uids)}", **obj["metadata"]}
        obj = {**obj, "metadata": {**meta, "resourceVersion": str(self.revision)}}
        self._remember({**self.stored, (resource, meta["name"]): obj})

    def remove(self, resource: Resource, name: str) -> None:
        self._remember({key: obj for key, obj in self.stored.items() if key != (resource, name)})

    def _remember(self, stored: dict[Name, Object]) -> None:
        self.stored = stored
        self.past.append(stored)

    def find(self, resource: Resource, name: str) -> Object | None:
        return self.stored.get((resource, name))

    def pods(self) -> list[Object]:
        return [obj for (resource, _), obj in self.stored.items() if resource == PODS]

    def view(self, ages: dict[Resource, int]) -> View:
        """``ages``: by how many changes what is known of a resource is behind."""
        caches = {}
        for resource in RESOURCES:
            cache = caches[resource] = Cache(resource)
            then = self.past[max(0, len(self.past) - 1 - ages.get(resource, 0))]
            for (kind, _), obj in then.items():
                if kind == resource:
                    cache.put(orjson.dumps(obj), 0.0)
        return View(caches)

    def carry_out(self, actions: list[Action]) -> None:
        """In order, up to the first that is refused."""
        for action in actions:
            if not self._do(action):
                return

    def _do(self, action: Action) -> bool:
        match action:
            case Create(resource=resource, obj=obj):
                if self.find(resource, obj["metadata"]["name"]) is not None:
                    return False
                status = {"status": {"phase": "Pending"}} if resource == PODS else {}
                self.put(resource, copy.deepcopy({**obj, **status}))
            case Update(resource=resource, obj=obj):
                live = self.find(resource, obj["metadata"]["name"])
                told = obj["metadata"]["resourceVersion"]
                if live is None or live["metadata"]["resourceVersion"] != told:
                    return False
                self.put(resource, {**live, "status": obj["status"]})
            case Patch(resource=resource, name=name, patch=patch):
                live = self.find(resource, name)
                if live is None or patch["metadata"]["uid"] != live["metadata"]["uid"]:
                    return False
                self.put(resource, merge_patch(live, patch))
            case Delete(resource=resource, name=name, uid=uid):
                self.delete(resource, name, uid, action.grace)
        return True

    def delete(self, resource: Resource, name: str, uid: str, grace: int | None) -> None:
        live = self.find(resource, name)
        if live is None or live["metadata"]["uid"] != uid:
            return
        bound = resource == PODS and live["spec"].get("nodeName") and not is_finished(live)
        if not bound or grace == 0:
            self.remove(resource, name)
        elif not is_terminating(live):
            gone = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
            self.put(resource, {**live, "metadata": {**live["metadata"], **gone}})

    # -- nodes

    def kubelet(self, pod: Object, does: str) -> None:
        """One kubelet takes one step with one pod."""
        meta, spec = pod["metadata"], pod["spec"]
        name, uid = meta["name"], meta["uid"]
        containers = self.running.setdefault(name, set())
        if not spec.get("nodeName"):
            if does != "wait" and not is_terminating(pod):
                self.put(PODS, {**pod, "spec": {**spec, "nodeName": "some"}})
        elif does == "finish" and is_terminating(pod):
            containers.discard(uid)
            self.remove(PODS, name)
        elif does == "fail" and not is_finished(pod):
            containers.discard(uid)
            self.put(PODS, {**pod, "status": {"phase": "Failed"}})
        elif does == "run" and not is_terminating(pod) and not is_finished(pod):
            containers.add(uid)
            if len(containers) > 1:
                raise TwoAtOnce(f"{name}: {sorted(containers)}")
            ready = {"phase": "Running", "conditions": [ready_since(NOW - 100)]}
            self.put(PODS, {**pod, "status": ready})

    # -- users

    def edit(self, change: Callable[[Object], None]) -> None:
        stateful = copy.deepcopy(self.find(STATEFUL_SETS, "web"))
        assert stateful is not None
        change(stateful["spec"])
        self.put(STATEFUL_SETS, stateful)

    def calm_down(self) -> None:
        """Fresh views and good kubelets, until nothing changes."""
        for _ in range(200):
            before = self.revision, len(self.past)
            self.carry_out(plan(KEY, self.view({}), NOW))
            for item in self.pods():
                if is_terminating(item):
                    self.kubelet(item, "finish")
                elif not is_ready(item):
                    self.kubelet(item, "run")
            if before == (self.revision, len(self.past)):
                return
        raise AssertionError("it never settles")


AGES = st.fixed_dictionaries({resource: st.integers(0, 12) for resource in RESOURCES})
MOVES = st.one_of(
    st.tuples(st.just("plan"), AGES),
    st.tuples(st.just("plan"), AGES),
    st.tuples(
        st.just("kubelet"),
        st.tuples(st.integers(0, 4), st.sampled_from(("run", "run", "finish", "fail", "wait"))),
    ),
    st.tuples(st.just("scale"), st.integers(0, 4)),
    st.tuples(st.just("image"), st.sampled_from(("web:1", "web:2", "web:3"))),
    st.tuples(st.just("delete"), st.integers(0, 4)),
)


def play(world: World, moves: list[tuple[str, Any]]) -> None:
    for what, how in moves:
        pods = sorted(world.pods(), key=lambda item: str(item["metadata"]["name"]))
        if what == "plan":
            world.carry_out(plan(KEY, world.view(how), NOW))
        elif what == "scale":
            world.edit(lambda spec, how=how: spec.update(replicas=how))  # type: ignore[misc]
        elif what == "image":
            made = {"containers": [{"name": "main", "image": how}]}
            world.edit(lambda spec, made=made: spec["template"].update(spec=made))  # type: ignore[misc]
        elif what == "kubelet" and pods:
            world.kubelet(pods[how[0] % len(pods)], how[1])
        elif what == "delete" and pods:
            meta = pods[how % len(pods)]["metadata"]
            world.delete(PODS, meta["name"], meta["uid"], None)


SPECS = st.builds(
    lambda parallel, partition, most: {
        "podManagementPolicy": "Parallel" if parallel else "OrderedReady",
        "updateStrategy": rolling(partition, most),
    },
    st.booleans(),
    st.integers(0, 2),
    st.integers(1, 2),
)


@settings(max_examples=200)
@given(moves=st.lists(MOVES, max_size=100), spec=SPECS)
def test_an_identity_never_runs_twice_and_all_ends_well(
    moves: list[tuple[str, Any]], spec: Object
) -> None:
    world = World(named_anew(make_stateful(3, **spec)))
    play(world, moves)
    world.calm_down()
    check_settled(world)


STATES = ("", "pending", "running", "ready", "failed", "going")


@settings(max_examples=200)
@given(
    states=st.lists(st.tuples(st.sampled_from(STATES), st.booleans()), max_size=5),
    replicas=st.integers(0, 4),
    spec=SPECS,
)
def test_a_rollout_ends_well_wherever_it_begins(
    states: list[tuple[str, bool]], replicas: int, spec: Object
) -> None:
    """``states``: of the pods, and whether the update has reached them."""
    was, new = make_stateful(replicas, **spec), make_stateful(replicas, "web:2", **spec)
    new["status"]["currentRevision"] = revision(was)["metadata"]["name"]
    world = World(new)
    for number, stateful in enumerate((was, new), 1):
        world.put(CONTROLLER_REVISIONS, revision(stateful, number))
    for number, (state, reached) in enumerate(states):
        if state:
            made = pod(new, number, state, new if reached else was)
            made["spec"]["nodeName"] = "some"
            world.put(PODS, made)
    world.calm_down()
    check_settled(world)


def named_anew(stateful: Object) -> Object:
    """Without its uid: the model gives it one."""
    del stateful["metadata"]["uid"]
    return stateful


def check_settled(world: World) -> None:
    """The set is as it was asked to be, and says so."""
    found = world.find(STATEFUL_SETS, "web")
    assert found is not None
    replicas, status = found["spec"]["replicas"], found["status"]
    partition = found["spec"]["updateStrategy"]["rollingUpdate"]["partition"]
    pods = {item["metadata"]["name"]: item for item in world.pods()}
    assert sorted(pods) == [f"web-{number}" for number in range(replicas)]
    assert all(is_ready(item) and not is_terminating(item) for item in pods.values())
    image = found["spec"]["template"]["spec"]["containers"][0]["image"]
    for number in range(partition, replicas):
        item = pods[f"web-{number}"]
        assert item["spec"]["containers"][0]["image"] == image
        assert revision_of(item) == status["updateRevision"]
    assert status.get("readyReplicas", 0) == status["replicas"] == replicas
    assert all(len(uids) <= 1 for uids in world.running.values())
    history = [obj for (kind, _), obj in world.stored.items() if kind == CONTROLLER_REVISIONS]
    newest = max(history, key=lambda obj: int(obj["revision"]))
    assert newest["metadata"]["name"] == status["updateRevision"] and len(history) <= 3
    assert sum(obj["revision"] == newest["revision"] for obj in history) == 1


def test_the_model_notices_deletions_by_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted bug: else a green run means nothing."""
    graceful = stateful_steps._delete

    def forced(stateful: Object, pod: Object, why: str) -> Delete:
        found = graceful(stateful, pod, why)
        return Delete(found.resource, found.namespace, found.name, found.uid, grace=0)

    monkeypatch.setattr(stateful_steps, "_delete", forced)
    world = World(named_anew(make_stateful(1)))
    world.calm_down()
    with pytest.raises(TwoAtOnce):
        play(world, [("image", "web:2"), *[("plan", {})] * 4])
        world.calm_down()
