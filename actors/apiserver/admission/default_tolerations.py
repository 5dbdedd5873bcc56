"""Pods tolerate a node that is not ready or unreachable for a while, unless they say otherwise.

Source: docs "Taints and Tolerations", Taint based Evictions (DefaultTolerationSeconds).
"""

from actors.apiserver.admission.plugin import Review
from cluster import names
from cluster.api.types import Object


async def admit(review: Review) -> None:
    """Adds the two tolerations to a pod: also when it is written again as its author has it, who
    does not know them, and they may not be taken away."""
    if review.call.resource != ("", "pods") or review.operation not in ("CREATE", "UPDATE"):
        return
    if review.call.request.subresource:
        return
    assert review.obj is not None
    add(review.obj, review.environment.settings.timing.toleration)


def add(pod: Object, seconds: int) -> None:
    """Tolerate both taints for ``seconds``, each only if no toleration of the pod matches it."""
    tolerations = list(pod["spec"].get("tolerations") or ())
    for taint in (names.TAINT_NOT_READY, names.TAINT_UNREACHABLE):
        if not any(_tolerates(item, taint) for item in tolerations):
            tolerations.append(
                {
                    "key": taint,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": seconds,
                }
            )
    pod["spec"]["tolerations"] = tolerations


def _tolerates(toleration: Object, taint: str) -> bool:
    if toleration.get("effect") not in (None, "", "NoExecute"):
        return False
    return toleration.get("key") in (None, "", taint)
