"""How a pod's status is written: once, in order, and over nothing newer."""

import pytest

from actors.kubelet.runtimes.memory import Behaviour
from cluster.api.resources import PODS
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.unit.actors.kubelet.bench import NodeBench, container, pod, simulated


def status_patches(bench: NodeBench) -> list[ApiRequest]:
    return [one for one in bench.state.writes("patch", PODS) if one.subresource == "status"]


def touched(bench: NodeBench, label: str) -> Object:
    """As if a user had changed the object."""
    found = bench.pod()
    assert found is not None
    meta = {**found["metadata"], "labels": {"touched": label}}
    return bench.state.put(PODS, {**found, "metadata": meta})


@simulated
async def test_one_that_comes_late_changes_nothing(bench: NodeBench) -> None:
    """Found by chaos: a paused API server did an abandoned write after it went on."""
    bench.runtime.behave("main", Behaviour(runs_for=5, exit_code=1))
    bench.create(pod())
    await bench.until(lambda: bench.container().get("restartCount") == 1)
    late = status_patches(bench)[-2]
    before = bench.status()
    with pytest.raises(StatusError) as refused:
        await bench.system.ref("apiserver@replica-1").ask(late, timeout=1.0)
    assert refused.value.code == 409
    assert bench.status() == before


@simulated
async def test_what_another_wrote_meanwhile_is_read_and_the_status_written(
    bench: NodeBench,
) -> None:
    bench.runtime.behave("main", Behaviour(runs_for=5, exit_code=1))
    changes = 0

    def change(request: ApiRequest) -> None:
        nonlocal changes
        if (request.verb, request.subresource, changes < 2) == ("patch", "status", True):
            changes += 1
            touched(bench, str(changes))

    bench.state.fault = change
    bench.create(pod())
    await bench.until(lambda: bench.container().get("restartCount") == 1)
    found = bench.pod()
    assert found is not None and found["metadata"]["labels"] == {"touched": "2"}


@simulated
async def test_another_pod_of_the_name_is_not_written_to(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    other: list[Object] = []

    def replace(request: ApiRequest) -> None:
        if (request.verb, request.subresource, other) == ("patch", "status", []):
            bench.state.remove(PODS, "default", "web")
            other.append(bench.state.put(PODS, pod(containers=[container("next")])))

    bench.state.fault = replace
    bench.runtime.crash(next(one.id for one in await bench.runtime.list({}) if "main" in one.name))
    await bench.until(lambda: other and bench.container(container="next").get("ready"))
    uid = other[0]["metadata"]["uid"].encode()
    versions = [event.object for _, event in bench.state.history if uid in event.object]
    assert versions and not any(b'"main"' in version for version in versions)
