"""One right object of every built-in kind that can be listed, as a person would write it."""

import base64
from typing import Any

from tests.support.group_objects import group_objects, named

Json = dict[str, Any]
CONTAINERS: Json = {"containers": [{"name": "main", "image": "busybox"}]}
SELECTOR: Json = {"matchLabels": {"app": "sample"}}


def template(**spec: Any) -> Json:
    """Of pods."""
    return {"metadata": {"labels": {"app": "sample"}}, "spec": {**CONTAINERS, **spec}}


def samples() -> dict[tuple[str, str], Json]:
    """(group, plural) to the object; namespaced ones without a namespace."""
    return {**_core(), **_workloads(), **_policies(), **_rest(), **group_objects()}


def _core() -> dict[tuple[str, str], Json]:
    volume = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/tmp/sample"},
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    limit = {"type": "Container", "default": {"cpu": "100m"}}
    subset = {"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 80}]}
    return {
        ("", "configmaps"): {"metadata": {"name": "sample"}, "data": {"a": "b"}},
        ("", "endpoints"): {"metadata": {"name": "sample"}, "subsets": [subset]},
        ("", "events"): _event(),
        ("", "limitranges"): named("sample", limits=[limit]),
        ("", "namespaces"): {"metadata": {"name": "sample"}},
        ("", "nodes"): {"metadata": {"name": "sample"}},
        ("", "persistentvolumeclaims"): named("sample", **claim),
        ("", "persistentvolumes"): named("sample", **volume),
        ("", "pods"): named("sample", **CONTAINERS),
        ("", "podtemplates"): {"metadata": {"name": "sample"}, "template": template()},
        ("", "replicationcontrollers"): named(
            "sample", selector={"app": "sample"}, template=template()
        ),
        ("", "resourcequotas"): named("sample", hard={"count/leases.coordination.k8s.io": "5"}),
        ("", "secrets"): {
            "metadata": {"name": "sample"},
            "data": {"a": base64.b64encode(b"b").decode()},
        },
        ("", "serviceaccounts"): {"metadata": {"name": "sample"}},
        ("", "services"): named("sample", ports=[{"port": 80}], selector={"app": "sample"}),
    }


def _event() -> Json:
    return {
        "metadata": {"name": "sample"},
        "involvedObject": {"kind": "Pod", "name": "a"},
        "reason": "Sampled",
        "message": "a sample",
        "type": "Normal",
    }


def _workloads() -> dict[tuple[str, str], Json]:
    once = template(restartPolicy="Never")
    return {
        ("apps", "controllerrevisions"): {
            "metadata": {"name": "sample"},
            "revision": 1,
            "data": {"a": "b"},
        },
        ("apps", "daemonsets"): named("sample", selector=SELECTOR, template=template()),
        ("apps", "deployments"): named("sample", selector=SELECTOR, template=template()),
        ("apps", "replicasets"): named("sample", selector=SELECTOR, template=template()),
        ("apps", "statefulsets"): named(
            "sample", selector=SELECTOR, template=template(), serviceName="sample"
        ),
        ("batch", "cronjobs"): named(
            "sample", schedule="*/5 * * * *", jobTemplate={"spec": {"template": once}}
        ),
        ("batch", "jobs"): named("sample", template=once),
        ("autoscaling", "horizontalpodautoscalers"): named(
            "sample",
            maxReplicas=3,
            scaleTargetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "sample"},
        ),
        ("policy", "poddisruptionbudgets"): named("sample", minAvailable=1, selector=SELECTOR),
        ("scheduling.k8s.io", "priorityclasses"): {"metadata": {"name": "sample"}, "value": 7},
    }


def _policies() -> dict[tuple[str, str], Json]:
    hook = {
        "name": "sample.example.com",
        "clientConfig": {"url": "https://127.0.0.1:1/sample"},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        # So that it is never called.
        "objectSelector": {"matchLabels": {"only": "sample"}},
    }
    rule = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
    subject = {"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"}

    def ref(kind: str) -> Json:
        return {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "view"}

    bound = {"metadata": {"name": "sample"}, "subjects": [subject]}
    rbac = "rbac.authorization.k8s.io"
    admission = "admissionregistration.k8s.io"
    nowhere = {
        "resourceRules": [
            {
                "apiGroups": ["none.example.com"],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["nothings"],
            }
        ]
    }
    change = {"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}
    mutating = {"matchConstraints": nowhere, "reinvocationPolicy": "Never", "mutations": [change]}
    validating = {"matchConstraints": nowhere, "validations": [{"expression": "true"}]}
    return {
        (admission, "mutatingadmissionpolicies"): named("sample", **mutating),
        (admission, "mutatingadmissionpolicybindings"): named("sample", policyName="sample"),
        (admission, "validatingadmissionpolicies"): named("sample", **validating),
        (admission, "validatingadmissionpolicybindings"): named(
            "sample", policyName="sample", validationActions=["Deny"]
        ),
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"): {
            "metadata": {"name": "sample"},
            "webhooks": [hook],
        },
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations"): {
            "metadata": {"name": "sample"},
            "webhooks": [hook],
        },
        (rbac, "clusterrolebindings"): {**bound, "roleRef": ref("ClusterRole")},
        (rbac, "clusterroles"): {"metadata": {"name": "sample"}, "rules": [rule]},
        (rbac, "rolebindings"): {**bound, "roleRef": ref("Role")},
        (rbac, "roles"): {"metadata": {"name": "sample"}, "rules": [rule]},
    }


def _rest() -> dict[tuple[str, str], Json]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    backend = {"service": {"name": "sample", "port": {"number": 80}}}
    return {
        ("apiextensions.k8s.io", "customresourcedefinitions"): named(
            "samples.example.com",
            group="example.com",
            scope="Namespaced",
            names={"plural": "samples", "kind": "Sample"},
            versions=[version],
        ),
        ("apiregistration.k8s.io", "apiservices"): named(
            "v1.sample.example.com",
            group="sample.example.com",
            version="v1",
            groupPriorityMinimum=100,
            versionPriority=100,
            service={"name": "sample", "namespace": "default"},
            insecureSkipTLSVerify=True,
        ),
        ("coordination.k8s.io", "leases"): named("sample", holderIdentity="me"),
        ("discovery.k8s.io", "endpointslices"): {
            "metadata": {"name": "sample"},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.1.2.3"]}],
            "ports": [{"name": "http", "port": 80}],
        },
        ("events.k8s.io", "events"): {
            "metadata": {"name": "sample"},
            "eventTime": "2026-01-01T00:00:00.000000Z",
            "reportingController": "example.com/sample",
            "reportingInstance": "sample-1",
            "regarding": {"kind": "Pod", "name": "a"},
            "action": "Sample",
            "reason": "Sampled",
            "type": "Normal",
        },
        ("networking.k8s.io", "ingressclasses"): named("sample", controller="example.com/sample"),
        ("networking.k8s.io", "ingresses"): named("sample", defaultBackend=backend),
        ("storage.k8s.io", "storageclasses"): {
            "metadata": {"name": "sample"},
            "provisioner": "example.com/sample",
        },
    }
