"""The FlowSchemas and PriorityLevelConfigurations that every cluster starts with, as plain objects.

Source: docs "API Priority and Fairness", Default configuration. Must not know how they are stored.
"""

from typing import Any

from cluster import names
from cluster.api.types import Object

API_VERSION = "flowcontrol.apiserver.k8s.io/v1"
AUTO_UPDATE = "apf.kubernetes.io/autoupdate-spec"
CATCH_ALL = "catch-all"
EXEMPT = "exempt"
_ANY = ("*",)
_EVERYBODY = (names.GROUP_UNAUTHENTICATED, names.GROUP_AUTHENTICATED)
_LEASE_VERBS = ("get", "create", "update")

# name: (shares, percent that may be lent, queues, hand size, length of a queue); no queues: reject
_LEVELS: dict[str, tuple[int, int, tuple[int, int, int] | None]] = {
    CATCH_ALL: (5, 0, None),
    "global-default": (20, 50, (128, 6, 50)),
    "leader-election": (10, 0, (16, 4, 50)),
    "node-high": (40, 25, (64, 6, 50)),
    "system": (30, 33, (64, 6, 50)),
    "workload-high": (40, 50, (128, 6, 50)),
    "workload-low": (100, 90, (128, 6, 50)),
}


def flow_objects() -> list[Object]:
    """All of them, levels before the schemas that refer to them."""
    return [
        _object("PriorityLevelConfiguration", EXEMPT, _exempt()),
        *(
            _object("PriorityLevelConfiguration", name, _limited(*level))
            for name, level in _LEVELS.items()
        ),
        *_schemas(),
    ]


def _object(kind: str, name: str, spec: Object) -> Object:
    metadata = {"name": name, "annotations": {AUTO_UPDATE: "true"}}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def _exempt() -> Object:
    return {"type": "Exempt", "exempt": {"nominalConcurrencyShares": 0, "lendablePercent": 0}}


def _limited(shares: int, lent: int, queuing: tuple[int, int, int] | None) -> Object:
    response: Object = {"type": "Reject"}
    if queuing is not None:
        queues, hand, length = queuing
        numbers = {"queues": queues, "handSize": hand, "queueLengthLimit": length}
        response = {"type": "Queue", "queuing": numbers}
    return {
        "type": "Limited",
        "limited": {
            "nominalConcurrencyShares": shares,
            "lendablePercent": lent,
            "limitResponse": response,
        },
    }


def _schemas() -> list[Object]:
    everything = (_resources(_ANY, _ANY, _ANY, cluster=True), _paths(_ANY, _ANY))
    controllers, scheduler = _user("system:kube-controller-manager"), _user("system:kube-scheduler")
    accounts = _account(names.NAMESPACE_SYSTEM)
    nodes = _group(names.GROUP_NODES)
    leases = _resources(_LEASE_VERBS, ("coordination.k8s.io",), ("leases",),
                        (names.NAMESPACE_SYSTEM,))  # fmt: skip
    any_leases = _resources(_LEASE_VERBS, ("coordination.k8s.io",), ("leases",), _ANY)
    everybody = tuple(_group(name) for name in _EVERYBODY)
    return [
        _schema(EXEMPT, EXEMPT, 1, "", _rule((_group(names.GROUP_MASTERS),), *everything)),
        _schema("probes", EXEMPT, 2, "", _rule(
            everybody, _paths(("get",), ("/healthz", "/readyz", "/livez")))),
        _schema("system-leader-election", "leader-election", 100, "ByUser", _rule(
            (controllers, scheduler, accounts), leases)),
        _schema("endpoint-controller", "workload-high", 150, "ByUser", _rule(
            (controllers, _account(names.NAMESPACE_SYSTEM, "endpoint-controller"),
             _account(names.NAMESPACE_SYSTEM, "endpointslicemirroring-controller")),
            _resources(_LEASE_VERBS, ("",), ("endpoints",), _ANY),
            _resources(_LEASE_VERBS, ("discovery.k8s.io",), ("endpointslices",), _ANY))),
        _schema("workload-leader-election", "leader-election", 200, "ByUser", _rule(
            (accounts,), any_leases)),
        _schema("system-node-high", "node-high", 400, "ByUser", _rule(
            (nodes,),
            _resources(_ANY, ("",), ("nodes", "nodes/status"), _ANY, cluster=True),
            _resources(_ANY, ("coordination.k8s.io",), ("leases",), _ANY))),
        _schema("system-nodes", "system", 500, "ByUser", _rule((nodes,), *everything)),
        _schema("kube-controller-manager", "workload-high", 800, "ByNamespace", _rule(
            (controllers,), *everything)),
        _schema("kube-scheduler", "workload-high", 800, "ByNamespace", _rule(
            (scheduler,), *everything)),
        _schema("kube-system-service-accounts", "workload-high", 900, "ByNamespace", _rule(
            (accounts,), *everything)),
        _schema("service-accounts", "workload-low", 9000, "ByUser", _rule(
            (_group("system:serviceaccounts"),), *everything)),
        _schema("global-default", "global-default", 9900, "ByUser", _rule(
            everybody, *everything)),
        _schema(CATCH_ALL, CATCH_ALL, 10_000, "ByUser", _rule(everybody, *everything)),
    ]  # fmt: skip


def _schema(name: str, level: str, precedence: int, method: str, rule: Object) -> Object:
    spec: Object = {
        "priorityLevelConfiguration": {"name": level},
        "matchingPrecedence": precedence,
        "rules": [rule],
    }
    if method:
        spec["distinguisherMethod"] = {"type": method}
    return _object("FlowSchema", name, spec)


def _rule(subjects: tuple[Object, ...], *rules: Object) -> Object:
    found: dict[str, Any] = {"subjects": list(subjects)}
    for rule in rules:
        name = "nonResourceRules" if "nonResourceURLs" in rule else "resourceRules"
        found.setdefault(name, []).append(rule)
    return found


def _resources(
    verbs: tuple[str, ...],
    groups: tuple[str, ...],
    resources: tuple[str, ...],
    spaces: tuple[str, ...] = _ANY,
    cluster: bool = False,
) -> Object:
    rule: Object = {
        "verbs": list(verbs),
        "apiGroups": list(groups),
        "resources": list(resources),
        "namespaces": list(spaces),
    }
    if cluster:
        rule["clusterScope"] = True
    return rule


def _paths(verbs: tuple[str, ...], urls: tuple[str, ...]) -> Object:
    return {"verbs": list(verbs), "nonResourceURLs": list(urls)}


def _user(name: str) -> Object:
    return {"kind": "User", "user": {"name": name}}


def _group(name: str) -> Object:
    return {"kind": "Group", "group": {"name": name}}


def _account(namespace: str, name: str = "*") -> Object:
    return {"kind": "ServiceAccount", "serviceAccount": {"namespace": namespace, "name": name}}
