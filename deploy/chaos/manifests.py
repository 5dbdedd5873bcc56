"""The objects that a scenario's workload is made of. Pure.

Pods serve the demo's page (``deploy.images``), which is ready as soon as it listens and goes on
serving for a moment once it is told to end. Must not know: when anything is changed.
"""

from typing import Any

from cluster.chaos.scenario import DeploymentLoad, StatefulSetLoad

Object = dict[str, Any]
IMAGE = "steersman/web:v1"
PORT = 80
POD_PORT = 8080
# Of the template: another value is another revision.
ROLLED = "chaos.steersman.io/rolled"


def deployment(load: DeploymentLoad) -> Object:
    """Spread over the zones; when rolled, nothing goes before its replacement is ready."""
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    spec = {
        "replicas": load.replicas,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
        "selector": {"matchLabels": {"app": load.name}},
        "template": template(load.name),
    }
    return {**named("apps/v1", "Deployment", load.name), "spec": spec}


def statefulset(load: StatefulSetLoad) -> Object:
    """One pod after the other, by ordinal."""
    spec = {
        "replicas": load.replicas,
        "serviceName": load.name,
        "selector": {"matchLabels": {"app": load.name}},
        "template": template(load.name),
    }
    return {**named("apps/v1", "StatefulSet", load.name), "spec": spec}


def service(name: str, headless: bool = False) -> Object:
    """In front of the pods of an app."""
    spec: Object = {
        "selector": {"app": name},
        "ports": [{"name": "http", "port": PORT, "targetPort": POD_PORT}],
    }
    if headless:
        spec["clusterIP"] = "None"
    return {**named("v1", "Service", name), "spec": spec}


def budget(load: DeploymentLoad) -> Object:
    """So many of an app's pods may be missing by somebody's will."""
    spec = {
        "maxUnavailable": load.max_unavailable,
        "selector": {"matchLabels": {"app": load.name}},
    }
    return {**named("policy/v1", "PodDisruptionBudget", load.name), "spec": spec}


def named(version: str, kind: str, name: str) -> Object:
    """The head of an object."""
    metadata = {"name": name, "labels": {"app": name}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def template(app: str) -> Object:
    """A pod of an app: it tolerates a lost node for a moment only."""
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": app}},
    }
    container = {
        "name": "main",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": POD_PORT}],
        "env": [{"name": "POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": POD_PORT}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    spec = {
        "terminationGracePeriodSeconds": 5,
        "topologySpreadConstraints": [spread],
        "containers": [container],
    }
    return {"metadata": {"labels": {"app": app}}, "spec": spec}
