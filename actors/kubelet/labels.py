"""Names and labels of a node's containers: how a kubelet knows its own after a restart. Pure.

Several nodes and several clusters may share one engine, so every container says whose it is.
Must not know: the engine.
"""

import hashlib

import orjson

from actors.kit.world.containers import Container
from cluster.api.types import Object

CLUSTER = "steersman.io/cluster"
NODE = "steersman.io/node"
TYPE = "io.kubernetes.docker.type"
POD_UID = "io.kubernetes.pod.uid"
POD_NAME = "io.kubernetes.pod.name"
POD_NAMESPACE = "io.kubernetes.pod.namespace"
CONTAINER = "io.kubernetes.container.name"
SANDBOX = "io.kubernetes.sandbox.id"
ATTEMPT = "steersman.io/attempt"
ADDRESS = "steersman.io/pod-address"
HASH = "steersman.io/container-hash"
RESOURCES = "steersman.io/resources"
GRACE = "steersman.io/termination-grace"
TYPE_SANDBOX = "podsandbox"
TYPE_CONTAINER = "container"
SANDBOX_NAME = "POD"

Labels = dict[str, str]


def node_labels(cluster: str, node: str) -> Labels:
    """What all containers of one node carry."""
    return {CLUSTER: cluster, NODE: node}


def pod_labels(cluster: str, node: str, pod: Object) -> Labels:
    """What all containers of one pod carry."""
    meta = pod["metadata"]
    grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
    return {
        **node_labels(cluster, node),
        POD_UID: meta["uid"],
        POD_NAME: meta["name"],
        POD_NAMESPACE: meta["namespace"],
        GRACE: str(grace),
    }


def sandbox_labels(base: Labels, attempt: int, address: str) -> Labels:
    """``address``: the pod's, '' for hostNetwork."""
    own = {TYPE: TYPE_SANDBOX, CONTAINER: SANDBOX_NAME, ATTEMPT: str(attempt), ADDRESS: address}
    return {**base, **own}


def container_labels(base: Labels, spec: Object, sandbox: str, attempt: int) -> Labels:
    """``attempt`` counts a container's starts from 0: it is the restart count."""
    return {
        **base,
        TYPE: TYPE_CONTAINER,
        CONTAINER: spec["name"],
        SANDBOX: sandbox,
        ATTEMPT: str(attempt),
        HASH: container_hash(spec),
        RESOURCES: orjson.dumps(spec.get("resources") or {}).decode(),
    }


def resources_of(container: Container) -> Object | None:
    """What it was made with; None if the label is missing or damaged."""
    try:
        found = orjson.loads(container.labels.get(RESOURCES, ""))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def container_hash(spec: Object) -> str:
    """Of the fields whose change restarts a container in place (Kubernetes: name and image)."""
    picked = orjson.dumps([spec["name"], spec.get("image", "")])
    return hashlib.sha256(picked).hexdigest()[:16]


def engine_name(labels: Labels) -> str:
    """``k8s_<container>_<pod>_<namespace>_<uid>_<attempt>``, as people know it."""
    parts = (CONTAINER, POD_NAME, POD_NAMESPACE, POD_UID, ATTEMPT)
    return "k8s_" + "_".join(labels[part] for part in parts)


def attempt_of(container: Container) -> int:
    """0 if the label is missing or damaged."""
    text = container.labels.get(ATTEMPT, "0")
    return int(text) if text.isdigit() else 0


def pod_of_labels(labels: Labels) -> Object:
    """A pod object that says no more than its containers' labels do: for orphans."""
    grace = labels.get(GRACE, "30")
    return {
        "metadata": {
            "uid": labels[POD_UID],
            "name": labels.get(POD_NAME, ""),
            "namespace": labels.get(POD_NAMESPACE, ""),
        },
        "spec": {
            "containers": [],
            "terminationGracePeriodSeconds": int(grace) if grace.isdigit() else 30,
        },
        "status": {},
    }
