"""Between what is desired and what the engine is told: admission, steps that fail, what is said."""

from types import SimpleNamespace
from typing import Any

from actors.kit.world.containers import Container, RuntimeFault
from actors.kubelet import labels, limits
from actors.kubelet.allocations import Allocations
from actors.kubelet.container_spec import EngineFacts
from actors.kubelet.pod_plan import STEP_RESIZE, LimitPod, ResizeStep, UpdateContainer
from actors.kubelet.pod_resizer import PodResizer
from actors.kubelet.pod_view import PodMemory, PodView, make_view
from cluster.api.types import Object


def sizes(cpu: int, memory: int = 64) -> Object:
    amounts = {"cpu": f"{cpu}m", "memory": f"{memory}Mi"}
    return {"requests": amounts, "limits": amounts}


def pod(uid: str, desired: Object, allocated: Object | None = None, **more: Any) -> Object:
    status: Object = {"qosClass": "Guaranteed", **more}
    if allocated is not None:
        told = {"resources": allocated, "allocatedResources": allocated["requests"]}
        status["containerStatuses"] = [{"name": "main", **told}]
    meta = {"name": uid, "namespace": "default", "uid": uid, "generation": 4}
    spec = {"containers": [{"name": "main", "resources": desired}]}
    return {"metadata": meta, "spec": spec, "status": status}


class Tools:
    """What a resizer asks of its node; ``refuses``: containers that the engine does not change."""

    def __init__(self) -> None:
        self.allocations = Allocations({"cpu": "2", "memory": "1Gi"}, lambda uid: None)
        self.said: list[str] = []
        self.done: list[tuple[str, Object]] = []
        self.refuses: set[str] = set()
        self.recorder = SimpleNamespace(event=self._event)
        self.ctx = SimpleNamespace(note=lambda *words, **fields: None)
        self.runtime = self
        self.cgroups = SimpleNamespace(limit=self._limit)
        self.engine = EngineFacts(1 << 30, "/root")

    def now(self) -> float:
        return 100.0

    def _event(self, obj: Object, kind: str, reason: str, text: str) -> None:
        self.said.append(reason)

    async def _limit(self, parent: str, memory: int | None, cpu: int | None) -> None:
        self.done.append(("pod", {"memory": memory, "cpu": cpu}))

    async def update(self, container: str, config: Object) -> None:
        if container in self.refuses:
            raise RuntimeFault(500, f"{container} is busy")
        self.done.append((container, config))

    async def memory_usage(self, container: str) -> int:
        return 0


def resizer(tools: Tools, memory: PodMemory, obj: Object) -> PodResizer:
    made: Any = tools
    return PodResizer(made, memory, obj)


def test_nothing_is_given_before_all_pods_are_known() -> None:
    tools, memory = Tools(), PodMemory()
    wants = pod("a", sizes(1500), sizes(200))
    first = resizer(tools, memory, wants)
    seen = first.settle(wants, PodView(), False, 1.0)
    assert seen["spec"]["containers"][0]["resources"] == sizes(200)
    assert memory.pending is None and tools.said == []
    other = pod("b", sizes(1000), sizes(1000))
    resizer(tools, PodMemory(), other)
    tools.allocations.open()
    seen = first.settle(wants, PodView(), False, 2.0)
    assert seen["spec"]["containers"][0]["resources"] == sizes(200)
    assert memory.pending is not None and memory.pending.reason == "Deferred"
    assert tools.said == ["ResizeDeferred"]


def test_what_was_said_before_a_restart_is_not_said_again() -> None:
    tools, memory = Tools(), PodMemory()
    told = {
        "type": "PodResizePending", "status": "True", "reason": "Infeasible", "message": "x",
        "observedGeneration": 4,
    }  # fmt: skip
    wants = pod("a", sizes(9000), sizes(200), conditions=[told])
    first = resizer(tools, memory, wants)
    tools.allocations.open()
    first.settle(wants, PodView(), False, 1.0)
    assert tools.said == [] and memory.pending is not None and memory.pending.generation == 4


def test_a_resize_that_was_done_and_not_told_is_told() -> None:
    tools, memory = Tools(), PodMemory()
    told = {"type": "PodResizeInProgress", "status": "True", "observedGeneration": 4}
    done = pod("a", sizes(300), sizes(300), conditions=[told])
    first = resizer(tools, memory, done)
    assert memory.resize_generation == 4
    first.settle(done, PodView(), False, 1.0)
    assert tools.said == ["ResizeCompleted"] and memory.resize_generation == 0


def test_a_pod_that_ends_holds_nothing() -> None:
    tools = Tools()
    tools.allocations.open()
    ends = pod("a", sizes(2000), sizes(2000))
    first = resizer(tools, PodMemory(), ends)
    assert tools.allocations.judge("b", {"cpu": 1, "memory": 0}) is not None
    first.settle(ends, PodView(), True, 1.0)
    assert tools.allocations.judge("b", {"cpu": 1, "memory": 0}) is None
    over = pod("c", sizes(2000), sizes(2000), phase="Succeeded")
    resizer(tools, PodMemory(), over)
    assert tools.allocations.judge("b", {"cpu": 1, "memory": 0}) is None


def running(name: str) -> Container:
    marked = {labels.CONTAINER: name, labels.TYPE: labels.TYPE_CONTAINER}
    return Container(f"id-{name}", name, marked, "running", "x", "x")


async def carried(tools: Tools, *steps: ResizeStep) -> PodMemory:
    memory = PodMemory()
    obj = pod("u", sizes(100))
    names = ("a", "b", "c")
    obj["spec"]["containers"] = [{"name": name, "resources": sizes(200, 32)} for name in names]
    first = resizer(tools, memory, obj)
    first.settle(obj, make_view(map(running, names)), False, 1.0)
    memory.acknowledged = {f"id-{name}": sizes(100, 64) for name in names}
    memory.pod_limits = (1 << 30, 1000)
    await first.carry_out(obj, steps)
    return memory


def step(name: str, phase: int, resource: str = "cpu") -> UpdateContainer:
    return UpdateContainer(f"id-{name}", name, resource, phase)


async def test_what_fails_keeps_later_phases_back() -> None:
    tools = Tools()
    tools.refuses = {"id-a"}
    memory = await carried(
        tools,
        step("a", 1), step("b", 1), LimitPod("cpu", 500, 2), step("c", 3),
        LimitPod("memory", 96 << 20, 0),
    )  # fmt: skip
    assert [name for name, _ in tools.done] == ["id-b", "pod"], "another resource goes on"
    assert memory.pod_limits == (96 << 20, 1000)
    assert memory.resize_error == "id-a is busy" and tools.said[-1] == "ResizeError"
    assert memory.failed_at[STEP_RESIZE] == 100.0
    assert memory.acknowledged["id-a"] == sizes(100, 64)
    assert limits.limits_for(memory.acknowledged["id-b"]).cpu_quota == 20_000


async def test_what_grows_goes_on_beside_what_fails() -> None:
    tools = Tools()
    tools.refuses = {"id-a", "id-c"}
    memory = await carried(tools, step("a", 3), step("b", 3), step("c", 3))
    assert [name for name, _ in tools.done] == ["id-b"]
    assert memory.resize_error == "id-a is busy; id-c is busy"
    tools.refuses = set()
    memory = await carried(tools, step("a", 3), step("a", 1, "memory"))
    assert memory.resize_error == "" and STEP_RESIZE not in memory.failed_at
    assert memory.acknowledged["id-a"] == sizes(200, 32)
    assert tools.done[-1] == ("id-a", {"Memory": 32 << 20, "MemorySwap": 32 << 20})
