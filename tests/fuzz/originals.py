"""One right object of nearly every kind that is stored, to be bent by the tests.

``original(kind)`` is complete enough that most of it reaches validation, strategy and tables.
"""

import base64
import copy
from functools import cache
from typing import Any

from cluster.api.kind import STATUS, row
from cluster.api.kinds import SERVED, Kind
from tests.support import widgets
from tests.support.group_objects import group_objects

Json = dict[str, Any]
NAME = "thing"
STORED = tuple(kind for kind in SERVED if not kind.create_only and "create" in kind.verbs)
ASKED = tuple(kind for kind in SERVED if kind.create_only)
WIDGET = row(widgets.GROUP, "v1", "Widget", "widgets", "", subresources=(STATUS,))
# Objects that change what later requests may do: they are only ever tried (dryRun=All).
TRIED_ONLY = frozenset(
    {
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
        "customresourcedefinitions",
        "apiservices",
        "flowschemas",
        "prioritylevelconfigurations",
        "limitranges",
        "resourcequotas",
        "namespaces",
        "servicecidrs",
        "ipaddresses",
        "priorityclasses",
        "storageclasses",
        "ingressclasses",
        "runtimeclasses",
    }
)
_CONTAINER = {
    "name": "main",
    "image": "busybox:1",
    "command": ["sleep"],
    "env": [{"name": "A", "value": "1"}],
    "ports": [{"containerPort": 80, "name": "web"}],
    "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "64Mi"}},
    "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
}
_POD: Json = {
    "containers": [_CONTAINER],
    "initContainers": [{"name": "first", "image": "busybox:1"}],
    "volumes": [{"name": "v", "emptyDir": {}}],
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
}
_TEMPLATE: Json = {"metadata": {"labels": {"app": "a"}}, "spec": _POD}
_SELECTOR: Json = {"matchLabels": {"app": "a"}}
_JOB: Json = {"template": {"spec": {**_POD, "restartPolicy": "Never"}}, "completions": 2}
_HOOK: Json = {
    "name": "a.example.com",
    "clientConfig": {"url": "https://127.0.0.1:1/a"},
    "rules": [
        {"apiGroups": ["x.org"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["a"]}
    ],
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
}
_MATCH: Json = {
    "resourceRules": [
        {"apiGroups": ["x.org"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["a"]}
    ]
}
_EVENT: Json = {
    "involvedObject": {"kind": "Pod", "name": "a", "namespace": "default"},
    "reason": "Made",
    "message": "made",
    "type": "Normal",
    "source": {"component": "c"},
}
_REPORT: Json = {
    "regarding": {"kind": "Pod", "name": "a", "namespace": "default"},
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "reportingController": "example.com/c",
    "reportingInstance": "c-1",
    "action": "Make",
    "reason": "Made",
    "type": "Normal",
}
_PATH: Json = {
    "path": "/",
    "pathType": "Prefix",
    "backend": {"service": {"name": "s", "port": {"number": 80}}},
}
_RULE: Json = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
_REF: Json = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
_CLAIM: Json = {
    "accessModes": ["ReadWriteOnce"],
    "resources": {"requests": {"storage": "1Gi"}},
    "storageClassName": "fast",
}
_TARGET: Json = {"kind": "Deployment", "name": "a", "apiVersion": "apps/v1"}

_OTHERS: dict[tuple[str, str], Json] = {
    ("", "configmaps"): {"data": {"a": "1"}, "binaryData": {"b": "AA=="}},
    ("", "endpoints"): {"subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]},
    ("", "events"): _EVENT,
    ("", "limitranges"): {
        "spec": {"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "1Ti"}}]}
    },
    ("", "namespaces"): {"spec": {}},
    ("", "nodes"): {
        "spec": {"podCIDR": "10.1.0.0/24", "taints": [{"key": "a", "effect": "NoExecute"}]}
    },
    ("", "persistentvolumeclaims"): {"spec": _CLAIM},
    ("", "persistentvolumes"): {
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/v"},
        }
    },
    ("", "pods"): {"spec": _POD},
    ("", "podtemplates"): {"template": _TEMPLATE},
    ("", "replicationcontrollers"): {
        "spec": {"replicas": 1, "selector": {"app": "a"}, "template": _TEMPLATE}
    },
    ("", "resourcequotas"): {"spec": {"hard": {"pods": "10"}}},
    ("", "secrets"): {"data": {"a": base64.b64encode(b"x").decode()}, "type": "Opaque"},
    ("", "serviceaccounts"): {"automountServiceAccountToken": True},
    ("", "services"): {
        "spec": {"selector": {"app": "a"}, "ports": [{"port": 80, "targetPort": "web"}]}
    },
    ("apps", "controllerrevisions"): {"revision": 1, "data": {"a": 1}},
    ("apps", "daemonsets"): {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    ("apps", "deployments"): {
        "spec": {
            "replicas": 1,
            "selector": _SELECTOR,
            "template": _TEMPLATE,
            "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}},
        }
    },
    ("apps", "replicasets"): {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    ("apps", "statefulsets"): {
        "spec": {
            "selector": _SELECTOR,
            "template": _TEMPLATE,
            "serviceName": "s",
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": _CLAIM}],
        }
    },
    ("batch", "cronjobs"): {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": _JOB}}},
    ("batch", "jobs"): {"spec": _JOB},
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"): {"webhooks": [_HOOK]},
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"): {"webhooks": [_HOOK]},
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"): {
        "spec": {
            "matchConstraints": _MATCH,
            "variables": [{"name": "a", "expression": "object.metadata.name"}],
            "validations": [{"expression": "variables.a != 'b'", "message": "no"}],
        }
    },
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"): {
        "spec": {
            "matchConstraints": _MATCH,
            "reinvocationPolicy": "Never",
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": "Object{}"},
                }
            ],
        }
    },
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"): {
        "spec": {"policyName": "ruler", "validationActions": ["Deny"]}
    },
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings"): {
        "spec": {"policyName": "ruler"}
    },
    ("autoscaling", "horizontalpodautoscalers"): {
        "spec": {"scaleTargetRef": _TARGET, "maxReplicas": 3}
    },
    ("coordination.k8s.io", "leases"): {
        "spec": {"holderIdentity": "a", "renewTime": "2026-01-01T00:00:00.000000Z"}
    },
    ("discovery.k8s.io", "endpointslices"): {
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
        "ports": [{"name": "web", "port": 80, "protocol": "TCP"}],
    },
    ("events.k8s.io", "events"): _REPORT,
    ("networking.k8s.io", "ingressclasses"): {"spec": {"controller": "example.com/c"}},
    ("networking.k8s.io", "ingresses"): {
        "spec": {"rules": [{"host": "a.example.com", "http": {"paths": [_PATH]}}]}
    },
    ("policy", "poddisruptionbudgets"): {"spec": {"minAvailable": "50%", "selector": _SELECTOR}},
    ("rbac.authorization.k8s.io", "clusterroles"): {"rules": [_RULE]},
    ("rbac.authorization.k8s.io", "roles"): {"rules": [_RULE]},
    ("rbac.authorization.k8s.io", "clusterrolebindings"): {"roleRef": _REF, "subjects": []},
    ("rbac.authorization.k8s.io", "rolebindings"): {
        "roleRef": _REF,
        "subjects": [{"kind": "ServiceAccount", "name": "a", "namespace": "b"}],
    },
    ("scheduling.k8s.io", "priorityclasses"): {"value": 5},
    ("storage.k8s.io", "storageclasses"): {"provisioner": "disk.example.com"},
}  # fmt: skip


@cache
def _made() -> dict[tuple[str, str], Json]:
    crd = widgets.definition(widgets.version("v1"), plural="gears", kind="Gear")
    found = {key: {"metadata": {"name": NAME}, **obj} for key, obj in _OTHERS.items()}
    return {**found, **group_objects(), ("apiextensions.k8s.io", "customresourcedefinitions"): crd}


def known() -> tuple[Kind, ...]:
    """The stored kinds that a right object of is known here."""
    return tuple(kind for kind in STORED if (kind.group, kind.plural) in _made())


def original(kind: Kind) -> Json:
    """A fresh one, with its type, ready to be sent; bare if none is known."""
    if kind.group == widgets.GROUP:
        obj = widgets.widget(NAME, kind.version, color="red", replicas=1, parts=[{"name": "a"}])
    else:
        obj = copy.deepcopy(_made().get((kind.group, kind.plural), {"metadata": {"name": NAME}}))
    metadata = {"labels": {"app": "a"}, "annotations": {"example.com/note": "x"}, **obj["metadata"]}
    if metadata["name"] == NAME:
        # Some kinds of two groups or versions are one in the store.
        metadata["name"] = f"{(kind.group or 'core').partition('.')[0]}-{kind.version}"
    return {**obj, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
