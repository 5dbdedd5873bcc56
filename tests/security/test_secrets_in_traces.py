"""What is confidential is in no record of a node's trace: values of Secrets, of environment
variables, tokens, what is typed into an exec and what it answers.

At the fullest level, in pods that run and pods that cannot. (The API server's side is in
``test_secrets_in_logs``.)
"""

import base64
from typing import Any

from actors.kit.tracing import MemoryTracer, encoded
from actors.kubelet.runtimes.memory_streams import Cat
from cluster.messages.streams import CREDIT, OpenExec, StreamInput, StreamOpened
from tests.unit.actors.kubelet.bench import NodeBench, container, pod, simulated

WORD = "correct-horse-battery"
CODED = base64.b64encode(WORD.encode()).decode()
PLAIN = "staple-in-plain-sight"
TYPED = "typed-at-a-prompt"
ARGUMENT = "given-as-an-argument"
TOKEN = "token-of-default"
HIDDEN = (WORD, CODED, PLAIN, TYPED, ARGUMENT, TOKEN)

TOKENS = {
    "name": "t",
    "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]},
}
VOLUMES = [{"name": "s", "secret": {"secretName": "s"}}, TOKENS]
MOUNTS = [{"name": "s", "mountPath": "/s"}, {"name": "t", "mountPath": "/t"}]


def confidential(**fields: Any) -> dict[str, Any]:
    """A container that is told everything."""
    return container(
        env=[
            {"name": "PLAIN", "value": PLAIN},
            {"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "password"}}},
            {"name": "BOTH", "value": "$(PLAIN) $(WORD)"},
        ],
        envFrom=[{"secretRef": {"name": "s"}}],
        volumeMounts=MOUNTS,
        lifecycle={"postStart": {"exec": {"command": ["hook", ARGUMENT]}}},
        **fields,
    )


@simulated
async def test_a_node_writes_none_of_it_down(bench: NodeBench) -> None:
    bench.system.recorder.levels.set("", "routine", 1.0)
    bench.runtime.programs["cat"] = Cat
    bench.secret("s", password=CODED)
    probe = {"exec": {"command": ["probe", ARGUMENT]}, "periodSeconds": 1}
    bench.create(pod(containers=[confidential(readinessProbe=probe)], volumes=VOLUMES))
    await bench.running()
    kubelet = bench.system.ref(next(name for name in bench.system.actors() if "/streams@" in name))
    opened = OpenExec("s", "default", "web", "main", ("cat", ARGUMENT), stdin=True)
    async with kubelet.stream(opened, CREDIT) as stream:
        assert await anext(stream) == StreamOpened()
        kubelet.tell(StreamInput("s", 0, TYPED.encode()))
        kubelet.tell(StreamInput("s", 1, b"", True))
        said = [item async for item in stream]
    assert TYPED in repr(said)
    # What cannot be: a key that is not there, a Secret that is none, a value that is no text.
    missing = {"secretKeyRef": {"name": "s", "key": "other"}}
    broken = [{"name": "PLAIN", "value": PLAIN}, {"name": "X", "valueFrom": missing}]
    bench.create(pod("broken", [container(env=broken)], volumes=VOLUMES))
    bench.secret("odd", password=f"{CODED}!!")
    odd = {"secretKeyRef": {"name": "odd", "key": "password"}}
    bench.create(pod("odd", [container(env=[{"name": "X", "valueFrom": odd}])]))
    await bench.until(lambda: "CreateContainerConfigError" in repr(bench.status("broken")))
    # A Secret changes while it is in use; a container dies.
    bench.secret("s", password=base64.b64encode(b"another").decode())
    bench.delete("web", 1)
    await bench.until(lambda: bench.pod("web") is None)
    tracer = bench.system.recorder.tracer
    assert isinstance(tracer, MemoryTracer)
    text = "\n".join(encoded(record).decode() for record in tracer.records)
    assert '"container.started"' in text and '"OpenExec"' in text and len(text) > 50_000
    assert [value for value in HIDDEN if value in text] == []
