"""What to do next for one pod, step by step: the machine against a world that always obeys."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kit.world.containers import Container
from actors.kubelet import labels, pod_machine, pod_plan
from actors.kubelet.backoff import advance
from actors.kubelet.pod_plan import Plan, Situation
from actors.kubelet.pod_view import PodMemory, Verdict, make_view
from cluster.api.types import Object


def pod(init: list[Object] | None = None, **spec: Any) -> Object:
    meta = {"name": "web", "namespace": "shop", "uid": "u"}
    containers = [{"name": "main", "image": "x"}, {"name": "side", "image": "x"}]
    return {"metadata": meta, "spec": {"containers": containers, "initContainers": init, **spec}}


class ObedientWorld:
    """Carries out each plan at once; containers end when told."""

    def __init__(self, obj: Object) -> None:
        self.pod = obj
        self.found: dict[str, Container] = {}
        self.memory = PodMemory(start_time=1.0)
        self.now = 100.0
        self.gone = False
        self.finished = False
        self.story: list[str] = []
        self._count = 0

    def plan(self) -> Plan:
        view = make_view(self.found.values())
        at = Situation(self.pod, view, self.memory, self.now, self.gone)
        return pod_machine.make_plan(at)

    def settle(self) -> Plan:
        """Until there is nothing more to do now."""
        for _ in range(50):
            plan = self.plan()
            self.memory.failure = plan.failure or self.memory.failure
            self.memory.outcome = plan.outcome or self.memory.outcome
            if not plan.actions and not plan.failure and not plan.outcome:
                return plan
            for action in plan.actions:
                self.do(action)
        raise AssertionError(f"it never settles: {self.story}")

    def do(self, action: pod_plan.Action) -> None:
        match action:
            case pod_plan.PrepareVolumes():
                self.memory.volumes_ready = True
            case pod_plan.RunSandbox(attempt):
                self.run({labels.TYPE: labels.TYPE_SANDBOX, labels.CONTAINER: "POD"}, attempt)
            case pod_plan.AttachNetwork(sandbox):
                self.memory.network_ready = sandbox.id
            case pod_plan.StartContainer(name, attempt):
                holder = make_view(self.found.values()).sandbox
                assert holder is not None and self.memory.volumes_ready
                assert self.memory.network_ready == holder.id
                if attempt:
                    state = self.memory.backoffs.get(name)
                    self.memory.backoffs[name] = advance(state, self.now)
                spec = next(s for s in self.specs() if s["name"] == name)
                marked = labels.container_labels({}, spec, holder.id, attempt)
                made = self.run(marked, attempt)
                self.memory.hooked.add(made.id)
                self.memory.started.add(made.id)
            case pod_plan.StopContainer(item, name):
                self.end(item, 137)
            case pod_plan.StopSandbox(sandbox):
                self.end(sandbox, 137)
            case pod_plan.RemoveContainer(item):
                assert item.state != "running"
                del self.found[item.id]
            case pod_plan.Finish():
                assert not self.running()
                self.finished = True
                self.found.clear()
                self.gone = True
                self.story.append("finish")
                raise Finished
        if not isinstance(action, pod_plan.RemoveContainer):
            self.story.append(words(action))

    def specs(self) -> list[Object]:
        return [*(self.pod["spec"]["initContainers"] or ()), *self.pod["spec"]["containers"]]

    def run(self, marked: dict[str, str], attempt: int) -> Container:
        self._count += 1
        marked = {**marked, labels.ATTEMPT: str(attempt)}
        made = Container(
            f"id{self._count}", marked[labels.CONTAINER], marked, "running", "x", "x",
            started_at=self.now, created_at=self.now,
        )  # fmt: skip
        self.found[made.id] = made
        return made

    def end(self, item: Container, code: int) -> None:
        self.found[item.id] = replace(item, state="exited", exit_code=code, finished_at=self.now)

    def exits(self, name: str, code: int = 0) -> None:
        """The container's own process ends."""
        item = next(i for i in self.running() if i.labels[labels.CONTAINER] == name)
        self.end(item, code)

    def running(self) -> list[Container]:
        return [item for item in self.found.values() if item.state == "running"]

    def names(self) -> set[str]:
        return {item.labels[labels.CONTAINER] for item in self.running()}


class Finished(Exception):
    """The pod has left the node."""


def words(action: pod_plan.Action) -> str:
    match action:
        case pod_plan.StartContainer(name, attempt):
            return f"start {name} {attempt}"
        case pod_plan.StopContainer(_, name):
            return f"stop {name}"
        case pod_plan.RunSandbox(attempt):
            return f"sandbox {attempt}"
    return type(action).__name__


def test_a_pod_comes_up_in_order() -> None:
    world = ObedientWorld(pod([{"name": "first"}, {"name": "helper", "restartPolicy": "Always"}]))
    world.settle()
    assert world.story == ["PrepareVolumes", "sandbox 0", "AttachNetwork", "start first 0"]
    world.exits("first")
    world.settle()
    assert world.story[4:] == ["start helper 0", "start main 0", "start side 0"]
    assert world.settle().actions == []


def test_a_failed_init_container_is_tried_again() -> None:
    world = ObedientWorld(pod([{"name": "first"}]))
    world.settle()
    world.exits("first", 1)
    world.settle()
    assert world.story[-1] == "start first 1", "the first retry is immediate"
    world.exits("first", 1)
    plan = world.settle()
    assert plan.waiting["first"].reason == "CrashLoopBackOff" and plan.wake_at == 110
    world.now = 110
    world.settle()
    assert world.story[-1] == "start first 2"


def test_a_sidecar_that_is_not_started_holds_the_next_back() -> None:
    world = ObedientWorld(pod([{"name": "helper", "restartPolicy": "Always"}]))
    for _ in range(4):
        for action in world.plan().actions:
            world.do(action)
            world.memory.started.clear()
    assert world.names() == {"POD", "helper"}
    world.memory.started.update(world.found)
    world.settle()
    assert world.names() == {"POD", "helper", "main", "side"}


def test_a_dead_sandbox_starts_over() -> None:
    world = ObedientWorld(pod([{"name": "first"}]))
    world.settle()
    world.exits("first")
    world.settle()
    world.story.clear()
    world.exits("POD", 137)
    world.settle()
    assert world.story == ["stop main", "stop side", "sandbox 1", "AttachNetwork", "start first 1"]
    world.exits("first")
    world.settle()
    assert world.story[5:] == ["start main 1", "start side 1"]
    assert len([i for i in world.found.values() if i.labels[labels.CONTAINER] == "POD"]) == 1


def test_what_succeeded_is_not_run_again_on_failure() -> None:
    world = ObedientWorld(pod(restartPolicy="OnFailure"))
    world.settle()
    world.exits("side", 0)
    world.exits("POD", 137)
    world.story.clear()
    world.settle()
    assert "start main 1" in world.story and "start side 1" not in world.story


def test_verdicts_and_changed_images_restart() -> None:
    world = ObedientWorld(pod())
    world.settle()
    condemned = next(i for i in world.running() if i.name == "main")
    world.memory.unhealthy[condemned.id] = Verdict("bad", 3.0)
    plan = world.plan()
    assert plan.actions == [pod_plan.StopContainer(condemned, "main", 3.0, "bad")]
    world.settle()
    assert world.story[-2:] == ["stop main", "start main 1"]
    world.pod["spec"]["containers"][1]["image"] = "y"
    world.settle()
    assert world.story[-2:] == ["stop side", "start side 1"]


def test_end_is_in_order() -> None:
    world = ObedientWorld(pod([{"name": f"helper-{n}", "restartPolicy": "Always"} for n in (1, 2)]))
    world.settle()
    world.story.clear()
    world.pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    try:
        world.settle()
    except Finished:
        assert world.story == [
            "stop main", "stop side", "stop helper-2", "stop helper-1", "StopSandbox", "finish",
        ]  # fmt: skip
        return
    raise AssertionError(world.story)


def test_busy_steps_are_not_begun_twice() -> None:
    obj = pod()
    at = Situation(obj, make_view([]), PodMemory(), 1.0)
    assert pod_machine.make_plan(at).actions == [pod_plan.PrepareVolumes()]
    busy = replace(at, busy=frozenset({pod_plan.STEP_VOLUMES}))
    assert pod_machine.make_plan(busy).actions == []


def test_a_container_that_was_only_created_is_made_again() -> None:
    world = ObedientWorld(pod())
    world.settle()
    item = next(i for i in world.running() if i.name == "main")
    world.found[item.id] = replace(item, state="created", started_at=0.0)
    starts = [a for a in world.plan().actions if isinstance(a, pod_plan.StartContainer)]
    assert starts == [pod_plan.StartContainer("main", 0)]


def test_a_sandbox_that_was_only_created_is_made_again() -> None:
    """Under the same name, which the engine gives to one container at a time (simulation 124)."""
    world = ObedientWorld(pod())
    world.memory.volumes_ready = True
    made = world.run({labels.TYPE: labels.TYPE_SANDBOX, labels.CONTAINER: "POD"}, 0)
    world.found[made.id] = replace(made, state="created")
    assert world.plan().actions == [pod_plan.RunSandbox(0)]
    world.found[made.id] = replace(made, state="created", error="no such network")
    assert world.plan().actions == [pod_plan.RunSandbox(1)]


def test_deadline() -> None:
    world = ObedientWorld(pod(activeDeadlineSeconds=200))
    assert world.settle().wake_at == 201
    world.now = 201
    world.settle()
    assert world.memory.failure is not None and world.running() == []


EVENTS = st.sampled_from(
    ["main 0", "main 1", "side 0", "side 2", "first 0", "first 1", "helper 1", "POD 137", "time"]
)


@settings(max_examples=60)
@given(
    st.lists(EVENTS, max_size=25), st.sampled_from(["Always", "OnFailure", "Never"]), st.booleans()
)
def test_any_history_settles_and_a_deletion_always_ends_it(
    events: list[str], policy: str, gone: bool
) -> None:
    init = [{"name": "first"}, {"name": "helper", "restartPolicy": "Always"}]
    world = ObedientWorld(pod(init, restartPolicy=policy))
    world.settle()
    for event in events:
        name, _, code = event.partition(" ")
        if name == "time":
            world.now += 700
        elif name in world.names():
            world.exits(name, int(code))
        world.settle()
        alive = [item for item in world.running() if item.name not in ("POD",)]
        assert len({item.name for item in alive}) == len(alive), "one attempt runs at a time"
        if world.memory.outcome:
            assert not world.running()
        elif policy == "Always":
            assert "POD" in world.names()
    if gone:
        world.gone = True
    else:
        world.pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    try:
        world.settle()
    except Finished:
        return
    raise AssertionError("the pod does not go")
