"""A pod as the scheduler sees it: what it asks for and what binds it, parsed once.

Source: Pod API reference ("Scheduling"), and "Assigning Pods to Nodes".
Must not know: nodes, queues, where pods come from.
"""

from dataclasses import dataclass
from typing import NamedTuple

from actors.scheduler.requests import pod_requests
from cluster.api.placement import HostPort, NodeTerm, host_ports, node_term, required_terms
from cluster.api.pod_resizing import held_spec
from cluster.api.selectors import NOTHING, LabelSelector, Operator, Requirement, from_object
from cluster.api.types import Object

SCHEDULER_NAME = "default-scheduler"

Key = tuple[str, str]


class Toleration(NamedTuple):
    """'' is a wildcard for ``key`` (with Exists) and ``effect``."""

    key: str
    operator: str
    value: str
    effect: str


class Spread(NamedTuple):
    """A topology spread constraint. ``owner`` not '': counts pods of that controller instead."""

    key: str
    max_skew: int
    hard: bool
    selector: LabelSelector
    owner: str = ""
    min_domains: int = 1
    honor_affinity: bool = True
    honor_taints: bool = False


class PodTerm(NamedTuple):
    """A pod (anti-)affinity term. ``namespace_selector`` None: only ``namespaces``."""

    key: str
    selector: LabelSelector
    namespaces: frozenset[str]
    namespace_selector: LabelSelector | None


@dataclass(frozen=True, slots=True)
class PodInfo:
    """``requests``: (resource, amount) with cpu in thousandths; ``scored_*``: the same with
    Kubernetes' stand-ins for pods that ask for nothing. ``owner``: uid of the controller."""

    key: Key
    uid: str
    labels: dict[str, str]
    node_name: str
    scheduler: str
    priority: int
    owner: str
    gated: bool
    terminating: bool
    finished: bool
    requests: tuple[tuple[str, int], ...]
    scored_cpu: int
    scored_memory: int
    host_ports: tuple[HostPort, ...]
    images: tuple[str, ...]
    tolerations: tuple[Toleration, ...]
    node_selector: tuple[tuple[str, str], ...]
    node_terms: tuple[NodeTerm, ...] | None
    preferred_nodes: tuple[tuple[int, NodeTerm], ...]
    spread: tuple[Spread, ...]
    affinity: tuple[PodTerm, ...]
    anti_affinity: tuple[PodTerm, ...]
    preferred_pods: tuple[tuple[int, PodTerm], ...]

    @property
    def namespace(self) -> str:
        return self.key[0]

    @property
    def hard_spread(self) -> tuple[Spread, ...]:
        """Constraints with whenUnsatisfiable DoNotSchedule."""
        return tuple(item for item in self.spread if item.hard)


def waits_for_another(obj: Object) -> bool:
    """Whether the pod has no node, and another scheduler is to find it one."""
    spec = obj.get("spec") or {}
    return not spec.get("nodeName") and spec.get("schedulerName", "") not in ("", SCHEDULER_NAME)


def parse_pod(obj: Object) -> PodInfo:
    """From a decoded Pod. Lenient: the API server has validated it."""
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    labels = meta.get("labels") or {}
    namespace = meta.get("namespace") or ""
    affinity = spec.get("affinity") or {}
    node_affinity = affinity.get("nodeAffinity") or {}
    together = affinity.get("podAffinity") or {}
    apart = affinity.get("podAntiAffinity") or {}
    requests = pod_requests(held_spec(obj))
    amounts = dict(requests.amounts)
    return PodInfo(
        key=(namespace, meta["name"]),
        uid=meta.get("uid") or "",
        labels=labels,
        node_name=spec.get("nodeName") or "",
        scheduler=spec.get("schedulerName") or SCHEDULER_NAME,
        priority=int(spec.get("priority") or 0),
        owner=_controller(meta),
        gated=bool(spec.get("schedulingGates")),
        terminating=bool(meta.get("deletionTimestamp")),
        finished=status.get("phase") in ("Succeeded", "Failed"),
        requests=tuple(sorted((name, amount) for name, amount in amounts.items() if amount)),
        scored_cpu=requests.scored_cpu,
        scored_memory=requests.scored_memory,
        host_ports=host_ports(spec),
        images=tuple(item.get("image") or "" for item in spec.get("containers") or ()),
        tolerations=tuple(_toleration(item) for item in spec.get("tolerations") or ()),
        node_selector=tuple(sorted((spec.get("nodeSelector") or {}).items())),
        node_terms=required_terms(spec),
        preferred_nodes=tuple(
            (int(item.get("weight") or 0), node_term(item.get("preference") or {}))
            for item in node_affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        ),
        spread=tuple(_spread(item, labels) for item in spec.get("topologySpreadConstraints") or ()),
        affinity=_required_terms(together, namespace, labels),
        anti_affinity=_required_terms(apart, namespace, labels),
        preferred_pods=(
            *_preferred_terms(together, namespace, labels, 1),
            *_preferred_terms(apart, namespace, labels, -1),
        ),
    )


def _controller(meta: Object) -> str:
    for owner in meta.get("ownerReferences") or ():
        if owner.get("controller"):
            return str(owner.get("uid") or "")
    return ""


def _toleration(item: Object) -> Toleration:
    return Toleration(
        item.get("key") or "",
        item.get("operator") or "Equal",
        item.get("value") or "",
        item.get("effect") or "",
    )


def _spread(item: Object, labels: dict[str, str]) -> Spread:
    selector = from_object(item.get("labelSelector"))
    return Spread(
        key=item.get("topologyKey") or "",
        max_skew=int(item.get("maxSkew") or 1),
        hard=item.get("whenUnsatisfiable") != "ScheduleAnyway",
        selector=_narrowed(selector, labels, item.get("matchLabelKeys") or ()),
        min_domains=int(item.get("minDomains") or 1),
        honor_affinity=item.get("nodeAffinityPolicy") != "Ignore",
        honor_taints=item.get("nodeTaintsPolicy") == "Honor",
    )


def _required_terms(
    affinity: Object, namespace: str, labels: dict[str, str]
) -> tuple[PodTerm, ...]:
    items = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    return tuple(_pod_term(item, namespace, labels) for item in items)


def _preferred_terms(
    affinity: Object, namespace: str, labels: dict[str, str], sign: int
) -> tuple[tuple[int, PodTerm], ...]:
    items = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return tuple(
        (
            sign * int(item.get("weight") or 0),
            _pod_term(item.get("podAffinityTerm") or {}, namespace, labels),
        )
        for item in items
    )


def _pod_term(item: Object, namespace: str, labels: dict[str, str]) -> PodTerm:
    selector = from_object(item.get("labelSelector"))
    selector = _narrowed(selector, labels, item.get("matchLabelKeys") or ())
    selector = _narrowed(selector, labels, item.get("mismatchLabelKeys") or (), "notin")
    namespaces = frozenset(item.get("namespaces") or ())
    by_label = item.get("namespaceSelector")
    if not namespaces and by_label is None:
        namespaces = frozenset((namespace,))
    return PodTerm(
        key=item.get("topologyKey") or "",
        selector=selector,
        namespaces=namespaces,
        namespace_selector=None if by_label is None else from_object(by_label),
    )


def _narrowed(
    selector: LabelSelector,
    labels: dict[str, str],
    keys: "list[str] | tuple[str, ...]",
    operator: Operator = "in",
) -> LabelSelector:
    """The selector with the pod's own values of ``keys`` (matchLabelKeys, KEP-3243, KEP-3633)."""
    if selector.nothing:
        return NOTHING
    known = {item.key for item in selector.requirements if item.operator == operator}
    extra = tuple(
        Requirement(key, operator, frozenset((labels[key],)))
        for key in keys
        if key in labels and key not in known
    )
    return LabelSelector((*selector.requirements, *extra)) if extra else selector
