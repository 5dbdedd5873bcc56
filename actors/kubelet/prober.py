"""Runs the probes of one pod's running containers: one owned task per container and probe.

What a probe decides goes into the pod's memory; the pod worker is told only of changes. Must not
know: thresholds (``probes``), handlers (``hooks``).
"""

import asyncio
from collections.abc import Callable
from typing import Any

from actors.kit.world.containers import Container
from actors.kubelet import hooks, labels, pod_spec, probes
from actors.kubelet.event_texts import field_path
from actors.kubelet.node_tools import NodeTools
from actors.kubelet.pod_view import PodMemory, PodView, Verdict
from actors.kubelet.probes import ProbeKind, ProbeSpec, ProbeState
from cluster.api.types import Object

TITLES: dict[ProbeKind, str] = {
    "startup": "Startup",
    "readiness": "Readiness",
    "liveness": "Liveness",
}
Key = tuple[str, ProbeKind]


class Prober:
    """``on_change``: called after a verdict changed the memory."""

    def __init__(self, tools: NodeTools, memory: PodMemory, on_change: Callable[[], None]) -> None:
        self._tools = tools
        self._memory = memory
        self._on_change = on_change
        self._tasks: dict[Key, asyncio.Task[Any]] = {}
        self._startup_passed = asyncio.Event()

    def follow(self, pod: Object, view: PodView, ending: bool) -> None:
        """Probe exactly the containers that run (and are past postStart) now.

        A pod that is ending gets no liveness or startup probes, but still readiness ones.
        """
        wanted: dict[Key, tuple[Object, Container, ProbeSpec]] = {}
        for item in view.running():
            spec = pod_spec.find_container(pod, item.labels.get(labels.CONTAINER, ""))
            if spec is None or item.id not in self._memory.hooked:
                continue
            found = probes.probe_specs(spec)
            if not any(probe.kind == "startup" for probe in found):
                self._memory.started.add(item.id)
            for probe in found:
                if not (ending and probe.kind != "readiness"):
                    wanted[item.id, probe.kind] = (spec, item, probe)
        for key in list(self._tasks):
            if key not in wanted:
                self._tasks.pop(key).cancel()
        for key, (spec, item, probe) in wanted.items():
            if key not in self._tasks:
                name = f"{probe.kind} probe {pod_spec.full_name(pod)}/{spec['name']}"
                run = self._run(pod, spec, item, probe)
                self._tasks[key] = self._tools.ctx.task(run, name)

    def stop(self) -> None:
        """End all probes."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    async def _run(self, pod: Object, spec: Object, item: Container, probe: ProbeSpec) -> None:
        if probe.kind == "startup" and item.id in self._memory.started:
            return  # it passed before the kubelet was restarted
        state = ProbeState()
        if probe.kind != "startup":
            while item.id not in self._memory.started:
                await self._startup_passed.wait()
        while not probes.is_over(probe, state):
            due = probes.next_due(probe, state, item.started_at)
            await asyncio.sleep(max(0.0, due - self._tools.now()))
            address = self._address(pod)
            target = hooks.Target(spec, item.id, address)
            began = self._tools.now()
            attempt = await hooks.run_probe(self._tools, target, probe.handler, probe.timeout)
            if attempt is None:
                await asyncio.sleep(probe.period)
                continue
            old, state = state, probes.record(probe, state, attempt.success, began)
            if not attempt.success:
                text = f"{TITLES[probe.kind]} probe failed: {attempt.text}"
                part = field_path(pod, spec)
                self._tools.recorder.event(pod, "Warning", "Unhealthy", text, part)
            if state.healthy != old.healthy:
                self._apply(pod, spec, item, probe, state)

    def _address(self, pod: Object) -> str:
        return self._tools.node.address if pod_spec.is_host_network(pod) else self._memory.address

    def _apply(
        self, pod: Object, spec: Object, item: Container, probe: ProbeSpec, state: ProbeState
    ) -> None:
        name = spec["name"]
        if probe.kind == "readiness":
            self._memory.ready[item.id] = bool(state.healthy)
        elif state.healthy and probe.kind == "startup":
            self._memory.started.add(item.id)
            passed, self._startup_passed = self._startup_passed, asyncio.Event()
            passed.set()
        elif probes.is_condemned(probe, state):
            message = f"Container {name} failed {probe.kind} probe, will be restarted"
            self._memory.unhealthy[item.id] = Verdict(message, probe.grace)
        self._tools.ctx.note(
            f"probe.{probe.kind}",
            pod_spec.full_name(pod),
            container=name,
            healthy=bool(state.healthy),
            handler=next(iter(probe.handler), ""),
            row=state.row,
        )
        self._on_change()
