"""The pods of a StatefulSet: their names, what they are made of, whether they are well.

Source: Kubernetes "StatefulSets: Pod Identity" (ordinal index, network ID, pod name label, pod
index label). Must not know: in which order pods are made and deleted, claims' lives, the API.
"""

from collections.abc import Iterable, Mapping, Sequence

from actors.controllers.controller_revisions import LABEL_REVISION
from actors.controllers.objects import (
    controller_reference,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    pod_phase,
)
from actors.controllers.pod_ranking import available_in
from cluster.api.resources import STATEFUL_SETS
from cluster.api.types import Object

LABEL_POD_NAME = "statefulset.kubernetes.io/pod-name"
LABEL_POD_INDEX = "apps.kubernetes.io/pod-index"


def ordinal_of(set_name: str, pod_name: str) -> int | None:
    """The number in ``<set>-<number>``; None for the name of no pod of the set."""
    number = pod_name.removeprefix(f"{set_name}-")
    if not number.isascii() or not number.isdecimal() or pod_name != f"{set_name}-{int(number)}":
        return None
    return int(number)


def pod_name(stateful: Object, ordinal: int) -> str:
    """``web-0``."""
    return f"{name_of(stateful)}-{ordinal}"


def ordinals(stateful: Object) -> range:
    """The ordinals that are to have a pod."""
    spec = stateful["spec"]
    start = int((spec.get("ordinals") or {}).get("start") or 0)
    replicas = spec.get("replicas")
    return range(start, start + (1 if replicas is None else int(replicas)))


def by_ordinal(stateful: Object, pods: Iterable[Object]) -> dict[int, Object]:
    """The set's pods by their ordinal, in order, also those that are no longer wanted."""
    found = {ordinal_of(name_of(stateful), name_of(pod)): pod for pod in pods}
    return {number: found[number] for number in sorted(item for item in found if item is not None)}


def claim_name(template: Object, pod: str) -> str:
    """``data-web-0``: of the claim that one of the volumeClaimTemplates gives a pod."""
    return f"{name_of(template)}-{pod}"


def make_pod(stateful: Object, template: Object, ordinal: int, revision: str) -> Object:
    """The pod of that ordinal. ``template``: of the revision of that name."""
    name = pod_name(stateful, ordinal)
    template_meta = template.get("metadata") or {}
    meta: Object = {
        "name": name,
        "generateName": f"{name_of(stateful)}-",
        "namespace": namespace_of(stateful),
        "labels": {
            **(template_meta.get("labels") or {}),
            **identity_labels(stateful, ordinal),
            LABEL_REVISION: revision,
        },
        "ownerReferences": [controller_reference(stateful, STATEFUL_SETS)],
    }
    for field in ("annotations", "finalizers"):
        if template_meta.get(field):
            meta[field] = template_meta[field]
    spec: Object = {**(template.get("spec") or {}), "hostname": name}
    if stateful["spec"].get("serviceName"):
        spec["subdomain"] = stateful["spec"]["serviceName"]
    volumes = _volumes(spec.get("volumes") or (), claim_templates(stateful), name)
    if volumes:
        spec["volumes"] = volumes
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def claim_templates(stateful: Object) -> list[Object]:
    """spec.volumeClaimTemplates."""
    return list(stateful["spec"].get("volumeClaimTemplates") or ())


def _volumes(given: Sequence[Object], templates: Sequence[Object], pod: str) -> list[Object]:
    """A claim takes the place of the template's volume of the same name."""
    claimed = [
        {
            "name": name_of(item),
            "persistentVolumeClaim": {"claimName": claim_name(item, pod)},
        }
        for item in templates
    ]
    names = {item["name"] for item in claimed}
    return [*claimed, *(item for item in given if item.get("name") not in names)]


def identity_labels(stateful: Object, ordinal: int) -> dict[str, str]:
    """The labels that tell one pod of a set from another."""
    return {LABEL_POD_NAME: pod_name(stateful, ordinal), LABEL_POD_INDEX: str(ordinal)}


def revision_of(pod: Object) -> str:
    """The name of the revision that the pod was made of, '' if it does not say."""
    return labels_of(pod).get(LABEL_REVISION, "")


def is_ready(pod: Object) -> bool:
    """Running and Ready."""
    return pod_phase(pod) == "Running" and available_in(pod, 0.0, 0.0) is not None


def min_ready(stateful: Object) -> float:
    """spec.minReadySeconds."""
    return float(stateful["spec"].get("minReadySeconds") or 0)


def is_available(stateful: Object, pod: Object, now: float) -> bool:
    """Running, and Ready for minReadySeconds."""
    return is_ready(pod) and available_in(pod, min_ready(stateful), now) == 0.0


def is_well(stateful: Object, pod: Object | None, now: float) -> bool:
    """True if there is such a pod, it is available and stays."""
    return pod is not None and not is_terminating(pod) and is_available(stateful, pod, now)


def next_available(stateful: Object, pods: Mapping[int, Object], now: float) -> float | None:
    """Seconds until the next ready pod becomes available; None if none is about to."""
    wait = min_ready(stateful)
    waits = [available_in(pod, wait, now) for pod in pods.values() if is_ready(pod)]
    return min((item for item in waits if item), default=None)
