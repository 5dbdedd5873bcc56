"""What a StatefulSet does next with its pods, and in which order.

Job: fill the ordinals from the lowest, empty those that are too many from the highest, then
replace pods of older revisions from the highest; one pod at a time if they are to be ordered.
A pod is made only where there is none, not even one on its way out, and nothing is ever deleted by
force: so an identity has one pod at most, however little is known of the node it is on.
Source: Kubernetes "StatefulSets: Deployment and Scaling Guarantees", "Update strategies"; API
reference of RollingUpdateStatefulSetStrategy.
Must not know: status, history, the API.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from actors.controllers import stateful_claims
from actors.controllers.controller_revisions import template_of
from actors.controllers.objects import (
    is_finished,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    pod_phase,
    uid_of,
)
from actors.controllers.plan import Action, Announce, Announcement, Create, Delete, Patch, View
from actors.controllers.rolling import resolve
from actors.controllers.stateful_pods import (
    identity_labels,
    is_available,
    is_well,
    make_pod,
    ordinals,
    revision_of,
)
from cluster.api.resources import PODS
from cluster.api.types import Object


@dataclass(frozen=True)
class Pods:
    """What is known. ``present``: pods by ordinal, in order. ``current``, ``update``: revisions;
    the same one if nothing is being rolled out."""

    stateful: Object
    present: dict[int, Object]
    current: Object
    update: Object
    view: View
    now: float

    @property
    def wanted(self) -> range:
        """The ordinals that are to have a pod."""
        return ordinals(self.stateful)

    @property
    def is_ordered(self) -> bool:
        """True for the pod management policy OrderedReady."""
        return bool(self.stateful["spec"].get("podManagementPolicy") != "Parallel")

    @property
    def surplus(self) -> list[Object]:
        """Pods that are too many, the highest ordinal first."""
        return [pod for number, pod in reversed(self.present.items()) if number not in self.wanted]

    @property
    def partition(self) -> range:
        """The ordinals that a rolling update leaves as they are."""
        rolling = (self.stateful["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
        return self.wanted[: int(rolling.get("partition") or 0)]

    @property
    def is_rolling(self) -> bool:
        """True for the update strategy RollingUpdate."""
        strategy = self.stateful["spec"].get("updateStrategy") or {}
        return bool(strategy.get("type") != "OnDelete")

    def is_well(self, ordinal: int) -> bool:
        """True if the ordinal's pod is available and stays."""
        return is_well(self.stateful, self.present.get(ordinal), self.now)


def steps(pods: Pods) -> list[Action]:
    """The next actions; none if all is done, or if something must happen first."""
    kept = [*_claims(pods), *_labels(pods)]
    filled = _fill(pods)
    if pods.is_ordered and filled.blocked:
        return [*kept, *filled.actions]
    emptied = _empty(pods)
    if pods.is_ordered and pods.surplus:
        return [*kept, *emptied]
    return [*kept, *filled.actions, *emptied, *_roll(pods)]


class Filled(NamedTuple):
    """``blocked``: some wanted pod is not there, or not well."""

    actions: list[Action]
    blocked: bool


def _fill(pods: Pods) -> Filled:
    """A pod for every ordinal that has none; an end for those that have finished."""
    creates: list[Action] = []
    deletes: list[Action] = []
    blocked = False
    for ordinal in pods.wanted:
        if pods.is_well(ordinal):
            continue
        pod = pods.present.get(ordinal)
        if pod is None:
            creates += _create(pods, ordinal)
        elif is_finished(pod) and not is_terminating(pod):
            why = "it has finished, and its ordinal is to run"
            deletes += [_replacing(pods.stateful, pod), _delete(pods.stateful, pod, why)]
        elif pod_phase(pod) == "Pending" and not is_terminating(pod):
            creates += stateful_claims.lacking(pods.stateful, ordinal, pods.view).creates
        blocked = True
        if pods.is_ordered:
            break
    return Filled([*creates, *deletes], blocked)


def _create(pods: Pods, ordinal: int) -> list[Action]:
    """The claims first: the pod when they are there."""
    lacking = stateful_claims.lacking(pods.stateful, ordinal, pods.view)
    if lacking.creates or lacking.waiting:
        return lacking.creates
    revision = _revision_for(pods, ordinal)
    pod = make_pod(pods.stateful, template_of(revision), ordinal, name_of(revision))
    about = f"create Pod {name_of(pod)} in StatefulSet {name_of(pods.stateful)}"
    made = Announcement(pods.stateful, "Normal", "SuccessfulCreate", f"{about} successful")
    refused = Announcement(
        pods.stateful, "Warning", "FailedCreate", f"{about} failed error: {{error}}"
    )
    why = f"{name_of(pods.stateful)} has no pod of ordinal {ordinal}"
    create = Create(PODS, pod, made, refused, why=why)
    if pods.view.get(PODS, namespace_of(pod), name_of(pod)) is None:
        return [create]
    # The name is a stranger's: the API will refuse, and it is tried again later.
    text = f'{about} failed error: pods "{name_of(pod)}" already exists'
    return [Announce(Announcement(pods.stateful, "Warning", "FailedCreate", text)), create]


def _revision_for(pods: Pods, ordinal: int) -> Object:
    """Of the pod to be made. If pods are ordered, what an update has not reached yet comes back as
    it was; else it comes back updated, for ``_roll`` would not wait for it to become available."""
    if not pods.is_rolling:
        return pods.update
    if ordinal in pods.partition:
        return pods.current
    ahead = [pods.present.get(number) for number in pods.wanted if number > ordinal]
    outdated = (
        pod is not None and not is_terminating(pod) and revision_of(pod) != name_of(pods.update)
        for pod in ahead
    )
    return pods.current if pods.is_ordered and any(outdated) else pods.update


def _empty(pods: Pods) -> list[Action]:
    """Delete what is too many: all at once, or the highest when the one above it is gone."""
    doomed = pods.surplus[:1] if pods.is_ordered else pods.surplus
    why = f"{name_of(pods.stateful)} is to have {len(pods.wanted)}: the highest ordinals go first"
    return [_delete(pods.stateful, pod, why) for pod in doomed if not is_terminating(pod)]


def _roll(pods: Pods) -> list[Action]:
    """Delete pods of older revisions, as many as may be unavailable; they come back updated.

    One that is unavailable anyway costs nothing: else a broken revision could not be mended."""
    if not pods.is_rolling:
        return []
    doomed = []
    spare = _unavailable_max(pods) - sum(not pods.is_well(number) for number in pods.wanted)
    for pod in _outdated(pods):
        if not is_available(pods.stateful, pod, pods.now):
            doomed.append(pod)
        elif spare > 0:
            doomed.append(pod)
            spare -= 1
    why = f"it is to become one of revision {name_of(pods.update)}"
    return [_delete(pods.stateful, pod, why) for pod in doomed]


def _outdated(pods: Pods) -> Iterator[Object]:
    """Pods that the update is for and that stay as yet, from the highest ordinal."""
    for ordinal in reversed(pods.wanted):
        pod = pods.present.get(ordinal)
        if pod is None or ordinal in pods.partition or is_terminating(pod) or is_finished(pod):
            continue
        if revision_of(pod) != name_of(pods.update):
            yield pod


def _unavailable_max(pods: Pods) -> int:
    """spec.updateStrategy.rollingUpdate.maxUnavailable, at least 1."""
    rolling = (pods.stateful["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    most = rolling.get("maxUnavailable")
    return max(1, resolve(1 if most is None else most, len(pods.wanted), round_up=True))


def _delete(stateful: Object, pod: Object, why: str) -> Delete:
    text = f"delete Pod {{name}} in StatefulSet {name_of(stateful)} successful"
    said = Announcement(stateful, "Normal", "SuccessfulDelete", text)
    return Delete(PODS, namespace_of(pod), name_of(pod), uid_of(pod), announce=said, why=why)


def _replacing(stateful: Object, pod: Object) -> Announce:
    set_name = f"{namespace_of(stateful)}/{name_of(stateful)}"
    if pod_phase(pod) == "Failed":
        text = f"StatefulSet {set_name} is recreating failed Pod {name_of(pod)}"
        return Announce(Announcement(stateful, "Warning", "RecreatingFailedPod", text))
    text = f"StatefulSet {set_name} is recreating terminated Pod {name_of(pod)}"
    return Announce(Announcement(stateful, "Normal", "RecreatingTerminatedPod", text))


def _claims(pods: Pods) -> list[Action]:
    """The claims' owners before anything else: a pod must not go before its claims know that."""
    return [
        action
        for ordinal, pod in pods.present.items()
        for action in stateful_claims.retain(
            pods.stateful, ordinal, pod, ordinal in pods.wanted, pods.view
        )
    ]


def _labels(pods: Pods) -> list[Action]:
    """An adopted pod may lack the labels of its identity."""
    actions: list[Action] = []
    for ordinal, pod in pods.present.items():
        labels = identity_labels(pods.stateful, ordinal)
        if is_terminating(pod) or labels.items() <= labels_of(pod).items():
            continue
        patch = {"metadata": {"uid": uid_of(pod), "labels": labels}}
        actions.append(Patch(PODS, namespace_of(pod), name_of(pod), patch, may_miss=True))
    return actions
