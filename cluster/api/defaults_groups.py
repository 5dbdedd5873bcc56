"""Defaults of networking, storage, certificate, flow control and device kinds.

Source: API reference of Kubernetes 1.37, "Defaults to". Must not know who writes or when.
"""

from collections.abc import Callable
from typing import Any

from cluster.api.types import Object

POD_CERTIFICATE_SECONDS = 86_400
SHARES = 30
PRECEDENCE = 1000
_QUEUING = {"queues": 64, "handSize": 8, "queueLengthLimit": 50}


def _part(obj: Any, name: str) -> Object:
    value = obj.get(name) if isinstance(obj, dict) else None
    return value if isinstance(value, dict) else {}


def _network_policy(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    if not isinstance(spec, dict):
        return
    spec.setdefault("podSelector", {})
    for name in ("ingress", "egress"):
        for rule in spec.get(name) or ():
            for port in rule.get("ports") or ():
                port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _ingress_class(obj: Object) -> None:
    spec = obj.get("spec")
    parameters = spec.get("parameters") if isinstance(spec, dict) else None
    if isinstance(parameters, dict):
        parameters.setdefault("scope", "Cluster")


def _pod_certificate(obj: Object) -> None:
    spec = _part(obj, "spec")
    if spec:
        spec.setdefault("maxExpirationSeconds", POD_CERTIFICATE_SECONDS)


def _flow_schema(obj: Object) -> None:
    spec = _part(obj, "spec")
    if spec and not spec.get("matchingPrecedence"):
        spec["matchingPrecedence"] = PRECEDENCE


def _priority_level(obj: Object) -> None:
    spec = _part(obj, "spec")
    if isinstance(spec.get("limited"), dict):
        limited = spec["limited"]
        limited.setdefault("nominalConcurrencyShares", SHARES)
        limited.setdefault("lendablePercent", 0)
        queuing = _part(_part(limited, "limitResponse"), "queuing")
        if queuing or isinstance(_part(limited, "limitResponse").get("queuing"), dict):
            for name, value in _QUEUING.items():
                queuing[name] = queuing.get(name) or value
    if spec.get("type") == "Exempt" and spec.get("exempt") is None:
        spec["exempt"] = {}
    if isinstance(spec.get("exempt"), dict):
        spec["exempt"].setdefault("nominalConcurrencyShares", 0)
        spec["exempt"].setdefault("lendablePercent", 0)


def _csi_driver(obj: Object) -> None:
    if obj.get("spec") is None:
        obj["spec"] = {}
    spec = _part(obj, "spec")
    if not isinstance(obj.get("spec"), dict):
        return
    spec.setdefault("attachRequired", True)
    spec.setdefault("podInfoOnMount", False)
    spec.setdefault("storageCapacity", False)
    spec.setdefault("fsGroupPolicy", "ReadWriteOnceWithFSType")
    spec.setdefault("requiresRepublish", False)
    spec.setdefault("seLinuxMount", False)
    spec.setdefault("preventPodSchedulingIfMissing", False)
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]
    for request in spec.get("tokenRequests") or ():
        request.setdefault("audience", "")


def _csi_node(obj: Object) -> None:
    spec = _part(obj, "spec")
    if isinstance(obj.get("spec"), dict) and spec.get("drivers") is None:
        spec["drivers"] = []


def _claim(obj: Object) -> None:
    _claim_spec(_part(obj, "spec"))


def _claim_template(obj: Object) -> None:
    _claim_spec(_part(_part(obj, "spec"), "spec"))


def _claim_spec(spec: Object) -> None:
    for request in _part(spec, "devices").get("requests") or ():
        for choice in (_part(request, "exactly"), *(request.get("firstAvailable") or ())):
            if choice:
                _request(choice)


def _request(choice: Object) -> None:
    if not choice.get("allocationMode"):
        choice["allocationMode"] = "ExactCount"
    if choice["allocationMode"] == "ExactCount" and not choice.get("count"):
        choice["count"] = 1
    for toleration in choice.get("tolerations") or ():
        toleration["operator"] = toleration.get("operator") or "Equal"


def _api_service(obj: Object) -> None:
    service = _part(obj, "spec").get("service")
    if isinstance(service, dict):
        service.setdefault("port", 443)


GROUP_DEFAULTS: dict[tuple[str, str], Callable[[Object], None]] = {
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("certificates.k8s.io", "PodCertificateRequest"): _pod_certificate,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): _flow_schema,
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): _priority_level,
    ("networking.k8s.io", "IngressClass"): _ingress_class,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
    ("resource.k8s.io", "ResourceClaim"): _claim,
    ("resource.k8s.io", "ResourceClaimTemplate"): _claim_template,
    ("storage.k8s.io", "CSIDriver"): _csi_driver,
    ("storage.k8s.io", "CSINode"): _csi_node,
}
