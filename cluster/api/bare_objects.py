"""What every object of a built-in kind holds by itself, before anybody wrote a field.

Job: the parts that are no choice of a client: the record of who wrote what (managedFields) knows no
owner of them, only of what is in them. ``None``: a list or map that is there too, but null. Of a
custom resource nothing is. Source: the types of the API reference: parts that are no pointers, and
lists that are always shown. Must not know schemas.
"""

from collections.abc import Mapping
from types import MappingProxyType

from cluster.api.kind import Kind
from cluster.api.types import Object

_NOTHING: Object = {}
_POD: Object = {"containers": None}
_TEMPLATE: Object = {"metadata": {}, "spec": _POD}
_JOB: Object = {"template": _TEMPLATE}
_WORKLOAD: Object = {"selector": None, "template": _TEMPLATE}
_CLAIM: Object = {"devices": {"requests": None}}
_METADATA: Object = {"metadata": {}}
_STATUS: Object = {**_METADATA, "status": {}}
_SPEC: Object = {**_METADATA, "spec": {}}
_BOTH: Object = {**_STATUS, "spec": {}}
_BALANCED: Object = {**_SPEC, "status": {"loadBalancer": {}}}
_ROLE: Object = {**_METADATA, "rules": None}
_BINDING: Object = {**_METADATA, "roleRef": {}}

_BARE: Mapping[tuple[str, str], Object] = MappingProxyType({
    ("", "Binding"): {**_METADATA, "target": {}},
    ("", "Event"): {**_METADATA, "involvedObject": {}, "source": {}},
    ("", "LimitRange"): {**_METADATA, "spec": {"limits": None}},
    ("", "Namespace"): _BOTH,
    ("", "Node"): {
        **_SPEC, "status": {"daemonEndpoints": {"kubeletEndpoint": {}}, "nodeInfo": {}}
    },
    ("", "PersistentVolume"): _BOTH,
    ("", "PersistentVolumeClaim"): {**_STATUS, "spec": {"resources": {}}},
    ("", "Pod"): {**_STATUS, "spec": _POD},
    ("", "PodTemplate"): {**_METADATA, "template": _TEMPLATE},
    ("", "ReplicationController"): _BOTH,
    ("", "ResourceQuota"): _BOTH,
    ("", "Service"): _BALANCED,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): _SPEC,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): _SPEC,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): _BOTH,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): _SPEC,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): {
        **_METADATA, "spec": {"names": {}, "versions": None},
        "status": {"acceptedNames": {}, "conditions": None, "storedVersions": None},
    },
    ("apiregistration.k8s.io", "APIService"): _BOTH,
    ("apps", "ControllerRevision"): {**_METADATA, "data": None},
    ("apps", "DaemonSet"): {**_STATUS, "spec": {**_WORKLOAD, "updateStrategy": {}}},
    ("apps", "Deployment"): {**_STATUS, "spec": {**_WORKLOAD, "strategy": {}}},
    ("apps", "ReplicaSet"): {**_STATUS, "spec": _WORKLOAD},
    ("apps", "StatefulSet"): {**_STATUS, "spec": {**_WORKLOAD, "updateStrategy": {}}},
    ("autoscaling", "HorizontalPodAutoscaler"): {**_STATUS, "spec": {"scaleTargetRef": {}}},
    ("batch", "CronJob"): {**_STATUS, "spec": {"jobTemplate": {"metadata": {}, "spec": _JOB}}},
    ("batch", "Job"): {**_STATUS, "spec": _JOB},
    ("certificates.k8s.io", "CertificateSigningRequest"): {**_STATUS, "spec": {"request": None}},
    ("certificates.k8s.io", "ClusterTrustBundle"): _SPEC,
    ("certificates.k8s.io", "PodCertificateRequest"): {
        **_STATUS, "spec": {"stubPKCS10Request": None}
    },
    ("coordination.k8s.io", "Lease"): _SPEC,
    ("discovery.k8s.io", "EndpointSlice"): {**_METADATA, "endpoints": None, "ports": None},
    ("events.k8s.io", "Event"): {**_METADATA, "deprecatedSource": {}, "regarding": {}},
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): {
        **_STATUS, "spec": {"priorityLevelConfiguration": {}}
    },
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): _BOTH,
    ("networking.k8s.io", "Ingress"): _BALANCED,
    ("networking.k8s.io", "IngressClass"): _SPEC,
    ("networking.k8s.io", "IPAddress"): _SPEC,
    ("networking.k8s.io", "NetworkPolicy"): {**_METADATA, "spec": {"podSelector": {}}},
    ("networking.k8s.io", "ServiceCIDR"): _BOTH,
    ("policy", "PodDisruptionBudget"): _BOTH,
    ("rbac.authorization.k8s.io", "ClusterRole"): _ROLE,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _BINDING,
    ("rbac.authorization.k8s.io", "Role"): _ROLE,
    ("rbac.authorization.k8s.io", "RoleBinding"): _BINDING,
    ("resource.k8s.io", "DeviceClass"): _SPEC,
    ("resource.k8s.io", "DeviceTaintRule"): {**_STATUS, "spec": {"taint": {}}},
    ("resource.k8s.io", "ResourceClaim"): {**_STATUS, "spec": _CLAIM},
    ("resource.k8s.io", "ResourceClaimTemplate"): {
        **_METADATA, "spec": {"metadata": {}, "spec": _CLAIM}
    },
    ("resource.k8s.io", "ResourceSlice"): {**_METADATA, "spec": {"pool": {}}},
    ("storage.k8s.io", "CSIDriver"): _SPEC,
    ("storage.k8s.io", "CSINode"): {**_METADATA, "spec": {"drivers": None}},
    ("storage.k8s.io", "VolumeAttachment"): {**_STATUS, "spec": {"source": {}}},
    ("storagemigration.k8s.io", "StorageVersionMigration"): {**_STATUS, "spec": {"resource": {}}},
})  # fmt: skip


def bare_object(kind: Kind) -> Object:
    """Shared: to be read only."""
    if kind.custom is not None:
        return _NOTHING
    return _BARE.get((kind.group, kind.kind), _METADATA)
